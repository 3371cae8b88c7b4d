//! The proof: waits until what was started is ready and scraped, and says what is not, with cause and fix.

use std::time::{Duration, Instant};

use super::engine::engine_change;
use super::situation::Situation;
use super::verify::Check;
use super::{Failure, panels, refused};
use crate::client::{self, Alertmanager, Prometheus};
use crate::desired::{PrometheusServer, Role, Service, without_url_secrets};
use crate::engine::{ContainerState, Error, Health, Judge, Observed, ObservedContainer, Prober, Taken, Verdict};
use crate::verify::{self, Finding, Server, Status};

/// Time between two looks while waiting.
const PAUSE: Duration = Duration::from_millis(200);

/// A container that lives this long after its start did not die at once.
const SETTLED_AFTER: Duration = Duration::from_millis(1200);

/// Time a program may take to read its files again.
const RELOAD_TIME: Duration = Duration::from_secs(15);

/// Time in which Prometheus has read its configuration, or refused it and ended, also on a busy host.
const CONFIGURED_WITHIN: Duration = Duration::from_secs(8);

/// Looks for containers that changed under the eyes of who looks. What ends and starts all the time is found as it was last.
const STEADY_LOOKS: usize = 2;

/// Log lines quoted of a container that died.
const QUOTED_LINES: usize = 10;

/// The network of containers that are in none of a stack's.
pub(super) const DEFAULT_BRIDGE: &str = "bridge";

/// A container that did not stay up.
#[derive(Debug)]
pub(super) struct Death {
    /// Name of the container.
    pub(super) container: String,
    /// The service that it is of.
    pub(super) service: String,
    pub(super) error: Error,
}

/// The stack's Prometheus servers, each as far as it can be reached from here.
pub(super) fn servers(situation: &Situation) -> Result<Vec<Server>, Error> {
    servers_in(situation, &situation.observed)
}

/// The same for what was seen at another moment.
pub(super) fn servers_in(situation: &Situation, observed: &Observed) -> Result<Vec<Server>, Error> {
    let desired = &situation.desired;
    let mut servers = Vec::new();
    for (service, url) in verify::prometheus_urls(desired, observed) {
        let access = |url: String| Prometheus::guarded(&url, situation.access()?).map_err(cannot_ask);
        let client = url.map(access).transpose()?;
        let instance = desired.service(&service).map(|it| it.container_name(&desired.stack, 1)).unwrap_or_default();
        let server = desired.prometheus.as_ref().and_then(|config| config.server(&service));
        let has_the_whole = server.is_none_or(PrometheusServer::has_the_whole);
        servers.push(Server { service, instance, has_the_whole, client });
    }
    Ok(servers)
}

fn cannot_ask(error: client::Error) -> Error {
    Error::new("cannot ask Prometheus", error)
}

/// The first Prometheus that can be reached from here and has the whole: replicas know the same.
pub(super) fn prometheus(situation: &Situation) -> Result<Option<Prometheus>, Error> {
    Ok(first_whole(&servers(situation)?).cloned())
}

/// The same among servers that are known.
pub(super) fn first_whole(servers: &[Server]) -> Option<&Prometheus> {
    servers.iter().filter(|server| server.has_the_whole).find_map(|server| server.client.as_ref())
}

/// Runs checks on the running stack, with a probe inside its network where something is broken.
/// `known`: what was just found.
pub(super) async fn findings(situation: &Situation, checks: &[Check], known: Known) -> Result<Vec<Finding>, Failure> {
    let Known { scraped, looked, panels, delivered, rules, config: configured } = known;
    let wants = |check| checks.is_empty() || checks.contains(&check);
    let (desired, observed) = (&situation.desired, &situation.observed);
    let servers = &servers(situation)?;
    let prober = prober(situation);
    let prober = Some(&prober);
    let is_local = situation.engine.facts().is_local;
    let is_scraped = scraped.is_some() && desired.prometheus.is_some();
    let scraped = scraped.or(looked);
    // In boxes, because each of them is large, whether it is wanted or not.
    let targets = Box::pin(steady_targets(situation, servers, prober));
    let config = Box::pin(verify::config(desired, &situation.files, observed, servers, prober));
    let engine = Box::pin(verify::engine(desired, prober, is_local, is_scraped, engine_change(&situation.engine)));
    let delivery = Box::pin(verify::delivery(desired, &situation.files, observed, servers, prober));
    let asked = Box::pin(async {
        if wants(Check::Dashboards) && panels.is_none() { panels::look(situation).await } else { Ok(Vec::new()) }
    });
    let alerts = Box::pin(verify::alerts(desired, servers));
    let remote = Box::pin(verify::remote(desired, observed, servers, prober));
    let (targets, config, engine, delivery, dashboards, alerts, remote) = tokio::join!(
        when(wants(Check::Targets) && scraped.is_none(), targets),
        when(wants(Check::Config) && configured.is_none(), config),
        when(wants(Check::Engine), engine),
        when(wants(Check::Alerts) && delivered.is_none(), delivery),
        asked,
        when(wants(Check::Alerts) && rules.is_none(), alerts),
        when(wants(Check::Remote), remote),
    );
    let (targets, dashboards) = (scraped.unwrap_or(targets), panels.map_or(dashboards, Ok)?);
    let (delivery, alerts) = (delivered.unwrap_or(delivery), rules.unwrap_or(alerts));
    let config = configured.unwrap_or(config);
    Ok(verify::told_once([targets, config, engine, dashboards, alerts, delivery, remote].concat()))
}

