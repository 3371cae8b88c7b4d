//! Serves an app until it is asked to end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::metrics_page::{self, MetricsPage};
use super::{DemoApp, ExitAfter, Options, process};

/// Time that answers under way get once the app was asked to end.
const GRACE: Duration = Duration::from_millis(150);

/// Serves the app until SIGTERM, SIGINT or `exit_after`, and gives the exit code: 0 after a signal.
///
/// Fails where it cannot listen, or where an option is nothing that HTTP knows.
pub async fn serve(app: DemoApp, options: Options) -> io::Result<u8> {
    let routes = routes(app, &options)?;
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(|cause| io::Error::new(cause.kind(), format!("cannot listen on `{}`: {cause}", options.listen)))?;
    serve_until(listener, routes, end(options.exit_after)?).await
}

fn routes(app: DemoApp, options: &Options) -> io::Result<Router> {
    let mut registry = Registry::default();
    process::register(&mut registry);
    let pages = app.pages(&mut registry, options)?;
    let health = if options.unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let metrics_path = options.metrics_path.clone().unwrap_or_else(|| app.metrics_path().to_owned());
    let metrics = Arc::new(MetricsPage::new(metrics_path, registry, options)?);
    // The metrics are the fallback because their path may be any text, and a route refuses some.
    let metrics = get(metrics_page::show).with_state(metrics);
    Ok(pages.route("/healthz", get(move || async move { health })).fallback(metrics))
}

/// Completes with the exit code when it is time to end. Signals count from the moment this returns.
fn end(exit_after: Option<ExitAfter>) -> io::Result<impl Future<Output = u8>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let exit = async {
            match exit_after {
                Some(ExitAfter { delay, code }) => {
                    tokio::time::sleep(delay).await;
                    code
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => 0,
            _ = interrupt.recv() => 0,
            code = exit => code,
        }
    })
}

