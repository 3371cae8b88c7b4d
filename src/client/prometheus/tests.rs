//! The client against an HTTP server in this process that answers as Prometheus does.

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::routing::get;

use super::*;
use crate::client::{Health, Point, Series};

async fn serve(path: &'static str, status: u16, body: &str) -> Prometheus {
    let (status, body) = (StatusCode::from_u16(status).expect("a status"), body.to_owned());
    let router = Router::new().route(path, get(move || async move { (status, body) }));
    start(router).await
}

async fn start(router: Router) -> Prometheus {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Prometheus::new(&url).expect("a URL")
}

const TARGETS: &str = r#"{"status":"success","data":{"activeTargets":[{
    "discoveredLabels":{"__address__":"accesslog:80","__metrics_path__":"/metrics","__scheme__":"http","job":"accesslog"},
    "labels":{"instance":"accesslog:80","job":"accesslog"},"scrapePool":"accesslog",
    "scrapeUrl":"http://accesslog:80/metrics","globalUrl":"http://accesslog:80/metrics",
    "lastError":"Get \"http://accesslog:80/metrics\": dial tcp 172.18.0.3:80: connect: connection refused",
    "lastScrape":"2026-11-20T18:31:33.123456789Z","lastScrapeDuration":0.002,"health":"down",
    "scrapeInterval":"15s","scrapeTimeout":"10s"}],
    "droppedTargets":[{"discoveredLabels":{"__address__":"old:80","job":"accesslog"}},
    {"discoveredLabels":{"__address__":"new:80"},"scrapePool":"web"}],"droppedTargetCounts":{"accesslog":1}}}"#;

#[tokio::test]
async fn targets_are_read_with_their_pool_address_and_error() {
    let targets = serve("/api/v1/targets", 200, TARGETS).await.targets().await.expect("an answer");
    let target = targets.active.first().expect("one is active");
    assert_eq!((target.pool.as_str(), target.address.as_str()), ("accesslog", "accesslog:80"));
    assert_eq!(target.health, Health::Down);
    assert!(target.last_error.starts_with("Get \"http:"));
    assert_eq!(target.labels.get("instance").map(String::as_str), Some("accesslog:80"));
    let dropped: Vec<_> =
        targets.dropped.iter().map(|target| (target.pool.as_str(), target.address.as_str())).collect();
    assert_eq!(dropped, [("accesslog", "old:80"), ("web", "new:80")]);
}

#[tokio::test]
async fn questions_share_one_connection() {
    let ports = std::sync::Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let seen = ports.clone();
    let handler = move |axum::extract::ConnectInfo(peer): axum::extract::ConnectInfo<std::net::SocketAddr>| async move {
        seen.lock().expect("nobody panicked").insert(peer.port());
        TARGETS
    };
    let router = Router::new().route("/api/v1/targets", get(handler));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let prometheus = Prometheus::new(&url).expect("a URL");
    for _ in 0..5 {
        prometheus.targets().await.expect("an answer");
    }
    assert_eq!(ports.lock().expect("nobody panicked").len(), 1);
}

