//! A service: what runs as one or more equal containers.

use serde::Serialize;

use super::{ByteSize, ContainerSettings, Content, DependencyCondition, Propagation, PullPolicy};
use crate::catalog::Quoting;

/// What runs as one or more equal containers: an app, an exporter or a component such as Prometheus.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Name: the Compose service, the DNS name inside the networks.
    pub name: String,
    /// What it is to the stack.
    pub role: Role,
    /// Its image.
    pub image: Image,
    /// How many replicas shall run.
    pub replicas: u32,
    /// What the stack file says about replicas, overrides aside.
    pub file_scale: u32,
    /// What has to be true of other services before this one starts.
    pub depends_on: Vec<Dependency>,
    /// Length of the longest chain of dependencies below it: services of one wave can start together.
    pub wave: usize,
    /// The container, the same for every replica.
    pub container: Container,
    /// SHA-256 in hex over image reference and container, files' contents aside. Another fingerprint means: replace.
    pub fingerprint: String,
}

impl Service {
    /// Name of the container of a replica, counted from 1: `demo-accesslog-2`, or the fixed one.
    pub fn container_name(&self, stack_name: &str, replica: u32) -> String {
        match &self.container.settings.container_name {
            Some(fixed) => fixed.clone(),
            None => format!("{stack_name}-{}-{replica}", self.name),
        }
    }
}

/// What a service is to the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Written by the user.
    App,
    /// From `exporters`.
    Exporter,
    /// The stack's Prometheus.
    Prometheus,
    /// The stack's Grafana.
    Grafana,
    /// One of the stack's Alertmanagers.
    Alertmanager,
    /// Stackctl's own view of the dashboards, in Grafana's place.
    View,
}

/// An image and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Reference, such as `prom/prometheus:v3.5.0`.
    pub reference: String,
    /// Where it comes from.
    pub origin: ImageOrigin,
    /// When it is pulled.
    pub pull_policy: PullPolicy,
    /// What it has to be, where a lock says so.
    #[serde(skip)]
    pub content: Option<Content>,
}

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum ImageOrigin {
    /// Pulled.
    Registry,
    /// Built from Debian packages of the host.
    Debian,
    /// Stackctl's own executable.
    Own,
}

/// A container, with every reference resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Container {
    /// Settings that concern the container alone. Maps are sorted by key.
    pub settings: ContainerSettings,
    /// Mounts, with the engine's volume names.
    pub mounts: Vec<Mount>,
    /// Networks with the engine's names. Empty only under `network_mode`.
    pub networks: Vec<Attachment>,
    /// Networks of others in which it watches attached apps. They come and go with those, so that a change of them
    /// replaces nothing: they are no part of the fingerprint.
    #[serde(skip)]
    pub visited: Vec<Attachment>,
    /// Rendered files to put into the container before it starts.
    pub files: Vec<PlacedFile>,
    /// Secrets to put into the container before it starts.
    pub secrets: Vec<PlacedSecret>,
    /// Name of the container whose processes it shares, for `pid: service:NAME`: the first replica of that service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes_of: Option<String>,
}

impl Container {
    /// Every network it shall be in.
    pub fn all_networks(&self) -> impl Iterator<Item = &Attachment> {
        self.networks.iter().chain(&self.visited)
    }
}

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// What is mounted.
    pub source: MountSource,
    /// Absolute path inside the container.
    pub target: String,
    /// Not writable.
    pub read_only: bool,
    /// A new volume stays empty, whatever the image has at that path.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_copy: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum MountSource {
    /// A named volume.
    Volume {
        /// Key in [`Desired::volumes`](super::Desired::volumes).
        key: String,
        /// Name at the engine.
        name: String,
    },
    /// A new volume without a name.
    Anonymous,
    /// A path of the engine's host.
    Bind {
        /// Absolute path.
        path: String,
        /// How mounts below it spread.
        propagation: Option<Propagation>,
        /// Whether the engine makes a folder of it where it is missing. Of a container that is there it says nothing any more.
        #[serde(skip)]
        create_host_path: Option<bool>,
    },
    /// Memory.
    Tmpfs {
        /// Its size.
        size: Option<ByteSize>,
    },
}

/// One network a container joins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// Key in [`Desired::networks`](super::Desired::networks).
    pub key: String,
    /// Name at the engine.
    pub network: String,
    /// DNS names there beside the container's own; the service's name is always among them.
    pub aliases: Vec<String>,
}

/// A rendered file inside a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedFile {
    /// Path among the rendered files, such as `prometheus/prometheus.yml`.
    pub source: String,
    /// Absolute path inside the container.
    pub target: String,
    /// What a change of its content asks for.
    pub on_change: OnChange,
}

/// What a change of a file's content asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum OnChange {
    /// Nothing: the program looks by itself, or never needs it.
    Nothing,
    /// Write it into the running container and send SIGHUP.
    Reload,
    /// A new container.
    Replace,
}

/// A secret inside a container, owned by the image's user, mode 0400.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedSecret {
    /// Its name in the Compose file.
    pub name: String,
    /// Where the value lies.
    pub source: SecretSource,
    /// Absolute path inside the container, such as `/run/secrets/NAME`.
    pub target: String,
}

/// Where the value of a secret lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum SecretSource {
    /// In a file, absolute.
    File(String),
    /// In an environment variable.
    Environment(String),
    /// Made up by stackctl at the first `up` and kept, mode 0600, in its state folder.
    Generated,
    /// In the settings of an app, where the stack file has it in the clear. It stays there, and is read there.
    Setting {
        /// Name of the app.
        service: String,
        /// Where in its settings.
        place: SettingPlace,
    },
    /// A file made around a secret.
    Made {
        /// What the file says.
        form: SecretForm,
        /// The secret in it. `None`: there is none.
        of: Option<Box<SecretSource>>,
    },
}

impl SecretSource {
    /// Whether Compose finds the value by itself. What it does not is written beside a rendered `compose.yml`.
    pub fn is_at_hand(&self) -> bool {
        matches!(self, Self::File(_) | Self::Environment(_))
    }
}

/// Where the settings of an app hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum SettingPlace {
    /// In the variable of this name.
    Variable(String),
    /// In the word of the command after this one, or behind its `=`.
    Flag(String),
}

/// A file around a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct SecretForm {
    /// What stands before the secret.
    pub before: String,
    /// What stands after it.
    pub after: String,
    /// How the secret is written.
    pub quoting: Quoting,
}

/// What has to be true of another service first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Name of the other service.
    pub service: String,
    /// What has to be true.
    pub condition: DependencyCondition,
}

impl Dependency {
    /// The other one comes first, and nothing more.
    pub(super) fn on_start_of(service: &str) -> Self {
        Self { service: service.to_owned(), condition: DependencyCondition::Started }
    }
}
