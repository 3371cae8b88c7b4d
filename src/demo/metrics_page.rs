//! The metrics of an app as one page, broken where the options ask for it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use prometheus_client::encoding::text;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{BasicAuth, ContentType, MetricsBody, Options};

/// What `prometheus-client` writes.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The text format, of which an empty page is one.
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";
const HTML: &str = "<!doctype html>\n<title>demo</title>\n<p>These are not the metrics you are looking for.</p>\n";
const JSON: &str = "{\"status\": \"up\"}\n";
const BROKEN_LINE: &str = "broken_on_purpose{reason=\"no closing brace\" 1\n";

/// The page and what is wrong with it.
#[derive(Debug)]
pub(super) struct MetricsPage {
    path: String,
    registry: Registry,
    delay: Duration,
    authorization: Option<String>,
    status: Option<StatusCode>,
    body: MetricsBody,
    content_type: Option<HeaderValue>,
}

impl MetricsPage {
    /// A page at `path` over what is registered. Fails on a status or a header that HTTP does not know.
    pub(super) fn new(path: String, mut registry: Registry, options: &Options) -> std::io::Result<Self> {
        register_extra_series(&mut registry, options.extra_series);
        let status = options.metrics_status.map(StatusCode::from_u16).transpose().map_err(std::io::Error::other)?;
        Ok(Self {
            path,
            registry,
            delay: options.slow_metrics,
            authorization: options.basic_auth.as_ref().map(authorization),
            status,
            body: options.metrics_body,
            content_type: content_type(&options.metrics_content_type, options.metrics_body)?,
        })
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut metrics = String::new();
        match self.body {
            MetricsBody::Html => return Ok(HTML.to_owned()),
            MetricsBody::Json => return Ok(JSON.to_owned()),
            MetricsBody::Empty => return Ok(String::new()),
            MetricsBody::Broken => metrics.push_str(BROKEN_LINE),
            MetricsBody::Good => {}
        }
        text::encode(&mut metrics, &self.registry)?;
        Ok(metrics)
    }

    fn allows(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        self.authorization.as_ref().is_none_or(|expected| given == Some(expected.as_bytes()))
    }
}

/// Answers at the page's path with the metrics, or with what the options ask for in their place.
pub(super) async fn show(State(page): State<Arc<MetricsPage>>, uri: Uri, headers: HeaderMap) -> Response {
    if uri.path() != page.path {
        return StatusCode::NOT_FOUND.into_response();
    }
    tokio::time::sleep(page.delay).await;
    if !page.allows(&headers) {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Basic realm=\"metrics\"")]).into_response();
    }
    if let Some(status) = page.status {
        return status.into_response();
    }
    let Ok(metrics) = page.text() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = Response::new(Body::from(metrics));
    response.headers_mut().extend(page.content_type.clone().map(|value| (CONTENT_TYPE, value)));
    response
}

fn content_type(asked: &ContentType, body: MetricsBody) -> std::io::Result<Option<HeaderValue>> {
    let text = match (asked, body) {
        (ContentType::Absent, _) => return Ok(None),
        (ContentType::Other(other), _) => other.as_str(),
        (ContentType::Usual, MetricsBody::Html) => "text/html; charset=utf-8",
        (ContentType::Usual, MetricsBody::Json) => "application/json",
        // OpenMetrics has a last line even where there is nothing else.
        (ContentType::Usual, MetricsBody::Empty) => PLAIN,
        (ContentType::Usual, MetricsBody::Good | MetricsBody::Broken) => OPEN_METRICS,
    };
    HeaderValue::from_str(text).map(Some).map_err(std::io::Error::other)
}

/// The header that a client with the right user and password sends (RFC 7617).
fn authorization(expected: &BasicAuth) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", expected.username, expected.password)))
}

fn register_extra_series(registry: &mut Registry, count: usize) {
    if count == 0 {
        return;
    }
    let series = Family::<[(&str, String); 1], Gauge>::default();
    for number in 1..=count {
        series.get_or_create(&[("number", number.to_string())]).set(1);
    }
    registry.register("demo_extra_series", "Useless series, for sample limits", series);
}
