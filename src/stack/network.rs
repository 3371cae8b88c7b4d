//! `networks.NAME`: a network of the stack's own, or one that exists already.

use indexmap::IndexMap;

/// One network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    pub labels: IndexMap<String, String>,
}
