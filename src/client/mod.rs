//! The HTTP APIs of Prometheus (later Alertmanager and Grafana): typed answers, nothing else.

mod error;
mod prometheus;
mod query;
mod target;
mod tls;
mod yaml;

pub use error::Error;
pub use prometheus::{Alert, BuildInfo, Prometheus, RuntimeInfo};
pub use query::{Point, QueryResult, Series};
pub use target::{DroppedTarget, Health, Target, Targets};
pub use tls::install_tls_provider;
pub use yaml::yaml_to_json;
