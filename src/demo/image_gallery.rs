//! `image-gallery`: the web page. Shows the picture that `iotd` tells about and the replica of `accesslog` that counted the view.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, Response};
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use reqwest::Client;
use serde::Deserialize;

use super::faults::{self, Faults};
use super::iotd::{Picture, method_label};
use super::{Options, neighbour};

const PAGE: &str = include_str!("image_gallery.html");

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    code: String,
    method: &'static str,
}

#[derive(Debug, Clone)]
struct Requests {
    finished: Family<RequestLabels, Counter>,
    in_flight: Gauge,
    duration: Histogram,
}

#[derive(Debug)]
struct Neighbours {
    client: Client,
    picture_url: String,
    access_log_url: String,
}

/// What `accesslog` answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Access {
    hostname: String,
    accesses: u64,
}

/// `/`: the page. It is there even where a neighbour is not; then it says so.
pub(super) fn pages(registry: &mut Registry, faults: Faults, options: &Options) -> std::io::Result<Router> {
    let neighbours = Neighbours {
        client: neighbour::client()?,
        picture_url: format!("{}/image", options.iotd_url.trim_end_matches('/')),
        access_log_url: format!("{}/access-log", options.accesslog_url.trim_end_matches('/')),
    };
    Ok(Router::new()
        .route("/", get(page))
        .with_state(Arc::new(neighbours))
        .layer(from_fn_with_state(faults, faults::inject))
        .layer(from_fn_with_state(register(registry), measure)))
}

fn register(registry: &mut Registry) -> Requests {
    let requests = Requests {
        finished: Family::default(),
        in_flight: Gauge::default(),
        duration: Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]),
    };
    // A counter that is not there until the first request is missing from every sum until then.
    drop(requests.finished.get_or_create(&RequestLabels { code: "200".to_owned(), method: "GET" }));
    registry.register("image_gallery_requests", "Pages answered", requests.finished.clone());
    registry.register("image_gallery_in_flight_requests", "Pages being made", requests.in_flight.clone());
    let help = "Time taken to answer a page";
    registry.register_with_unit("image_gallery_request_duration", help, Unit::Seconds, requests.duration.clone());
    requests
}

async fn measure(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = method_label(request.method());
    let in_flight = InFlight::enter(requests.in_flight);
    let response = next.run(request).await;
    drop(in_flight);
    requests.duration.observe(start.elapsed().as_secs_f64());
    let labels = RequestLabels { code: response.status().as_str().to_owned(), method };
    requests.finished.get_or_create(&labels).inc();
    response
}

/// One page being made. Counted down on drop, as a client that hangs up cancels its page.
struct InFlight(Gauge);

impl InFlight {
    fn enter(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

async fn page(State(neighbours): State<Arc<Neighbours>>) -> Html<String> {
    let (picture, access) = tokio::join!(
        neighbour::get::<Picture>(&neighbours.client, &neighbours.picture_url),
        neighbour::get::<Access>(&neighbours.client, &neighbours.access_log_url),
    );
    Html(fill(picture, access))
}

fn fill(picture: Option<Picture>, access: Option<Access>) -> String {
    let counted = match access {
        Some(Access { hostname, accesses }) => format!("view {accesses} of accesslog replica {hostname}"),
        None => "accesslog did not answer".to_owned(),
    };
    let picture = picture.unwrap_or_else(|| Picture {
        title: "No picture today".to_owned(),
        caption: "iotd did not answer".to_owned(),
        hue: 0,
    });
    PAGE.replace("{hue}", &picture.hue.to_string())
        .replace("{title}", &escaped(&picture.title))
        .replace("{caption}", &escaped(&picture.caption))
        .replace("{counted}", &escaped(&counted))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{Access, Picture, fill};

    #[test]
    fn the_page_shows_the_picture_and_the_replica_that_counted() {
        let picture = Picture { title: "A & B".to_owned(), caption: "<calm>".to_owned(), hue: 24 };
        let page = fill(Some(picture), Some(Access { hostname: "4f2a".to_owned(), accesses: 7 }));
        assert!(page.contains("A &amp; B") && page.contains("&lt;calm&gt;"), "{page}");
        assert!(page.contains("view 7 of accesslog replica 4f2a"), "{page}");
        assert!(!page.contains("{hue}"), "{page}");
    }

    #[test]
    fn the_page_says_which_neighbour_did_not_answer() {
        let page = fill(None, None);
        assert!(page.contains("iotd did not answer") && page.contains("accesslog did not answer"), "{page}");
    }
}
