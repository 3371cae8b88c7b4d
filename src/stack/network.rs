//! `networks.NAME`: a network of the stack's own, or one that exists already.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::shape::{pairs, pairs_schema};

/// One network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// It exists already, under `name` or the key: never created, never removed.
    pub external: bool,
    /// Its name at the engine. Default `STACK_KEY`, or the key where it is external.
    pub name: Option<String>,
    /// Driver. Default `bridge`.
    pub driver: Option<String>,
    /// Options of the driver.
    pub driver_opts: IndexMap<String, String>,
    /// No way out of the host.
    pub internal: bool,
    /// Subnet in CIDR form.
    pub subnet: Option<String>,
    /// Labels.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub labels: IndexMap<String, String>,
}
