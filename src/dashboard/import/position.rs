//! Which queries of a dashboard's file do not parse, and where they stand in it.

use std::fmt::Write as _;

use super::WrongQuery;
use crate::dashboard::{Dashboard, Query};
use crate::promql::{Expression, Filling, fill};

/// Every query that Prometheus would refuse. `known`: the names of all variables of the file.
pub(super) fn wrong_queries(dashboard: &Dashboard, known: &[String], text: &str) -> Vec<WrongQuery> {
    found(dashboard, text, |query| {
        let undeclared = || {
            let mut used = crate::promql::variables(&query.expression).into_iter();
            used.find(|name| !known.contains(name)).map(|name| format!("the dashboard has no variable `{name}`"))
        };
        dashboard.why_no_query(&query.expression, query.instant).or_else(undeclared)
    })
}

/// Every query that can have no answer.
pub(super) fn vain_queries(dashboard: &Dashboard, text: &str) -> Vec<WrongQuery> {
    found(dashboard, text, |query| dashboard.why_in_vain(&query.expression))
}

fn found(dashboard: &Dashboard, text: &str, wrong: impl Fn(&Query) -> Option<String>) -> Vec<WrongQuery> {
    let asked = dashboard.panels().flat_map(|panel| panel.queries.iter().map(move |query| (panel, query)));
    asked
        .filter_map(|(panel, query)| {
            let message = wrong(query)?;
            let (line, column) = place(text, &query.expression).unwrap_or_default();
            Some(WrongQuery { panel: panel.title.clone(), query: query.expression.clone(), line, column, message })
        })
        .collect()
}

impl Dashboard {
    /// Why a text cannot be a query of this dashboard, `instant` or over time; `None`: it can.
    ///
    /// A variable without a value may stand for a name, a number or a word of the language: the query is right when it
    /// parses with any of them.
    pub fn why_no_query(&self, query: &str, instant: bool) -> Option<String> {
        const STAND_INS: [&str; 4] = ["unknown", "1", "5m", "sum"];
        const MOST_UNKNOWN: u32 = 4;
        let own = self.variables.iter().filter_map(|variable| Some((variable.name.clone(), variable.first_value()?)));
        let own: Vec<(String, String)> = own.collect();
        let mut unknown = crate::promql::variables(query);
        unknown.retain(|name| own.iter().all(|(known, _)| known != name));
        let counted = u32::try_from(unknown.len()).unwrap_or(u32::MAX).min(MOST_UNKNOWN);
        let parse = |mut combination: usize| {
            let is_plain = combination == 0;
            let stand_ins = unknown.iter().map(|name| {
                let stand_in = STAND_INS[combination % STAND_INS.len()];
                combination /= STAND_INS.len();
                (name.clone(), stand_in.to_owned())
            });
            // In quotes and brackets what stands there by itself is right for every variable.
            let mut variables = own.clone();
            if !is_plain {
                variables.extend(stand_ins);
            }
            let filling = Filling { rate_interval: 60.0, interval: 15.0, range: 3600.0, end: 3600.0, variables };
            match Expression::parse(&fill(query, &filling)) {
                Ok(expression) if instant => expression.why_not_now(),
                Ok(expression) => expression.why_not_over_time(),
                Err(error) => Some(format!("not PromQL: {error}")),
            }
        };
        let mut message = parse(0)?;
        let used = crate::promql::variables(query);
        for (name, value) in own.iter().filter(|(name, value)| used.contains(name) && value != ".*") {
            write!(message, "; `${name}` stands for `{value}`").expect("a String takes everything");
        }
        (1..STAND_INS.len().pow(counted)).all(|combination| parse(combination).is_some()).then_some(message)
    }

    /// Why a query that can be asked has no answer, whatever is scraped; `None`: it may have one.
    pub fn why_in_vain(&self, query: &str) -> Option<String> {
        let own = self.variables.iter().filter_map(|variable| Some((variable.name.clone(), variable.first_value()?)));
        let variables = own.collect();
        let filling = Filling { rate_interval: 60.0, interval: 15.0, range: 3600.0, end: 3600.0, variables };
        Expression::parse(&fill(query, &filling)).ok()?.why_in_vain()
    }
}

/// Line and column at which a text stands in a JSON file.
fn place(file: &str, text: &str) -> Option<(usize, usize)> {
    let quoted = serde_json::to_string(text).ok()?;
    let at = file.find(&quoted)?;
    let line_start = file[..at].rfind('\n').map_or(0, |newline| newline + 1);
    Some((file[..at].matches('\n').count() + 1, file[line_start..at].chars().count() + 1))
}
