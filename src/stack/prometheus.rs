//! `prometheus`: the Prometheus that scrapes the stack.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ByteSize, Duration, Publish};

/// Prometheus' settings.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Prometheus {
    /// Tag of the catalogue's image.
    pub version: Option<String>,
    /// Replaces the catalogue's image.
    pub image: Option<String>,
    /// Where it is published: `PORT`, `ADDRESS:PORT` or `off`. Default 127.0.0.1:9090.
    pub port: Publish,
    /// Time between two scrapes. Default 15s.
    pub scrape_interval: Option<Duration>,
    /// Time one scrape may take. Default 10s, or the interval where that is shorter.
    pub scrape_timeout: Option<Duration>,
    /// Time between two evaluations of rules. Default: the scrape interval.
    pub evaluation_interval: Option<Duration>,
    /// How long and how much is kept.
    pub retention: Retention,
    /// Labels for everything that leaves this Prometheus.
    pub external_labels: IndexMap<String, String>,
    /// Memory limit.
    pub mem_limit: Option<ByteSize>,
    /// More flags, as they are.
    pub extra_flags: Vec<String>,
    /// Scrape jobs in Prometheus' own words, added as they are. Canonical JSON of each.
    pub extra_scrape_configs: Vec<serde_json::Value>,
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