/// What was found a moment ago and need not be asked again.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Of the targets, where every one is scraped.
    pub(super) scraped: Option<Vec<Finding>>,
    /// Of the targets, where not every one is, and a probe has looked.
    pub(super) looked: Option<Vec<Finding>>,
    /// Of the dashboards.
    pub(super) panels: Option<Vec<Finding>>,
    /// Of the rules.
    pub(super) rules: Option<Vec<Finding>>,
    /// Of the way of alerts.
    pub(super) delivered: Option<Vec<Finding>>,
    /// Of the configuration.
    pub(super) config: Option<Vec<Finding>>,
}

/// What is found of the targets by a probe inside their network.
pub(super) async fn look_closer(situation: &Situation, servers: &[Server]) -> Vec<Finding> {
    steady_targets(situation, servers, Some(&prober(situation))).await
}

/// What is found of the targets while no container changes: one that ends between the look at the containers and the probe
/// would be taken for another fault.
async fn steady_targets(situation: &Situation, servers: &[Server], prober: Option<&Prober>) -> Vec<Finding> {
    let desired = &situation.desired;
    let mut found = verify::targets(desired, &situation.observed, servers, prober).await;
    let mut before = states(&situation.observed);
    for _ in 0..STEADY_LOOKS {
        if found.iter().all(|finding| finding.status != Status::Fail) {
            break;
        }
        let Ok(now) = situation.observe().await else { break };
        let after = states(&now);
        if std::mem::replace(&mut before, after.clone()) == after {
            break;
        }
        found = verify::targets(desired, &now, servers, prober).await;
    }
    found
}

fn states(observed: &Observed) -> Vec<(String, ContainerState, Health)> {
    let containers = observed.containers.iter();
    containers.map(|container| (container.id.clone(), container.state, container.health)).collect()
}

async fn when(wanted: bool, check: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    if wanted { check.await } else { Vec::new() }
}

pub(super) fn prober(situation: &Situation) -> Prober {
    let prometheus = situation.desired.prometheus_service();
    let joined = prometheus.into_iter().flat_map(|service| service.container.all_networks());
    let joined: Vec<String> = joined.map(|attachment| attachment.network.clone()).collect();
    let is_there = |name: &String| situation.observed.networks.iter().any(|network| network.name == *name);
    // Before the first `up` the stack has no network yet; the default bridge is where another would be.
    let networks = if joined.iter().any(is_there) { joined } else { vec![DEFAULT_BRIDGE.to_owned()] };
    Prober::new(situation.engine.clone(), &situation.desired.stack, &situation.own_image, networks)
}

