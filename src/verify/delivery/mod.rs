//! Do alerts reach people? Prometheus → Alertmanager → receiver, each hop for itself, and nobody is disturbed.
//!
//! What is proven: Prometheus knows every Alertmanager, and what fires in it is known to them; each of them works by the
//! rendered configuration; an alert posted to it arrives at a sink in its network, by a route of its own. What is not: that
//! a receiver's own service takes a message. Of receivers it is looked whether their socket opens, what Alertmanager's log
//! says of its last tries, and whether its count of failed requests grows.

mod judge;
mod receivers;
mod words;

pub use judge::judge_delivery;
pub(super) use words::field;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use crate::client::{self, Alertmanager, AlertmanagerStatus, KnownAlert, Prometheus, QueryResult};
use crate::desired::{AlertmanagerConfig, Desired, Destination, PEER_TIMEOUT_SECONDS, PROBE_LABEL, SINK_PORT, Service};
use crate::engine::{ContainerState, Observed, ObservedContainer, Prober};
use crate::probe::{Delivered, Delivery, Looked, Request, Socket};
use crate::render::Files;

use super::server::with_the_whole;
use super::targets::reachable;
use super::{Finding, Server};

/// Where `render` puts Alertmanager's configuration.
pub(super) const FILE: &str = "alertmanager/alertmanager.yml";

/// Longer than the probe's group wait of a second, a connection and a request, on a busy host.
const PATIENCE: Duration = Duration::from_secs(12);

/// Log lines that are read of each Alertmanager and of Prometheus.
const LOG_LINES: usize = 200;

/// By which ways requests to receivers failed in the last two minutes: Alertmanager pauses at most one and a half between two.
const FAILING: &str = "sum by (integration) (increase(alertmanager_notification_requests_failed_total[2m])) > 0";

/// How often it is looked for what fires before it counts as lost, and the time between two looks. After a reload Prometheus
/// knows no Alertmanager for up to five seconds (prometheus 2.42, `discovery/manager.go`, `updatert`).
const LOOKS: u32 = 7;
const PAUSE: Duration = Duration::from_secs(1);

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryState {
    /// When it was looked: milliseconds since 1970.
    pub now: i64,
    /// Each Prometheus, in order. Empty: Prometheus is off.
    pub senders: Vec<SenderState>,
    /// Each Alertmanager, in the order of the services.
    pub alertmanagers: Vec<AlertmanagerState>,
    /// What the sockets of the receivers did, by the receiver's name.
    pub sockets: BTreeMap<String, (String, Looked)>,
    /// Ways, such as `webhook`, by which requests to receivers failed in the last minutes, as Prometheus has it.
    pub failing: BTreeSet<String>,
    /// Values of secrets in the receivers' files, which are in no message.
    pub hidden: Hidden,
    /// Why the probe could not be run.
    pub trouble: Option<String>,
}

/// Values that are in no message.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Hidden(pub Vec<String>);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "Hidden({} values)", self.0.len())
    }
}

/// What was found of one Prometheus, which sends alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderState {
    /// Name of its service.
    pub service: String,
    /// URLs of the Alertmanagers that it knows.
    pub known: Result<Vec<String>, client::Error>,
    /// When its container started: milliseconds since 1970.
    pub started_at: i64,
    /// When it read its configuration: milliseconds since 1970. It knows no Alertmanager for some seconds after that.
    pub configured_at: i64,
    /// Labels of what fires in it.
    pub firing: Vec<BTreeMap<String, String>>,
    /// The last lines that it wrote.
    pub lines: Vec<String>,
}

/// What was found of one Alertmanager.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertmanagerState {
    /// How it stands. `None`: its container does not run, or cannot be reached from here.
    pub status: Option<Result<AlertmanagerStatus, client::Error>>,
    /// What it knows of.
    pub alerts: Vec<KnownAlert>,
    /// What became of the alert that was posted to it.
    pub delivered: Option<Delivered>,
    /// The value of that alert's label.
    pub probe: String,
    /// The last lines that it wrote.
    pub lines: Vec<String>,
}

