//! Every container that runs on the engine, whoever started it. Looked at, never touched.

use std::net::IpAddr;

use bollard::query_parameters::ListContainersOptionsBuilder;

use super::error::cannot;
use super::{Engine, Error, labels};

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
        let found = self.docker().list_containers(Some(options)).await.map_err(cannot("list containers"))?;
        let others = found.into_iter().filter(|summary| !has_label(summary, labels::STACK));
        Ok(others.map(from_summary).collect())
    }
}

/// A container of another stack that stands in the host's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostNeighbour {
    /// Its stack.
    pub stack: String,
    /// Its name.
    pub name: String,
    /// What it was started with, as one text.
    pub command: String,
}

impl Engine {
    /// The running containers of other stacks that stand in the host's network.
    pub async fn host_neighbours(&self, stack: &str) -> Result<Vec<HostNeighbour>, Error> {
        let filters = std::collections::HashMap::from([("label", vec![labels::STACK])]);
        let options = ListContainersOptionsBuilder::new().all(false).filters(&filters).build();
        let found = self.docker().list_containers(Some(options)).await.map_err(cannot("list containers"))?;
        let others = found.into_iter().filter_map(|summary| {
            let other = summary.labels.as_ref()?.get(labels::STACK).filter(|other| *other != stack)?.clone();
            let mode = summary.host_config.as_ref()?.network_mode.as_deref()?;
            let name = summary.names.as_ref()?.first()?.trim_start_matches('/').to_owned();
            (mode == "host").then(|| HostNeighbour { stack: other, name, command: summary.command.unwrap_or_default() })
        });
        Ok(others.collect())
    }
}

fn has_label(summary: &bollard::models::ContainerSummary, label: &str) -> bool {
    summary.labels.as_ref().is_some_and(|labels| labels.contains_key(label))
}

fn from_summary(summary: bollard::models::ContainerSummary) -> Neighbour {
    let names = summary.names.unwrap_or_default();
    let mut ports: Vec<(u16, Option<u16>)> = Vec::new();
    for port in summary.ports.unwrap_or_default() {
        let is_tcp = port.typ.is_none_or(|kind| kind == bollard::models::PortSummaryTypeEnum::TCP);
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
        image: summary.image.unwrap_or_default(),
        ports,
        addresses: addresses.collect(),
    }
}