/// Waits until every container is up and not about to fall, or has fallen, or has done its work.
pub(super) async fn settle(situation: &mut Situation, deadline: Instant) -> Result<Vec<Death>, Failure> {
    let begun = Instant::now();
    loop {
        situation.look_again().await?;
        refused::stop(situation).await?;
        let fallen: Vec<_> =
            situation.observed.containers.iter().filter(|container| has_fallen(situation, container)).collect();
        let waits = situation.observed.containers.iter().any(|container| is_under_way(situation, container));
        let is_configured = begun.elapsed() >= CONFIGURED_WITHIN || is_ready(situation).await;
        let settled = begun.elapsed() >= SETTLED_AFTER && !waits && is_configured;
        if settled || Instant::now() >= deadline {
            let mut deaths = Vec::new();
            for container in fallen {
                deaths.push(death(situation, container).await);
            }
            return Ok(deaths);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether Prometheus answers that it is ready: one that does has taken its configuration. True, too, where there is none to
/// ask.
async fn is_ready(situation: &Situation) -> bool {
    match prometheus(situation) {
        Ok(Some(prometheus)) if situation.engine.facts().is_local => prometheus.ready().await == Ok(true),
        _ => true,
    }
}

/// Whether how it stands is known later: its health, or how it ends where others need it to end well.
fn is_under_way(situation: &Situation, container: &ObservedContainer) -> bool {
    let runs_to_its_end = container.state == ContainerState::Running;
    container.health == Health::Starting
        || runs_to_its_end && situation.desired.one_shots().contains(container.service.as_str())
}

/// Whether a container that should run does not. One that ended well and is awaited by others has done its work.
fn has_fallen(situation: &Situation, container: &ObservedContainer) -> bool {
    let done = container.exit_code == Some(0) && situation.desired.one_shots().contains(container.service.as_str());
    match container.state {
        ContainerState::Exited => !done,
        ContainerState::Dead | ContainerState::Restarting => true,
        _ => false,
    }
}

async fn death(situation: &Situation, container: &ObservedContainer) -> Death {
    let error = how_it_died(situation, container).await;
    Death { container: container.name.clone(), service: container.service.clone(), error }
}

async fn how_it_died(situation: &Situation, container: &ObservedContainer) -> Error {
    if let Some(words) = refused::words(situation, container).await {
        let error = Error::new(
            format!("container `{}` did not stay up", container.name),
            format!("Prometheus refuses its configuration: {words}"),
        );
        let advice = "it is stopped; correct what it names in the stack file, then run `stackctl up` again";
        return error.advise(advice);
    }
    let exit_code = match (container.state, container.exit_code) {
        (ContainerState::Restarting, None) => situation.engine.last_exit_code(&container.id).await,
        (_, known) => known,
    };
    let what = match (container.state, exit_code) {
        (ContainerState::Restarting, Some(code)) => format!("it keeps exiting with {code}"),
        (ContainerState::Restarting, None) => "it keeps exiting".to_owned(),
        (_, Some(code)) => format!("it exited with {code}"),
        _ => "it exited".to_owned(),
    };
    let lines = situation.engine.last_lines(&container.id, QUOTED_LINES).await.unwrap_or_default();
    let quoted: Vec<String> = lines.iter().map(|line| format!("\n  | {}", without_url_secrets(line))).collect();
    let printed = if quoted.is_empty() {
        " and printed nothing".to_owned()
    } else {
        format!("; its last lines:{}", quoted.concat())
    };
    Error::new(format!("container `{}` did not stay up", container.name), format!("{what}{printed}"))
        .advise(after_death(&container.service, exit_code))
}

/// What to do about a container that ended.
fn after_death(service: &str, exit_code: Option<i64>) -> String {
    let see = format!("see `stackctl logs {service}`; the rest of the stack is left running");
    if exit_code != Some(0) {
        return see;
    }
    format!(
        "{see}. One that is meant to end, as this one did, needs `restart: \"no\"`, and an app that waits for it with \
         `depends_on: {{ {service}: {{ condition: service_completed_successfully }} }}`"
    )
}

/// Asks Prometheus whether it has taken its new configuration.
pub(super) struct ReloadJudge<'a> {
    pub(super) situation: &'a Situation,
}

impl Judge for ReloadJudge<'_> {
    fn judge<'a>(&'a self, service: &'a Service, container: &'a str) -> Verdict<'a> {
        Box::pin(async move {
            match service.role {
                Role::Alertmanager => self.alertmanager(service).await,
                _ => self.prometheus(service, container).await,
            }
        })
    }
}

impl ReloadJudge<'_> {
    /// One that cannot be asked from here has not refused anything; `verify` says that it is out of reach.
    async fn prometheus(&self, service: &Service, container: &str) -> Result<Taken, String> {
        let servers = servers(self.situation).unwrap_or_default();
        let client = servers.into_iter().find(|server| server.service == service.name).and_then(|server| server.client);
        let Some(prometheus) = client else { return Ok(Taken::Yes) };
        let (desired, files) = (&self.situation.desired, &self.situation.files);
        let deadline = Instant::now() + RELOAD_TIME;
        while Instant::now() < deadline {
            if verify::runs_rendered(desired, &service.name, &prometheus, files).await {
                return Ok(Taken::Yes);
            }
            let refused = prometheus.runtime_info().await.is_ok_and(|state| !state.reload_config_success);
            if refused {
                return Err(self.refusal(container).await);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Taken::Unproven)
    }

    /// Alertmanager answers to a reload itself, and says why it refuses one.
    async fn alertmanager(&self, service: &Service) -> Result<Taken, String> {
        let urls = verify::alertmanager_urls(&self.situation.desired, &self.situation.observed);
        let url = urls.into_iter().find(|(name, _)| *name == service.name).and_then(|(_, url)| url);
        let Some(Ok(alertmanager)) = url.map(|url| Alertmanager::new(&url)) else { return Ok(Taken::Yes) };
        match alertmanager.reload().await {
            Ok(()) => Ok(Taken::Yes),
            Err(error) if error.answered => Err(format!("Alertmanager refuses the file: {}", error.cause)),
            Err(_) => Ok(Taken::Unproven),
        }
    }

    /// What Prometheus printed about the file it refuses.
    async fn refusal(&self, container: &str) -> String {
        let lines = self.situation.engine.last_lines(container, QUOTED_LINES).await.unwrap_or_default();
        let words = lines.into_iter().rev().find(|line| line.contains("err=") || line.contains("error"));
        let words = words.map_or_else(|| "it does not say why".to_owned(), |words| without_url_secrets(&words));
        format!("Prometheus refuses the file: {words}")
    }
}

#[cfg(test)]
mod tests {
    use super::after_death;

    #[test]
    fn an_app_that_ended_well_is_told_how_that_is_meant() {
        assert!(after_death("migrate", Some(0)).contains("{ migrate: { condition: service_completed_successfully } }"));
        assert!(after_death("migrate", Some(0)).contains("restart: \"no\""));
        assert!(!after_death("migrate", Some(2)).contains("depends_on"));
        assert!(!after_death("migrate", None).contains("depends_on"));
    }
}
