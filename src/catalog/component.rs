//! The shape of what is known of one component.

use super::{DebianPackage, Version, Watches};

/// One component that stackctl knows.
#[derive(Debug, PartialEq, Eq)]
pub struct Component {
    /// Name: the key under `exporters`, or `prometheus`, `grafana`. Also its service's name.
    pub name: &'static str,
    /// Repository of the image, without tag. Empty: its makers publish none.
    pub image: &'static str,
    /// What a tag has before the version: `v`, or nothing.
    pub tag_prefix: &'static str,
    /// Version that is taken unless the stack file names one.
    pub version: &'static str,
    /// Port it serves its metrics on.
    pub port: u16,
    /// Path it serves its metrics on.
    pub metrics_path: &'static str,
    /// Labels of its metrics win over those of the scrape.
    pub honor_labels: bool,
    /// What it keeps.
    pub data: Option<DataFolder>,
    /// Health checks that the registry image can carry out, by version, oldest first.
    pub health: &'static [Health],
    /// How its container is run.
    pub container: ContainerDefaults,
    /// The Debian package that can stand in for the registry image.
    pub debian: Option<DebianPackage>,
    /// How it watches an app of the stack, for an exporter that belongs to one.
    pub watches: Option<Watches>,
    /// What people want to know of it.
    pub known: Known,
}

impl Component {
    /// Nothing special. What has no name is no component: the rest is filled in around it.
    pub const PLAIN: Self = Self {
        name: "",
        image: "",
        tag_prefix: "",
        version: "",
        port: 0,
        metrics_path: "/metrics",
        honor_labels: false,
        data: None,
        health: &[],
        container: ContainerDefaults::PLAIN,
        debian: None,
        watches: None,
        known: Known::NOTHING,
    };
}

/// What people want to know of a component before they rely on it. `stackctl catalog show` prints it.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// What it is for, in a few words.
    pub about: &'static str,
    /// User id that the registry image runs as. `None`: not known.
    pub user: Option<u32>,
    /// The dashboard made for it: a name of [`PRESETS`](crate::dashboard::PRESETS).
    pub preset: Option<&'static str>,
    /// What later versions do otherwise: the version, and what changed with it.
    pub changes: &'static [(&'static str, &'static str)],
    /// What goes wrong often, and how not to have it.
    pub traps: &'static [&'static str],
    /// Where the facts come from.
    pub sources: &'static [&'static str],
    /// This project's own tests run it beside the real thing. Else it is rendered and checked, and has not been run.
    pub run_here: bool,
}

impl Known {
    /// Nothing.
    pub const NOTHING: Self =
        Self { about: "", user: None, preset: None, changes: &[], traps: &[], sources: &[], run_here: false };
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
#[expect(clippy::struct_excessive_bools, reason = "each is one privilege, and they are asked for one by one")]
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
    /// No capability but those of `cap_add`, a root that cannot be written to, and no way to more privileges.
    pub least_privileges: bool,
    /// Capabilities that it needs nevertheless.
    pub cap_add: &'static [&'static str],
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
        least_privileges: false,
        cap_add: &[],
        binds: &[],
        devices: &[],
        stop_grace_seconds: None,
    };

    /// An exporter that only asks others over the network.
    pub const CONFINED: Self = Self { least_privileges: true, ..Self::PLAIN };
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
