//! What carries our labels at the engine, at one moment. Plain data: it is what was read, and nothing is decided here.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::desired::ScaleOverride;

/// What was found of one stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// Networks that carry the stack's label, and the external ones it names, as far as they exist.
    pub networks: Vec<ObservedNetwork>,
    /// Volumes that carry the stack's label, and the external ones it names, as far as they exist.
    pub volumes: Vec<ObservedVolume>,
    /// Containers that carry the stack's label.
    pub containers: Vec<ObservedContainer>,
    /// Images by reference, of those that were asked for, as far as they exist.
    pub images: BTreeMap<String, ObservedImage>,
    /// Containers that stand in the way: names the stack wants, taken by somebody else → whose they are.
    pub taken_names: BTreeMap<String, String>,
    /// Scales the running stack remembers.
    pub scale: BTreeMap<String, ScaleOverride>,
    /// Components the running stack remembers as left out → why.
    pub left_out: BTreeMap<String, String>,
}

/// One network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedNetwork {
    /// Engine id.
    pub id: String,
    /// Name, such as `demo_default`.
    pub name: String,
    /// Carries this stack's label.
    pub ours: bool,
    /// Fingerprint label of its settings.
    pub fingerprint: Option<String>,
}

/// One volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedVolume {
    /// Name, such as `demo_prometheus-data`.
    pub name: String,
    /// Carries this stack's label.
    pub ours: bool,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedImage {
    /// Engine id, `sha256:…`.
    pub id: String,
    /// For stackctl's own image and for Debian images: what it was built from.
    pub built_from: Option<String>,
}

/// One container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedContainer {
    /// Engine id.
    pub id: String,
    /// Name without the leading slash.
    pub name: String,
    /// Service it belongs to.
    pub service: String,
    /// Number of the replica, from 1.
    pub replica: u32,
    /// Image reference it was made from.
    pub image: String,
    /// Image id it was made from.
    pub image_id: String,
    /// What it does.
    pub state: ContainerState,
    /// Health as the engine sees it.
    pub health: Health,
    /// Exit code of its last run, where it is not running.
    pub exit_code: Option<i64>,
    /// How often the engine restarted it.
    pub restarts: u64,
    /// Fingerprint label.
    pub fingerprint: Option<String>,
    /// Addresses by network name.
    pub addresses: BTreeMap<String, Option<IpAddr>>,
    /// Published ports, as `docker ps` writes them: `127.0.0.1:8010->80/tcp`.
    pub ports: Vec<String>,
    /// Contents of the files that stackctl put into it, by path; `None`: it is gone.
    pub files: BTreeMap<String, Option<String>>,
}

/// What a container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Running.
    Running,
    /// Frozen.
    Paused,
    /// Between two tries of its restart policy.
    Restarting,
    /// On its way out.
    Removing,
    /// Ended.
    Exited,
    /// Cannot be removed or started any more.
    Dead,
}

/// Health as the engine sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// No check.
    None,
    /// Not known yet.
    Starting,
    /// The last check passed.
    Healthy,
    /// Too many checks failed.
    Unhealthy,
}
