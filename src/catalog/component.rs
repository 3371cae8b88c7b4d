//! The shape of what is known of one component.

use super::{DebianPackage, Version};

/// One component that stackctl knows.
#[derive(Debug, PartialEq, Eq)]
pub struct Component {
    /// Name: the key under `exporters`, or `prometheus`, `grafana`. Also its service's name.
    pub name: &'static str,
    /// Repository of the image, without tag.
    pub image: &'static str,
    /// What a tag has before the version: `v`, or nothing.
    pub tag_prefix: &'static str,
    /// Version that is taken unless the stack file names one.
    pub version: &'static str,
    /// Port it serves its metrics on.
    pub port: u16,
    /// Path it serves its metrics on.
    pub metrics_path: &'static str,
    /// What it keeps.
    pub data: Option<DataFolder>,
    /// Health checks that the registry image can carry out, by version, oldest first.
    pub health: &'static [Health],
    /// How its container is run.
    pub container: ContainerDefaults,
    /// The Debian package that can stand in for the registry image.
    pub debian: Option<DebianPackage>,
}

/// A folder whose content outlives the container.
#[derive(Debug, PartialEq, Eq)]
pub struct DataFolder {
    /// Key of the named volume, such as `prometheus-data`.
    pub volume: &'static str,
    /// Where it is mounted.
    pub path: &'static str,
}

/// A health check, and the first version of the image that has the tool for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Health {
    /// First version.
    pub since: Version,
    /// The words of the command.
    pub command: &'static [&'static str],
}

/// How a component's container is run. In `command`, `{listen}` stands for where it shall listen and `{port}` for the port alone.
#[derive(Debug, PartialEq, Eq)]
pub struct ContainerDefaults {
    /// Words of the command.
    pub command: &'static [&'static str],
    /// Environment.
    pub environment: &'static [(&'static str, &'static str)],
    /// Stands in the host's network instead of the stack's.
    pub host_network: bool,
    /// Sees the host's processes.
    pub host_pid: bool,
    /// All capabilities and devices.
    pub privileged: bool,
    /// Paths of the host, all read-only.
    pub binds: &'static [Bind],
    /// Devices of the host.
    pub devices: &'static [&'static str],
    /// Seconds it may take to stop. `None`: the engine's default of 10.
    pub stop_grace_seconds: Option<u64>,
}

impl ContainerDefaults {
    /// Nothing special.
    pub const PLAIN: Self = Self {
        command: &[],
        environment: &[],
        host_network: false,
        host_pid: false,
        privileged: false,
        binds: &[],
        devices: &[],
        stop_grace_seconds: None,
    };
}

/// A path of the host, read-only.
#[derive(Debug, PartialEq, Eq)]
pub struct Bind {
    /// Path on the host.
    pub source: &'static str,
    /// Path inside the container.
    pub target: &'static str,
    /// Mounts made on the host later are seen inside (`rslave`).
    pub follows_host_mounts: bool,
}
