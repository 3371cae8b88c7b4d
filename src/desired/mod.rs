//! What shall be: the stack file with every choice made. Images, names, ports, mounts, jobs.
//!
//! Pure: a [`Desired`] depends on the [`Stack`](crate::stack::Stack) and on [`Facts`], on nothing else. Same input, same value.

mod alertmanager;
mod app;
mod assemble;
mod attached;
mod called;
mod component;
mod container;
mod content;
mod daemon;
mod dashboards;
mod exporter;
mod exposure;
mod facts;
mod fingerprint;
mod grafana;
mod guard;
mod image;
mod job;
mod jobs;
mod learned_from;
mod lookup;
mod network;
mod order;
mod probe;
mod prometheus;
mod remote;
mod rules;
mod scrape;
mod secret;
mod server;
mod service;
mod unit;
mod view;
mod volume;
mod watched;

pub(crate) use crate::stack::counted;
pub use alertmanager::{
    AlertmanagerConfig, Destination, Grouping, Muting, PEER_TIMEOUT_SECONDS, PROBE_LABEL, ReceiverConfig, RouteConfig,
    SINK_PORT, TemplateFile, Told, Unfit, about,
};
pub use assemble::image_references;
pub use content::{Content, Found, familiar};
pub use dashboards::{Carried, DashboardOrigin, StackDashboard};
pub use exposure::{Exposure, SaidBy};
pub use facts::{AttachedContainer, Facts, ImageChoice, ScaleOverride};
pub use guard::Guard;
pub use image::{WantedImage, wanted_images};
pub use job::{BasicAuth, Job, JobOrigin, JobTargets, Says, StaticTarget, Tls, WatchedApp};
pub use learned_from::LearnedFrom;
pub use probe::{DnsModule, HttpModule, ProbeModule, Protocol as ProbeProtocol, TcpModule, Trust};
pub use remote::Remote;
pub use rules::{MissingRule, Objective, ObjectiveKind, is_preset, rule_paths, rule_place};
pub use server::{Duty, PrometheusServer};
pub use service::{
    Attachment, Container, Dependency, Image, ImageOrigin, Mount, MountSource, OnChange, PlacedFile, PlacedSecret,
    Role, SecretForm, SecretSource, Service, SettingPlace,
};
pub use unit::{compose_duration, compose_size, prometheus_duration, prometheus_size};
pub use view::LIBRARY_SOURCE;
// Value types that are the same in the stack file and here, so that later stages need not know `stack`.
pub use crate::stack::{
    AddressPool, Attach, ByteSize, Command, ContainerSettings, DependencyCondition, Duration, Expectation, FiringAlert,
    Healthcheck, HealthcheckTest, ImageSource, Logging, Port, Ports, ProbeKind, Propagation, Protocol, PullPolicy,
    Restart, Rule, RuleGroup, RuleKind, RuleTest, Scheme, Ulimit, names_a_secret, without_url_secrets,
};

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use indexmap::IndexMap;

use crate::dashboard::{Exposed, Panel};

/// Everything that shall exist, down to the last name and number.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// Name of the stack and of the Compose project.
    pub stack: String,
    /// Networks, `default` first where anything uses it.
    pub networks: Vec<Network>,
    /// Named volumes.
    pub volumes: Vec<Volume>,
    /// Services in start order: a service comes after all that it depends on, else in the order of the file.
    pub services: Vec<Service>,
    /// What prometheus.yml says. `None`: Prometheus is off or was left out.
    pub prometheus: Option<PrometheusConfig>,
    /// What Grafana's provisioning says. `None`: Grafana is off or was left out.
    pub grafana: Option<GrafanaConfig>,
    /// What alertmanager.yml says. `None`: Alertmanager is off or was left out.
    pub alertmanager: Option<AlertmanagerConfig>,
    /// What blackbox.yml says, by the name of the probe. Empty: there are no probes.
    pub probes: IndexMap<String, ProbeModule>,
    /// Dashboards, in order. Their names and uids are unique.
    pub dashboards: Vec<StackDashboard>,
    /// What apps are known to expose, by job: it decides what their dashboards show. Kept in the running stack.
    pub exposed: IndexMap<String, Exposed>,
    /// What they ran from when that was learned, by job. Kept beside it.
    pub learned_from: IndexMap<String, LearnedFrom>,
    /// What is looked at first of each app: its golden signals now, as panels, by the app's name.
    pub golden: IndexMap<String, Vec<Panel>>,
    /// What `daemon.json` shall say. `None`: `engine.metrics` is off.
    pub daemon: Option<DaemonSettings>,
    /// What else `daemon.json` shall say.
    pub host: HostSettings,
    /// Components that are wanted but cannot be had, and why.
    pub left_out: Vec<LeftOut>,
    /// Scales that differ from the file, by service. Kept in the running stack until the file says otherwise.
    pub scale: IndexMap<String, ScaleOverride>,
}

