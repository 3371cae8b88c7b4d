//! `prometheus`: the Prometheus that scrapes the stack.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::defaults::{PROMETHEUS_SERVERS, REPLICA_LABEL};
use super::document::{Entry, Path, Reader};
use super::{ByteSize, ContainerSettings, Duration, Publish, RemoteRead, RemoteWrite, RuleFile, Web, WebUrl, Wiring};

/// Prometheus' settings. The container settings of an app stand here too.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Prometheus {
    /// Tag of the catalogue's image.
    pub version: Option<String>,
    /// Replaces the catalogue's image.
    pub image: Option<String>,
    /// Where it is published: `PORT`, `ADDRESS:PORT` or `off`. Default 127.0.0.1:9090.
    pub port: Publish,
    /// Where people reach it: what the links in messages of alerts begin with. Default: where it is published.
    pub external_url: Option<WebUrl>,
    /// How many Prometheus servers run that all do the same, so that one may fall. Default 1.
    pub replicas: Option<u32>,
    /// How many Prometheus servers share the targets, each target one server's. One more, the front, asks them all and
    /// evaluates the rules. Default: none, one server scrapes everything.
    pub shards: Option<u32>,
    /// External label that tells replicas apart. Alerts go without it. Default `prometheus_replica`.
    pub replica_label: Option<String>,
    /// Time between two scrapes. Default 15s.
    pub scrape_interval: Option<Duration>,
    /// Time one scrape may take. Default 10s, or the interval where that is shorter.
    pub scrape_timeout: Option<Duration>,
    /// Time between two evaluations of rules. Default: the scrape interval.
    pub evaluation_interval: Option<Duration>,
    /// How long and how much is kept.
    pub retention: Retention,
    /// Who may ask it, and over what. Default: whoever reaches it, over plain HTTP.
    pub web: Option<Web>,
    /// Labels for everything that leaves this Prometheus.
    pub external_labels: IndexMap<String, String>,
    /// Where every sample is sent to, too.
    pub remote_write: Vec<RemoteWrite>,
    /// Where queries ask beside what this Prometheus keeps.
    pub remote_read: Vec<RemoteRead>,
    /// More flags, as they are.
    pub extra_flags: Vec<String>,
    /// Scrape jobs in Prometheus' own words, added as they are. Canonical JSON of each.
    pub extra_scrape_configs: Vec<serde_json::Value>,
    /// Files of recording and alerting rules, relative to the stack file.
    pub rule_files: Vec<RuleFile>,
    /// More keys at the top of prometheus.yml, such as `tracing`, in Prometheus' own words.
    pub extra_config: IndexMap<String, serde_json::Value>,
    /// Adds to the catalogue's container settings.
    #[serde(skip)]
    #[schemars(flatten, !skip)]
    pub container: ContainerSettings,
    /// Volumes, networks and secrets of its container.
    #[serde(skip)]
    #[schemars(flatten, !skip)]
    pub wiring: Wiring,
}

impl Prometheus {
    /// Reads the section; whatever is wrong with it is recorded.
    pub(super) fn read(entry: &Entry, path: Path, reader: &mut Reader) -> Self {
        let mut parts = reader.parts(&entry.node, entry.key, path);
        let mut prometheus: Self = parts.read();
        prometheus.container = parts.read();
        prometheus.wiring = parts.read();
        parts.finish();
        prometheus
    }

    /// Names of the services that run it: those that have the whole, then the shards.
    pub fn service_names(&self) -> impl Iterator<Item = String> {
        self.answering_names().chain(self.shard_names())
    }

    /// Names of the services that have the whole and evaluate the rules: `prometheus`, `prometheus-2` … Replicas of one service
    /// would share one volume.
    pub fn answering_names(&self) -> impl Iterator<Item = String> {
        let replicas = self.replicas.unwrap_or(PROMETHEUS_SERVERS).min(Self::MOST_REPLICAS);
        (1..=replicas).map(|replica| match replica {
            1 => "prometheus".to_owned(),
            more => format!("prometheus-{more}"),
        })
    }

    /// Names of the services that share the targets: `prometheus-shard-1` …
    pub fn shard_names(&self) -> impl Iterator<Item = String> {
        let shards = self.shards.unwrap_or_default().min(Self::MOST_SHARDS);
        (1..=shards).map(|shard| format!("prometheus-shard-{shard}"))
    }

    /// Whether more than one runs.
    pub fn has_several(&self) -> bool {
        self.service_names().nth(1).is_some()
    }

    /// Name of the external label that tells replicas apart. `None`: there is one server.
    pub fn telling_label(&self) -> Option<&str> {
        let has_several = self.replicas.is_some_and(|replicas| replicas > 1);
        has_several.then(|| self.replica_label.as_deref().unwrap_or(REPLICA_LABEL))
    }

    /// More would not watch better, and each asks every target.
    pub const MOST_REPLICAS: u32 = 7;

    /// More than one host carries.
    pub const MOST_SHARDS: u32 = 16;
}

/// How long and how much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Age. Default 15d.
    pub time: Option<Duration>,
    /// Size on disk.
    pub size: Option<ByteSize>,
}
