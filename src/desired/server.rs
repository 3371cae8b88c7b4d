//! The Prometheus servers of a stack: one, or replicas that all do the same, each with a volume of its own.

use super::assemble::Input;
use crate::catalog::prometheus::{CONFIG_FILES, PROMETHEUS};
use crate::stack::Prometheus;

/// One Prometheus that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrometheusServer {
    /// Name of its service: `prometheus`, `prometheus-2` …
    pub service: String,
    /// External label, and its value, that tells it from its replicas. Alerts go without it, so that Alertmanager takes those of
    /// all replicas for one. `None`: it is the only one.
    pub replica: Option<(String, String)>,
}

impl PrometheusServer {
    /// Where its prometheus.yml is rendered, below the output folder.
    pub fn source(&self) -> String {
        format!("prometheus/{}.yml", self.service)
    }

    /// Where its prometheus.yml lies inside its container: under the name that it is rendered with, so that Compose can mount one
    /// folder for all servers.
    pub(super) fn placed(&self) -> String {
        CONFIG_FILES.replace("prometheus*.yml", &format!("{}.yml", self.service))
    }

    /// Whether it is the one that has Prometheus' own name: it is published, and keeps what the stack remembers.
    pub(super) fn is_first(&self) -> bool {
        self.service == PROMETHEUS.name
    }
}

/// Every server, the one that is asked first in front.
pub(super) fn all(section: &Prometheus) -> Vec<PrometheusServer> {
    let label = section.telling_label();
    let server =
        |service: String| PrometheusServer { replica: label.map(|label| (label.to_owned(), service.clone())), service };
    section.service_names().map(server).collect()
}

/// Where each of them scrapes all of them. One alone is `localhost`, not the service's name: on a network shared with another
/// stack that name may be somebody else's. Several are called by their containers' names, the same for each who asks.
pub(super) fn addresses(input: Input, section: &Prometheus) -> Vec<String> {
    let port = PROMETHEUS.port;
    if section.telling_label().is_none() {
        return vec![format!("localhost:{port}")];
    }
    section.service_names().map(|name| format!("{}-{name}-1:{port}", input.stack.name)).collect()
}
