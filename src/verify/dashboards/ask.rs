//! Puts a panel's queries to Prometheus, and where one has no answer, looks for the reason.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::evidence::{Answer, Found, PanelState, QueryState, SelectorState};
use crate::client::{Error, Prometheus, QueryResult};
use crate::dashboard::{Dashboard, Panel, Variable, VariableSource};
use crate::desired::PrometheusConfig;
use crate::promql::{Expression, Filling, Selector, fill};

/// Values of a label that are told at most.
const MOST_VALUES: usize = 8;

/// Asks for one dashboard.
pub(super) struct Asker<'a> {
    prometheus: &'a Prometheus,
    config: &'a PrometheusConfig,
    /// The first choice of each variable.
    variables: Vec<(String, String)>,
    /// Every metric that there is now; asked for once, and only where something is missing.
    metrics: OnceCell<BTreeSet<String>>,
}

impl<'a> Asker<'a> {
    /// For a dashboard: its variables get the first of their choices.
    pub(super) async fn of(prometheus: &'a Prometheus, config: &'a PrometheusConfig, dashboard: &Dashboard) -> Self {
        let mut asker = Self { prometheus, config, variables: Vec::new(), metrics: OnceCell::new() };
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
        self.values_of(label, &fill(selector, &self.filling(None))).await.into_iter().next()
    }

    /// What stands for macros: the last hour, in points as far apart as scrapes, or as the panel wants them.
    fn filling(&self, panel_interval: Option<f64>) -> Filling {
        let scrape = seconds(self.config.scrape_interval).max(panel_interval.unwrap_or_default());
        Filling { rate_interval: 4.0 * scrape, interval: scrape, range: 3600.0, variables: self.variables.clone() }
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
        match self.prometheus.query(query).await {
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
        let mut selectors: Vec<SelectorState> = Vec::new();
        for selector in expression.selectors() {
            if selectors.iter().all(|known| known.selector != selector) {
                let found = self.found(&selector, &expression).await;
                selectors.push(SelectorState { selector, found });
            }
        }
        Answer::Empty { selectors, may_be_empty: expression.may_be_empty() }
    }

    async fn found(&self, selector: &Selector, expression: &Expression) -> Found {
        if !self.is_empty(&format!("count({selector})")).await {
            let ranges = expression.ranges().into_iter().filter(|range| range.selector == *selector);
            for range in ranges {
                let scrapes = format!("count(count_over_time({selector}[{}ms]) > 1)", range.length.as_millis());
                if self.is_empty(&scrapes).await {
                    return Found::TooFew { length: range.length, interval: self.interval_of(selector) };
                }
            }
            return Found::Series;
        }
        let Some(metric) = &selector.metric else { return Found::NoMatch { matcher: None, values: Vec::new() } };
        let metrics = self.metrics.get_or_init(|| self.all_metrics()).await;
        if !metrics.contains(metric) {
            return Found::NoMetric { nearest: nearest(metric, metrics) };
        }
        self.mismatch(selector, metric).await
    }

    /// The matcher of a selector that does not hold, although its metric is there.
    async fn mismatch(&self, selector: &Selector, metric: &str) -> Found {
        for matcher in &selector.matchers {
            let alone = Selector { metric: Some(metric.to_owned()), matchers: vec![matcher.clone()] };
            if self.is_empty(&format!("count({alone})")).await {
                // Where other matchers hold somewhere, only the values that are there matter.
                let mut rest = selector.clone();
                rest.matchers.retain(|other| other != matcher);
                let mut values = self.values_of(&matcher.label, &rest.to_string()).await;
                if values.is_empty() {
                    values = self.values_of(&matcher.label, metric).await;
                }
                return Found::NoMatch { matcher: Some(matcher.clone()), values };
            }
        }
        Found::NoMatch { matcher: None, values: Vec::new() }
    }

    /// Time between two scrapes of the job that a selector names.
    fn interval_of(&self, selector: &Selector) -> Duration {
        let job = selector.matchers.iter().find(|matcher| matcher.label == "job").map(|matcher| &matcher.value);
        let job = job.and_then(|name| self.config.jobs.iter().find(|job| job.name == *name));
        let interval = job.and_then(|job| job.interval).unwrap_or(self.config.scrape_interval);
        Duration::from_millis(interval.as_millis())
    }

    /// Whether a query has no answer. One that cannot be asked has none to go by.
    async fn is_empty(&self, query: &str) -> bool {
        matches!(self.prometheus.query(query).await, Ok(QueryResult::Series(series)) if series.is_empty())
    }

    async fn values_of(&self, label: &str, selector: &str) -> Vec<String> {
        let mut values = labels(self.prometheus.query(&format!("group by ({label}) ({selector})")).await, label);
        values.retain(|value| !value.is_empty());
        values.into_iter().take(MOST_VALUES).collect()
    }

    async fn all_metrics(&self) -> BTreeSet<String> {
        labels(self.prometheus.query("group by (__name__) ({__name__=~\".+\"})").await, "__name__")
    }
}

fn labels(answer: Result<QueryResult, Error>, label: &str) -> BTreeSet<String> {
    match answer {
        Ok(QueryResult::Series(series)) => series.into_iter().filter_map(|mut one| one.labels.remove(label)).collect(),
        _ => BTreeSet::new(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "an interval is far below 2^53 ms")]
fn seconds(duration: crate::desired::Duration) -> f64 {
    duration.as_millis() as f64 / 1000.0
}

/// The name that is spelled most alike, where one is near: a third of the letters may differ.
pub(super) fn nearest(metric: &str, metrics: &BTreeSet<String>) -> Option<String> {
    let scored = metrics.iter().map(|known| (strsim::osa_distance(metric, known), known));
    let nearest = scored.min().filter(|(distance, known)| distance * 3 <= metric.len().max(known.len()));
    nearest.map(|(_, known)| known.clone())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_metric_is_found_and_a_far_one_is_not() {
        let metrics = ["image_gallery_requests_total", "go_goroutines", "up"].map(str::to_owned).into();
        let check = |metric: &str| nearest(metric, &metrics);
        assert_eq!(check("image_galery_requests_total").as_deref(), Some("image_gallery_requests_total"));
        assert_eq!(check("gallery_requests_total").as_deref(), Some("image_gallery_requests_total"));
        assert_eq!(check("go_gorutines").as_deref(), Some("go_goroutines"));
        assert_eq!(check("http_server_requests_seconds_count"), None);
        assert_eq!(nearest("up", &std::collections::BTreeSet::new()), None);
    }
}
