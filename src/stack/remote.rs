//! `prometheus.remote_write` and `prometheus.remote_read`: where samples go beside this Prometheus, and where more come from.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shape::{one_or_many, one_or_many_schema};
use super::{BasicAuth, Duration, Secret, ServiceName, Tls, WebUrl};

/// Somewhere that every sample is sent to.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteWrite {
    /// Where to, such as `http://archive:8428/api/v1/write`. An app of the stack is found by its name.
    pub url: WebUrl,
    /// Its name in findings and in Prometheus' own metrics. Default: the host of `url`.
    pub name: Option<ServiceName>,
    /// Time one request may take. Default: Prometheus' own, 30s.
    pub timeout: Option<Duration>,
    /// HTTP headers, such as `X-Scope-OrgID`. No secrets.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// User and password.
    pub basic_auth: Option<BasicAuth>,
    /// Bearer token, from a file or the environment.
    pub token: Option<Secret>,
    /// TLS settings.
    pub tls: Option<Tls>,
    /// Which samples are sent, and as what: relabelling, in order.
    #[serde(default)]
    pub write_relabel_configs: Vec<Relabel>,
    /// How samples wait and are bundled. Default: Prometheus' own.
    #[serde(default)]
    pub queue_config: Queue,
}

/// Somewhere that queries ask beside this Prometheus' own samples.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteRead {
    /// Where, such as `http://archive:9201/read`. An app of the stack is found by its name.
    pub url: WebUrl,
    /// Its name in Prometheus' own metrics. Default: the host of `url`.
    pub name: Option<ServiceName>,
    /// Time one request may take. Default: Prometheus' own, 1m.
    pub timeout: Option<Duration>,
    /// HTTP headers, such as `X-Scope-OrgID`. No secrets.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// User and password.
    pub basic_auth: Option<BasicAuth>,
    /// Bearer token, from a file or the environment.
    pub token: Option<Secret>,
    /// TLS settings.
    pub tls: Option<Tls>,
    /// Ask for times, too, that this Prometheus has samples of.
    #[serde(default)]
    pub read_recent: bool,
    /// Ask only for queries whose selectors have these labels with these values.
    #[serde(default)]
    pub required_matchers: IndexMap<String, String>,
}

/// What somewhere that samples are sent to and somewhere that they are asked for have in common.
#[derive(Debug, Clone, Copy)]
pub struct RemoteEnd<'a> {
    /// The key of its list: `remote_write` or `remote_read`.
    pub kind: &'static str,
    /// Where it is.
    pub url: &'a WebUrl,
    /// Its name, where it is written.
    pub name: Option<&'a ServiceName>,
    /// Time one request may take.
    pub timeout: Option<Duration>,
    /// HTTP headers.
    pub headers: &'a IndexMap<String, String>,
    /// User and password.
    pub basic_auth: Option<&'a BasicAuth>,
    /// Bearer token.
    pub token: Option<&'a Secret>,
    /// TLS settings.
    pub tls: Option<&'a Tls>,
}

impl<'a> From<&'a RemoteWrite> for RemoteEnd<'a> {
    fn from(remote: &'a RemoteWrite) -> Self {
        let RemoteWrite { url, name, timeout, headers, basic_auth, token, tls, .. } = remote;
        let (name, basic_auth, token, tls) = (name.as_ref(), basic_auth.as_ref(), token.as_ref(), tls.as_ref());
        Self { kind: "remote_write", url, name, timeout: *timeout, headers, basic_auth, token, tls }
    }
}

impl<'a> From<&'a RemoteRead> for RemoteEnd<'a> {
    fn from(remote: &'a RemoteRead) -> Self {
        let RemoteRead { url, name, timeout, headers, basic_auth, token, tls, .. } = remote;
        let (name, basic_auth, token, tls) = (name.as_ref(), basic_auth.as_ref(), token.as_ref(), tls.as_ref());
        Self { kind: "remote_read", url, name, timeout: *timeout, headers, basic_auth, token, tls }
    }
}

/// One step of relabelling, in Prometheus' own words.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Relabel {
    /// Labels whose values are joined and compared.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub source_labels: Vec<String>,
    /// What joins them. Default: `;`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// What the joined values have to match, as a whole. Default: `(.*)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// What `hashmod` divides by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modulus: Option<u64>,
    /// The label that is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_label: Option<String>,
    /// What is written into it; `$1` is the first group of `regex`. Default: `$1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// What is done. Default: `replace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<RelabelAction>,
}

/// What a step of relabelling does. Those of every Prometheus since 2.36.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RelabelAction {
    /// Writes a label.
    Replace,
    /// Writes a label in small letters.
    Lowercase,
    /// Writes a label in capital letters.
    Uppercase,
    /// Drops what does not match.
    Keep,
    /// Drops what matches.
    Drop,
    /// Writes the remainder of the values' hash.
    Hashmod,
    /// Copies labels whose names match.
    Labelmap,
    /// Removes labels whose names match.
    Labeldrop,
    /// Removes labels whose names do not match.
    Labelkeep,
}

/// How samples wait for a remote write and are bundled.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// Samples that wait for each shard.
    pub capacity: Option<u32>,
    /// Requests at the same time, at least.
    pub min_shards: Option<u32>,
    /// Requests at the same time, at most.
    pub max_shards: Option<u32>,
    /// Samples in one request, at most.
    pub max_samples_per_send: Option<u32>,
    /// The longest that a sample waits for others.
    pub batch_send_deadline: Option<Duration>,
    /// The first pause after a failure; it doubles with each.
    pub min_backoff: Option<Duration>,
    /// The longest pause after a failure.
    pub max_backoff: Option<Duration>,
    /// Try again after an answer of 429, too.
    pub retry_on_http_429: bool,
}
