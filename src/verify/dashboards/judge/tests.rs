//! What each kind of answer is judged as.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::dashboard::Dashboard;
use crate::promql::{Matcher, Operator};
use crate::verify::fixture::{demo, web_job};
use crate::verify::series::SelectorState;

fn dashboard(origin: Origin) -> StackDashboard {
    StackDashboard { name: "web".to_owned(), dashboard: Dashboard::default(), origin, jobs: Vec::new(), carried: None }
}

fn judged(answers: Vec<Answer>) -> Finding {
    let queries = answers.into_iter().map(|answer| QueryState { query: "rate(a[5m])".to_owned(), answer });
    judge_panel(&dashboard(Origin::Panels), &["Requests"], &PanelState { queries: queries.collect() }, &Jobs::default())
}

fn empty(found: Found) -> Answer {
    let selectors = vec![SelectorState { selector: selector(), found }];
    Answer::Empty(Silence { selectors, ..Silence::default() })
}

fn selector() -> Selector {
    Selector::of("http_requests_total").with("job", Operator::Equal, "wbe")
}

fn data() -> Answer {
    Answer::Data { series: 2, numbers: 2, divides_by_zero: false }
}

#[test]
fn a_panel_with_data_is_well_and_one_whose_values_are_no_numbers_is_told_apart() {
    assert_eq!(judged(vec![data()]).status, Status::Ok);
    let answer = |divides_by_zero| Answer::Data { series: 1, numbers: 0, divides_by_zero };
    let idle = judged(vec![answer(false)]);
    assert_eq!((idle.status, idle.cause), (Status::Warn, Some(Cause::NoData)));
    assert_eq!(
        idle.message,
        "no data: 1 series, and every value is NaN, as 0/0 is: nothing happened that could be divided"
    );
    let never = judged(vec![answer(true)]);
    assert_eq!((never.status, never.cause), (Status::Fail, Some(Cause::NoData)));
    assert_eq!(never.message, "1 series, and every value is NaN: `rate(a[5m])` divides by 0");
    // The latency of an app that nobody has asked for anything yet.
    let query = QueryState { query: "a".to_owned(), answer: answer(false) };
    let state = PanelState { queries: vec![query] };
    let made = judge_panel(&dashboard(Origin::Made), &["Latency"], &state, &Jobs::default());
    assert_eq!(made.status, Status::Ok);
    assert_eq!(made.message, "no data yet: 1 series, and every value is NaN, because nothing happened");
}

#[test]
fn a_metric_that_does_not_exist_is_named_with_the_nearest_that_does() {
    let finding = judged(vec![empty(Found::NoMetric { nearest: Some("http_request_total".to_owned()) })]);
    assert_eq!((finding.status, finding.cause), (Status::Fail, Some(Cause::NoData)));
    assert_eq!(finding.message, "no metric is called `http_requests_total`; there is `http_request_total`");
    assert_eq!(
        finding.fix,
        "correct `http_requests_total` to `http_request_total` in panel `Requests` of `dashboards.web`"
    );
    assert_eq!((finding.subject.as_str(), finding.instance.as_deref()), ("web", Some("Requests")));
}

#[test]
fn a_label_that_does_not_match_is_named_with_the_values_it_has() {
    let matcher = Matcher { label: "job".to_owned(), operator: Operator::Equal, value: "wbe".to_owned() };
    let values = vec!["api".to_owned(), "web".to_owned()];
    let finding = judged(vec![empty(Found::NoMatch { matcher: Some(matcher), values })]);
    assert_eq!(finding.cause, Some(Cause::NoData));
    assert_eq!(finding.message, "no series of `http_requests_total` has `job=\"wbe\"`; the label has `api`, `web`");
}

#[test]
fn too_few_scrapes_are_a_warning_unless_there_will_never_be_enough() {
    let too_few = |seconds| {
        let (length, interval) = (Duration::from_secs(seconds), Duration::from_secs(15));
        judged(vec![empty(Found::TooFew { length, interval })])
    };
    let soon = too_few(60);
    assert_eq!((soon.status, soon.cause), (Status::Warn, Some(Cause::DataPending)));
    assert!(soon.fix.contains("15s"), "{}", soon.fix);
    let never = too_few(20);
    assert_eq!(never.status, Status::Fail);
    assert!(never.fix.contains("$__rate_interval"), "{}", never.fix);
}

