//! Rules as Prometheus might have them, and what is said of each.

use indexmap::IndexMap;

use super::{RuleState, judge_rule};
use crate::client::{Health, LoadedRule, RuleHealth};
use crate::desired::{Duration, Rule, RuleFile, RuleGroup, RuleKind};
use crate::promql::{Expression, Matcher, Operator};
use crate::verify::dashboards::Jobs;
use crate::verify::fixture::{demo, target, targets, web_job};
use crate::verify::series::{Found, SelectorState};
use crate::verify::{Cause, Finding, Status};

fn rule(expression: &str) -> Rule {
    Rule {
        name: "Mine".into(),
        expression: expression.into(),
        labels: IndexMap::from([("severity".into(), "warning".into())]),
        kind: RuleKind::Alert {
            holds_for: Duration::from_secs(60),
            keeps_firing_for: Duration::default(),
            annotations: IndexMap::new(),
        },
    }
}

fn loaded(expression: &str) -> LoadedRule {
    LoadedRule {
        name: "Mine".into(),
        query: expression.into(),
        duration: 60.0,
        labels: [("severity".to_owned(), "warning".to_owned())].into(),
        health: RuleHealth::Ok,
        state: "inactive".into(),
        ..LoadedRule::default()
    }
}

fn judged(expression: &str, loaded: Option<LoadedRule>, found: &[Found]) -> Finding {
    judged_beside(&Jobs::default(), expression, loaded, found)
}

fn judged_beside(jobs: &Jobs, expression: &str, loaded: Option<LoadedRule>, found: &[Found]) -> Finding {
    let selectors = Expression::parse(expression).unwrap().selectors();
    let selectors = selectors.into_iter().zip(found.iter().cloned().chain(std::iter::repeat(Found::Series)));
    let selectors = selectors.map(|(selector, found)| SelectorState { selector, found }).collect();
    let group = RuleGroup { name: "web".into(), interval: None, rules: vec![rule(expression)] };
    let file = RuleFile { name: "stackctl-alerts.yml".into(), text: None, groups: vec![group.clone()] };
    judge_rule(&file, &group, 0, &RuleState { loaded, selectors, bounds: Vec::new() }, jobs)
}

fn found(expression: &str, states: &[Found]) -> Finding {
    judged(expression, Some(loaded(expression)), states)
}

fn no_match(label: &str, value: &str, values: &[&str]) -> Found {
    let matcher = Matcher { label: label.into(), operator: Operator::Equal, value: value.into() };
    Found::NoMatch { matcher: Some(matcher), values: values.iter().map(|value| (*value).to_owned()).collect() }
}

#[test]
fn a_rule_in_force_that_finds_series_is_well() {
    let finding = found("up == 0", &[]);
    assert_eq!((finding.status, finding.message.as_str()), (Status::Ok, "quiet"));
    assert_eq!((finding.subject.as_str(), finding.instance.as_deref()), ("web", Some("Mine")));
}

#[test]
fn the_same_query_in_prometheus_own_writing_is_the_same() {
    let expression = "sum(rate(a{x='1'}[60s])) by (job)>5";
    let finding = judged(expression, Some(loaded("sum by (job) (rate(a{x=\"1\"}[1m])) > 5")), &[]);
    assert_eq!(finding.status, Status::Ok, "{}", finding.message);
}

#[test]
fn a_rule_that_is_not_in_force_is_a_rule_error() {
    let missing = judged("up == 0", None, &[]);
    assert_eq!((missing.status, missing.cause), (Status::Fail, Some(Cause::RuleError)));
    let other = judged("up == 0", Some(loaded("up == 1")), &[]);
    assert!(other.message.contains("it asks `up == 1`"), "{}", other.message);
    let shorter = judged("up == 0", Some(LoadedRule { duration: 0.0, ..loaded("up == 0") }), &[]);
    assert!(shorter.message.contains("has to hold for 0s"), "{}", shorter.message);
    let failing = LoadedRule {
        health: RuleHealth::Failed,
        last_error: "many-to-many matching not allowed".into(),
        ..loaded("up == 0")
    };
    let failing = judged("up == 0", Some(failing), &[]);
    assert_eq!(failing.cause, Some(Cause::RuleError));
    assert!(failing.message.contains("many-to-many") && failing.fix.contains("`apps.web.alerts.Mine`"), "{failing:?}");
}

