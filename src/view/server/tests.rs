//! Pages, with a stand-in for Prometheus.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;
use crate::client::stand_in::{Question, StandIn, success};
use crate::dashboard::{Panel, Row, Span, Variable, VariableSource};

/// A dashboard of panels that each ask one of these.
fn dashboard(queries: &[&str]) -> Dashboard {
    let panel =
        |query: &&str| Panel { title: (*query).to_owned(), width: 12, height: 8, ..Panel::default() }.asks(*query, "");
    Dashboard {
        uid: "web".to_owned(),
        title: "Web".to_owned(),
        rows: vec![Row { panels: queries.iter().map(panel).collect(), ..Row::default() }],
        ..Dashboard::default()
    }
}

fn matrix(count: usize) -> Value {
    let values: Vec<Value> = (0..20).map(|at| json!([1_795_440_000.0 + f64::from(at) * 15.0, "1"])).collect();
    let series = |number: usize| json!({ "metric": { "instance": format!("web-{number}") }, "values": values });
    json!({ "resultType": "matrix", "result": (0..count).map(series).collect::<Vec<_>>() })
}

fn answer(question: &Question) -> String {
    match (question.path.as_str(), question.query.as_str()) {
        ("/-/ready", _) => "Prometheus is Ready".to_owned(),
        (_, "broken") => "<html>too much</html>".to_owned(),
        (_, "refused") => json!({ "status": "error", "error": "found duplicate series" }).to_string(),
        (_, "many") => success(&matrix(1910)),
        ("/api/v1/label/job/values", _) => success(&json!((0..600).map(|at| format!("job-{at}")).collect::<Vec<_>>())),
        _ => success(&matrix(1)),
    }
}

async fn page(prometheus: &Prometheus, dashboard: Dashboard, address: &str) -> String {
    let settings = Settings {
        source: Source::File(PathBuf::new()),
        prometheus: prometheus.clone(),
        zone: TimeZone::UTC,
        loopback_only: true,
        login: None,
        stands_in: None,
    };
    let library = Library { stack: "demo".to_owned(), interval: 15.0, dashboards: vec![dashboard.clone()] };
    let pairs: Vec<(String, String)> = form_urlencoded::parse(address.as_bytes()).into_owned().collect();
    settings.page(library, dashboard, &pairs).await
}

const THEN: &str = "range=5m&end=1795440300";

#[tokio::test]
async fn one_query_without_an_answer_is_told_in_its_panel_and_the_rest_is_drawn() {
    let stand_in = StandIn::new(answer).await;
    let html = page(&stand_in.prometheus, dashboard(&["up", "broken", "refused"]), THEN).await;
    assert_eq!(html.matches("class=\"line s0\"").count(), 1, "the first is drawn: {html}");
    assert!(html.contains("Prometheus does not answer the query"), "{html}");
    assert!(html.contains("found duplicate series"), "{html}");
    assert!(!html.contains("This page tries again"), "{html}");
    let alone = page(&stand_in.prometheus, dashboard(&["broken"]), THEN).await;
    assert!(alone.contains("Prometheus does not answer the query"), "{alone}");
}

#[tokio::test]
async fn a_prometheus_that_is_gone_is_told_once() {
    let gone = Prometheus::new("http://127.0.0.1:1").expect("a URL");
    let html = page(&gone, dashboard(&["up", "up + 1"]), THEN).await;
    assert_eq!(html.matches("Prometheus at http://127.0.0.1:1 does not answer").count(), 1, "{html}");
    assert!(html.contains("This page tries again by itself"), "{html}");
}

#[tokio::test]
async fn others_are_answered_while_thousands_of_series_are_drawn() {
    let stand_in = StandIn::new(answer).await;
    let drawn = page(&stand_in.prometheus, dashboard(&["many"]), THEN);
    let html = tokio::time::timeout(std::time::Duration::from_secs(20), drawn).await.expect("it is drawn in time");
    assert!(html.contains("and 1710 more that are not drawn"), "{html}");
    assert!(html.len() < 2_000_000, "{}", html.len());
}

