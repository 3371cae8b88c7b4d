//! Every container that runs on the engine, whoever started it. Looked at, never touched.

use std::net::{IpAddr, SocketAddr};

use bollard::models::PortSummaryTypeEnum;
use bollard::query_parameters::ListContainersOptionsBuilder;

use super::attached::filters;
use super::images::short_name;
use super::summary::{files_of, label, name_of, state};
use super::{ContainerState, Engine, Error, labels};
use crate::desired::{Attach, Protocol};

/// A container that somebody runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name.
    pub name: String,
    /// Name of its Compose project, where it has one.
    pub project: Option<String>,
    /// Name of its Compose service, where it has one.
    pub service: Option<String>,
    /// Its image, as it was asked for.
    pub image: String,
    /// TCP ports inside the container, and the port of the host that each is published on.
    pub ports: Vec<(u16, Option<u16>)>,
    /// Its addresses in networks of this host.
    pub addresses: Vec<IpAddr>,
}

impl Engine {
    /// The containers that run and are not stackctl's.
    pub async fn neighbours(&self) -> Result<Vec<Neighbour>, Error> {
        let options = ListContainersOptionsBuilder::new().all(false).build();
        let found = self.list_containers(options).await?;
        let others = found.into_iter().filter(|summary| !has_label(summary, labels::STACK));
        let mut neighbours = Vec::new();
        for summary in others {
            let id = summary.id.clone().unwrap_or_default();
            let mut neighbour = from_summary(summary);
            // Podman lists those ports alone that are published.
            if self.facts().is_podman && neighbour.ports.is_empty() {
                neighbour.ports = self.exposed(&id).await?;
            }
            neighbours.push(neighbour);
        }
        Ok(neighbours)
    }

    /// The TCP ports that a container exposes, as its image or whoever made it says.
    async fn exposed(&self, id: &str) -> Result<Vec<(u16, Option<u16>)>, Error> {
        let config = self.inspect(id).await?.and_then(|container| container.config);
        let exposed = config.and_then(|config| config.exposed_ports).unwrap_or_default();
        let mut ports: Vec<u16> = exposed.iter().filter_map(|port| port.strip_suffix("/tcp")?.parse().ok()).collect();
        ports.sort_unstable();
        Ok(ports.into_iter().map(|port| (port, None)).collect())
    }
}

/// A container that somebody means, as far as it says whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// Its name.
    pub name: String,
    /// Its stack, where it is stackctl's.
    pub stack: Option<String>,
    /// The stack files that it was made from, as absolute paths; empty where it is not stackctl's.
    pub stack_files: Vec<String>,
    /// What it does.
    pub state: ContainerState,
}

impl Engine {
    /// The container of this name, or the first one of this service, whoever made it, be it running or not.
    pub async fn called(&self, attach: &Attach) -> Result<Option<Called>, Error> {
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters(attach)).build();
        let found = self.list_containers(options).await?;
        let called = found.iter().map(|summary| {
            let stack = label(summary, labels::STACK).map(str::to_owned);
            let files = label(summary, labels::CONFIG_FILES).filter(|_| stack.is_some());
            Called { name: name_of(summary), stack, stack_files: files_of(files), state: state(summary.state) }
        });
        Ok(called.min_by(|left, right| left.name.cmp(&right.name)))
    }
}

/// A running container, as far as it holds places of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnHost {
    /// Its name.
    pub name: String,
    /// Its stack, where it is stackctl's.
    pub stack: Option<String>,
    /// What it was started with, as one text, where it stands in the host's network.
    pub command: Option<String>,
    /// Where it is published.
    pub published: Vec<(SocketAddr, Protocol)>,
}

impl Engine {
    /// The running containers that are published or stand in the host's network, whoever started them.
    pub async fn on_host(&self) -> Result<Vec<OnHost>, Error> {
        let options = ListContainersOptionsBuilder::new().all(false).build();
        let found = self.list_containers(options).await?;
        let holding = found.into_iter().map(on_host);
        Ok(holding.filter(|container| container.command.is_some() || !container.published.is_empty()).collect())
    }
}

fn on_host(summary: bollard::models::ContainerSummary) -> OnHost {
    let mode = summary.host_config.as_ref().and_then(|config| config.network_mode.as_deref());
    let published = summary.ports.unwrap_or_default().into_iter().filter_map(|port| {
        let protocol = match port.typ? {
            PortSummaryTypeEnum::TCP => Protocol::Tcp,
            PortSummaryTypeEnum::UDP => Protocol::Udp,
            PortSummaryTypeEnum::SCTP => Protocol::Sctp,
            PortSummaryTypeEnum::EMPTY => return None,
        };
        // Podman writes nothing for every address.
        let ip = port.ip.filter(|ip| !ip.is_empty()).unwrap_or_else(|| "0.0.0.0".to_owned());
        Some((SocketAddr::new(ip.parse().ok()?, port.public_port?), protocol))
    });
    OnHost {
        name: summary.names.unwrap_or_default().first().map_or("", |name| name.trim_start_matches('/')).to_owned(),
        stack: summary.labels.as_ref().and_then(|known| known.get(labels::STACK).cloned()),
        command: (mode == Some("host")).then(|| summary.command.unwrap_or_default()),
        published: published.collect(),
    }
}

fn has_label(summary: &bollard::models::ContainerSummary, label: &str) -> bool {
    summary.labels.as_ref().is_some_and(|labels| labels.contains_key(label))
}

fn from_summary(summary: bollard::models::ContainerSummary) -> Neighbour {
    let names = summary.names.unwrap_or_default();
    let mut ports: Vec<(u16, Option<u16>)> = Vec::new();
    for port in summary.ports.unwrap_or_default() {
        let is_tcp = port.typ.is_none_or(|kind| kind == PortSummaryTypeEnum::TCP);
        if is_tcp && !ports.iter().any(|(known, _)| *known == port.private_port) {
            ports.push((port.private_port, port.public_port));
        }
    }
    ports.sort_unstable();
    let networks = summary.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    let addresses = networks.into_values().filter_map(|network| network.ip_address?.parse().ok());
    let known = summary.labels.unwrap_or_default();
    Neighbour {
        name: names.first().map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default(),
        project: known.get(labels::PROJECT).cloned(),
        service: known.get(labels::SERVICE).cloned(),
        image: short_name(summary.image.as_deref().unwrap_or_default()).to_owned(),
        ports,
        addresses: addresses.collect(),
    }
}
