//! `image-gallery`: the web page. Shows the picture that `iotd` tells about and the replica of `accesslog` that counted the view.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::Html;
use axum::routing::get;
use prometheus_client::registry::Registry;
use reqwest::Client;
use serde::Deserialize;

use super::faults::{self, Faults};
use super::iotd::Picture;
use super::requests::{Names, Requests, measure};
use super::{Options, neighbour};

const PAGE: &str = include_str!("image_gallery.html");

/// Names of its own, as an app has that is measured by hand.
const NAMES: Names = Names {
    answers: "image_gallery_requests",
    in_flight: "image_gallery_in_flight_requests",
    duration: "image_gallery_request_duration",
};

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
        .layer(from_fn_with_state(Requests::register(registry, NAMES), measure)))
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
