//! `prometheus.web`: who may ask Prometheus, and over what.

use schemars::JsonSchema;
use serde::Deserialize;

use super::BasicAuth;

/// Who may ask Prometheus, and over what. Grafana, stackctl, the health check and the scrape of itself go by it, too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// The user and the password to ask for.
    pub basic_auth: Option<BasicAuth>,
    /// Answer over TLS only.
    pub tls: Option<WebTls>,
}

/// The certificate that Prometheus shows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebTls {
    /// The certificate, and those between it and its authority. PEM; absolute once loaded, relative to the stack file as written.
    pub cert_file: String,
    /// Its private key, not encrypted. PEM, as above.
    pub key_file: String,
    /// The authority to trust. PEM, as above. Default: the certificate itself, which is right for one that nobody signed.
    pub ca_file: Option<String>,
    /// A name that the certificate carries. Default: `prometheus`.
    pub server_name: Option<String>,
}
