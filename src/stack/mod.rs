//! The stack file: what a person can ask for. The only folder that knows YAML.
//!
//! `load` and `parse` are the only ways to get a [`Stack`], so a `Stack` that exists is valid:
//! every name can be a DNS label, every reference resolves, no two services want one host port.

mod alert;
mod alertmanager;
mod amount;
mod app;
mod attach;
mod certificate;
mod collector;
mod command;
mod container;
mod counted;
mod covered;
mod credential;
mod dashboard;
pub mod defaults;
mod document;
mod dotenv;
mod duration;
mod edit;
mod engine;
mod environment;
mod exporter;
mod files;
mod foreign;
mod go_regex;
mod grafana;
mod healthcheck;
mod images;
mod include;
mod input;
mod load;
mod mask;
mod metrics;
mod mounted_secret;
mod name;
mod network;
mod objective;
mod outside;
mod port;
mod probe;
mod problem;
mod prometheus;
mod publish;
mod remote;
mod report;
mod rule;
mod rule_file;
mod rule_test;
mod rules;
mod schema;
mod scrape;
mod seccomp;
mod secret;
mod sections;
mod shape;
mod signals;
mod size;
mod suggest;
mod template;
mod variables;
mod volume;
mod web;
mod wiring;
mod wrong;

pub use alert::{ALERT_PRESETS, AboveKind, Alert, AlertPreset, AlertSettings, Alerts, alert_preset, written_alerts};
pub use alertmanager::{
    Alertmanager, Email, HostPort, Inhibition, Matcher, Pagerduty, Receiver, Route, SecretUrl, Slack, Telegram,
    TemplateFile, Timing, WebUrl, Webhook, WebhookUrl,
};
pub use amount::Amount;
pub use app::App;
pub use attach::{Attach, Attached};
pub use command::{Command, Restart, Ulimit};
pub use container::{ContainerSettings, Logging, PullPolicy};
pub use dashboard::{Dashboard, DashboardSource, Panel, PanelType, Row, ThresholdColor, Thresholds, WrittenDashboard};
pub use defaults::defaults_table;
pub use duration::Duration;
pub use edit::{Editor, Snippet};
pub use engine::{AddressPool, Engine, EngineMetrics};
pub use environment::Environment;
pub use exporter::{Exporter, Login, Watched};
pub(crate) use files::tidy;
pub use grafana::Grafana;
pub use healthcheck::{Healthcheck, HealthcheckTest};
pub use images::{ImageSource, Images};
pub use include::{Include, Included, Includes, Inclusion, ReadCompose};
pub use input::STANDARD_INPUT;
pub use load::{Loaded, VARIABLE_FILES, Vocabulary, load, load_changed, load_without_secrets, parse};
pub use mask::{lines_without_secrets, names_a_secret, without_url_secrets};
pub use metrics::{BasicAuth, Discovery, Metrics, Scheme, Tls};
pub use mounted_secret::MountedSecret;
pub use name::{ServiceName, StackName};
pub use network::Network;
pub use objective::{FASTEST_BURN, LatencyObjective, OBJECTIVE_ALERTS, Objectives};
pub use port::{Port, Ports, Protocol};
pub use probe::{Probe, ProbeKind};
pub use problem::{Problem, Problems, Severity};
pub use prometheus::{Prometheus, Retention};
pub use publish::Publish;
pub use remote::{Queue, Relabel, RelabelAction, RemoteEnd, RemoteRead, RemoteWrite};
pub use rule::{OWN_RULE_FILES, Recording, Rule, RuleGroup, RuleKind};
pub use rule_file::RuleFile;
pub use rule_test::{Expectation, FiringAlert, RuleTest};
pub use rules::check_scale;
pub use schema::schema;
pub use scrape::Scrape;
pub use secret::Secret;
pub use shape::Toggle;
pub use signals::Signals;
pub use size::ByteSize;
pub use volume::{Mount, MountKind, Propagation, Volume};
pub use web::{Web, WebTls};
pub use wiring::{DependencyCondition, ServiceNetwork, Wiring};
pub use wrong::Wrong;

pub(crate) use counted::counted;
pub(crate) use document::Span as OutsideSpan;
pub(crate) use document::{Entry as OutsideEntry, Node as OutsideNode, Scalar as OutsideScalar, Value as OutsideValue};
pub(crate) use include::Note as IncludeNote;
pub(crate) use input::read_text;
pub(crate) use outside::{filled, read_answers, read_file, read_outside, refused, variables_of};
pub(crate) use suggest::{nearest, unknown_name};

use indexmap::IndexMap;
use schemars::JsonSchema;

/// One stack file, valid and with every reference resolved.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Stack {
    /// Name of the stack. It is the Compose project name, and the first part of every container's name.
    pub name: StackName,
    /// Compose files that stay the source of their services: these are apps of the stack, to which `apps` adds.
    #[schemars(default)]
    pub include: Includes,
    /// The Docker engine's own metrics.
    #[schemars(default)]
    pub engine: Engine,
    /// Where images come from.
    #[schemars(default)]
    pub images: Images,
    /// Prometheus, or `off`.
    #[schemars(default)]
    pub prometheus: Toggle<Prometheus>,
    /// Grafana, or `off`.
    #[schemars(default)]
    pub grafana: Toggle<Grafana>,
    /// Alertmanager, which tells people of alerts. Off where the file says nothing of it.
    #[schemars(default)]
    pub alertmanager: Toggle<Alertmanager>,
    /// The services to run and, where they have `metrics`, to watch. The key is the service's DNS name and its job.
    #[schemars(default, with = "IndexMap<ServiceName, attach::AppKeys>")]
    pub apps: IndexMap<ServiceName, App>,
    /// The apps that run already, started by somebody else, and are only watched. In the file they stand among `apps`.
    #[schemars(skip)]
    pub attached: IndexMap<ServiceName, Attached>,
    /// Exporters from the catalogue, such as `node` and `cadvisor`.
    #[schemars(default)]
    pub exporters: IndexMap<ServiceName, Exporter>,
    /// Scrape jobs for things that run elsewhere. The key is the job name.
    #[schemars(default)]
    pub scrape: IndexMap<ServiceName, Scrape>,
    /// Things that are asked from outside: HTTP, TCP, ICMP and DNS. The blackbox exporter, which asks them, comes by itself.
    #[schemars(default)]
    pub probes: IndexMap<ServiceName, Probe>,
    /// Dashboards, from panels, from a preset or from a file.
    #[schemars(default)]
    pub dashboards: IndexMap<ServiceName, Dashboard>,
    /// Alerts beside those of apps; each is a preset by its name, or has `when`.
    #[schemars(default, with = "Option<Toggle<IndexMap<String, Alert>>>")]
    pub alerts: Alerts,
    /// Queries that are recorded: the key is the name of the metric.
    #[schemars(default)]
    pub rules: IndexMap<String, Recording>,
    /// Tests of the rules: given series, expected alerts.
    #[schemars(default)]
    pub tests: IndexMap<String, RuleTest>,
    /// Networks beside `default`, which every service joins unless it names others.
    #[schemars(default)]
    pub networks: IndexMap<ServiceName, Network>,
    /// Named volumes.
    #[schemars(default)]
    pub volumes: IndexMap<ServiceName, Volume>,
    /// Secrets, each from a file or from an environment variable. Containers read them at `/run/secrets/NAME`.
    #[schemars(default)]
    pub secrets: IndexMap<ServiceName, Secret>,
}
