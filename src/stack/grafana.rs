//! `grafana`: the Grafana that shows the dashboards.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::shape::{pairs, pairs_schema};
use super::{ByteSize, Publish, Secret};

/// Grafana's settings.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Grafana {
    /// Tag of the catalogue's image.
    pub version: Option<String>,
    /// Replaces the catalogue's image.
    pub image: Option<String>,
    /// Where it is published: `PORT`, `ADDRESS:PORT` or `off`. Default 127.0.0.1:3000.
    pub port: Publish,
    /// Password of the user `admin`. Left out: generated once and kept, mode 0600, in the state folder.
    pub admin_password: Option<Secret>,
    /// Environment for Grafana, such as `GF_USERS_ALLOW_SIGN_UP`.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub environment: IndexMap<String, String>,
    /// Memory limit.
    pub mem_limit: Option<ByteSize>,
}
