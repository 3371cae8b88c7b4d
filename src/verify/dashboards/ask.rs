//! Puts a panel's queries to Prometheus, and where one has no answer, looks for the reason.

use indexmap::IndexMap;

use super::evidence::{Answer, PanelState, QueryState, Silence};
use crate::chosen::{Among, Chosen, choose, repeat};
use crate::client::{Error, Prometheus, QueryResult};
use crate::dashboard::{Dashboard, Exposed, Panel, VariableSource};
use crate::desired::PrometheusConfig;
use crate::promql::{Expression, Filling, fill};
use crate::verify::series::Lookup;

/// Asks for one dashboard.
pub(super) struct Asker<'a> {
    lookup: Lookup<'a>,
    /// What stands for each variable, as on the page before anything is chosen.
    variables: Vec<(String, String)>,
    /// Variables whose choices are asked for, and that have none.
    pub(super) without_choice: Vec<String>,
}

impl<'a> Asker<'a> {
    /// For a dashboard: its variables have what the page shows at first, and what stands there once for each of their values
    /// does so from then on.
    pub(super) async fn of(
        prometheus: &'a Prometheus,
        config: &'a PrometheusConfig,
        exposed: &'a IndexMap<String, Exposed>,
        dashboard: &mut Dashboard,
    ) -> Self {
        let lookup = Lookup::new(prometheus, config, exposed);
        let mut asker = Self { lookup, variables: Vec::new(), without_choice: Vec::new() };
        // A Prometheus that is gone is told by the first panel.
        let chosen = choose(prometheus, dashboard, &[], &asker.filling(None), Among::Current).await;
        let chosen = chosen.unwrap_or_default();
        asker.variables = chosen.iter().map(Chosen::pair).collect();
        let lacks_choice = |one: &&Chosen| {
            let source = &one.variable.source;
            one.options.is_empty()
                && matches!(source, VariableSource::LabelValues { .. } | VariableSource::QueryResult(_))
        };
        asker.without_choice = chosen.iter().filter(lacks_choice).map(|one| one.variable.name.clone()).collect();
        repeat(dashboard, &chosen);
        asker
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
        let mut filling = self.filling(panel.interval);
        // The first of a name counts.
        filling.variables.splice(..0, panel.pinned.iter().cloned());
        let mut queries = Vec::new();
        for query in &panel.queries {
            let answer = self.answer(&fill(&query.expression, &filling), query.instant).await;
            queries.push(QueryState { query: query.expression.clone(), answer });
        }
        PanelState { queries }
    }

    async fn answer(&self, query: &str, instant: bool) -> Answer {
        let expression = Expression::parse(query).ok();
        let answer = self.lookup.prometheus.query(query).await;
        // At one moment Prometheus answers also what it refuses to the panel, which asks over time.
        if answer.is_ok() && !instant && expression.as_ref().is_some_and(|it| it.why_not_over_time().is_some()) {
            let end = jiff::Timestamp::now().as_duration().as_secs_f64().floor();
            if let Err(error) = self.lookup.prometheus.query_range(query, end - 60.0, end, 15.0).await {
                return no_answer(error);
            }
        }
        match answer {
            Ok(QueryResult::Series(series)) if series.is_empty() => self.empty(expression.as_ref()).await,
            Ok(QueryResult::Series(series)) => {
                let is_number = |value: f64| !value.is_nan();
                let last = series.iter().map(|one| one.points.last().is_none_or(|point| is_number(point.value)));
                let numbers = last.filter(|is_number| *is_number).count();
                let divides_by_zero = expression.is_some_and(|expression| expression.divides_by_zero());
                Answer::Data { series: series.len(), numbers, divides_by_zero }
            }
            Ok(QueryResult::Scalar(point)) => {
                let divides_by_zero = expression.is_some_and(|expression| expression.divides_by_zero());
                Answer::Data { series: 1, numbers: usize::from(!point.value.is_nan()), divides_by_zero }
            }
            Ok(QueryResult::Text(_)) => Answer::Data { series: 1, numbers: 1, divides_by_zero: false },
            Err(error) => no_answer(error),
        }
    }

    /// Why there is no answer.
    async fn empty(&self, expression: Option<&Expression>) -> Answer {
        let Some(expression) = expression else {
            return Answer::Empty(Silence::default());
        };
        Answer::Empty(Silence {
            selectors: self.lookup.selectors(expression).await,
            may_be_empty: expression.may_be_empty(),
            divides: expression.divides(),
            in_vain: expression.why_in_vain(),
        })
    }
}

fn no_answer(error: Error) -> Answer {
    if error.answered { Answer::Refused(error.cause) } else { Answer::Unreachable(error.to_string()) }
}

#[expect(clippy::cast_precision_loss, reason = "an interval is far below 2^53 ms")]
fn seconds(duration: crate::desired::Duration) -> f64 {
    duration.as_millis() as f64 / 1000.0
}

#[cfg(test)]
mod tests;
