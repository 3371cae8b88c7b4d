//! What a panel's variables hold while it is asked for.

use serde_json::json;

use super::*;
use crate::client::stand_in::{StandIn, success};
use crate::dashboard::{AutoInterval, Query, Repeat, Row, Variable, VariableSource};
use crate::verify::fixture::demo;
use crate::verify::series::Found;

#[tokio::test]
async fn a_panel_is_asked_for_with_what_the_page_shows_at_first() {
    let stand_in = StandIn::new(|question| match question.path.as_str() {
        "/-/ready" => "Prometheus is Ready".to_owned(),
        _ => success(&json!({ "resultType": "vector", "result": [
            { "metric": { "job": "iotd" }, "value": [1_795_441_031.0, "1"] },
            { "metric": { "job": "web" }, "value": [1_795_441_031.0, "1"] },
        ]})),
    })
    .await;
    let jobs = || VariableSource::QueryResult("count by (job) (up)".to_owned());
    let regex = "/job=\"([^\"]+)\"/".to_owned();
    let one = Variable { name: "one".to_owned(), source: jobs(), regex: regex.clone(), ..Variable::default() };
    let all = Variable { name: "all".to_owned(), source: jobs(), regex, include_all: true, ..Variable::default() };
    let source = VariableSource::Interval(vec!["1m".to_owned()]);
    let auto = Some(AutoInterval::default());
    let default = vec!["$__auto_interval_length".to_owned()];
    let length = Variable { name: "length".to_owned(), source, auto, default, ..Variable::default() };
    let mut dashboard = Dashboard { variables: vec![one, all, length], ..Dashboard::default() };
    let expression = "rate(x{job=\"$one\",of=~\"$all\"}[$length])".to_owned();
    let panel = Panel { queries: vec![Query { expression, ..Query::default() }], ..Panel::default() };
    let desired = demo(Vec::new());
    let config = desired.prometheus.as_ref().expect("it has one");
    let state = Asker::of(&stand_in.prometheus, config, &desired.exposed, &mut dashboard).await.ask(&panel).await;
    assert_eq!(state.queries[0].answer, Answer::Data { series: 2, numbers: 2, divides_by_zero: false });
    let asked = stand_in.asked().pop().expect("it was asked");
    assert_eq!(asked.query, "rate(x{job=\"iotd\",of=~\"(iotd|web)\"}[120s])");
}

#[tokio::test]
async fn a_panel_that_is_repeated_is_asked_for_with_each_value_by_itself() {
    let stand_in = StandIn::new(|_| success(&json!({ "resultType": "vector", "result": [] }))).await;
    let source = VariableSource::Values(vec!["GET".to_owned(), "POST".to_owned()]);
    let method = Variable { name: "method".to_owned(), source, multi: true, include_all: true, ..Variable::default() };
    let source = VariableSource::QueryResult("nosuch".to_owned());
    let job = Variable { name: "job".to_owned(), source, ..Variable::default() };
    let expression = "sum(requests_total{method=\"$method\"})".to_owned();
    let repeat = Some(Repeat { variable: "method".to_owned(), per_line: None });
    let panel = Panel { queries: vec![Query { expression, ..Query::default() }], repeat, ..Panel::default() };
    let rows = vec![Row { panels: vec![panel], ..Row::default() }];
    let mut dashboard = Dashboard { variables: vec![method, job], rows, ..Dashboard::default() };
    let desired = demo(Vec::new());
    let config = desired.prometheus.as_ref().expect("it has one");
    let questioner = Asker::of(&stand_in.prometheus, config, &desired.exposed, &mut dashboard).await;
    assert_eq!(questioner.without_choice, ["job"]);
    for panel in dashboard.panels() {
        questioner.ask(panel).await;
    }
    let asked: Vec<String> = stand_in.asked().into_iter().map(|question| question.query).collect();
    for method in ["GET", "POST"] {
        assert!(asked.contains(&format!("sum(requests_total{{method=\"{method}\"}})")), "{asked:?}");
    }
    assert!(!asked.iter().any(|query| query.contains('|')), "{asked:?}");
}

#[tokio::test]
async fn what_an_app_is_known_to_expose_and_has_not_for_an_hour_rests() {
    let stand_in = StandIn::new(|_| success(&json!({ "resultType": "vector", "result": [] }))).await;
    let mut desired = demo(Vec::new());
    let known = ["http_requests_total", "http_request_duration_seconds_bucket"];
    let known = known.map(|metric| (metric.to_owned(), ["code".to_owned()].into()));
    desired.exposed.insert("web".to_owned(), Exposed(known.into()));
    let config = desired.prometheus.as_ref().expect("it has one");
    let questioner = Asker::of(&stand_in.prometheus, config, &desired.exposed, &mut Dashboard::default()).await;
    for (metric, rests) in [
        ("http_requests_total{job=\"web\",code=~\"5..\"}", true),
        ("http_request_duration_seconds_count{job=\"web\"}", true),
        ("http_requests_total{job=\"api\"}", false),
        ("http_requests_total", false),
        ("others_total{job=\"web\"}", false),
    ] {
        let answer = questioner.answer(metric, true).await;
        let Answer::Empty(silence) = answer else { panic!("{metric}: {answer:?}") };
        assert_eq!(silence.selectors[0].found == Found::Rests, rests, "{metric}: {silence:?}");
    }
}