/// Where this host reaches the stack's Alertmanagers: name of the service, and URL. `None`: it does not run.
pub fn alertmanager_urls(desired: &Desired, observed: &Observed) -> Vec<(String, Option<String>)> {
    let Some(config) = &desired.alertmanager else { return Vec::new() };
    let published = |index: usize| config.published.filter(|_| index == 0);
    let urls = desired.alertmanager_services().enumerate().map(|(index, service)| {
        let url = container(observed, service).and_then(|container| {
            reachable(container, published(index), container.addresses.values().flatten().next().copied(), 9093)
        });
        (service.name.clone(), url)
    });
    urls.collect()
}

/// Asks every Prometheus and Alertmanager, has an alert delivered, and judges. Nothing without Alertmanager.
pub async fn delivery(
    desired: &Desired,
    files: &Files,
    observed: &Observed,
    servers: &[Server],
    prober: Option<&Prober>,
) -> Vec<Finding> {
    let Some(config) = &desired.alertmanager else { return Vec::new() };
    let state = ask(desired, config, observed, servers, prober).await;
    judge_delivery(desired, files, observed, &state)
}

async fn ask(
    desired: &Desired,
    config: &AlertmanagerConfig,
    observed: &Observed,
    servers: &[Server],
    prober: Option<&Prober>,
) -> DeliveryState {
    let mut state = DeliveryState::default();
    if let Some(prober) = prober {
        have_delivered(desired, config, observed, prober, &mut state).await;
    }
    let clients: Vec<Option<Alertmanager>> = alertmanager_urls(desired, observed)
        .into_iter()
        .map(|(_, url)| url.and_then(|url| Alertmanager::new(&url).ok()))
        .collect();
    state.alertmanagers.resize_with(clients.len(), AlertmanagerState::default);
    for (client, one) in clients.iter().zip(&mut state.alertmanagers) {
        if let Some(client) = client {
            one.status = Some(client.status().await);
        }
    }
    for server in with_the_whole(servers) {
        let service = desired.service(&server.service);
        let started_at = service.and_then(|service| container(observed, service)).map_or(0, |it| it.started_at);
        state.senders.push(sender(server, started_at, config).await);
    }
    if let Some(prometheus) = with_the_whole(servers).find_map(|server| server.client.as_ref()) {
        state.failing = failing(prometheus).await;
    }
    compare(&clients, &mut state).await;
    if let Some(prober) = prober {
        read_logs(desired, observed, prober, &mut state).await;
    }
    state.now = jiff::Timestamp::now().as_millisecond();
    state
}

/// Which Alertmanagers a Prometheus knows, and what fires in it.
async fn sender(server: &Server, started_at: i64, config: &AlertmanagerConfig) -> SenderState {
    let (service, lines) = (server.service.clone(), Vec::new());
    let Some(prometheus) = &server.client else {
        let (known, firing) = (Err(super::not_running()), Vec::new());
        return SenderState { service, known, started_at, configured_at: 0, firing, lines };
    };
    let knows_all = |known: &Vec<String>| config.addresses.iter().all(|address| judge::knows(known, address));
    let mut known = prometheus.alertmanagers().await;
    for _ in 1..LOOKS {
        if known.as_ref().is_ok_and(knows_all) || known.is_err() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        known = prometheus.alertmanagers().await;
    }
    let alerts = prometheus.alerts().await.unwrap_or_default();
    let firing = alerts.into_iter().filter(|alert| alert.state == "firing").map(|alert| alert.labels).collect();
    let runtime = prometheus.runtime_info().await;
    let read_at = runtime.ok().and_then(|runtime| runtime.last_config_time.parse::<jiff::Timestamp>().ok());
    let configured_at = read_at.map_or(0, jiff::Timestamp::as_millisecond);
    SenderState { service, known, started_at, configured_at, firing, lines }
}

async fn failing(prometheus: &Prometheus) -> BTreeSet<String> {
    let Ok(QueryResult::Series(series)) = prometheus.query(FAILING).await else { return BTreeSet::new() };
    series.into_iter().filter_map(|one| one.labels.get("integration").cloned()).collect()
}

/// What the Alertmanagers know of what fires: until they know all of it, or it is plain that they do not.
async fn compare(clients: &[Option<Alertmanager>], state: &mut DeliveryState) {
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        for (client, one) in clients.iter().zip(&mut state.alertmanagers) {
            if let Some(client) = client {
                one.alerts = client.alerts().await.unwrap_or_default();
            }
        }
        let has_all = |one| state.senders.iter().all(|sender| judge::lost(&sender.firing, one).is_none());
        if state.alertmanagers.iter().all(has_all) {
            return;
        }
    }
}

