//! Tests of rules as promtool reads them. They go to promtool and nowhere else: no output folder has them.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use super::{rules, yaml};
use crate::desired::{Desired, Duration, Expectation, FiringAlert, PrometheusConfig, RuleTest, prometheus_duration};

/// Time between two values where a test does not say.
const INTERVAL: Duration = Duration::from_secs(60);

/// Where the files lie for promtool.
pub const TESTS_FOLDER: &str = "/stackctl-tests";

/// The files that promtool needs: those of rules, and one for each test, by their absolute paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleTestFiles {
    /// Files of rules, without annotations: what they say is no matter of whether they fire.
    pub rules: Vec<(String, String)>,
    /// Name of each test, path and text of its file.
    pub tests: Vec<(String, String, String)>,
}

/// Every test of the stack. Empty where it has none, or no Prometheus.
pub fn rule_tests(desired: &Desired) -> RuleTestFiles {
    let Some(config) = &desired.prometheus else { return RuleTestFiles::default() };
    let rules = config.rule_files.iter().map(|file| {
        let text = match &file.text {
            Some(text) => without_annotations(text),
            None => rules::text(&file.groups, false),
        };
        (format!("{TESTS_FOLDER}/rules/{}", file.name), text)
    });
    let rules: Vec<(String, String)> = rules.collect();
    let paths: Vec<&str> = rules.iter().map(|(path, _)| path.as_str()).collect();
    let tests = config.tests.iter().enumerate().map(|(index, (name, test))| {
        let file = FileView::of(name, test, config, &paths);
        (name.clone(), format!("{TESTS_FOLDER}/{index}.yml"), yaml::document(&file))
    });
    RuleTestFiles { tests: tests.collect(), rules }
}

/// A file of rules as it is, but for the annotations.
fn without_annotations(text: &str) -> String {
    let Ok(mut file) = serde_yaml::from_str::<Value>(text) else { return text.to_owned() };
    let groups = file.get_mut("groups").and_then(Value::as_array_mut);
    for group in groups.into_iter().flatten() {
        let rules = group.get_mut("rules").and_then(Value::as_array_mut);
        for rule in rules.into_iter().flatten().filter_map(Value::as_object_mut) {
            rule.remove("annotations");
        }
    }
    yaml::document(&file)
}

#[derive(Serialize)]
struct FileView<'a> {
    rule_files: &'a [&'a str],
    evaluation_interval: String,
    tests: [TestView<'a>; 1],
}

#[derive(Serialize)]
struct TestView<'a> {
    name: &'a str,
    interval: String,
    input_series: Vec<SeriesView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alert_rule_test: Vec<AlertView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    promql_expr_test: Vec<QueryView<'a>>,
}

#[derive(Serialize)]
struct SeriesView<'a> {
    series: &'a str,
    values: &'a str,
}

#[derive(Serialize)]
struct AlertView<'a> {
    eval_time: String,
    alertname: &'a str,
    exp_alerts: Vec<FiringView<'a>>,
}

#[derive(Serialize)]
struct FiringView<'a> {
    exp_labels: IndexMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct QueryView<'a> {
    expr: &'a str,
    eval_time: String,
    exp_samples: Vec<SampleView<'a>>,
}

#[derive(Serialize)]
struct SampleView<'a> {
    labels: &'a str,
    value: f64,
}

impl<'a> FileView<'a> {
    fn of(name: &'a str, test: &'a RuleTest, config: &'a PrometheusConfig, rule_files: &'a [&'a str]) -> Self {
        let interval = test.interval.unwrap_or(INTERVAL);
        let series = test.series.iter().map(|(series, values)| SeriesView { series, values });
        let alerts = test.expect.iter().filter_map(|expectation| alert(expectation, config));
        let queries = test.expect.iter().filter_map(query);
        let view = TestView {
            name,
            interval: prometheus_duration(interval),
            input_series: series.collect(),
            alert_rule_test: alerts.collect(),
            promql_expr_test: queries.collect(),
        };
        Self { rule_files, evaluation_interval: prometheus_duration(interval.min(INTERVAL)), tests: [view] }
    }
}

fn alert<'a>(expectation: &'a Expectation, config: &'a PrometheusConfig) -> Option<AlertView<'a>> {
    let (name, firing) = (expectation.alert.as_deref()?, expectation.firing.as_ref()?);
    Some(AlertView {
        eval_time: prometheus_duration(expectation.at),
        alertname: name,
        exp_alerts: firing.iter().map(|fires| FiringView { exp_labels: labels(name, fires, config) }).collect(),
    })
}

/// The labels that are written, and those that the rule adds itself: of rules with one name, the first that agrees.
fn labels<'a>(name: &str, fires: &'a FiringAlert, config: &'a PrometheusConfig) -> IndexMap<&'a str, &'a str> {
    let rules = config.rule_files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules);
    let mut rules = rules.filter(|rule| rule.is_alert() && rule.name == name);
    let agrees = |labels: &IndexMap<String, String>| {
        fires.labels.iter().all(|(label, value)| labels.get(label).is_none_or(|own| own == value))
    };
    let own = rules.find(|rule| agrees(&rule.labels)).into_iter().flat_map(|rule| &rule.labels);
    let own = own.filter(|(_, value)| !value.contains("{{"));
    let written = fires.labels.iter();
    own.chain(written).map(|(label, value)| (label.as_str(), value.as_str())).collect()
}

fn query(expectation: &Expectation) -> Option<QueryView<'_>> {
    let samples = expectation.samples.as_ref()?.iter();
    Some(QueryView {
        expr: expectation.query.as_deref()?,
        eval_time: prometheus_duration(expectation.at),
        exp_samples: samples.map(|(labels, value)| SampleView { labels, value: *value }).collect(),
    })
}