#[tokio::test]
async fn the_configuration_and_the_versions_are_read() {
    let config = serve("/api/v1/status/config", 200, r#"{"status":"success","data":{"yaml":"global: {}\n"}}"#).await;
    assert_eq!(config.config().await.as_deref(), Ok("global: {}\n"));
    let body = r#"{"status":"success","data":{"version":"2.53.3","revision":"x","goVersion":"go1.23"}}"#;
    let build = serve("/api/v1/status/buildinfo", 200, body).await;
    assert_eq!(build.build_info().await.expect("an answer").version, "2.53.3");
    let body = r#"{"status":"success","data":{"reloadConfigSuccess":false,"lastConfigTime":"2026-11-20T18:31:33Z"}}"#;
    let runtime = serve("/api/v1/status/runtimeinfo", 200, body).await;
    assert!(!runtime.runtime_info().await.expect("an answer").reload_config_success);
}

#[tokio::test]
async fn samples_are_numbers_whatever_the_shape() {
    let body =
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1.5,"+Inf"]}]}}"#;
    let series = serve("/api/v1/query", 200, body).await.query("up").await;
    let labels = [("job".to_owned(), "a".to_owned())].into();
    let points = vec![Point { time: 1.5, value: f64::INFINITY }];
    assert_eq!(series, Ok(QueryResult::Series(vec![Series { labels, points }])));
    let body = r#"{"status":"success","data":{"resultType":"scalar","result":[2,"7"]}}"#;
    let scalar = serve("/api/v1/query", 200, body).await.query("7").await;
    assert_eq!(scalar, Ok(QueryResult::Scalar(Point { time: 2.0, value: 7.0 })));
    let body =
        r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"],[2,"2"]]}]}}"#;
    let matrix = serve("/api/v1/query_range", 200, body).await.query_range("up", 1.0, 2.0, 1.0).await;
    assert!(matches!(matrix, Ok(QueryResult::Series(series)) if series[0].points.len() == 2));
}

#[tokio::test]
async fn a_query_is_sent_as_it_was_written() {
    let echo = |uri: Uri| async move {
        format!(r#"{{"status":"error","errorType":"x","error":"{}"}}"#, uri.query().unwrap_or_default())
    };
    let prometheus = start(Router::new().route("/api/v1/query", get(echo))).await;
    let error = prometheus.query("up{a=\"b&c\"} + 1").await.expect_err("the server always refuses");
    assert_eq!(error.cause, "query=up%7Ba%3D%22b%26c%22%7D+%2B+1");
}

#[tokio::test]
async fn a_refusal_carries_prometheus_own_reason() {
    let body = r#"{"status":"error","errorType":"bad_data","error":"parse error: unexpected end of input"}"#;
    let error = serve("/api/v1/query", 400, body).await.query("up{").await.expect_err("it was refused");
    assert!(error.answered);
    assert!(error.to_string().ends_with("for a query: parse error: unexpected end of input"), "{error}");
}

#[tokio::test]
async fn what_does_not_answer_or_is_not_prometheus_is_said_plainly() {
    let prometheus = Prometheus::new("http://127.0.0.1:1").expect("a URL");
    let error = prometheus.targets().await.expect_err("nothing listens there");
    assert!(!error.answered);
    let start = "cannot ask Prometheus at http://127.0.0.1:1 for targets: ";
    assert!(error.to_string().starts_with(start) && error.cause.contains("refused"), "{error}");
    let error = serve("/api/v1/targets", 502, "<html>").await.targets().await.expect_err("it is a proxy's error page");
    assert_eq!(error.cause, "it answers 502 Bad Gateway");
    let error = serve("/api/v1/targets", 200, "<html>").await.targets().await.expect_err("it is a page");
    assert!(error.cause.starts_with("its answer cannot be read"), "{error}");
    assert!(Prometheus::new("no url").is_err());
}

#[tokio::test]
async fn readiness_is_told_from_being_away() {
    assert_eq!(serve("/-/ready", 200, "Prometheus Server is Ready.\n").await.ready().await, Ok(true));
    assert_eq!(serve("/-/ready", 503, "Service Unavailable").await.ready().await, Ok(false));
    assert!(Prometheus::new("http://127.0.0.1:1").expect("a URL").ready().await.is_err());
}

#[tokio::test]
async fn a_thousand_targets_are_read() {
    let one = r#"{"discoveredLabels":{"__address__":"a:80","__meta":"x","job":"j"},"labels":{"instance":"a:80","job":"j"},
        "scrapePool":"j","scrapeUrl":"http://a:80/metrics","lastError":"","lastScrape":"2026-11-20T18:31:33Z",
        "lastScrapeDuration":0.002,"health":"up"}"#;
    let body = format!(r#"{{"status":"success","data":{{"activeTargets":[{}]}}}}"#, vec![one; 1000].join(","));
    let prometheus = serve("/api/v1/targets", 200, &body).await;
    assert_eq!(prometheus.targets().await.expect("an answer").active.len(), 1000);
}