#[tokio::test]
async fn others_are_answered_while_megabytes_are_read() {
    let values: Vec<Value> = (0..1000).map(|at| json!([1_795_440_000.0 + f64::from(at) * 15.0, "1.25"])).collect();
    let series = |number: usize| json!({ "metric": { "instance": format!("web-{number}") }, "values": values });
    let result: Vec<Value> = (0..300).map(series).collect();
    let answer: Arc<str> = success(&json!({ "resultType": "matrix", "result": result })).into();
    let begun = Instant::now();
    serde_json::from_str::<serde::de::IgnoredAny>(&answer).expect("JSON");
    let reading = begun.elapsed();
    let stand_in = StandIn::new(move |_| answer.to_string()).await;
    // Whoever else is to be answered by this thread waits for the longest time in which it does not come to look.
    let longest = Arc::new(Mutex::new(Duration::ZERO));
    let seen = longest.clone();
    let looking = tokio::spawn(async move {
        loop {
            let before = Instant::now();
            tokio::task::yield_now().await;
            let mut longest = seen.lock().expect("nobody panicked");
            *longest = before.elapsed().max(*longest);
        }
    });
    let html = page(&stand_in.prometheus, dashboard(&["many"]), THEN).await;
    looking.abort();
    assert!(html.contains("and 100 more that are not drawn"), "{html}");
    let longest = *longest.lock().expect("nobody panicked");
    assert!(longest < reading, "others waited for {longest:?}; to read the answer once takes {reading:?}");
}

#[tokio::test]
async fn a_page_offers_what_can_be_chosen_and_keeps_what_it_does_not_ask_for() {
    let stand_in = StandIn::new(answer).await;
    let label_values = VariableSource::LabelValues { selector: String::new(), label: "job".to_owned() };
    let job = Variable { name: "job".to_owned(), source: label_values, ..Variable::default() };
    let source = VariableSource::Text("fixed".to_owned());
    let hidden = Variable { name: "fixed".to_owned(), source, hidden: true, ..Variable::default() };
    let dashboard = Dashboard { variables: vec![job, hidden], ..dashboard(&["up{job=\"$job\",x=\"$fixed\"}"]) };
    let html = page(&stand_in.prometheus, dashboard, &format!("{THEN}&var-fixed=other")).await;
    assert!(html.contains("<option disabled>and 100 more, not listed</option>"), "{html}");
    assert!(html.contains("<input type=\"hidden\" name=\"var-fixed\" value=\"other\">"), "{html}");
    assert_eq!(html.matches("name=\"var-fixed\"").count(), 1, "it is no field: {html}");
    let asked = stand_in.asked();
    assert!(asked.iter().any(|question| question.query == "up{job=\"job-0\",x=\"other\"}"), "{asked:?}");
}

#[tokio::test]
async fn a_dashboard_is_shown_as_it_says_until_the_reader_chooses_otherwise() {
    let stand_in = StandIn::new(answer).await;
    let time = Some(Span { from: "now-6h".to_owned(), to: "now".to_owned() });
    let own = Dashboard { time, refresh: Some("1m".to_owned()), ..dashboard(&["vector($__range_s)"]) };
    let html = page(&stand_in.prometheus, own.clone(), "").await;
    assert!(html.contains("<main data-refresh=\"60\""), "{html}");
    assert!(html.contains("<input name=\"range\" value=\"6h\""), "{html}");
    assert!(html.contains("web\" aria-current=\"page\">Web</a>"), "nothing was chosen: {html}");
    let html = page(&stand_in.prometheus, own, "range=5m&refresh=5").await;
    assert!(html.contains("<main data-refresh=\"5\""), "{html}");
    let asked: Vec<String> = stand_in.asked().into_iter().map(|question| question.query).collect();
    assert_eq!(asked, ["vector(21600)", "vector(300)"]);
}

#[test]
fn a_browser_that_was_led_here_under_another_name_is_refused() {
    for host in ["localhost:3000", "127.0.0.1:3000", "127.0.0.1", "[::1]:3000", "[::1]"] {
        assert!(is_loopback(host), "{host}");
    }
    for host in ["evil.example:3000", "127.0.0.1.evil.example", "", "10.0.0.1:3000", "localhost.evil"] {
        assert!(!is_loopback(host), "{host}");
    }
}