#[test]
fn a_comparison_that_holds_nowhere_is_well_and_other_silence_is_not() {
    let silent = |may_be_empty| {
        let selectors = vec![SelectorState { selector: selector(), found: Found::Series }];
        judged(vec![Answer::Empty(Silence { selectors, may_be_empty, ..Silence::default() })])
    };
    assert_eq!(silent(true).status, Status::Ok);
    assert_eq!(silent(true).message, "empty now: what it asks for is nowhere the case");
    let finding = silent(false);
    assert_eq!(finding.status, Status::Fail);
    assert!(finding.fix.contains("ignoring"), "{}", finding.fix);
}

#[test]
fn one_query_of_several_without_data_is_a_warning_and_a_refused_one_is_not() {
    let nothing = || empty(Found::NoMetric { nearest: None });
    assert_eq!(judged(vec![data(), nothing()]).status, Status::Warn);
    assert_eq!(judged(vec![nothing(), nothing()]).status, Status::Fail);
    let refused = judged(vec![data(), Answer::Refused("parse error".to_owned())]);
    assert_eq!((refused.status, refused.cause), (Status::Fail, Some(Cause::QueryError)));
}

#[test]
fn what_stackctl_made_is_corrected_where_the_app_says_what_its_signals_are_called() {
    let query = QueryState { query: "a".to_owned(), answer: empty(Found::NoMetric { nearest: None }) };
    let mut web = web_job();
    web.name = "wbe".to_owned();
    let jobs = Jobs::of(&demo(vec![web]), None, &BTreeMap::new());
    let finding = judge_panel(&dashboard(Origin::Made), &["Requests"], &PanelState { queries: vec![query] }, &jobs);
    assert!(
        finding.fix.starts_with("correct the name in `apps.wbe.signals`, or have `wbe` expose it"),
        "{}",
        finding.fix
    );
}

#[test]
fn panels_that_ask_the_same_in_vain_are_one_finding_that_names_them_all() {
    let state =
        |query: &str, answer: Answer| PanelState { queries: vec![QueryState { query: query.to_owned(), answer }] };
    let missing = || empty(Found::NoMetric { nearest: Some("http_request_total".to_owned()) });
    let panels = [
        ("Requests".to_owned(), state("a", missing())),
        ("Errors".to_owned(), state("b", missing())),
        ("Requests now".to_owned(), state("a", missing())),
        ("Here".to_owned(), state("c", data())),
        ("Here, too".to_owned(), state("c", data())),
    ];
    let findings = judge_panels(&dashboard(Origin::Panels), &panels, &Jobs::default());
    let instances: Vec<&str> = findings.iter().filter_map(|finding| finding.instance.as_deref()).collect();
    assert_eq!(instances, ["Requests, Requests now", "Errors", "Here", "Here, too"]);
    let fix = "correct `http_requests_total` to `http_request_total` in panels `Requests`, `Requests now` of `dashboards.web`";
    assert_eq!(findings[0].fix, fix);
    assert!(findings[1].fix.contains("in panel `Errors` of"), "{}", findings[1].fix);
}

#[test]
fn what_a_rule_records_is_awaited_by_its_rhythm_and_told_by_whether_it_was_evaluated() {
    let recorded = |every: Option<u64>, is_evaluated| {
        judged(vec![empty(Found::Recorded { every: every.map(Duration::from_secs), is_evaluated })])
    };
    let seldom = recorded(Some(120), false);
    assert_eq!((seldom.status, seldom.cause), (Status::Warn, Some(Cause::RulePending)));
    assert_eq!(
        seldom.message,
        "`http_requests_total` is recorded every 120s by a rule, which Prometheus has not evaluated yet"
    );
    assert!(seldom.fix.starts_with("look again in 120s"), "{}", seldom.fix);
    let empty = recorded(Some(120), true);
    assert!(empty.message.ends_with("which had no answer yet"), "{}", empty.message);
    assert_eq!(recorded(None, false).cause, Some(Cause::DataPending), "as often as everything else");
}

