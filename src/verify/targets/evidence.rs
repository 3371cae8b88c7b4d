//! What was seen beside Prometheus' own word. Plain data.

use std::collections::{BTreeMap, BTreeSet};

use crate::probe::{Listener, Looked, Lookup};

/// What was seen beside Prometheus' own word, of what was not well at first sight.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    /// What the probe saw, by job and instance: `web/demo-web-1`.
    pub looked: BTreeMap<String, Looked>,
    /// What the names of jobs with `discovery: dns` lead to inside the network.
    pub names: BTreeMap<String, Lookup>,
    /// What listens in a container that refused, by job: replicas are equal.
    pub listeners: BTreeMap<String, Vec<Listener>>,
    /// Last log lines of containers that do not run, by container name.
    pub logs: BTreeMap<String, Vec<String>>,
    /// Targets written out in the configuration in force, as job and address; asked where a target is absent.
    pub promised: BTreeSet<(String, String)>,
    /// What targets that are scraped well say is not there: by job and instance, the metrics that tell why.
    pub unreached: BTreeMap<(String, String), BTreeMap<String, f64>>,
    /// Why the probe could not look.
    pub trouble: Option<String>,
}