#[test]
fn an_alert_on_a_metric_that_nobody_knows_can_never_fire() {
    let near = found("web_request_total > 5", &[Found::NoMetric { nearest: Some("web_requests_total".into()) }]);
    assert_eq!((near.status, near.cause), (Status::Fail, Some(Cause::NoData)));
    assert!(near.message.contains("no metric is called `web_request_total`; there is `web_requests_total`"));
    assert!(near.fix.contains("to `web_requests_total` in `apps.web.alerts.Mine`"), "{}", near.fix);
    let one_side = [Found::Series, Found::NoMetric { nearest: None }];
    assert_eq!(found("a / b > 1", &one_side).status, Status::Fail);
    assert_eq!(found("a or b", &one_side).status, Status::Ok, "the other side is enough");
    assert_eq!(found("a unless b", &one_side).status, Status::Ok);
    assert_eq!(found("absent(b)", &one_side[1..]).status, Status::Ok, "that is what it waits for");
    assert_eq!(found("ALERTS{alertname=\"X\"}", &one_side[1..]).status, Status::Ok);
    assert_eq!(found("recorded:by:us > 1", &[Found::Recorded { every: None, is_evaluated: false }]).status, Status::Ok);
}

#[test]
fn what_a_preset_asks_for_is_not_misspelled() {
    let judged = |name: &str, metric: &str| {
        let expression = format!("{metric} > 1");
        let group = RuleGroup {
            name: "web".into(),
            interval: None,
            rules: vec![Rule { name: name.into(), ..rule(&expression) }],
        };
        let file = RuleFile { name: "stackctl-alerts.yml".into(), text: None, groups: vec![group.clone()] };
        let selector = Expression::parse(&expression).unwrap().selectors().remove(0);
        let found = Found::NoMetric { nearest: Some("other".into()) };
        let loaded = Some(LoadedRule { name: name.into(), ..loaded(&expression) });
        let state = RuleState { loaded, selectors: vec![SelectorState { selector, found }], bounds: Vec::new() };
        judge_rule(&file, &group, 0, &state, &Jobs::default())
    };
    let early = judged("PrometheusTakesNoSamples", "prometheus_tsdb_head_samples_appended_total");
    assert_eq!((early.status, early.cause), (Status::Warn, Some(Cause::DataPending)), "{early:?}");
    let disk = judged("DiskWillBeFull", "node_filesystem_avail_bytes");
    assert!(disk.status == Status::Fail && disk.fix.contains("the exporter `node`"), "{disk:?}");
    assert!(!format!("{early:?}{disk:?}").contains("`other`"), "{early:?} {disk:?}");
}

#[test]
fn a_label_that_does_not_match_is_judged_by_what_it_is() {
    let status = |expression: &str, state: Found| found(expression, &[state]).status;
    assert_eq!(status("a{job=\"wbe\"} > 1", no_match("job", "wbe", &["web"])), Status::Fail);
    assert_eq!(status("a{pod=\"x\"} > 1", no_match("pod", "x", &[])), Status::Fail, "nobody has that label");
    assert_eq!(status("a{code=\"500\"} > 1", no_match("code", "500", &["200"])), Status::Ok, "still to come");
    assert_eq!(status("a{kind=\"x\"} > 1", no_match("kind", "x", &["y"])), Status::Warn);
}

#[test]
fn an_objective_at_no_buckets_bound_is_told_the_nearest_bounds() {
    let expression = "rate(took_bucket{le=\"0.3\"}[5m]) > 0";
    let state = no_match("le", "0.3", &["0.1", "0.25", "0.5", "1.0", "+Inf"]);
    let alone = found(expression, std::slice::from_ref(&state));
    assert_eq!((alone.status, alone.cause), (Status::Fail, Some(Cause::NoData)));
    assert!(
        alone.message.contains("no bucket up to `0.3`; its bounds are `0.1`, `0.25`, `0.5`, `1.0`, `+Inf`"),
        "{alone:?}"
    );
    assert_eq!(alone.fix, "write `0.25` or `0.5` in `apps.web.alerts.Mine`");

    let mut rule = rule(expression);
    rule.labels = IndexMap::from([("app".into(), "web".into()), ("slo".into(), "latency".into())]);
    let loaded = LoadedRule {
        labels: [("app".to_owned(), "web".to_owned()), ("slo".to_owned(), "latency".to_owned())].into(),
        ..loaded(expression)
    };
    let selector = Expression::parse(expression).unwrap().selectors().remove(0);
    let state = RuleState {
        loaded: Some(loaded),
        selectors: vec![SelectorState { selector, found: state }],
        bounds: Vec::new(),
    };
    let group = RuleGroup { name: "web objectives".into(), interval: None, rules: vec![rule] };
    let file = RuleFile { name: "stackctl-objectives.yml".into(), text: None, groups: vec![group.clone()] };
    let finding = judge_rule(&file, &group, 0, &state, &Jobs::default());
    let fix = "write `under: 250ms` or `under: 500ms` under `apps.web.slo.latency`, or give the app's histogram a bound of 0.3 s";
    assert_eq!(finding.fix, fix);
}

