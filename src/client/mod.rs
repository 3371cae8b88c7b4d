//! The HTTP APIs of Prometheus, Alertmanager and Grafana: typed answers, nothing else.

mod access;
mod alertmanager;
mod aside;
mod connection;
mod error;
mod grafana;
mod pinned;
mod prometheus;
mod pushgateway;
mod query;
mod rule;
#[cfg(test)]
pub(crate) mod stand_in;
mod target;
mod tls;
mod yaml;

pub use access::Access;
pub use alertmanager::{Alertmanager, AlertmanagerStatus, KnownAlert, KnownStatus, Silence, SilenceMatcher};
pub use error::Error;
pub use grafana::{DashboardMeta, DatasourceHealth, Grafana, GrafanaHealth, KeptDashboard};
pub use prometheus::{Alert, BuildInfo, Prometheus, RuntimeInfo};
pub use pushgateway::Pushgateway;
pub use query::{Point, QueryResult, Series};
pub use rule::{LoadedGroup, LoadedRule, RuleHealth};
pub use target::{DroppedTarget, Health, Target, Targets};
pub use tls::install_tls_provider;
pub use yaml::yaml_to_json;
