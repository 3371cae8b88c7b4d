//! `compose.yml`: the same stack for `docker compose up -d`, without stackctl.

mod mounts;
mod service;
mod settings;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use super::yaml;
use crate::desired::{Desired, Network, STACK_LABEL, SecretSource, Volume};
use service::ServiceEntry;

/// Version 1 of Compose knows no `name` at the top of a file without a version.
const FOR_COMPOSE: &str = "\
# For Docker Compose 2 (`docker compose`). docker-compose 1.29 refuses the key `name`: take that line out, and say `-p` instead.
";

/// The file.
pub(super) fn render(desired: &Desired) -> String {
    let mut value = serde_json::to_value(Compose::of(desired)).expect("text keys and plain values are JSON");
    escape_dollars(&mut value);
    format!("{}{FOR_COMPOSE}{}", yaml::HEADER, yaml::document(&value))
}

/// Compose replaces `$NAME` in every value; `$$` stands for a `$`.
fn escape_dollars(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('$') => *text = text.replace('$', "$$"),
        Value::Array(values) => values.iter_mut().for_each(escape_dollars),
        Value::Object(map) => map.values_mut().for_each(escape_dollars),
        _ => {}
    }
}

#[derive(Serialize)]
struct Compose<'a> {
    name: &'a str,
    services: IndexMap<&'a str, ServiceEntry<'a>>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    networks: IndexMap<&'a str, NetworkEntry<'a>>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    volumes: IndexMap<&'a str, VolumeEntry<'a>>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    secrets: IndexMap<&'a str, SecretEntry>,
}

impl<'a> Compose<'a> {
    fn of(desired: &'a Desired) -> Self {
        let services = desired.services.iter();
        let secrets = desired.services.iter().flat_map(|service| &service.container.secrets);
        Self {
            name: &desired.stack,
            services: services
                .map(|service| (service.name.as_str(), ServiceEntry::of(service, &desired.stack)))
                .collect(),
            networks: desired
                .networks
                .iter()
                .map(|network| (network.key.as_str(), NetworkEntry::of(network, desired)))
                .collect(),
            volumes: desired
                .volumes
                .iter()
                .map(|volume| (volume.key.as_str(), VolumeEntry::of(volume, desired)))
                .collect(),
            secrets: secrets
                .map(|secret| (secret.name.as_str(), SecretEntry::of(&secret.name, &secret.source)))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct NetworkEntry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    external: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    driver: Option<&'a str>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    driver_opts: &'a IndexMap<String, String>,
    #[serde(skip_serializing_if = "is_false")]
    internal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipam: Option<AddressManagement<'a>>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    labels: IndexMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct AddressManagement<'a> {
    config: [Subnet<'a>; 1],
}

#[derive(Serialize)]
struct Subnet<'a> {
    subnet: &'a str,
}

impl<'a> NetworkEntry<'a> {
    fn of(network: &'a Network, desired: &'a Desired) -> Self {
        Self {
            name: other_name(&network.name, &network.key, network.external, desired),
            external: network.external,
            driver: (network.driver != "bridge").then_some(network.driver.as_str()),
            driver_opts: &network.driver_opts,
            internal: network.internal,
            ipam: network.subnet.as_deref().map(|subnet| AddressManagement { config: [Subnet { subnet }] }),
            labels: labels(&network.labels, network.external, desired),
        }
    }
}

#[derive(Serialize)]
struct VolumeEntry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    external: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    driver: Option<&'a str>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    driver_opts: &'a IndexMap<String, String>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    labels: IndexMap<&'a str, &'a str>,
}

impl<'a> VolumeEntry<'a> {
    fn of(volume: &'a Volume, desired: &'a Desired) -> Self {
        Self {
            name: other_name(&volume.name, &volume.key, volume.external, desired),
            external: volume.external,
            driver: (volume.driver != "local").then_some(volume.driver.as_str()),
            driver_opts: &volume.driver_opts,
            labels: labels(&volume.labels, volume.external, desired),
        }
    }
}

/// The name at the engine, where Compose would not come to it by itself.
fn other_name<'a>(name: &'a str, key: &str, external: bool, desired: &Desired) -> Option<&'a str> {
    let usual = if external { name == key } else { name == format!("{}_{key}", desired.stack) };
    (!usual).then_some(name)
}

/// The labels of the stack file and the stack's own, except on what is not ours.
fn labels<'a>(
    written: &'a IndexMap<String, String>,
    external: bool,
    desired: &'a Desired,
) -> IndexMap<&'a str, &'a str> {
    if external {
        return IndexMap::new();
    }
    let written = written.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    written.chain([(STACK_LABEL, desired.stack.as_str())]).collect()
}

/// Where Compose finds the value of a secret.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum SecretEntry {
    File(String),
    Environment(String),
}

impl SecretEntry {
    fn of(name: &str, source: &SecretSource) -> Self {
        match source {
            SecretSource::File(path) => Self::File(path.clone()),
            SecretSource::Environment(variable) => Self::Environment(variable.clone()),
            SecretSource::Generated | SecretSource::Setting { .. } | SecretSource::Made { .. } => {
                Self::File(format!("./secrets/{name}"))
            }
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