fn matching(label: &str, operator: Operator, value: &str, divides: bool) -> Finding {
    let matcher = Matcher { label: label.to_owned(), operator, value: value.to_owned() };
    let found = Found::NoMatch { matcher: Some(matcher), values: vec!["200".to_owned()] };
    let selectors = vec![SelectorState { selector: selector(), found }];
    judged(vec![Answer::Empty(Silence { selectors, divides, ..Silence::default() })])
}

#[test]
fn a_share_of_failures_of_what_never_failed_is_nothing_to_correct() {
    for (label, operator, value) in [
        ("code", Operator::Matches, "5.."),
        ("status", Operator::Matches, "(4|5).."),
        ("code", Operator::Equal, "500"),
        ("status_code", Operator::MatchesNot, "2.."),
    ] {
        let finding = matching(label, operator, value, true);
        assert_eq!(finding.status, Status::Warn, "{label} {value}: {finding:?}");
        assert!(finding.message.starts_with("nothing yet: no series of `http_requests_total` has"), "{finding:?}");
        assert!(finding.message.ends_with("the label has `200`") && !finding.fix.contains("correct"), "{finding:?}");
    }
    for (label, value, divides) in
        [("code", "999", true), ("code", "2..", true), ("job", "5", true), ("code", "5..", false)]
    {
        assert_eq!(matching(label, Operator::Matches, value, divides).status, Status::Fail, "{label} {value}");
    }
}

#[test]
fn what_comes_and_goes_is_a_warning_and_no_wrong_name() {
    let finding = judged(vec![empty(Found::Before)]);
    assert_eq!((finding.status, finding.cause), (Status::Warn, Some(Cause::NoData)));
    assert!(finding.message.contains("had some within the last hour"), "{}", finding.message);
}

#[test]
fn what_an_app_exposed_before_it_started_anew_is_no_wrong_name() {
    let finding = judged(vec![empty(Found::Rests)]);
    assert_eq!(finding.status, Status::Ok, "{finding:?}");
    assert!(finding.message.contains("`http_requests_total` comes back"), "{finding:?}");
}

#[test]
fn a_time_of_which_there_are_no_samples_is_told_as_that() {
    let then = |text: &str, is_fixed| judged(vec![empty(Found::NotThen { text: text.to_owned(), is_fixed })]);
    let old = then("up offset 1d", false);
    assert_eq!((old.status, old.cause), (Status::Warn, Some(Cause::NoData)));
    assert_eq!(old.message, "`up offset 1d` finds nothing: Prometheus has no samples of that time");
    let fixed = then("up @ 0.000", true);
    assert!(fixed.status == Status::Fail && fixed.fix.contains("the time after `@`"), "{fixed:?}");
}

#[test]
fn bounds_that_an_aggregation_drops_are_told_before_the_labels_of_operators() {
    let selectors = vec![SelectorState { selector: selector(), found: Found::Series }];
    let in_vain = Some("`histogram_quantile` has no answer".to_owned());
    let finding = judged(vec![Answer::Empty(Silence { selectors, in_vain, ..Silence::default() })]);
    assert_eq!((finding.status, finding.message.as_str()), (Status::Fail, "`histogram_quantile` has no answer"));
    assert!(finding.fix.contains("`sum by (le) (…)` in panel `Requests`"), "{}", finding.fix);
}

#[test]
fn everything_that_is_missing_in_a_panel_is_named() {
    let missing = |metric: &str| SelectorState {
        selector: Selector::of(metric),
        found: Found::NoMetric { nearest: (metric == "b").then(|| "bb".to_owned()) },
    };
    let answer = |metrics: &[&str]| {
        let selectors = metrics.iter().map(|metric| missing(metric)).collect();
        Answer::Empty(Silence { selectors, ..Silence::default() })
    };
    let two_queries = judged(vec![answer(&["a"]), answer(&["b"])]);
    let one_query = judged(vec![answer(&["a", "b"])]);
    for finding in [two_queries, one_query] {
        assert_eq!(finding.message, "no metric is called `a`; no metric is called `b`; there is `bb`");
        assert!(finding.fix.contains("correct the name") && finding.fix.contains("correct `b` to `bb`"), "{finding:?}");
    }
    let same = judged(vec![answer(&["a"]), answer(&["a"])]);
    assert_eq!(same.message, "no metric is called `a`");
}
