//! `accesslog`: counts accesses, each replica its own, so that their metrics can be told apart. Its requests are counted under
//! the names that most client libraries give them.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde_json::json;

use super::faults::{self, Faults};
use super::process;
use super::requests::{Names, Requests, measure};

/// As promhttp's middleware counts.
const NAMES: Names =
    Names { answers: "http_requests", in_flight: "http_requests_in_flight", duration: "http_request_duration" };

#[derive(Debug, Clone)]
struct AccessLog {
    hostname: Arc<str>,
    accesses: Counter,
    client_addresses: Gauge,
    seen: Arc<Mutex<HashSet<IpAddr>>>,
}

/// `/access-log`: a POST or GET is one access; the answer says which replica counted it, and how many it has.
pub(super) fn pages(registry: &mut Registry, faults: Faults) -> Router {
    let log = AccessLog {
        hostname: process::hostname().into(),
        accesses: Counter::default(),
        client_addresses: Gauge::default(),
        seen: Arc::default(),
    };
    let labelled = registry.sub_registry_with_label(("hostname".into(), log.hostname.to_string().into()));
    labelled.register("access_log", "Accesses counted", log.accesses.clone());
    let help = "Different client addresses seen so far";
    labelled.register("access_client_ip_current", help, log.client_addresses.clone());
    Router::new()
        .route("/access-log", get(count).post(count))
        .layer(from_fn_with_state(faults, faults::inject))
        .with_state(log)
        .layer(from_fn_with_state(Requests::register(registry, NAMES), measure))
}

async fn count(State(log): State<AccessLog>, ConnectInfo(client): ConnectInfo<SocketAddr>) -> Response {
    let before = log.accesses.inc();
    log.client_addresses.set(note_address(&log.seen, client.ip()));
    let body = json!({ "hostname": &*log.hostname, "accesses": before + 1 }).to_string();
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// Notes the address and gives the number of different ones.
fn note_address(seen: &Mutex<HashSet<IpAddr>>, address: IpAddr) -> i64 {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.insert(address);
    i64::try_from(seen.len()).unwrap_or(i64::MAX)
}
