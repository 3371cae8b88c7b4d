//! Troubles in the answer: HTTP, the body, and the time they took.

use super::expected::Expected;
use crate::desired::{Duration, JobOrigin};
use crate::exposition::{ContentType, ParseError, content_type};
use crate::probe::{Answer, Body, Http, Looked};
use crate::verify::{Cause, Trouble};

/// What Prometheus would hold against an answer, with its own settings for the job.
pub(super) struct Rules {
    /// Time one scrape may take.
    pub(super) timeout: Duration,
    /// Prometheus 3 or later, which insists on a `Content-Type` it knows.
    pub(super) strict_content_type: bool,
}

/// Why Prometheus cannot use the answer; `None` where it can.
pub(super) fn trouble(expected: &Expected, looked: &Looked, rules: &Rules) -> Option<Trouble> {
    let url = expected.shown_url();
    match looked.answer.as_ref()? {
        _ if looked.other_scheme => Some(other_scheme(expected)),
        Answer::Broken { message } => Some(not_http(expected, message)),
        Answer::TimedOut { millis } => {
            let message = format!("`{url}` takes the connection and gives no full answer within {millis} ms");
            Some(Trouble::new(Cause::Timeout, message, expected.see_log("why its metrics hang")))
        }
        Answer::Http(http) => status_trouble(expected, looked, http, &url)
            .or_else(|| body_trouble(expected, looked, http, rules, &url))
            .or_else(|| limit_trouble(expected, http, rules, &url)),
    }
}

fn other_scheme(expected: &Expected) -> Trouble {
    let asked = expected.job.scheme.word();
    let speaks = if asked == "http" { "https" } else { "http" };
    let address = expected.ask.as_deref().unwrap_or(&expected.instance);
    let message = format!("`{address}` speaks {speaks}, and is asked in {asked}");
    Trouble::new(Cause::TlsMismatch, message, expected.write("scheme", speaks))
}

fn not_http(expected: &Expected, message: &str) -> Trouble {
    let address = expected.ask.as_deref().unwrap_or(&expected.instance);
    let message = format!("what listens on `{address}` does not speak HTTP: {message}");
    Trouble::new(Cause::NotMetrics, message, expected.write("port", "PORT_OF_THE_METRICS"))
}

fn status_trouble(expected: &Expected, looked: &Looked, http: &Http, url: &str) -> Option<Trouble> {
    let status = http.status;
    match status {
        200 => None,
        401 | 403 => {
            let why = if expected.sends_credentials() {
                "it does not take the credentials that Prometheus sends"
            } else {
                "it wants to know who asks"
            };
            let message = format!("`{url}` answers {status}: {why}");
            Some(Trouble::new(Cause::AuthRequired, message, expected.authenticate()))
        }
        _ => Some(no_metrics_there(expected, looked, http, url)),
    }
}

fn no_metrics_there(expected: &Expected, looked: &Looked, http: &Http, url: &str) -> Trouble {
    let status = http.status;
    let has_no_such_page = matches!(status, 404 | 405 | 410);
    match looked.others.first() {
        Some(other) if has_no_such_page => {
            let message = format!("`{url}` answers {status}; metrics are at `{}`", other.path);
            Trouble::new(Cause::WrongPath, message, expected.write("path", &other.path))
        }
        None if has_no_such_page => {
            let message = format!("`{url}` answers {status}{}; no usual path answers with metrics", quoted(&http.head));
            Trouble::new(Cause::WrongPath, message, path_if_any(expected))
        }
        // The page is there: another one is no reason to ask for that instead.
        other => {
            let beside = other.map(|other| format!("; there are metrics at `{}`, too", other.path)).unwrap_or_default();
            let message = format!("`{url}` answers {status}{}{beside}", quoted(&http.head));
            Trouble::new(Cause::HttpStatus, message, expected.see_log("why it answers so"))
        }
    }
}

fn body_trouble(expected: &Expected, looked: &Looked, http: &Http, rules: &Rules, url: &str) -> Option<Trouble> {
    let kind = content_type(http.content_type.as_deref());
    match &http.body {
        Body::TooLarge { limit } => {
            let message = format!("`{url}` answers more than {} MiB", limit / 1024 / 1024);
            Some(Trouble::new(Cause::SlowScrape, message, "have the app expose fewer series"))
        }
        // The probe does not ask for protobuf, so this is no exposition either way.
        Body::Malformed(error) => Some(malformed(expected, looked, http, error, url)),
        Body::Metrics { .. } if rules.strict_content_type && !kind.is_supported() => {
            let strict = expected.job.fallback_scrape_protocol.is_none();
            strict.then(|| bad_content_type(expected, &kind, url))
        }
        Body::Metrics { .. } => None,
    }
}

