//! The stack file: what a person can ask for. The only folder that knows YAML.
//!
//! `load` and `parse` are the only ways to get a [`Stack`], so a `Stack` that exists is valid:
//! every name can be a DNS label, every reference resolves, no two services want one host port.

mod app;
mod container;
mod dashboard;
mod duration;
mod engine;
mod exporter;
mod grafana;
mod images;
mod metrics;
mod name;
mod network;
mod port;
mod prometheus;
mod scrape;
mod secret;
mod shape;
mod signals;
mod size;
mod volume;

pub use app::App;
pub use container::{
    Command, ContainerSettings, DependencyCondition, Healthcheck, HealthcheckTest, Logging, PullPolicy, Restart,
    ServiceNetwork, Ulimit, Wiring,
};
pub use dashboard::{Dashboard, DashboardSource, Panel, PanelType, Row};
pub use duration::Duration;
pub use engine::{Engine, EngineMetrics};
pub use exporter::Exporter;
pub use grafana::Grafana;
pub use images::{ImageSource, Images};
pub use metrics::{BasicAuth, Discovery, Metrics, Scheme, Tls};
pub use name::{ServiceName, StackName};
pub use network::Network;
pub use port::{Port, Ports, Protocol, Publish};
pub use prometheus::{Prometheus, Retention};
pub use scrape::Scrape;
pub use secret::Secret;
pub use shape::Toggle;
pub use signals::Signals;
pub use size::ByteSize;
pub use volume::{Mount, MountKind, Propagation, Volume};

use indexmap::IndexMap;

/// One stack file, valid and with every reference resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// Name of the stack. It is the Compose project name, and the first part of every container's name.
    pub name: StackName,
    /// The Docker engine's own metrics.
    pub engine: Engine,
    /// Where images come from.
    pub images: Images,
    /// Prometheus, or `off`.
    pub prometheus: Toggle<Prometheus>,
    /// Grafana, or `off`.
    pub grafana: Toggle<Grafana>,
    /// The services to run and, where they have `metrics`, to watch. The key is the service's DNS name and its job.
    pub apps: IndexMap<ServiceName, App>,
    /// Exporters from the catalogue, such as `node` and `cadvisor`.
    pub exporters: IndexMap<ServiceName, Exporter>,
    /// Scrape jobs for things that run elsewhere. The key is the job name.
    pub scrape: IndexMap<ServiceName, Scrape>,
    /// Dashboards, from panels, from a preset or from a file.
    pub dashboards: IndexMap<ServiceName, Dashboard>,
    /// Networks beside `default`, which every service joins unless it names others.
    pub networks: IndexMap<ServiceName, Network>,
    /// Named volumes.
    pub volumes: IndexMap<ServiceName, Volume>,
    /// Secrets, each from a file or from an environment variable. Containers read them at `/run/secrets/NAME`.
    pub secrets: IndexMap<ServiceName, Secret>,
}