#[test]
fn a_rule_of_a_job_that_is_down_waits_for_it_and_no_name_is_to_be_corrected() {
    let jobs = |health| {
        let found = targets(vec![target("web", "demo-web-1:80", health)]);
        Jobs::of(&demo(vec![web_job()]), Some(&found), &std::collections::BTreeMap::new())
    };
    let expression = "sum(rate(requests_total{job=\"web\"}[5m])) > 1";
    let missing = [Found::NoMetric { nearest: None }];
    let judged = |health| judged_beside(&jobs(health), expression, Some(loaded(expression)), &missing);
    let down = judged(Health::Down);
    assert_eq!((down.status, down.cause), (Status::Warn, Some(Cause::JobDown)), "{down:?}");
    assert_eq!(down.message, "the rules have no data, because no target of `web` is scraped");
    assert!(down.fix.contains("`stackctl verify targets`"), "{}", down.fix);
    assert_eq!(judged(Health::Unknown).cause, Some(Cause::DataPending));
    let up = judged(Health::Up);
    assert_eq!((up.status, up.cause), (Status::Fail, Some(Cause::NoData)), "{up:?}");
}

/// What is said of a rule that compares a quantile of a histogram with these bounds.
fn compared(name: &str, expression: &str, bounds: &[&str]) -> Finding {
    let mut rule = Rule { name: name.into(), ..rule(expression) };
    rule.labels.insert("app".into(), "web".into());
    let mut loaded = LoadedRule { name: name.into(), ..loaded(expression) };
    loaded.labels.insert("app".into(), "web".into());
    let group = RuleGroup { name: "web".into(), interval: None, rules: vec![rule] };
    let file = RuleFile { name: "stackctl-alerts.yml".into(), text: None, groups: vec![group.clone()] };
    let bounds = bounds.iter().map(|bound| (*bound).to_owned()).collect();
    judge_rule(&file, &group, 0, &RuleState { loaded: Some(loaded), selectors: Vec::new(), bounds }, &Jobs::default())
}

#[test]
fn no_quantile_is_above_the_highest_bound() {
    let asked = |above: &str| {
        format!("histogram_quantile(0.95, sum by (le) (rate(took_seconds_bucket{{job=\"web\"}}[5m]))) {above}")
    };
    let bounds = ["0.5", "5", "10", "+Inf"];
    for above in ["> 15", "> 10", ">= 10.5"] {
        let never = compared("HighLatency", &asked(above), &bounds);
        assert_eq!((never.status, never.cause), (Status::Fail, Some(Cause::NoData)), "{above}: {never:?}");
        assert!(never.message.contains("highest bound of `took_seconds_bucket` is `10`"), "{never:?}");
        assert!(never.fix.contains("write less than 10 s as `above` of `apps.web.alerts.latency`"), "{never:?}");
    }
    let own = compared("Mine", &asked("> 15"), &bounds);
    assert!(own.fix.contains("compare with less than 10 in `apps.web.alerts.Mine`"), "{own:?}");
    for (above, bounds) in [("> 9", &bounds[..]), (">= 10", &bounds[..]), ("> 15", &[]), ("> 15", &["+Inf"])] {
        let can = compared("HighLatency", &asked(above), bounds);
        assert_eq!(can.status, Status::Ok, "{above}: {can:?}");
    }
}

#[test]
fn a_status_that_is_none_does_not_come_by_waiting() {
    let expression = r#"rate(http_requests_total{status=~"5.."}[5m]) > 1"#;
    let of = |values: &[&str]| {
        let matcher = Matcher { label: "status".into(), operator: Operator::Matches, value: "5..".into() };
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        found(expression, &[Found::NoMatch { matcher: Some(matcher), values }])
    };
    assert_eq!(of(&["200"]).status, Status::Ok);
    let words = of(&["error", "success"]);
    assert_eq!(words.status, Status::Warn, "{words:?}");
    assert!(words.message.contains("the label has `error`, `success`"), "{words:?}");
}
