//! What series a selector finds in the running Prometheus, and where it finds none, why.

use std::collections::BTreeSet;
use std::time::Duration;

use indexmap::IndexMap;
use tokio::sync::OnceCell;

use crate::client::{Error, LoadedGroup, Prometheus, QueryResult, RuleHealth};
use crate::dashboard::{Exposed, STATUS_LABELS};
use crate::desired::{Desired, PrometheusConfig, Rule, RuleFile, RuleGroup};
use crate::promql::{Expression, Matcher, Operator, Selector};

/// How far back a series is looked for that is not there at this moment.
const REMEMBERED: &str = "1h";

/// Values of a label that are told at most.
const MOST_VALUES: usize = 8;

/// Metrics that Prometheus makes while an alert is pending or firing, and not before.
pub(super) const OF_ALERTS: [&str; 2] = ["ALERTS", "ALERTS_FOR_STATE"];

/// The label of a histogram's buckets that says how much they hold at most.
pub(super) const BOUND: &str = "le";

/// How a selector of an empty query stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectorState {
    /// Which series.
    pub selector: Selector,
    /// What was found.
    pub found: Found,
}

/// What a selector finds.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Series, and with a length of time enough scrapes of one of them.
    Series,
    /// Series, and too few scrapes within its length of time.
    TooFew {
        /// The length of time.
        length: Duration,
        /// Time between two scrapes.
        interval: Duration,
    },
    /// Series now, and none at the time that it asks for.
    NotThen {
        /// As it is written, with its time.
        text: String,
        /// The time is a fixed one, which comes no nearer by waiting.
        is_fixed: bool,
    },
    /// No series at this moment, and some within the last hour: it comes and goes.
    Before,
    /// No series within the last hour; the app whose job it names is known to expose them, and rests.
    Rests,
    /// No series yet; a rule of the stack records them.
    Recorded {
        /// Time between two evaluations, where the rule's group has one of its own.
        every: Option<Duration>,
        /// Prometheus has evaluated it, and it had no answer.
        is_evaluated: bool,
    },
    /// No series, because there is no such metric.
    NoMetric {
        /// The nearest name that there is.
        nearest: Option<String>,
    },
    /// No series, although the metric is there: this is what does not hold, and the values that the label has.
    NoMatch {
        /// What does not hold. `None`: each holds somewhere, and nowhere all of them.
        matcher: Option<Matcher>,
        /// Values of the label, sorted, the first few.
        values: Vec<String>,
    },
}

/// Each selector of a query, with what it finds in Prometheus now; nothing of one that cannot be read.
pub async fn what_is_found(prometheus: &Prometheus, desired: &Desired, promql: &str) -> Vec<SelectorState> {
    match (&desired.prometheus, Expression::parse(promql)) {
        (Some(config), Ok(expression)) => {
            Lookup::new(prometheus, config, &desired.exposed).selectors(&expression).await
        }
        _ => Vec::new(),
    }
}

