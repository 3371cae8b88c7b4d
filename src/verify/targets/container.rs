//! Troubles that lie in the container itself, or in the networks it is in.

use super::evidence::Evidence;
use super::expected::{Asking, Expected, Index, networks_of};
use crate::desired::{JobOrigin, Service};
use crate::engine::{ContainerState, Health, ObservedContainer};
use crate::verify::{Cause, Trouble};

/// Why a container cannot be scraped, whatever Prometheus says. `None` for things elsewhere.
pub(super) fn trouble(expected: &Expected, evidence: &Evidence) -> Option<Trouble> {
    if let JobOrigin::Attached(app_name) = &expected.job.origin {
        return attached(app_name, expected, evidence);
    }
    if let Some(prober) = &expected.prober {
        return not_asked(prober, expected, evidence);
    }
    trouble_of(&expected.service?.name, &expected.instance, expected.container, evidence)
}

/// Why nobody asks what is probed. A prober that runs may well ask, however its health check stands.
fn not_asked(prober: &Asking, expected: &Expected, evidence: &Evidence) -> Option<Trouble> {
    let trouble = trouble_of(&prober.service.name, &prober.instance, prober.container, evidence)?;
    let message = format!("nobody asks `{}`: {}", expected.instance, trouble.message);
    (trouble.cause != Cause::ContainerUnhealthy).then_some(Trouble { message, ..trouble })
}

/// The same for what somebody else runs: stackctl neither makes nor starts it.
fn attached(app_name: &str, expected: &Expected, evidence: &Evidence) -> Option<Trouble> {
    let (instance, container) = (&expected.instance, expected.container);
    let trouble = trouble_of(app_name, instance, container, evidence)?;
    let fix = match (container, trouble.cause) {
        (None, _) => format!("start it where it belongs, or correct `apps.{app_name}.attach`, then run `stackctl up`"),
        (Some(_), Cause::ContainerUnhealthy) => return Some(trouble),
        (Some(container), _) if container.state == ContainerState::Paused => {
            format!("it is not stackctl's to go on with: `docker unpause {instance}`")
        }
        (Some(_), _) => format!("it is not stackctl's to start: `docker logs {instance}` may say why it ended"),
    };
    Some(Trouble { fix, ..trouble })
}

/// Why a replica does not stand, scraped or not.
pub(super) fn trouble_of(
    service_name: &str,
    instance: &str,
    container: Option<&ObservedContainer>,
    evidence: &Evidence,
) -> Option<Trouble> {
    let Some(container) = container else {
        let message = format!("container `{instance}` does not exist");
        return Some(Trouble::new(Cause::ContainerMissing, message, "run `stackctl up`"));
    };
    let last_lines = last_lines(evidence, container);
    let see_logs = format!("see `stackctl logs {service_name}`, mend what stops it, then run `stackctl up`");
    let stopped = |how: String| {
        Trouble::new(Cause::ContainerExited, format!("container `{instance}` {how}"), "run `stackctl up`")
    };
    match container.state {
        ContainerState::Exited | ContainerState::Dead => {
            let code = container.exit_code.map_or_else(String::new, |code| format!(" with code {code}"));
            let message = format!("container `{instance}` exited{code}{last_lines}");
            let fix = match container.exit_code {
                Some(0) => {
                    format!(
                        "run `stackctl up`, which starts it again; `stackctl logs {service_name}` may say why it ended"
                    )
                }
                _ => see_logs,
            };
            Some(Trouble::new(Cause::ContainerExited, message, fix))
        }
        ContainerState::Created => Some(stopped("was made but never started".to_owned())),
        ContainerState::Removing => Some(stopped("is being removed".to_owned())),
        ContainerState::Paused => {
            let fix = format!("run `docker unpause {instance}`, or `stackctl up`, which does it, too");
            Some(Trouble { fix, ..stopped("is paused".to_owned()) })
        }
        ContainerState::Restarting => Some(restarting(container, &last_lines, see_logs)),
        ContainerState::Running if container.is_between_two_ends() => {
            Some(restarting(container, &last_lines, see_logs))
        }
        ContainerState::Running if container.health == Health::Unhealthy => {
            let said = evidence.health.get(&container.name).filter(|said| !said.is_empty());
            let said = said.map_or_else(String::new, |said| format!("; it says: {said}"));
            let message = format!("container `{instance}` runs, but its health check fails{said}");
            let fix = format!(
                "see `docker inspect --format '{{{{json .State.Health}}}}' {instance}`, then mend the service or its `healthcheck`"
            );
            Some(Trouble::new(Cause::ContainerUnhealthy, message, fix))
        }
        ContainerState::Running => None,
    }
}

