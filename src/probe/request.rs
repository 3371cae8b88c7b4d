//! What the probe is asked.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::Delivery;

/// Paths where metrics are commonly found, the likeliest first: the usual one, Spring Boot, Quarkus, and others in use.
pub const PATHS: [&str; 8] = [
    "/metrics",
    "/actuator/prometheus",
    "/q/metrics",
    "/prometheus",
    "/internal/metrics",
    "/api/metrics",
    "/stats/prometheus",
    "/metrics/prometheus",
];

/// What the probe is asked. It may hold secrets: it goes through a file, never through arguments or labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Targets to look at.
    pub targets: Vec<Target>,
    /// More names to look up.
    pub names: Vec<String>,
    /// Sockets to open, without a word through them.
    #[serde(default)]
    pub sockets: Vec<Socket>,
    /// Alerts to deliver.
    #[serde(default)]
    pub delivery: Option<Delivery>,
    /// Which sockets listen in the probe's own network, and which of these paths answers there. `None`: not asked.
    pub listeners: Option<Vec<String>>,
    /// How much longer than its timeout a target may take, in milliseconds: tells a slow target from a dead one.
    pub patience_ms: u64,
    /// Time for everything, in milliseconds. What is not done by then is reported as unfinished.
    pub budget_ms: u64,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            targets: Vec::new(),
            names: Vec::new(),
            sockets: Vec::new(),
            delivery: None,
            listeners: None,
            patience_ms: 10_000,
            budget_ms: 45_000,
        }
    }
}

/// One socket to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// Whatever the asker tells answers apart by.
    pub id: String,
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// One target, as Prometheus would scrape it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Whatever the asker tells answers apart by.
    pub id: String,
    /// Full URL, parameters included.
    pub url: String,
    /// Scrape timeout in milliseconds.
    pub timeout_ms: u64,
    /// What Prometheus identifies itself with.
    pub credentials: Option<Credentials>,
    /// `fallback_scrape_protocol` of the job.
    pub fallback: Option<String>,
    /// Paths to try where the asked one answers without metrics.
    pub paths: Vec<String>,
    /// Ports to try where the asked one refuses.
    pub ports: Vec<u16>,
}

impl Target {
    /// Host (an IPv6 address without brackets) and port of the URL.
    pub(super) fn host_and_port(&self) -> Option<(String, u16)> {
        let url = Url::parse(&self.url).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some((host, url.port_or_known_default()?))
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// What a scrape identifies itself with. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credentials {
    /// User and password.
    Basic {
        /// User name.
        username: String,
        /// Password.
        password: String,
    },
    /// A bearer token.
    Bearer(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("Credentials(hidden)")
    }
}
