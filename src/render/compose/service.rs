//! One service of `compose.yml`.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use super::mounts::{MountEntry, mounts};
use super::settings;
use crate::desired::{
    Attachment, DEFAULT_NETWORK, Dependency, DependencyCondition, PlacedSecret, PullPolicy, STACK_LABEL, Service,
};

/// One service. What Compose would take anyhow is left out.
#[derive(Serialize)]
pub(super) struct ServiceEntry<'a> {
    image: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_policy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<u32>,
    #[serde(flatten)]
    settings: IndexMap<&'static str, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<MountEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<SecretUse<'a>>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    networks: IndexMap<&'a str, NetworkUse<'a>>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    depends_on: IndexMap<&'a str, Condition>,
    labels: IndexMap<&'a str, &'a str>,
}

/// A secret of a service: its name where it lies at the usual place.
#[derive(Serialize)]
#[serde(untagged)]
enum SecretUse<'a> {
    Name(&'a str),
    Elsewhere { source: &'a str, target: &'a str },
}

impl<'a> SecretUse<'a> {
    fn of(secret: &'a PlacedSecret) -> Self {
        let (source, target) = (secret.name.as_str(), secret.target.as_str());
        let is_usual = target.strip_prefix("/run/secrets/") == Some(source);
        if is_usual { Self::Name(source) } else { Self::Elsewhere { source, target } }
    }
}

/// How a service stands in a network. Its own name is a DNS name there without being written.
#[derive(Serialize)]
struct NetworkUse<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'a str>,
}

#[derive(Serialize)]
struct Condition {
    condition: &'static str,
}

impl<'a> ServiceEntry<'a> {
    pub(super) fn of(service: &'a Service, stack_name: &'a str) -> Self {
        let container = &service.container;
        let written = container.settings.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Self {
            image: &service.image.reference,
            pull_policy: pull_policy(service.image.pull_policy),
            scale: (service.replicas != 1).then_some(service.replicas),
            settings: settings::entries(&container.settings),
            volumes: mounts(container),
            secrets: container.secrets.iter().map(SecretUse::of).collect(),
            networks: networks(service),
            depends_on: service.depends_on.iter().map(condition).collect(),
            labels: written.chain([(STACK_LABEL, stack_name)]).collect(),
        }
    }
}

fn pull_policy(policy: PullPolicy) -> Option<&'static str> {
    match policy {
        PullPolicy::Missing => None,
        PullPolicy::Always => Some("always"),
        PullPolicy::Never => Some("never"),
    }
}

/// Where only `default` is joined under no other name, Compose joins it by itself.
fn networks(service: &Service) -> IndexMap<&str, NetworkUse<'_>> {
    let attachments = service.container.all_networks();
    let uses: IndexMap<_, _> = attachments.map(|joined| (joined.key.as_str(), network(service, joined))).collect();
    let goes_without_saying = uses.iter().all(|(key, joined)| *key == DEFAULT_NETWORK && joined.aliases.is_empty());
    if goes_without_saying { IndexMap::new() } else { uses }
}

fn network<'a>(service: &Service, attachment: &'a Attachment) -> NetworkUse<'a> {
    let others = attachment.aliases.iter().filter(|alias| **alias != service.name);
    NetworkUse { aliases: others.map(String::as_str).collect() }
}

fn condition(dependency: &Dependency) -> (&str, Condition) {
    let condition = match dependency.condition {
        DependencyCondition::Started => "service_started",
        DependencyCondition::Healthy => "service_healthy",
        DependencyCondition::Completed => "service_completed_successfully",
    };
    (&dependency.service, Condition { condition })
}