/// A container that ends again and again.
pub(super) fn restarting(container: &ObservedContainer, last_lines: &str, fix: String) -> Trouble {
    // While it runs, the engine's exit code is not that of the last end.
    let ended = container.exit_code.filter(|_| container.state == ContainerState::Restarting);
    let code = ended.map_or_else(String::new, |code| format!(", the last time with code {code}"));
    let message = match container.restarts {
        1 => format!("container `{}` ended and was started again a moment ago{code}{last_lines}", container.name),
        restarts => {
            format!("container `{}` ends again and again: {restarts} restarts so far{code}{last_lines}", container.name)
        }
    };
    Trouble::new(Cause::ContainerRestarting, message, fix)
}

/// A container that shares no network with Prometheus.
pub(super) fn network_mismatch(expected: &Expected, index: &Index) -> Option<Trouble> {
    let container = expected.container?;
    let networks = networks_of(container);
    let shared = networks.iter().any(|network| index.prometheus_networks.contains(network));
    if shared || expected.is_on_host_network() || index.prometheus_networks.is_empty() {
        return None;
    }
    let list = |names: &mut dyn Iterator<Item = &&str>| {
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        if names.is_empty() { "no network".to_owned() } else { names.join(", ") }
    };
    let message = format!(
        "container `{}` is in {}, Prometheus in {}: they share none",
        expected.instance,
        list(&mut networks.iter()),
        list(&mut index.prometheus_networks.iter()),
    );
    let meant: Vec<&str> = index.networks_meant().collect();
    let common = |service: &Service| {
        let mut own = service.container.networks.iter();
        own.find(|attachment| meant.contains(&attachment.network.as_str())).map(|own| own.network.clone())
    };
    let fix = match expected.service {
        None => "run `stackctl up`, which has Prometheus join that network".to_owned(),
        Some(service) => match common(service) {
            Some(gone) if !index.networks.contains(gone.as_str()) => format!(
                "run `stackctl up`, which makes network `{gone}`, or says why it cannot, and joins it to its networks again"
            ),
            Some(_) => "run `stackctl up`, which joins it to its networks again".to_owned(),
            None => format!(
                "add a network that Prometheus is in to the `networks` of `{}`, then run `stackctl up`",
                service.name
            ),
        },
    };
    Some(Trouble::new(Cause::NetworkMismatch, message, fix))
}

/// The same for one that is up as far as Prometheus knows: its last scrape was before it left the network. Only for what is
/// meant to be in networks: who shares the network of another is reached without one of its own.
pub(super) fn is_cut_off(expected: &Expected, index: &Index) -> Option<Trouble> {
    let has_own_networks = match expected.service {
        Some(service) => service.container.settings.network_mode.is_none(),
        None => expected.container.is_some_and(|container| !container.addresses.is_empty()),
    };
    let trouble = network_mismatch(expected, index).filter(|_| has_own_networks && !index.is_on_host_network())?;
    let message = format!("{}; Prometheus scraped it when they still did", trouble.message);
    Some(Trouble { message, ..trouble })
}

fn last_lines(evidence: &Evidence, container: &ObservedContainer) -> String {
    match evidence.logs.get(&container.name) {
        Some(lines) if !lines.is_empty() => format!("; its last lines: {}", lines.join(" | ")),
        _ => String::new(),
    }
}
