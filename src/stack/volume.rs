//! Named volumes, and where volumes are mounted.

use indexmap::IndexMap;
use serde::Serialize;

use super::ByteSize;

/// One named volume.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Volume {
    /// It exists already, under `name` or the key: never created, never removed.
    pub external: bool,
    /// Its name at the engine. Default `STACK_KEY`, or the key where it is external.
    pub name: Option<String>,
    /// Driver. Default `local`.
    pub driver: Option<String>,
    /// Options of the driver.
    pub driver_opts: IndexMap<String, String>,
    /// Labels.
    pub labels: IndexMap<String, String>,
}

/// One mount of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// What is mounted.
    pub kind: MountKind,
    /// Absolute path inside the container.
    pub target: String,
    /// Not writable.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum MountKind {
    /// A named volume of `volumes`, by its key.
    Volume(String),
    /// A new volume without a name.
    Anonymous,
    /// A path of the host, absolute (a relative one is resolved against the stack file when it is loaded).
    Bind {
        /// The path.
        source: String,
        /// How mounts below it spread.
        propagation: Option<Propagation>,
    },
    /// Memory.
    Tmpfs {
        /// Its size.
        size: Option<ByteSize>,
    },
}

/// How mounts below a bind spread between host and container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Propagation {
    /// `rprivate`
    Private,
    /// `rshared`
    Shared,
    /// `rslave`
    Slave,
}
