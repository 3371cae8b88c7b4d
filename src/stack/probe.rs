//! `probes.NAME`: something that is asked from outside, as its users ask it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::shape::{one_or_many, one_or_many_schema, pairs, pairs_schema};
use super::{BasicAuth, Duration, Secret};

/// One probe: exactly one of `http`, `tcp`, `icmp` and `dns`, and what counts as an answer.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Probe {
    /// URLs to ask, such as `https://shop.example/health`.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub http: Vec<String>,
    /// `HOST:PORT` to connect to.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub tcp: Vec<String>,
    /// Hosts to send an echo request to.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub icmp: Vec<String>,
    /// Name servers to ask, as `HOST` or `HOST:PORT`.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub dns: Vec<String>,
    /// HTTP: statuses that are well. Default: 200 to 299.
    #[serde(deserialize_with = "one_or_many_numbers")]
    pub status: Vec<u16>,
    /// HTTP: an expression that the body has to match.
    pub body: Option<String>,
    /// HTTP: an expression that the body must not match.
    pub body_not: Option<String>,
    /// HTTP: method. Default GET.
    pub method: Option<String>,
    /// HTTP: more headers.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub headers: IndexMap<String, String>,
    /// HTTP: user and password.
    pub basic_auth: Option<BasicAuth>,
    /// HTTP: sent as bearer token.
    pub token: Option<Secret>,
    /// HTTP: go where an answer points. Default true.
    pub follow_redirects: Option<bool>,
    /// TCP: speak TLS.
    pub tls: bool,
    /// HTTP and TCP: trust any certificate.
    pub insecure_skip_verify: bool,
    /// DNS: the name to ask for.
    pub name: Option<String>,
    /// DNS: the kind of record. Default A.
    #[serde(rename = "type")]
    pub record: Option<String>,
    /// 4 or 6: the version of IP to ask by. Default 4.
    pub ip: Option<u8>,
    /// Time between two probes. Default: Prometheus' `scrape_interval`.
    pub interval: Option<Duration>,
    /// Time one may take, never above the interval. Default: Prometheus' `scrape_timeout`.
    pub timeout: Option<Duration>,
    /// Labels on every series of the probe.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub labels: IndexMap<String, String>,
}

/// How something is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeKind {
    /// A request, and its answer.
    Http,
    /// A connection.
    Tcp,
    /// An echo request.
    Icmp,
    /// A question to a name server.
    Dns,
}

impl ProbeKind {
    /// The key in the stack file, which is the prober's name in blackbox.yml, too.
    pub fn key(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tcp => "tcp",
            Self::Icmp => "icmp",
            Self::Dns => "dns",
        }
    }
}

impl Probe {
    /// How it asks, and what. Its rules have seen that there is one of them.
    pub fn asks(&self) -> (ProbeKind, &[String]) {
        let all = self.kinds();
        all.into_iter().find(|(_, targets)| !targets.is_empty()).unwrap_or((ProbeKind::Http, &[]))
    }

    /// Every kind, with the targets that are written for it.
    pub(super) fn kinds(&self) -> [(ProbeKind, &[String]); 4] {
        [
            (ProbeKind::Http, &self.http),
            (ProbeKind::Tcp, &self.tcp),
            (ProbeKind::Icmp, &self.icmp),
            (ProbeKind::Dns, &self.dns),
        ]
    }
}

/// One number or several.
fn one_or_many_numbers<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    let words = one_or_many(deserializer)?;
    let number = |word: String| {
        let parsed = word.parse::<u16>().ok().filter(|status| (100..600).contains(status));
        parsed.ok_or_else(|| {
            serde::de::Error::custom(super::Wrong::new(
                format!("`{word}` is no status of HTTP"),
                "write numbers from 100 to 599, such as `[200, 301]`",
            ))
        })
    };
    words.into_iter().map(number).collect()
}
