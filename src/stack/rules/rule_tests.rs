//! Tests of rules: each expects something that can be expected.

use super::super::document::Path;
use super::super::{Expectation, suggest};
use super::Examination;
use crate::promql::{Expression, is_series, wrong_value};

const SERIES: &str = "write a metric with its labels: `http_requests_total{job=\"web\",code=\"500\"}`";

const VALUES: &str = "write numbers with spaces between: `0 1 2`; `0+5x30` is 0, 5, 10 … 150, `1x9` ten times 1, `_` nothing, and \
                      `stale` the end of the series";

/// Each series is one, and each expectation is about an alert or a query.
pub(super) fn tests_expect_something(examination: &mut Examination) {
    let stack = examination.stack;
    let top = Path::ROOT.key("tests");
    for (name, test) in &stack.tests {
        let path = top.key(name);
        let series = path.key("series");
        for (name, values) in &test.series {
            if !is_series(name) || name.trim() == "{}" {
                examination.error_at_key(series.key(name), "not a series", SERIES);
            }
            if let Some(wrong) = wrong_value(values) {
                examination.error(series.key(name), format!("`{wrong}` is no value of a series"), VALUES);
            }
        }
        if test.expect.is_empty() {
            let help = "add `expect: [{ at: 10m, alert: NAME, firing: [{}] }]`";
            examination.missing(path, &[], "a test that expects nothing", help);
        }
        let list = path.key("expect");
        for (index, expectation) in test.expect.iter().enumerate() {
            fits(examination, list.index(index), expectation);
        }
    }
}

fn fits(examination: &mut Examination, path: Path, expectation: &Expectation) {
    let Expectation { alert, firing, query, samples, .. } = expectation;
    match (alert, firing, query, samples) {
        (Some(_), Some(_), None, None) | (None, None, Some(_), Some(_)) => {}
        (Some(_), None, None, None) => {
            let help = "add `firing: [{ LABEL: VALUE }]`, or `firing: []` where none shall fire";
            examination.error(path, "nothing says which alerts fire", help);
        }
        (None, None, Some(_), None) => {
            examination.error(path, "nothing says what the query answers", "add `samples: { 'SERIES': NUMBER }`");
        }
        _ => {
            let help = "write `alert` and `firing`, or `query` and `samples`";
            examination.error(path, "neither about an alert nor about a query", help);
        }
    }
    if let Some(why) = query.as_deref().and_then(|query| Expression::parse(query).err()) {
        examination.error(path.key("query"), format!("not PromQL: {why}"), "correct the query");
    }
    for name in samples.iter().flat_map(|samples| samples.keys()).filter(|name| !is_series(name)) {
        examination.error_at_key(path.key("samples").key(name), "not a series", SERIES);
    }
    if let Some(name) = alert {
        known(examination, path, name);
    }
}

/// An alert of that name stands somewhere.
fn known(examination: &mut Examination, path: Path, name: &str) {
    let stack = examination.stack;
    let own = std::iter::once(&stack.alerts)
        .chain(stack.apps.values().map(|app| &app.alerts))
        .chain(stack.attached.values().map(|app| &app.alerts))
        .flat_map(|alerts| super::super::written_alerts(alerts).map(|(name, _)| name));
    let made = super::super::ALERT_PRESETS.iter().flat_map(|preset| preset.makes).copied();
    let files = stack.prometheus.as_option().into_iter().flat_map(|prometheus| &prometheus.rule_files);
    let of_files = files.flat_map(|file| &file.groups).flat_map(|group| &group.rules);
    let of_files = of_files.filter(|rule| rule.is_alert()).map(|rule| rule.name.as_str());
    let all: Vec<&str> = own.chain(made).chain(of_files).chain(super::super::OBJECTIVE_ALERTS).collect();
    if !all.contains(&name) {
        let help = "name an alert of this stack: of `alerts`, of a preset, or of a rule file".to_owned();
        examination.wrong(path.key("alert"), suggest::unknown_name("alert", name, all.into_iter(), help));
    }
}
