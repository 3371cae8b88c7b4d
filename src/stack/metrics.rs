//! `metrics`: how a target is scraped.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::shape::{one_or_many, one_or_many_schema, pairs, pairs_schema};
use super::{Duration, Secret, ServiceName};

/// How an app's replicas are scraped.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Name of the job. Default: the app's.
    pub job: Option<ServiceName>,
    /// Port inside the container. Default: the first of `expose`, else the first container port of `ports`, else 80.
    pub port: Option<u16>,
    /// Path. Default `/metrics`.
    pub path: Option<String>,
    /// Time between two scrapes. Default: Prometheus' `scrape_interval`.
    pub interval: Option<Duration>,
    /// Time one scrape may take, never above the interval. Default: Prometheus' `scrape_timeout`.
    pub timeout: Option<Duration>,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// How Prometheus finds the replicas.
    pub discovery: Discovery,
    /// Labels on every series of the job.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub labels: IndexMap<String, String>,
    /// URL parameters.
    #[serde(deserialize_with = "params")]
    #[schemars(schema_with = "params_schema")]
    pub params: IndexMap<String, Vec<String>>,
    /// User and password.
    pub basic_auth: Option<BasicAuth>,
    /// A file whose content is sent as bearer token. Absolute once loaded; relative to the stack file as written.
    pub bearer_token_file: Option<String>,
    /// TLS settings of the scrape.
    pub tls: Option<Tls>,
    /// Protocol assumed when the answer names none that Prometheus 3 knows, such as `PrometheusText0.0.4`.
    pub fallback_scrape_protocol: Option<String>,
    /// A scrape with more samples fails. 0: no limit.
    pub sample_limit: Option<u64>,
    /// Keep labels of the exposition that collide with the target's own.
    pub honor_labels: bool,
}

/// Scheme of a scrape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(deserialize = "lowercase"))]
pub enum Scheme {
    /// `http`
    #[default]
    Http,
    /// `https`
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// How Prometheus finds the replicas of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Discovery {
    /// The replicas' own DNS names, written into prometheus.yml.
    #[default]
    Static,
    /// An A lookup of the app's name: follows scaling by anybody.
    Dns,
}

/// User and password of a scrape.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicAuth {
    /// User name.
    pub username: String,
    /// Password, from a file or the environment, never in the stack file itself.
    pub password: Secret,
}

/// TLS settings of a scrape.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// CA certificate to trust. Absolute once loaded; relative to the stack file as written.
    pub ca_file: Option<String>,
    /// Name the certificate must carry.
    pub server_name: Option<String>,
    /// Trust any certificate.
    pub insecure_skip_verify: bool,
}

/// Values of one URL parameter.
#[derive(Deserialize)]
struct Values(#[serde(deserialize_with = "one_or_many")] Vec<String>);

/// Reads URL parameters: one value or several for each.
fn params<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IndexMap<String, Vec<String>>, D::Error> {
    let params = IndexMap::<String, Values>::deserialize(deserializer)?;
    Ok(params.into_iter().map(|(name, values)| (name, values.0)).collect())
}

fn params_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "object", "additionalProperties": one_or_many_schema(generator) })
}
