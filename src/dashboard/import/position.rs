//! Which queries of a dashboard's file do not parse, and where they stand in it.

use super::WrongQuery;
use crate::dashboard::Dashboard;
use crate::promql::{Expression, Filling, fill};

/// Every query that does not parse.
pub(super) fn wrong_queries(dashboard: &Dashboard, text: &str) -> Vec<WrongQuery> {
    let asked = dashboard.panels().flat_map(|panel| panel.queries.iter().map(move |query| (panel, query)));
    asked
        .filter_map(|(panel, query)| {
            let message = dashboard.why_no_query(&query.expression)?;
            let (line, column) = place(text, &query.expression).unwrap_or_default();
            Some(WrongQuery { panel: panel.title.clone(), query: query.expression.clone(), line, column, message })
        })
        .collect()
}

impl Dashboard {
    /// Why a text cannot be a query of this dashboard; `None`: it can.
    ///
    /// A variable without a value may stand for a name or a number: the query is right when it parses with one of them.
    pub fn why_no_query(&self, query: &str) -> Option<String> {
        let parse = |stand_in: Option<&str>| {
            let own =
                self.variables.iter().filter_map(|variable| Some((variable.name.clone(), variable.first_value()?)));
            let unknown = crate::promql::variables(query).into_iter();
            let stand_ins = unknown.filter_map(|name| Some((name, stand_in?.to_owned())));
            let variables = own.chain(stand_ins).collect();
            let filling = Filling { rate_interval: 60.0, interval: 15.0, range: 3600.0, variables };
            Expression::parse(&fill(query, &filling)).err().map(|error| error.to_string())
        };
        let message = parse(None)?;
        [Some("1"), Some("5m"), Some("sum")].into_iter().all(|stand_in| parse(stand_in).is_some()).then_some(message)
    }
}

/// Line and column at which a text stands in a JSON file.
fn place(file: &str, text: &str) -> Option<(usize, usize)> {
    let quoted = serde_json::to_string(text).ok()?;
    let at = file.find(&quoted)?;
    let line_start = file[..at].rfind('\n').map_or(0, |newline| newline + 1);
    Some((file[..at].matches('\n').count() + 1, file[line_start..at].chars().count() + 1))
}
