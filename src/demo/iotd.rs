//! `iotd`: the image of the day. Its metrics look like those of a Spring Boot app, path and names included.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use serde::{Deserialize, Serialize};

use super::faults::{self, Faults};
use super::requests::{InFlight, method_label};

/// The one page.
const PATH: &str = "/image";

/// What is told about one picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Picture {
    /// Title.
    pub(super) title: String,
    /// A sentence below it.
    pub(super) caption: String,
    /// Angle of its main colour on the colour wheel, in degrees.
    pub(super) hue: u16,
}

/// Titles, captions and hues; one a day, then from the start again.
const PICTURES: [(&str, &str, u16); 5] = [
    ("First light", "The sun clears the ridge, and every target is up.", 24),
    ("Blue hour", "Nothing moves but the counters.", 215),
    ("Northern green", "A curtain of light over a quiet cluster.", 150),
    ("Dust and rose", "An evening with no alerts to answer.", 335),
    ("High summer", "Long days, low latency.", 48),
];

/// Labels that Micrometer gives to `http.server.requests`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    exception: &'static str,
    method: &'static str,
    outcome: &'static str,
    status: String,
    uri: &'static str,
}

type Requests = Family<RequestLabels, Histogram, fn() -> Histogram>;

/// `/image`: the picture of the day as JSON.
pub(super) fn pages(registry: &mut Registry, faults: Faults) -> Router {
    let loads = Counter::default();
    let requests = Requests::new_with_constructor(|| Histogram::new([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0]));
    registry.register("iotd_api_image_load", "Pictures of the day given out", loads.clone());
    let help = "Duration of HTTP server request handling";
    registry.register_with_unit("http_server_requests", help, Unit::Seconds, requests.clone());
    // A histogram that is not there until the first request is missing from every sum until then.
    drop(requests.get_or_create(&labels("GET", StatusCode::OK)));
    let in_flight = Gauge::default();
    let help = "HTTP server requests being handled";
    registry.register("http_server_requests_active_seconds_active_count", help, in_flight.clone());
    Router::new()
        .route(PATH, get(image))
        .with_state(loads)
        .layer(from_fn_with_state(faults, faults::inject))
        .layer(from_fn_with_state((requests, in_flight), measure))
}

async fn image(State(loads): State<Counter>) -> Response {
    loads.inc();
    let body = serde_json::to_string(&picture_of(days_since_1970())).expect("strings and numbers are JSON");
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn days_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs() / 86_400)
}

fn picture_of(day: u64) -> Picture {
    let index = usize::try_from(day % PICTURES.len() as u64).unwrap_or_default();
    let (title, caption, hue) = PICTURES[index];
    Picture { title: title.to_owned(), caption: caption.to_owned(), hue }
}

async fn measure(State((requests, in_flight)): State<(Requests, Gauge)>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = method_label(request.method());
    let in_flight = InFlight::enter(in_flight);
    let response = next.run(request).await;
    drop(in_flight);
    let labels = labels(method, response.status());
    requests.get_or_create(&labels).observe(start.elapsed().as_secs_f64());
    response
}

fn labels(method: &'static str, status: StatusCode) -> RequestLabels {
    let outcome = match status.as_u16() {
        200..300 => "SUCCESS",
        300..400 => "REDIRECTION",
        400..500 => "CLIENT_ERROR",
        500..600 => "SERVER_ERROR",
        _ => "UNKNOWN",
    };
    RequestLabels { exception: "None", method, outcome, status: status.as_str().to_owned(), uri: PATH }
}

#[cfg(test)]
mod tests {
    use super::{PICTURES, picture_of};

    #[test]
    fn another_day_shows_another_picture_until_they_begin_anew() {
        assert_ne!(picture_of(0), picture_of(1));
        assert_eq!(picture_of(0), picture_of(PICTURES.len() as u64));
    }
}