async fn serve_until(listener: TcpListener, routes: Router, end: impl Future<Output = u8>) -> io::Result<u8> {
    let (stop, stopped) = oneshot::channel::<()>();
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async {
        // Both a message and a dropped sender mean the same: stop.
        let _ = stopped.await;
    });
    let server = tokio::spawn(server.into_future());
    let code = end.await;
    drop(stop);
    // Whoever is still being served after the grace time is cut off.
    let _ = tokio::time::timeout(GRACE, server).await;
    Ok(code)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::{Duration, Instant};

    use http::StatusCode;
    use http::header::{AUTHORIZATION, CONTENT_TYPE};
    use tokio::net::TcpListener;

    use super::{end, routes, serve_until};
    use crate::demo::{BasicAuth, ContentType, DemoApp, ExitAfter, MetricsBody, Options, neighbour};

    /// Serves the app on a free port of the loopback address and gives its base URL.
    async fn start(app: DemoApp, options: &Options) -> String {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(serve_until(listener, routes(app, options).expect("good options"), std::future::pending()));
        format!("http://{address}")
    }

    async fn get(url: &str) -> reqwest::Response {
        neighbour::client().expect("a client").get(url).send().await.expect("an answer")
    }

    async fn text(url: &str) -> String {
        get(url).await.text().await.expect("text")
    }

    #[tokio::test]
    async fn the_gallery_shows_what_its_neighbours_say_and_counts_its_pages() {
        let gallery = start(
            DemoApp::ImageGallery,
            &Options {
                accesslog_url: start(DemoApp::Accesslog, &Options::default()).await,
                iotd_url: start(DemoApp::Iotd, &Options::default()).await,
                ..Options::default()
            },
        )
        .await;
        let page = text(&gallery).await;
        assert!(page.contains("<svg") && page.contains("view 1 of accesslog replica"), "{page}");
        let metrics = text(&format!("{gallery}/metrics")).await;
        for line in [
            "image_gallery_requests_total{code=\"200\",method=\"GET\"} 1",
            "image_gallery_in_flight_requests 0",
            "image_gallery_request_duration_seconds_count 1",
            "# TYPE process_resident_memory_bytes gauge",
            "# TYPE process_start_time_seconds gauge",
        ] {
            assert!(metrics.contains(line), "no `{line}` in\n{metrics}");
        }
    }

    #[tokio::test]
    async fn the_access_log_counts_accesses_and_addresses_under_its_hostname() {
        let access_log = start(DemoApp::Accesslog, &Options::default()).await;
        text(&format!("{access_log}/access-log")).await;
        let answer = text(&format!("{access_log}/access-log")).await;
        assert!(answer.contains("\"accesses\":2"), "{answer}");
        let metrics = text(&format!("{access_log}/metrics")).await;
        let hostname = crate::demo::process::hostname();
        assert!(metrics.contains(&format!("access_log_total{{hostname=\"{hostname}\"}} 2")), "{metrics}");
        assert!(metrics.contains(&format!("access_client_ip_current{{hostname=\"{hostname}\"}} 1")), "{metrics}");
    }

    #[tokio::test]
    async fn the_image_of_the_day_is_measured_as_spring_boot_does() {
        let iotd = start(DemoApp::Iotd, &Options::default()).await;
        assert!(text(&format!("{iotd}/image")).await.contains("\"title\""));
        let metrics = text(&format!("{iotd}/actuator/prometheus")).await;
        assert!(metrics.contains("iotd_api_image_load_total 1"), "{metrics}");
        assert!(metrics.contains("http_server_requests_active_seconds_active_count 0"), "{metrics}");
        let count = "http_server_requests_seconds_count{exception=\"None\",method=\"GET\",outcome=\"SUCCESS\",\
                     status=\"200\",uri=\"/image\"} 1";
        assert!(metrics.contains(count), "{metrics}");
    }

    /// What each app exposes before the first request, as `up` learns it.
    #[tokio::test]
    async fn the_golden_signals_of_every_app_are_known_before_its_first_request() {
        for app in [DemoApp::Accesslog, DemoApp::Iotd] {
            let url = start(app, &Options::default()).await + app.metrics_path();
            let metrics = text(&url).await;
            let series = metrics.lines().filter(|line| !line.starts_with('#'));
            let mut exposed = std::collections::BTreeMap::<String, std::collections::BTreeSet<String>>::new();
            for line in series {
                let (name, labels) = line.split_once(['{', ' ']).expect("a name ends");
                let labels = labels.split([',', '{']).filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
                exposed.entry(name.to_owned()).or_default().extend(labels);
            }
            let signals = crate::dashboard::Signals::recognised(&crate::dashboard::Exposed(exposed));
            let known = [signals.traffic.is_some(), signals.errors.is_some(), signals.in_flight.is_some()];
            assert_eq!(known, [true; 3], "{}: {metrics}", app.name());
            assert!(matches!(signals.latency, Some(crate::dashboard::Latency::Histogram(_))), "{}", app.name());
        }
    }

    #[tokio::test]
    async fn failing_pages_are_counted_as_failed() {
        let gallery = start(DemoApp::ImageGallery, &Options { fail_ratio: 1.0, ..Options::default() }).await;
        assert_eq!(get(&gallery).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let metrics = text(&format!("{gallery}/metrics")).await;
        assert!(metrics.contains("image_gallery_requests_total{code=\"500\",method=\"GET\"} 1"), "{metrics}");
    }

    #[tokio::test]
    async fn metrics_that_ask_for_a_password_refuse_without_and_answer_with_it() {
        let basic_auth = Some(BasicAuth { username: "prometheus".to_owned(), password: "s:cret".to_owned() });
        let url = start(DemoApp::Accesslog, &Options { basic_auth, ..Options::default() }).await + "/metrics";
        assert_eq!(get(&url).await.status(), StatusCode::UNAUTHORIZED);
        // `printf prometheus:s:cret | base64`
        let request = neighbour::client().expect("a client").get(&url);
        let answer = request.header(AUTHORIZATION, "Basic cHJvbWV0aGV1czpzOmNyZXQ=").send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn metrics_take_the_status_the_path_and_the_type_that_are_asked_for() {
        let options = Options { metrics_status: Some(404), ..Options::default() };
        let url = start(DemoApp::Accesslog, &options).await + "/metrics";
        assert_eq!(get(&url).await.status(), StatusCode::NOT_FOUND);

        let options = Options {
            metrics_path: Some("/*odd:path".to_owned()),
            metrics_content_type: ContentType::Absent,
            extra_series: 3,
            ..Options::default()
        };
        let url = start(DemoApp::Accesslog, &options).await;
        assert_eq!(get(&format!("{url}/metrics")).await.status(), StatusCode::NOT_FOUND);
        let answer = get(&format!("{url}/*odd:path")).await;
        assert_eq!(answer.headers().get(CONTENT_TYPE), None);
        assert!(answer.text().await.expect("text").contains("demo_extra_series{number=\"3\"} 1"));
    }

    #[tokio::test]
    async fn metrics_can_be_another_document_or_hold_a_line_that_cannot_be_parsed() {
        for (metrics_body, content_type, first_line) in [
            (MetricsBody::Html, "text/html; charset=utf-8", "<!doctype html>"),
            (MetricsBody::Json, "application/json", "{\"status\": \"up\"}"),
            (
                MetricsBody::Broken,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
                "broken_on_purpose{reason=\"no closing brace\" 1",
            ),
            (MetricsBody::Empty, "text/plain; version=0.0.4; charset=utf-8", ""),
        ] {
            let url = start(DemoApp::Accesslog, &Options { metrics_body, ..Options::default() }).await + "/metrics";
            let answer = get(&url).await;
            assert_eq!(answer.headers()[CONTENT_TYPE], content_type);
            assert_eq!(answer.text().await.expect("text").lines().next().unwrap_or_default(), first_line);
        }
    }

    #[tokio::test]
    async fn slow_pages_and_slow_metrics_are_slow_apart_from_each_other() {
        let options = Options { slow: Duration::from_secs(60), ..Options::default() };
        let url = start(DemoApp::Accesslog, &options).await;
        assert_eq!(get(&format!("{url}/metrics")).await.status(), StatusCode::OK);
        let options = Options { slow_metrics: Duration::from_millis(50), ..Options::default() };
        let url = start(DemoApp::Accesslog, &options).await + "/metrics";
        let start = Instant::now();
        assert_eq!(get(&url).await.status(), StatusCode::OK);
        assert!(start.elapsed() >= options.slow_metrics);
    }

    #[tokio::test]
    async fn an_unhealthy_app_says_so() {
        let healthy = start(DemoApp::Iotd, &Options::default()).await;
        assert_eq!(get(&format!("{healthy}/healthz")).await.status(), StatusCode::OK);
        let unhealthy = start(DemoApp::Iotd, &Options { unhealthy: true, ..Options::default() }).await;
        assert_eq!(get(&format!("{unhealthy}/healthz")).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn an_app_ends_by_itself_with_the_code_that_was_asked_for() {
        let exit = ExitAfter { delay: Duration::from_millis(1), code: 3 };
        assert_eq!(end(Some(exit)).expect("signals can be heard").await, 3);
    }

    #[tokio::test]
    async fn an_app_that_is_asked_to_end_does_so_at_once_even_while_it_answers() {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
        let url = format!("http://{}/access-log", listener.local_addr().expect("an address"));
        let options = Options { slow: Duration::from_secs(60), ..Options::default() };
        let (end, ended) = tokio::sync::oneshot::channel();
        let routes = routes(DemoApp::Accesslog, &options).expect("good options");
        let server = tokio::spawn(serve_until(listener, routes, async { ended.await.expect("a code") }));
        let client = neighbour::client().expect("a client");
        let request = tokio::spawn(async move { client.get(&url).send().await });
        tokio::task::yield_now().await;
        let start = Instant::now();
        end.send(3).expect("the server waits");
        assert_eq!(server.await.expect("no panic").expect("no error"), 3);
        assert!(start.elapsed() < Duration::from_secs(30), "took {:?}", start.elapsed());
        request.abort();
    }
}