/// Asks which series there are.
pub(super) struct Lookup<'a> {
    pub(super) prometheus: &'a Prometheus,
    pub(super) config: &'a PrometheusConfig,
    /// What apps are known to expose, by job.
    exposed: &'a IndexMap<String, Exposed>,
    /// Every metric that there is now; asked for once, and only where something is missing.
    metrics: OnceCell<BTreeSet<String>>,
    /// The rules as Prometheus has them; asked for once, and only where what one records is missing.
    rules: OnceCell<Vec<LoadedGroup>>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(
        prometheus: &'a Prometheus,
        config: &'a PrometheusConfig,
        exposed: &'a IndexMap<String, Exposed>,
    ) -> Self {
        Self { prometheus, config, exposed, metrics: OnceCell::new(), rules: OnceCell::new() }
    }

    /// Each selector of a query, with what it finds.
    pub(super) async fn selectors(&self, expression: &Expression) -> Vec<SelectorState> {
        let mut selectors: Vec<SelectorState> = Vec::new();
        for selector in expression.selectors() {
            if selectors.iter().all(|known| known.selector != selector) {
                let found = self.found(&selector, expression).await;
                selectors.push(SelectorState { selector, found });
            }
        }
        selectors
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
            for moved in expression.moved().into_iter().filter(|moved| moved.selector == *selector) {
                if self.is_empty(&moved.probe).await {
                    return Found::NotThen { text: moved.text, is_fixed: moved.is_fixed };
                }
            }
            return Found::Series;
        }
        let Some(metric) = &selector.metric else { return Found::NoMatch { matcher: None, values: Vec::new() } };
        let metrics = self.metrics.get_or_init(|| self.all_metrics()).await;
        let is_there = metrics.contains(metric);
        if let Some((file, group, rule)) = self.recording(metric, selector, is_there) {
            let every = group.interval.map(|interval| Duration::from_millis(interval.as_millis()));
            return Found::Recorded { every, is_evaluated: self.is_evaluated(file, group, rule).await };
        }
        if !self.is_empty(&format!("count(last_over_time({selector}[{REMEMBERED}]))")).await {
            return Found::Before;
        }
        if self.rests(selector, metric).await {
            return Found::Rests;
        }
        if !is_there {
            return Found::NoMetric { nearest: nearest(metric, metrics) };
        }
        self.mismatch(selector, metric).await
    }

    /// Whether the app that a selector names is known to expose the metric, and does not at this moment.
    async fn rests(&self, selector: &Selector, metric: &str) -> bool {
        let is_job = |matcher: &&Matcher| matcher.label == "job" && matcher.operator == Operator::Equal;
        let Some(job) = selector.matchers.iter().find(is_job) else { return false };
        let exposed = self.exposed.get(&job.value);
        let is_known = exposed.is_some_and(|exposed| exposed.0.keys().any(|known| family(known) == family(metric)));
        is_known
            && self.is_empty(&format!("count({})", Selector::of(metric).with("job", Operator::Equal, &job.value))).await
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
        // Others have had that status, and this one has not.
        for matcher in selector.matchers.iter().filter(|matcher| STATUS_LABELS.contains(&matcher.label.as_str())) {
            let mut rest = selector.clone();
            rest.matchers.retain(|other| other != matcher);
            let values = self.values_of(&matcher.label, &rest.to_string()).await;
            if !values.is_empty() {
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

    /// The rule of the stack that records that metric. Where others record it already, only one whose own labels are all
    /// that the selector asks for can still bring what is missing.
    fn recording(&self, metric: &str, selector: &Selector, is_there: bool) -> Option<(&RuleFile, &RuleGroup, &Rule)> {
        let groups = self.config.rule_files.iter().flat_map(|file| file.groups.iter().map(move |group| (file, group)));
        let rules = groups.flat_map(|(file, group)| group.rules.iter().map(move |rule| (file, group, rule)));
        let mut recordings = rules.filter(|(_, _, rule)| !rule.is_alert() && rule.name == metric);
        let has = |rule: &Rule, matcher: &Matcher| {
            matcher.operator == Operator::Equal && rule.labels.get(&matcher.label) == Some(&matcher.value)
        };
        let brings = |rule: &Rule| selector.matchers.iter().all(|matcher| has(rule, matcher));
        let mut candidates = recordings.clone();
        let exact = candidates.find(|(_, _, rule)| !rule.labels.is_empty() && brings(rule));
        exact.or_else(|| if is_there { None } else { recordings.next() })
    }

    /// Whether Prometheus has evaluated a rule. Where it cannot be asked, it is not known to have.
    async fn is_evaluated(&self, file: &RuleFile, group: &RuleGroup, rule: &Rule) -> bool {
        let loaded = self.rules.get_or_init(|| async { self.prometheus.rules().await.unwrap_or_default() }).await;
        let path = file.placed();
        let group = loaded.iter().find(|loaded| loaded.file == path && loaded.name == group.name);
        let is_same = |loaded: &&crate::client::LoadedRule| {
            loaded.name == rule.name && rule.labels.iter().all(|(label, value)| loaded.labels.get(label) == Some(value))
        };
        let rule = group.and_then(|group| group.rules.iter().find(is_same));
        rule.is_some_and(|rule| rule.health != RuleHealth::Unknown)
    }

    pub(super) async fn values_of(&self, label: &str, selector: &str) -> Vec<String> {
        let mut values = labels(self.prometheus.query(&format!("group by ({label}) ({selector})")).await, label);
        values.retain(|value| !value.is_empty());
        // Bounds of buckets are numbers, and which are near is known of all of them only.
        if label == BOUND {
            let mut bounds: Vec<String> = values.into_iter().collect();
            bounds.sort_by(|one, other| bound(one).total_cmp(&bound(other)));
            return bounds;
        }
        values.into_iter().take(MOST_VALUES).collect()
    }

    async fn all_metrics(&self) -> BTreeSet<String> {
        labels(self.prometheus.query("group by (__name__) ({__name__=~\".+\"})").await, "__name__")
    }
}

/// The name of a histogram or summary without what each of its series has behind it.
fn family(metric: &str) -> &str {
    let suffixes = ["_bucket", "_sum", "_count"];
    suffixes.iter().find_map(|suffix| metric.strip_suffix(suffix)).unwrap_or(metric)
}

/// A bucket's bound as a number; NaN for what is none.
pub(super) fn bound(text: &str) -> f64 {
    if text == "+Inf" { f64::INFINITY } else { text.parse().unwrap_or(f64::NAN) }
}

fn labels(answer: Result<QueryResult, Error>, label: &str) -> BTreeSet<String> {
    match answer {
        Ok(QueryResult::Series(series)) => series.into_iter().filter_map(|mut one| one.labels.remove(label)).collect(),
        _ => BTreeSet::new(),
    }
}

/// The name that was meant, where one is near enough: a slip of the pen, the same words in another order, or one word less or
/// more at an end. A metric of another thing is worse than none.
pub(super) fn nearest(metric: &str, metrics: &BTreeSet<String>) -> Option<String> {
    let words = |name: &str| {
        let mut words: Vec<String> = name.split('_').map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let own = words(metric);
    let lacks_an_end = |short: &str, long: &str| {
        let rest = long.strip_prefix(short).and_then(|rest| rest.strip_prefix('_'));
        let rest = rest.or_else(|| long.strip_suffix(short).and_then(|rest| rest.strip_suffix('_')));
        short.contains('_') && rest.is_some_and(|rest| !rest.contains('_'))
    };
    let score = |known: &String| {
        let distance = strsim::osa_distance(metric, known);
        let is_slip = distance <= (metric.len() / 10).clamp(1, 3) && metric.len() > 2;
        let is_near = is_slip || words(known) == own || lacks_an_end(metric, known) || lacks_an_end(known, metric);
        is_near.then(|| (distance, known.clone()))
    };
    metrics.iter().filter_map(score).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Found, Lookup, nearest};
    use crate::client::stand_in::{StandIn, success};
    use crate::promql::Expression;
    use crate::verify::fixture::demo;

    #[tokio::test]
    async fn of_labels_that_are_nowhere_together_the_status_is_the_one_that_is_still_to_come() {
        let stand_in = StandIn::new(|question| {
            let one = |labels: serde_json::Value| json!([{ "metric": labels, "value": [1_795_441_031.0, "1"] }]);
            let query = question.query.as_str();
            // Of `web` nothing failed, of another app something did.
            let result = match (query.starts_with("group by (__name__)"), query.starts_with("group by (code)")) {
                (true, _) => one(json!({ "__name__": "requests_total" })),
                (_, true) => one(json!({ "code": "200" })),
                _ if query.contains("job=") && query.contains("code=") => json!([]),
                _ => one(json!({})),
            };
            success(&json!({ "resultType": "vector", "result": result }))
        })
        .await;
        let desired = demo(Vec::new());
        let config = desired.prometheus.as_ref().expect("it has one");
        let query = Expression::parse(r#"rate(requests_total{job="web",code=~"5.."}[5m])"#).expect("it is a query");
        let states = Lookup::new(&stand_in.prometheus, config, &desired.exposed).selectors(&query).await;
        let Found::NoMatch { matcher: Some(matcher), values } = &states[0].found else { panic!("{states:?}") };
        assert_eq!((matcher.label.as_str(), values.as_slice()), ("code", &["200".to_owned()][..]));
    }

    #[test]
    fn the_nearest_metric_is_found_and_a_far_one_is_not() {
        let metrics = ["image_gallery_requests_total", "go_goroutines", "up"].map(str::to_owned).into();
        let check = |metric: &str| nearest(metric, &metrics);
        assert_eq!(check("image_galery_requests_total").as_deref(), Some("image_gallery_requests_total"));
        assert_eq!(check("gallery_requests_total").as_deref(), Some("image_gallery_requests_total"));
        assert_eq!(check("go_gorutines").as_deref(), Some("go_goroutines"));
        assert_eq!(check("requests_total_image_gallery").as_deref(), Some("image_gallery_requests_total"));
        assert_eq!(check("http_server_requests_seconds_count"), None);
        let others = ["node_cpu_guest_seconds_total", "prometheus_tsdb_head_series_created_total", "tr_nan"];
        let others = others.map(str::to_owned).into();
        for metric in ["container_cpu_user_seconds_total", "prometheus_tsdb_head_samples_appended_total", "tr_gap"] {
            assert_eq!(nearest(metric, &others), None, "{metric}");
        }
        assert_eq!(nearest("up", &std::collections::BTreeSet::new()), None);
    }
}