/// Has an alert delivered by each Alertmanager that runs, and tries the receivers' sockets, in one go.
async fn have_delivered(
    desired: &Desired,
    config: &AlertmanagerConfig,
    observed: &Observed,
    prober: &Prober,
    state: &mut DeliveryState,
) {
    let nonce = format!("{:08x}", RandomState::new().build_hasher().finish() >> 32);
    let services: Vec<&Service> = desired.alertmanager_services().collect();
    let mut alerts = BTreeMap::new();
    for (index, service) in services.iter().enumerate() {
        let probe = format!("{nonce}-{}", index + 1);
        if container(observed, service).is_some_and(|it| it.state == ContainerState::Running)
            && let Some(address) = config.addresses.get(index)
        {
            alerts.insert(probe.clone(), format!("http://{address}"));
        }
        state.alertmanagers.push(AlertmanagerState { probe, ..AlertmanagerState::default() });
    }
    let first = services.iter().find_map(|service| container(observed, service));
    let (Some(service), Some(first)) = (services.first(), first.filter(|_| !alerts.is_empty())) else { return };
    // In a cluster each waits for those before it.
    let peers = u64::try_from(services.len().saturating_sub(1)).unwrap_or_default();
    let patience = PATIENCE + Duration::from_secs(PEER_TIMEOUT_SECONDS * peers);
    let patience_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
    // Through a proxy the sockets say nothing.
    let has_proxy =
        service.container.settings.environment.keys().any(|key| key.to_ascii_lowercase().ends_with("_proxy"));
    let sockets = if has_proxy { Vec::new() } else { sockets(config, first, prober, &mut state.hidden).await };
    let request = Request {
        delivery: Some(Delivery { port: SINK_PORT, label: PROBE_LABEL.to_owned(), alerts, patience_ms }),
        sockets: sockets.clone(),
        budget_ms: patience_ms + 20_000,
        ..Request::default()
    };
    let networks: Vec<String> = service.container.all_networks().map(|joined| joined.network.clone()).collect();
    match prober.under_name(&config.sink, &networks, &request).await {
        Ok(mut report) => {
            state.trouble = report.trouble;
            for one in &mut state.alertmanagers {
                one.delivered = report.delivered.remove(&one.probe);
            }
            let addresses = sockets.into_iter().map(|socket| format!("{}:{}", socket.host, socket.port));
            let looked = report.sockets.into_iter().zip(addresses);
            state.sockets = looked.map(|(looked, address)| (looked.id.clone(), (address, looked))).collect();
        }
        Err(error) => state.trouble = Some(error.to_string()),
    }
}

/// Where the receivers send to. A URL that is a secret is read where Alertmanager reads it, and only its host goes on.
async fn sockets(
    config: &AlertmanagerConfig,
    container: &ObservedContainer,
    prober: &Prober,
    hidden: &mut Hidden,
) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for told in &config.told {
        let place = match &told.destination {
            Destination::At { host, port } => Some((host.clone(), *port)),
            Destination::InFile(path) => {
                let text = prober.read_file(&container.id, path).await.unwrap_or_default();
                let text = text.trim().to_owned();
                let place = words::host_and_port(&text);
                if !text.is_empty() {
                    hidden.0.push(text);
                }
                place
            }
        };
        let socket = place.map(|(host, port)| Socket { id: told.receiver.clone(), host, port });
        sockets.extend(socket);
    }
    sockets
}

async fn read_logs(desired: &Desired, observed: &Observed, prober: &Prober, state: &mut DeliveryState) {
    for (service, one) in desired.alertmanager_services().zip(&mut state.alertmanagers) {
        if let Some(container) = container(observed, service) {
            one.lines = prober.log_lines_in_full(&container.id, LOG_LINES).await;
        }
    }
    for sender in &mut state.senders {
        let service = desired.service(&sender.service);
        if let Some(container) = service.and_then(|service| container(observed, service)) {
            sender.lines = prober.log_lines_in_full(&container.id, LOG_LINES).await;
        }
    }
}

/// The container of a service that has one.
pub(super) fn container<'a>(observed: &'a Observed, service: &Service) -> Option<&'a ObservedContainer> {
    observed.containers.iter().find(|container| container.service == service.name && container.replica == 1)
}
