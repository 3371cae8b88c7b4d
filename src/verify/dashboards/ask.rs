//! Puts a panel's queries to Prometheus, and where one has no answer, looks for the reason.

use super::evidence::{Answer, PanelState, QueryState};
use crate::client::{Prometheus, QueryResult};
use crate::dashboard::{Dashboard, Panel, Variable, VariableSource};
use crate::desired::PrometheusConfig;
use crate::promql::{Expression, Filling, fill};
use crate::verify::series::Lookup;

/// Asks for one dashboard.
pub(super) struct Asker<'a> {
    lookup: Lookup<'a>,
    /// The first choice of each variable.
    variables: Vec<(String, String)>,
}

impl<'a> Asker<'a> {
    /// For a dashboard: its variables get the first of their choices.
    pub(super) async fn of(prometheus: &'a Prometheus, config: &'a PrometheusConfig, dashboard: &Dashboard) -> Self {
        let mut asker = Self { lookup: Lookup::new(prometheus, config), variables: Vec::new() };
        for variable in &dashboard.variables {
            if let Some(value) = asker.first_choice(variable).await {
                asker.variables.push((variable.name.clone(), value));
            }
        }
        asker
    }

    async fn first_choice(&self, variable: &Variable) -> Option<String> {
        if let Some(value) = variable.first_value() {
            return Some(value);
        }
        let VariableSource::LabelValues { selector, label } = &variable.source else { return None };
        let selector = if selector.is_empty() { "up" } else { selector };
        self.lookup.values_of(label, &fill(selector, &self.filling(None))).await.into_iter().next()
    }

    /// What stands for macros: the last hour, in points as far apart as scrapes, or as the panel wants them.
    fn filling(&self, panel_interval: Option<f64>) -> Filling {
        let scrape = seconds(self.lookup.config.scrape_interval).max(panel_interval.unwrap_or_default());
        let end = jiff::Timestamp::now().as_duration().as_secs_f64();
        let variables = self.variables.clone();
        Filling { rate_interval: 4.0 * scrape, interval: scrape, range: 3600.0, end, variables }
    }

    /// Asks everything that a panel asks.
    pub(super) async fn ask(&self, panel: &Panel) -> PanelState {
        let filling = self.filling(panel.interval);
        let mut queries = Vec::new();
        for query in &panel.queries {
            let answer = self.answer(&fill(&query.expression, &filling)).await;
            queries.push(QueryState { query: query.expression.clone(), answer });
        }
        PanelState { queries }
    }

    async fn answer(&self, query: &str) -> Answer {
        match self.lookup.prometheus.query(query).await {
            Ok(QueryResult::Series(series)) if series.is_empty() => self.empty(query).await,
            Ok(QueryResult::Series(series)) => {
                let is_number = |value: f64| !value.is_nan();
                let last = series.iter().map(|one| one.points.last().is_none_or(|point| is_number(point.value)));
                Answer::Data { series: series.len(), numbers: last.filter(|is_number| *is_number).count() }
            }
            Ok(QueryResult::Scalar(_) | QueryResult::Text(_)) => Answer::Data { series: 1, numbers: 1 },
            Err(error) if error.answered => Answer::Refused(error.cause),
            Err(error) => Answer::Unreachable(error.to_string()),
        }
    }

    /// Why there is no answer.
    async fn empty(&self, query: &str) -> Answer {
        let Ok(expression) = Expression::parse(query) else {
            return Answer::Empty { selectors: Vec::new(), may_be_empty: false };
        };
        let selectors = self.lookup.selectors(&expression).await;
        Answer::Empty { selectors, may_be_empty: expression.may_be_empty() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "an interval is far below 2^53 ms")]
fn seconds(duration: crate::desired::Duration) -> f64 {
    duration.as_millis() as f64 / 1000.0
}