impl Desired {
    /// The service of that name.
    pub fn service(&self, service_name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == service_name)
    }

    /// Names of services whose end others wait for: once such a one ended well, it is done.
    pub fn one_shots(&self) -> BTreeSet<&str> {
        self.services
            .iter()
            .flat_map(|service| &service.depends_on)
            .filter(|dependency| dependency.condition == DependencyCondition::Completed)
            .map(|dependency| dependency.service.as_str())
            .collect()
    }

    /// The services that run Alertmanager, in order.
    pub fn alertmanager_services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|service| service.role == Role::Alertmanager)
    }

    /// The services that run Prometheus, in order.
    pub fn prometheus_services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|service| service.role == Role::Prometheus)
    }

    /// The first of them: it is published, and keeps what the stack remembers.
    pub fn prometheus_service(&self) -> Option<&Service> {
        self.prometheus_services().next()
    }
}

/// One network of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its key in the stack file; `default` for the stack's own.
    pub key: String,
    /// Its name at the engine, such as `demo_default`.
    pub name: String,
    /// It exists already and is not ours: joined, never created or removed.
    pub external: bool,
    /// Driver; `bridge` unless the file says otherwise.
    pub driver: String,
    /// Options of the driver.
    pub driver_opts: IndexMap<String, String>,
    /// No way out of the host.
    pub internal: bool,
    /// Subnet in CIDR form; `None`: the engine picks one.
    pub subnet: Option<String>,
    /// Labels from the stack file.
    pub labels: IndexMap<String, String>,
}

/// One named volume of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its key in the stack file, or the component's own, such as `prometheus-data`.
    pub key: String,
    /// Its name at the engine, such as `demo_prometheus-data`.
    pub name: String,
    /// It exists already and is not ours: mounted, never created or removed.
    pub external: bool,
    /// Driver; `local` unless the file says otherwise.
    pub driver: String,
    /// Options of the driver.
    pub driver_opts: IndexMap<String, String>,
    /// Labels from the stack file.
    pub labels: IndexMap<String, String>,
}

/// What prometheus.yml says, and where Prometheus answers.
#[derive(Debug, Clone, PartialEq)]
pub struct PrometheusConfig {
    /// The servers that run, at least one: all of them say what follows, and each what is its own.
    pub servers: Vec<PrometheusServer>,
    /// Version of the image that was chosen, such as `3.5.0`.
    pub version: String,
    /// Time between two scrapes, unless a job says otherwise.
    pub scrape_interval: Duration,
    /// Time one scrape may take, unless a job says otherwise.
    pub scrape_timeout: Duration,
    /// Time between two evaluations of rules.
    pub evaluation_interval: Duration,
    /// Labels for everything that leaves this Prometheus.
    pub external_labels: IndexMap<String, String>,
    /// This version takes `$NAME` in external labels for a variable, so that a `$` is written twice.
    pub expands_external_labels: bool,
    /// Scrape jobs, in order: Prometheus itself, the engine, apps, exporters, Grafana, things elsewhere.
    pub jobs: Vec<Job>,
    /// How long and how much is kept, where the file is the place to say it. `None`: flags say it.
    pub retention: Option<Retention>,
    /// Jobs in Prometheus' own words, added as they are.
    pub extra_scrape_configs: Vec<serde_json::Value>,
    /// Files of rules: what stackctl makes, then those that the stack file names.
    pub rule_files: Vec<RuleFile>,
    /// Tests of the rules, by name.
    pub tests: IndexMap<String, RuleTest>,
    /// Rules that are wanted and cannot be made.
    pub missing_rules: Vec<MissingRule>,
    /// Alertmanagers that it sends alerts to, as `HOST:PORT`.
    pub alertmanagers: Vec<String>,
    /// Where every sample is sent to, too.
    pub remote_write: Vec<Remote>,
    /// Where queries ask, too, beside the shards.
    pub remote_read: Vec<Remote>,
    /// More keys at the top, in Prometheus' own words.
    pub extra_config: IndexMap<String, serde_json::Value>,
    /// What it asks of everybody who asks it. `None`: nothing.
    pub guard: Option<Guard>,
    /// Address that the first server is published on. `None`: not published.
    pub published: Option<SocketAddr>,
}

