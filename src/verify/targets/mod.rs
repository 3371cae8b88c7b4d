//! Is every replica scraped? One finding for each, good or bad, and one for each target too many.

mod answer;
mod container;
mod empty;
mod evidence;
mod expected;
mod extra;
mod gather;
mod namesakes;
mod question;
mod reach;
mod says;
mod scraped;
mod shards;
mod unwatched;

pub use evidence::{Blind, Evidence};
pub use expected::without_parameters;
pub use says::Unreached;

use std::collections::{BTreeSet, HashSet};
use std::net::{IpAddr, SocketAddr};

use futures_util::future::join_all;

use crate::client::{self, Prometheus, Target, Targets, yaml_to_json};
use crate::desired::{Desired, Duration, Job, JobTargets, PrometheusConfig, Role};
use crate::engine::{ContainerState, Observed, ObservedContainer, Prober};
use crate::probe::Lookup;

use super::{Cause, Finding, Server, Status, Trouble, server};
use expected::{Expected, Index};
use scraped::Scraped;

/// Name of the check.
pub const TARGETS: &str = "targets";

/// What to write where a scrape has to say who asks.
const BASIC_AUTH: &str = "{ username: NAME, password: { file: PATH } }";

/// What one Prometheus says of its targets, and what was seen beside that.
#[derive(Debug, Clone)]
pub struct View {
    /// Name of its service.
    pub service: String,
    /// Name of its container.
    pub instance: String,
    /// What it says.
    pub targets: Result<Targets, client::Error>,
    /// What was seen beside.
    pub evidence: Evidence,
}

impl View {
    /// Nobody to ask.
    fn of_nobody() -> Self {
        let (service, instance) = (String::new(), String::new());
        Self { service, instance, targets: Err(not_running()), evidence: Evidence::default() }
    }
}

/// Where this host reaches the stack's Grafana. `None`: the stack has none, or it does not run.
pub fn grafana_url(desired: &Desired, observed: &Observed) -> Option<String> {
    let grafana = desired.grafana.as_ref()?;
    let service = desired.services.iter().find(|service| service.role == Role::Grafana)?;
    let container = observed.containers.iter().find(|container| container.service == service.name)?;
    let address = container.addresses.values().flatten().next().copied();
    reachable(container, grafana.published, address, 3000)
}

