//! Scrape jobs as prometheus.yml will have them.

use indexmap::IndexMap;
use serde::Serialize;

use super::{Duration, ProbeKind, Scheme};

/// One scrape job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Name; for an app or exporter, the service's name.
    pub name: String,
    /// What it watches.
    pub origin: JobOrigin,
    /// Where the targets are.
    pub targets: JobTargets,
    /// Path, such as `/metrics`.
    pub path: String,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Time between two scrapes; `None`: the global one.
    pub interval: Option<Duration>,
    /// Time one scrape may take; `None`: the global one. Never above the interval in force.
    pub timeout: Option<Duration>,
    /// Labels on every series, for both kinds of discovery.
    pub labels: IndexMap<String, String>,
    /// URL parameters.
    pub params: IndexMap<String, Vec<String>>,
    /// User and password file.
    pub basic_auth: Option<BasicAuth>,
    /// Path of the token file inside the Prometheus container.
    pub bearer_token_file: Option<String>,
    /// TLS settings.
    pub tls: Option<Tls>,
    /// `fallback_scrape_protocol`; only where the Prometheus version knows the key (3.0 on).
    pub fallback_scrape_protocol: Option<String>,
    /// A scrape with more samples fails.
    pub sample_limit: Option<u64>,
    /// Keep labels of the exposition that collide with the target's own.
    pub honor_labels: bool,
    /// `HOST:PORT` of the prober that is scraped, and asks the targets in its turn. `None`: they are scraped themselves.
    pub prober: Option<String>,
    /// What its targets say of the thing that they watch.
    pub says: Option<Says>,
}

/// What a target says of the thing that it watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// An exporter: whether it reaches what it watches.
    Reaches {
        /// Metric that is 0 where it does not.
        metric: String,
        /// The app of the stack; `None`: the exporter's own settings say where it asks.
        app: Option<WatchedApp>,
    },
    /// A prober: whether what it asked was well.
    Probed {
        /// How it asks.
        kind: ProbeKind,
        /// Time it may take, in words.
        timeout: String,
        /// It speaks TLS from the first byte on, over TCP.
        tls: bool,
        /// It comes with a password or a token.
        signs_in: bool,
    },
}

/// An app of the stack, as an exporter watches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedApp {
    /// Its name.
    pub name: String,
    /// Where the exporter asks, `HOST:PORT`.
    pub address: String,
}

/// What a job watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOrigin {
    /// Prometheus itself.
    Prometheus,
    /// The Docker engine.
    Engine,
    /// The service of this name: an app, an exporter or Grafana.
    Service(String),
    /// The attached app of this name: containers that somebody else runs.
    Attached(String),
    /// A probe.
    Probe,
    /// Something that runs elsewhere.
    Elsewhere,
}

/// Where a job's targets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobTargets {
    /// Written out.
    Static(Vec<StaticTarget>),
    /// All A records of a name.
    Dns {
        /// The name.
        name: String,
        /// Port to scrape on each address.
        port: u16,
        /// Time between two lookups.
        refresh_interval: Duration,
    },
}

/// One written-out target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticTarget {
    /// `HOST:PORT`.
    pub address: String,
    /// Number of the replica it is, from 1, where the job watches a service of the stack.
    pub replica: Option<u32>,
}

/// User and password of a scrape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BasicAuth {
    /// User name.
    pub username: String,
    /// Path of the password file inside the Prometheus container.
    pub password_file: String,
}

/// TLS settings of a scrape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// Path of the CA certificate inside the Prometheus container.
    pub ca_file: Option<String>,
    /// Name the certificate must carry.
    pub server_name: Option<String>,
    /// Trust any certificate.
    pub insecure_skip_verify: bool,
}
