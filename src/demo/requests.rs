//! How an app counts its requests: answers by status, how long they took, and how many are being made.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// What the metrics are called; the registry adds `_total` and `_seconds`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    pub(super) answers: &'static str,
    pub(super) in_flight: &'static str,
    pub(super) duration: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    code: String,
    method: &'static str,
}

/// The requests of one app.
#[derive(Debug, Clone)]
pub(super) struct Requests {
    finished: Family<Labels, Counter>,
    in_flight: Gauge,
    duration: Histogram,
}

impl Requests {
    /// None so far, shown under those names.
    pub(super) fn register(registry: &mut Registry, names: Names) -> Self {
        let requests = Self {
            finished: Family::default(),
            in_flight: Gauge::default(),
            duration: Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]),
        };
        // A counter that is not there until the first request is missing from every sum until then.
        drop(requests.finished.get_or_create(&Labels { code: "200".to_owned(), method: "GET" }));
        registry.register(names.answers, "Pages answered", requests.finished.clone());
        registry.register(names.in_flight, "Pages being made", requests.in_flight.clone());
        let help = "Time taken to answer a page";
        registry.register_with_unit(names.duration, help, Unit::Seconds, requests.duration.clone());
        requests
    }
}

/// Counts a request and how long its answer takes.
pub(super) async fn measure(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = method_label(request.method());
    let in_flight = InFlight::enter(requests.in_flight);
    let response = next.run(request).await;
    drop(in_flight);
    requests.duration.observe(start.elapsed().as_secs_f64());
    let labels = Labels { code: response.status().as_str().to_owned(), method };
    requests.finished.get_or_create(&labels).inc();
    response
}

/// One page being made. Counted down on drop, as a client that hangs up cancels its page.
pub(super) struct InFlight(Gauge);

impl InFlight {
    pub(super) fn enter(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Anything but the usual methods is one label, so that a client cannot make series without end.
pub(super) fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "UNKNOWN",
    }
}
