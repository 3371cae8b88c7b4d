//! A container as the engine's list shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum, PortSummary};

use super::images::short_name;
use super::{ContainerState, Health, ObservedContainer, labels};

pub(super) fn label<'a>(summary: &'a ContainerSummary, key: &str) -> Option<&'a str> {
    summary.labels.as_ref()?.get(key).map(String::as_str)
}

pub(super) fn name_of(summary: &ContainerSummary) -> String {
    let names = summary.names.as_deref().unwrap_or_default();
    names.first().map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default()
}

/// Up for less than a minute: it may be between two crashes, which only an inspection tells.
pub(super) fn is_fresh(summary: &ContainerSummary) -> bool {
    summary.status.as_deref().is_some_and(|status| status.contains("second"))
}

pub(super) fn from_summary(summary: &ContainerSummary) -> ObservedContainer {
    let status = summary.status.as_deref().unwrap_or_default();
    ObservedContainer {
        id: summary.id.clone().unwrap_or_default(),
        name: name_of(summary),
        service: label(summary, labels::SERVICE).unwrap_or_default().to_owned(),
        replica: label(summary, labels::NUMBER).and_then(|number| number.parse().ok()).unwrap_or(0),
        image: short_name(summary.image.as_deref().unwrap_or_default()).to_owned(),
        image_id: summary.image_id.clone().unwrap_or_default(),
        state: state(summary.state),
        health: health(status),
        exit_code: None,
        started_at: summary.created.unwrap_or_default() * 1000,
        restarts: 0,
        seconds_up: seconds_up(status),
        fingerprint: label(summary, labels::FINGERPRINT).map(str::to_owned),
        parts: label(summary, labels::PARTS).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
        stack_files: files_of(label(summary, labels::CONFIG_FILES)),
        addresses: addresses(summary),
        aliases: BTreeMap::new(),
        limits: None,
        ports: ports(summary.ports.as_deref().unwrap_or_default()),
        host_ports: BTreeSet::new(),
        files: BTreeMap::new(),
        nameless: Vec::new(),
        mounts: mounts(summary),
    }
}

fn mounts(summary: &ContainerSummary) -> BTreeSet<String> {
    let mounts = summary.mounts.iter().flatten();
    mounts
        .filter_map(|mount| {
            let name = mount.name.as_ref().filter(|name| !name.is_empty());
            name.or(mount.source.as_ref().filter(|path| !path.is_empty())).cloned()
        })
        .collect()
}

/// The stack files that a label names.
pub(super) fn files_of(label: Option<&str>) -> Vec<String> {
    label.into_iter().flat_map(|files| files.split(',')).map(str::to_owned).collect()
}

/// `Up 5 seconds (healthy)`, `Up Less than a second`. `None`: it does not run, or has for longer.
fn seconds_up(status: &str) -> Option<u64> {
    let time = status.strip_prefix("Up ")?;
    if time.starts_with("Less than a second") {
        return Some(0);
    }
    let (number, unit) = time.split_once(' ')?;
    number.parse().ok().filter(|_| unit.starts_with("second"))
}

pub(super) fn state(state: Option<ContainerSummaryStateEnum>) -> ContainerState {
    use ContainerSummaryStateEnum as Engine;
    match state {
        Some(Engine::CREATED) => ContainerState::Created,
        Some(Engine::RUNNING) => ContainerState::Running,
        Some(Engine::PAUSED) => ContainerState::Paused,
        Some(Engine::RESTARTING) => ContainerState::Restarting,
        Some(Engine::REMOVING) => ContainerState::Removing,
        Some(Engine::DEAD) => ContainerState::Dead,
        _ => ContainerState::Exited,
    }
}

/// Health as the list's status line has it: `Up 2 minutes (healthy)`.
fn health(status: &str) -> Health {
    if status.contains("(healthy)") {
        Health::Healthy
    } else if status.contains("(unhealthy)") {
        Health::Unhealthy
    } else if status.contains("(health: starting)") {
        Health::Starting
    } else {
        Health::None
    }
}

pub(super) fn attachments(summary: &ContainerSummary) -> impl Iterator<Item = ((String, String), String)> {
    let container = summary.id.clone().unwrap_or_default();
    let networks = summary.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let networks = networks.into_iter().flatten();
    networks.map(move |(name, endpoint)| {
        ((container.clone(), name.clone()), endpoint.network_id.clone().unwrap_or_default())
    })
}

fn addresses(summary: &ContainerSummary) -> BTreeMap<String, Option<IpAddr>> {
    let networks = summary.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    networks
        .into_iter()
        .flatten()
        .map(|(name, endpoint)| (name.clone(), endpoint.ip_address.as_deref().and_then(|text| text.parse().ok())))
        .collect()
}

/// Published ports as `docker ps` writes them, without doubles for IPv6.
fn ports(ports: &[PortSummary]) -> Vec<String> {
    let mut lines: Vec<String> = ports
        .iter()
        .filter_map(|port| {
            let kind = port.typ.map(|kind| kind.to_string()).unwrap_or_default();
            // Podman writes nothing for every address.
            let ip = port.ip.as_deref()?;
            let ip = if ip.is_empty() { "0.0.0.0" } else { ip };
            Some(format!("{ip}:{}->{}/{kind}", port.public_port?, port.private_port))
        })
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::seconds_up;

    #[test]
    fn a_young_container_tells_its_age() {
        for (status, age) in [
            ("Up Less than a second", Some(0)),
            ("Up 1 second", Some(1)),
            ("Up 9 seconds (health: starting)", Some(9)),
            ("Up About a minute", None),
            ("Up 3 minutes", None),
            ("Restarting (1) 2 seconds ago", None),
            ("Exited (0) 5 seconds ago", None),
        ] {
            assert_eq!(seconds_up(status), age, "{status}");
        }
    }
}