impl PrometheusConfig {
    /// The server that a service runs.
    pub fn server(&self, service_name: &str) -> Option<&PrometheusServer> {
        self.servers.iter().find(|server| server.service == service_name)
    }

    /// Everything that it sends samples to or asks for them.
    pub(crate) fn remotes(&self) -> impl Iterator<Item = &Remote> {
        self.remote_write.iter().chain(&self.remote_read)
    }
}

/// A file of recording and alerting rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// Its name, no other rule file's.
    pub name: String,
    /// What it says, where the stack file names it; `None`: it is made of its groups.
    pub text: Option<String>,
    /// Its rules.
    pub groups: Vec<RuleGroup>,
}

impl RuleFile {
    /// Where it is rendered, below the output folder.
    pub fn rendered(&self) -> String {
        format!("prometheus/rules/{}", self.name)
    }

    /// Where it lies inside the Prometheus container.
    pub fn placed(&self) -> String {
        format!("{}/{}", crate::catalog::prometheus::RULES_FOLDER, self.name)
    }
}

/// How long and how much is kept. The older samples go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Age.
    pub time: Duration,
    /// Size on disk.
    pub size: Option<ByteSize>,
}

/// What Grafana's provisioning says, and where Grafana answers.
#[derive(Debug, Clone, PartialEq)]
pub struct GrafanaConfig {
    /// The data sources that read from Prometheus, one for each server: the first is the one that dashboards refer to. Empty:
    /// Prometheus is off, and none is provisioned.
    pub datasources: Vec<Datasource>,
    /// What Prometheus asks of Grafana, too.
    pub prometheus_guard: Option<Guard>,
    /// Prometheus' scrape interval, which Grafana takes for `$__rate_interval`.
    pub time_interval: Duration,
    /// Data sources beside Prometheus, in the words of Grafana's provisioning.
    pub extra_datasources: Vec<serde_json::Value>,
    /// Folder inside the container that dashboards are read from.
    pub dashboards_folder: String,
    /// Address it is published on. `None`: not published.
    pub published: Option<SocketAddr>,
}

/// A data source that reads from Prometheus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datasource {
    /// What people see.
    pub name: String,
    /// Its uid. That of the first never changes: dashboards refer to it.
    pub uid: String,
    /// URL of Prometheus as Grafana sees it.
    pub url: String,
}

/// What `daemon.json` shall say about the engine's metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonSettings {
    /// Address on which the engine serves its metrics.
    pub metrics_address: SocketAddr,
}

/// What else `daemon.json` shall say: settings for all containers of the host. Each is left alone unless it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostSettings {
    /// Containers go on running while the engine restarts.
    pub live_restore: bool,
    /// Log driver of new containers, with rotation where it does not rotate by itself.
    pub logging: Option<Logging>,
    /// Where new networks get their subnets from.
    pub address_pools: Vec<AddressPool>,
}

/// A component that is wanted but cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Name of the component, such as `grafana`.
    pub component: String,
    /// Why, in words.
    pub reason: String,
}

/// Name under which Prometheus' container finds the host.
pub const HOST: &str = "host.docker.internal";

/// Key of the network that every service joins unless it names others.
pub const DEFAULT_NETWORK: &str = "default";

/// Label that says which stack an object belongs to.
pub const STACK_LABEL: &str = "io.stackctl.stack";

/// Address on which Docker's default bridge has its gateway unless somebody changed `bip`.
pub const DEFAULT_GATEWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(172, 17, 0, 1));