fn malformed(expected: &Expected, looked: &Looked, http: &Http, error: &ParseError, url: &str) -> Trouble {
    if let Some(what) = looks_like(http, error) {
        return not_metrics(expected, looked, what, url);
    }
    let message = format!("`{url}` breaks the format in line {}: {}", error.line, error.message);
    let fix = format!("have the app write line {} as Prometheus reads it", error.line);
    Trouble::new(Cause::ParseError, message, fix)
}

/// What a body is that is no exposition at all, as opposed to one with a mistake in it.
fn looks_like(http: &Http, error: &ParseError) -> Option<&'static str> {
    let kind = content_type(http.content_type.as_deref());
    let start = http.head.trim_start();
    let says = |part: &str| matches!(&kind, ContentType::Unsupported(text) if text.to_ascii_lowercase().contains(part));
    if start.starts_with('<') || says("html") {
        Some("HTML")
    } else if says("json") || is_json(start) {
        Some("JSON")
    } else if error.line == 1 && !kind.is_supported() {
        Some("something else")
    } else {
        None
    }
}

/// `{"name":` begins JSON; `{"name",` or `{"name"}` begins a sample with a quoted name.
fn is_json(start: &str) -> bool {
    let member = start.strip_prefix('{').and_then(|inside| inside.trim_start().strip_prefix('"')?.split_once('"'));
    let is_object = member.is_some_and(|(_, after)| after.trim_start().starts_with(':'));
    is_object || start.starts_with('[') || start.trim_end() == "{}"
}

fn not_metrics(expected: &Expected, looked: &Looked, what: &str, url: &str) -> Trouble {
    let (found, fix) = elsewhere(expected, looked);
    Trouble::new(Cause::NotMetrics, format!("`{url}` answers {what}, not metrics{found}"), fix)
}

/// Where the metrics are, as the end of a sentence, and what to write for that.
pub(super) fn elsewhere(expected: &Expected, looked: &Looked) -> (String, String) {
    match looked.others.first() {
        Some(other) => (format!("; metrics are at `{}`", other.path), expected.write("path", &other.path)),
        None => (String::new(), path_if_any(expected)),
    }
}

/// Where no usual path answers with metrics.
fn path_if_any(expected: &Expected) -> String {
    let fix = expected.write("path", "PATH_OF_THE_METRICS");
    match &expected.job.origin {
        JobOrigin::Service(_) => format!("{fix}; one that has none goes without `metrics`"),
        _ => fix,
    }
}

fn bad_content_type(expected: &Expected, kind: &ContentType, url: &str) -> Trouble {
    let sent = match kind {
        ContentType::Unsupported(text) => format!("`Content-Type: {text}`"),
        _ => "no `Content-Type`".to_owned(),
    };
    let message = format!("`{url}` answers metrics with {sent}, which Prometheus 3 refuses");
    let fix = expected.write("fallback_scrape_protocol", "PrometheusText0.0.4");
    Trouble::new(Cause::BadContentType, message, format!("{fix}, or have the app send `text/plain; version=0.0.4`"))
}

fn limit_trouble(expected: &Expected, http: &Http, rules: &Rules, url: &str) -> Option<Trouble> {
    let timeout = rules.timeout.as_millis();
    if http.millis > timeout {
        let message = format!("`{url}` takes {} ms to answer; a scrape may take {timeout} ms", http.millis);
        let wanted = format!("{}s", (http.millis * 2).div_ceil(1000));
        let fix = expected.write("timeout", &wanted);
        let fix = fix.replace(" and run", " (and `interval` at least as long) and run");
        return Some(Trouble::new(Cause::SlowScrape, message, fix));
    }
    let Body::Metrics { samples } = http.body else {
        return None;
    };
    let limit = expected.job.sample_limit.filter(|limit| *limit > 0 && samples > *limit)?;
    let message = format!("`{url}` answers {samples} samples; the limit is {limit}");
    Some(Trouble::new(Cause::SampleLimit, message, expected.write("sample_limit", &(samples * 2).to_string())))
}

fn quoted(head: &str) -> String {
    let line: String = head.lines().next().unwrap_or_default().trim().chars().take(80).collect();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}