/// URL of a component that runs: published, or on its container's own address. `None`: it does not run.
pub fn reachable(
    container: &ObservedContainer,
    published: Option<SocketAddr>,
    address: Option<IpAddr>,
    port: u16,
) -> Option<String> {
    if container.state != ContainerState::Running {
        return None;
    }
    if let Some(mut published) = published {
        if published.ip().is_unspecified() {
            published.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        return Some(format!("http://{published}"));
    }
    Some(format!("http://{}", SocketAddr::new(address?, port)))
}

/// Asks every Prometheus, looks closer at what is not well, and judges. No `servers`: the stack has none.
/// No `prober`: nothing is looked at closer.
pub async fn targets(
    desired: &Desired,
    observed: &Observed,
    servers: &[Server],
    prober: Option<&Prober>,
) -> Vec<Finding> {
    let mut views = see(desired, servers).await;
    if views.is_empty() {
        views.push(View::of_nobody());
    }
    let looked = views.into_iter().map(|view| look_closer(desired, observed, servers, view, prober));
    let strangers = async {
        match prober {
            Some(prober) => namesakes::ask(desired, prober).await,
            None => Vec::new(),
        }
    };
    let (looked, strangers) = tokio::join!(join_all(looked), strangers);
    let mut findings = judge_views(desired, observed, &looked);
    findings.extend(namesakes::findings(desired, &strangers));
    findings
}

/// What every Prometheus says of its targets, and what these say of what they watch.
pub async fn see(desired: &Desired, servers: &[Server]) -> Vec<View> {
    let asked = servers.iter().map(|server| async {
        let mut evidence = Evidence::default();
        let targets = match &server.client {
            Some(prometheus) => {
                // In this order: what says that it is well was asked for after it had been scraped.
                let targets = prometheus.targets().await;
                evidence.unreached = says::ask(desired, prometheus).await;
                targets
            }
            None => Err(not_running()),
        };
        View { service: server.service.clone(), instance: server.instance.clone(), targets, evidence }
    });
    let views = join_all(asked).await;
    if server::are_shards(servers) { vec![shards::joined(servers, views)] } else { views }
}

/// Looks closer at what is not well in one view.
async fn look_closer(
    desired: &Desired,
    observed: &Observed,
    servers: &[Server],
    mut view: View,
    prober: Option<&Prober>,
) -> View {
    let Evidence { unreached, blind, scrapers, .. } = std::mem::take(&mut view.evidence);
    let index = Index::new(desired, observed, &view.service);
    let mut evidence = match prober {
        Some(prober) => gather::gather(&index, view.targets.as_ref().ok(), &unreached, prober).await,
        None => Evidence { trouble: Some("no image to run it from".to_owned()), ..Evidence::default() },
    };
    evidence = Evidence { unreached, blind, scrapers, ..evidence };
    let is_asked = |server: &&Server| server.service == view.service || !server.has_the_whole;
    let clients = servers.iter().filter(is_asked).filter_map(|server| server.client.as_ref());
    if let Ok(targets) = &view.targets {
        let promised = join_all(clients.map(|prometheus| promised(&index, targets, prometheus))).await;
        evidence.promised = promised.into_iter().flatten().collect();
    }
    View { evidence, ..view }
}

/// The targets that the configuration in force writes out. Asked only where an expected one is absent.
async fn promised(index: &Index<'_>, targets: &Targets, prometheus: &Prometheus) -> BTreeSet<(String, String)> {
    let scraped = Scraped::new(targets);
    if index.expected().iter().all(|expected| scraped.target(expected).is_some()) {
        return BTreeSet::new();
    }
    let running = prometheus.config().await.ok().and_then(|text| yaml_to_json(&text).ok());
    running.map(|running| scraped::written_out(&running)).unwrap_or_default()
}

/// The answer of a Prometheus that nobody could ask.
pub fn not_running() -> client::Error {
    client::Error {
        service: "Prometheus",
        url: "its container".to_owned(),
        what: "targets".to_owned(),
        cause: "it does not run".to_owned(),
        answered: false,
    }
}

/// Judges what every Prometheus says. One that says nothing is told of itself, and the others say how the targets stand; where
/// nobody says anything, each target is told to be in the dark.
pub fn judge_views(desired: &Desired, observed: &Observed, views: &[View]) -> Vec<Finding> {
    let (seeing, blind): (Vec<&View>, Vec<&View>) = views.iter().partition(|view| view.targets.is_ok());
    if seeing.is_empty() {
        return views.first().map(|view| judge_targets(desired, observed, view)).unwrap_or_default();
    }
    let judged = |view: &View| judge_targets(desired, observed, view);
    let mut findings = server::joined(seeing.iter().map(|view| (view.instance.as_str(), judged(view))).collect());
    let blind = blind.into_iter().filter_map(|view| {
        let error = view.targets.as_ref().err()?.clone();
        Some(Blind { service: view.service.clone(), instance: view.instance.clone(), error })
    });
    for blind in blind.chain(seeing.iter().flat_map(|view| view.evidence.blind.clone())) {
        let is_told = |finding: &Finding| {
            finding.status == Status::Fail && finding.instance.as_deref() == Some(blind.instance.as_str())
        };
        if !findings.iter().any(is_told) {
            let trouble = unreachable(&blind.error, &blind.service);
            findings.push(Finding::fail(TARGETS, &blind.service, Some(&blind.instance), trouble));
        }
    }
    findings
}

/// Judges what one Prometheus says: one finding for each expected replica, in order of the jobs, then the ones too many, then
/// the replicas that nothing scrapes and that do not stand.
pub fn judge_targets(desired: &Desired, observed: &Observed, view: &View) -> Vec<Finding> {
    let index = Index::new(desired, observed, &view.service);
    let evidence = &view.evidence;
    let mut findings = match &desired.prometheus {
        Some(prometheus) => judge_scraped(&index, prometheus, view.targets.as_ref(), evidence),
        None => Vec::new(),
    };
    findings.extend(unwatched::findings(&index, evidence));
    findings
}

fn judge_scraped(
    index: &Index,
    prometheus: &PrometheusConfig,
    targets: Result<&Targets, &client::Error>,
    evidence: &Evidence,
) -> Vec<Finding> {
    let expected = index.expected();
    let targets = match targets {
        Ok(targets) => targets,
        Err(error) => return expected.iter().map(|expected| without_prometheus(expected, error, evidence)).collect(),
    };
    let scraped = Scraped::new(targets);
    let judge = |expected| judge_one(index, prometheus, expected, &scraped, evidence);
    let mut findings: Vec<Finding> = expected.iter().map(judge).collect();
    findings.extend(scraped::duplicates(&scraped, &expected, evidence));
    findings.extend(scraped::unexpected(index, &scraped, &expected));
    findings.extend(strange_addresses(&expected, evidence));
    findings.extend(extra::findings(index, prometheus, targets));
    findings
}

fn judge_one(
    index: &Index,
    prometheus: &PrometheusConfig,
    expected: &Expected,
    scraped: &Scraped,
    evidence: &Evidence,
) -> Finding {
    let up = scraped.proof(expected);
    let trouble = match (container::trouble(expected, evidence), up) {
        (Some(trouble), _) => trouble,
        // Prometheus goes by its last scrape, the engine by this moment.
        (None, Some(target)) => {
            match container::is_cut_off(expected, index).or_else(|| says::trouble(expected, target, index, evidence)) {
                Some(trouble) => trouble,
                None if empty::is_empty(expected, target, &evidence.unreached) => {
                    return empty::finding(expected, evidence, interval(prometheus, expected));
                }
                None => return well(expected, target, evidence),
            }
        }
        (None, None) => container::network_mismatch(expected, index)
            .unwrap_or_else(|| not_up(prometheus, expected, scraped, evidence)),
    };
    Finding::fail(TARGETS, &expected.job.name, Some(&expected.instance), trouble)
}

/// The cause in a replica that runs beside Prometheus and is not up.
fn not_up(prometheus: &PrometheusConfig, expected: &Expected, scraped: &Scraped, evidence: &Evidence) -> Trouble {
    let Some(looked) = evidence.looked.get(&expected.key()) else {
        let why = evidence.trouble.as_deref().unwrap_or("there was no time");
        return scraped::without_probe(expected, scraped, why);
    };
    let rules = answer::Rules {
        timeout: expected.job.timeout.unwrap_or(prometheus.scrape_timeout),
        strict_content_type: is_strict(&prometheus.version),
    };
    reach::trouble(expected, looked, evidence)
        .or_else(|| answer::trouble(expected, looked, &rules))
        .or_else(|| looked.answer.is_none().then(|| scraped::without_probe(expected, scraped, "there was no time")))
        .unwrap_or_else(|| scraped::trouble(expected, scraped, evidence, interval(prometheus, expected)))
}

/// Time between two scrapes.
fn interval(prometheus: &PrometheusConfig, expected: &Expected) -> Duration {
    expected.job.interval.unwrap_or(prometheus.scrape_interval)
}

/// Prometheus 3 fails a scrape over its `Content-Type`. A version that is no number is taken for a recent one.
fn is_strict(version: &str) -> bool {
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_none_or(|major| major >= 3)
}

fn well(expected: &Expected, target: &Target, evidence: &Evidence) -> Finding {
    let by = shards::scrapers(expected, evidence).first().map(|one| format!(" by `{one}`")).unwrap_or_default();
    let message = format!("scraped{by} at `{}` in {:.0} ms", target.url, target.last_scrape_seconds * 1000.0);
    Finding::ok(TARGETS, &expected.job.name, Some(&expected.instance), message)
}

fn without_prometheus(expected: &Expected, error: &client::Error, evidence: &Evidence) -> Finding {
    let trouble = container::trouble(expected, evidence).unwrap_or_else(|| unreachable(error, "prometheus"));
    Finding::fail(TARGETS, &expected.job.name, Some(&expected.instance), trouble)
}

fn unreachable(error: &client::Error, service: &str) -> Trouble {
    let fix = format!("see `stackctl ps` and `stackctl logs {service}`, then run `stackctl up`");
    Trouble::new(Cause::PrometheusUnreachable, error.to_string(), fix)
}

/// A finding for each looked-up name that leads to more than the replicas of its service.
fn strange_addresses(expected: &[Expected], evidence: &Evidence) -> Vec<Finding> {
    let found = |lookup: &Lookup| match lookup {
        Lookup::Found { addresses } => addresses.clone(),
        Lookup::Failed { .. } => Vec::new(),
    };
    evidence.names.iter().filter_map(|(name, lookup)| strange_address(expected, name, &found(lookup))).collect()
}

fn strange_address(expected: &[Expected], name: &str, addresses: &[IpAddr]) -> Option<Finding> {
    let is_of = |job: &Job| matches!(&job.targets, JobTargets::Dns { name: of_job, .. } if of_job == name);
    let replicas: Vec<&Expected> = expected.iter().filter(|expected| is_of(expected.job)).collect();
    let known: HashSet<IpAddr> =
        replicas.iter().filter_map(|it| it.container).flat_map(|it| it.addresses.values().flatten().copied()).collect();
    let strangers: Vec<String> =
        addresses.iter().filter(|address| !known.contains(*address)).map(ToString::to_string).collect();
    let job = &replicas.first().filter(|_| !strangers.is_empty())?.job.name;
    let message = format!(
        "`{name}` leads to {} addresses for {} replicas; beyond them: {}",
        addresses.len(),
        replicas.len(),
        strangers.join(", ")
    );
    let fix = format!("find who else answers to `{name}`: `docker network inspect` names the containers of a network");
    Some(Finding::fail(TARGETS, job, Some(name), Trouble::new(Cause::DnsCount, message, fix)))
}

#[cfg(test)]
mod tests;
