//! The client against an HTTP server in this process that answers as Grafana's own description of its API has it.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;

use super::*;

/// A server that gives one answer, to those who say who they are where it asks.
async fn serve(path: &'static str, status: u16, body: &'static str) -> Grafana {
    let status = StatusCode::from_u16(status).expect("a status");
    let answer = move |headers: HeaderMap| async move {
        let is_known = headers.get("authorization").is_some_and(|value| value == "Basic YWRtaW46c2VjcmV0");
        if is_known || path == "/api/health" {
            (status, body)
        } else {
            (StatusCode::UNAUTHORIZED, r#"{"message":"Invalid username or password"}"#)
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let router = Router::new().route(path, get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Grafana::new(&url, "admin", "secret").expect("a URL")
}

#[tokio::test]
async fn health_is_read_whether_the_version_is_hidden_or_not() {
    let shown = serve("/api/health", 200, r#"{"database":"ok","version":"13.2.0","commit":"abc"}"#).await;
    let expected = GrafanaHealth { database: "ok".to_owned(), version: "13.2.0".to_owned() };
    assert_eq!(shown.health().await, Ok(expected));
    let failing = serve("/api/health", 503, r#"{"database":"failing"}"#).await;
    assert_eq!(failing.health().await.expect("an answer").database, "failing");
}

#[tokio::test]
async fn a_datasource_says_how_it_is_in_good_and_in_bad_times() {
    let path = "/api/datasources/uid/prometheus/health";
    let good = serve(path, 200, r#"{"status":"OK","message":"Successfully queried the Prometheus API."}"#).await;
    assert_eq!(good.datasource_health("prometheus").await.expect("an answer").expect("one").status, "OK");
    let bad = serve(path, 400, r#"{"status":"ERROR","message":"connection refused"}"#).await;
    let bad = bad.datasource_health("prometheus").await.expect("an answer").expect("one");
    assert_eq!((bad.status.as_str(), bad.message.as_str()), ("ERROR", "connection refused"));
    let none = serve(path, 404, r#"{"message":"Data source not found"}"#).await;
    assert_eq!(none.datasource_health("prometheus").await, Ok(None));
}

#[tokio::test]
async fn a_dashboard_comes_with_the_file_it_was_read_from() {
    let body = r#"{"dashboard":{"uid":"web","title":"web","panels":[]},
                   "meta":{"provisioned":true,"provisionedExternalId":"web.json","slug":"web","version":1}}"#;
    let kept =
        serve("/api/dashboards/uid/web", 200, body).await.dashboard("web").await.expect("an answer").expect("one");
    assert_eq!(kept.dashboard["title"], "web");
    assert_eq!((kept.meta.provisioned, kept.meta.provisioned_external_id.as_str()), (true, "web.json"));
    let none = serve("/api/dashboards/uid/web", 404, r#"{"message":"Dashboard not found"}"#).await;
    assert_eq!(none.dashboard("web").await, Ok(None));
}

#[tokio::test]
async fn a_wrong_password_is_said_and_never_shown() {
    let kept = serve("/api/dashboards/uid/web", 200, "{}").await;
    let stranger = Grafana::new(kept.url(), "admin", "wrong-password").expect("a URL");
    let error = stranger.dashboard("web").await.expect_err("refused").to_string();
    assert!(error.contains("user `admin`") && error.contains("Invalid username"), "{error}");
    assert!(!error.contains("wrong-password") && !format!("{stranger:?}").contains("wrong-password"));
}

#[tokio::test]
async fn a_grafana_that_is_gone_is_said_with_its_address() {
    let error = Grafana::new("http://127.0.0.1:1", "admin", "x").expect("a URL").health().await.expect_err("gone");
    assert!(error.to_string().starts_with("cannot ask Grafana at http://127.0.0.1:1 for its health"), "{error}");
    assert!(!error.answered);
}
