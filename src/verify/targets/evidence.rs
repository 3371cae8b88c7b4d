//! What was seen beside Prometheus' own word. Plain data.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::Error;
use crate::probe::{Listener, Looked, Lookup};

/// What was seen beside Prometheus' own word, of what was not well at first sight.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    /// What the probe saw, by job and instance: `web/demo-web-1`.
    pub looked: BTreeMap<String, Looked>,
    /// What the sockets did that a probe did not get through to over TLS, by job and instance.
    pub sockets: BTreeMap<String, Looked>,
    /// What the names of jobs with `discovery: dns` lead to inside the network.
    pub names: BTreeMap<String, Lookup>,
    /// What listens in a container that refused, by job: replicas are equal.
    pub listeners: BTreeMap<String, Vec<Listener>>,
    /// Last log lines of containers that do not run, by container name.
    pub logs: BTreeMap<String, Vec<String>>,
    /// What the last health check of containers printed that are not healthy, by container name.
    pub health: BTreeMap<String, String>,
    /// Targets written out in the configuration in force, as job and address; asked where a target is absent.
    pub promised: BTreeSet<(String, String)>,
    /// What targets that are scraped well say is not there: by job and instance, the metrics that tell why.
    pub unreached: BTreeMap<(String, String), BTreeMap<String, f64>>,
    /// Shards, and their front, that could not be asked.
    pub blind: Vec<Blind>,
    /// By job and address: names of the containers of those shards that scrape it. Empty: there are no shards.
    pub scrapers: BTreeMap<(String, String), Vec<String>>,
    /// Why the probe could not look.
    pub trouble: Option<String>,
}

/// A Prometheus that could not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blind {
    /// Name of its service.
    pub service: String,
    /// Name of its container.
    pub instance: String,
    /// Why.
    pub error: Error,
}
