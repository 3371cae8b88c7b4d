//! What carries our labels at the engine, at one moment. Plain data: it is what was read, and nothing is decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use sha2::{Digest, Sha256};

use super::successor::aside_name;
use super::{ObservedAttached, ObservedLimits, ObservedLock};
use crate::dashboard::Exposed;
use crate::desired::{Found, LearnedFrom, ScaleOverride};

/// What was found of one stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// Networks that carry the stack's label, and the external ones it names, as far as they exist.
    pub networks: Vec<ObservedNetwork>,
    /// Volumes that carry the stack's label or begin with its name, and those it names itself, as far as they exist.
    pub volumes: Vec<ObservedVolume>,
    /// Containers that carry the stack's label.
    pub containers: Vec<ObservedContainer>,
    /// Containers that somebody else runs and the stack file attaches.
    pub attached: Vec<ObservedAttached>,
    /// Images by reference, of those that were asked for, as far as they exist.
    pub images: BTreeMap<String, ObservedImage>,
    /// Containers of a Compose project of this name that do not carry the stack's label: somebody else's.
    pub foreign: Vec<String>,
    /// The lock of the stack: somebody changes it at this moment, or died while doing so.
    pub lock: Option<ObservedLock>,
    /// Scales the running stack remembers.
    pub scale: BTreeMap<String, ScaleOverride>,
    /// Components the running stack remembers as left out → why.
    pub left_out: BTreeMap<String, String>,
    /// What the running stack remembers that apps expose, by job.
    pub exposed: BTreeMap<String, Exposed>,
    /// What they ran from when that was learned, by job.
    pub learned_from: BTreeMap<String, LearnedFrom>,
}

impl Observed {
    /// A `down` was interrupted: the engine may still be stopping what runs.
    pub fn was_being_taken_down(&self) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.abandoned && lock.holder.command == "down")
    }

    /// The volumes of its containers that nobody named. One that the stack file names is none of them, whatever it is called.
    pub fn nameless(&self) -> BTreeSet<String> {
        let is_named = |name: &&String| self.volumes.iter().any(|volume| volume.name == **name);
        let all = self.containers.iter().flat_map(|container| &container.nameless);
        all.filter(|name| !is_named(name)).cloned().collect()
    }
}

/// One network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing of the network by itself")]
pub struct ObservedNetwork {
    /// Engine id.
    pub id: String,
    /// Name, such as `demo_default`.
    pub name: String,
    /// Carries this stack's label, and the stack file does not say that it is external.
    pub ours: bool,
    /// The stack file says that it is external, whatever label it carries: it is never changed, never removed.
    pub external: bool,
    /// One of the stack's containers is in it.
    pub in_use: bool,
    /// No way out of the host.
    pub internal: bool,
    /// Its subnets in CIDR form, whoever chose them.
    pub subnets: Vec<String>,
    /// What else it was made with.
    pub made: ObservedSettings,
}

/// What a network or volume was made with, as the engine tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObservedSettings {
    /// Driver.
    pub driver: String,
    /// Options of the driver.
    pub options: BTreeMap<String, String>,
    /// Labels, stackctl's own and Compose's aside.
    pub labels: BTreeMap<String, String>,
    /// The settings that the stack file said, each with a short hash. `None`: nobody wrote that down, because it was made by
    /// docker compose or before stackctl did so.
    pub parts: Option<BTreeMap<String, String>>,
}

/// One volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedVolume {
    /// Name, such as `demo_prometheus-data`.
    pub name: String,
    /// Carries this stack's label, and the stack file does not say that it is external.
    pub ours: bool,
    /// The stack file says that it is external, whatever label it carries: it is never removed.
    pub external: bool,
    /// The other stack whose label it carries.
    pub other_stack: Option<String>,
    /// The stack files for which it was made, as absolute paths, where that is known.
    pub stack_files: Vec<String>,
    /// What it was made with.
    pub made: ObservedSettings,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObservedImage {
    /// Engine id, `sha256:…`.
    pub id: String,
    /// For stackctl's own image and for Debian images: what it was built from.
    pub built_from: Option<String>,
    /// `NAME@DIGEST` for each registry that it came from or went to.
    pub digests: Vec<String>,
    /// Such as `linux/amd64`.
    pub platform: String,
}

impl ObservedImage {
    /// What a lock is held against.
    pub fn found(&self) -> Found<'_> {
        Found { id: &self.id, digests: &self.digests, platform: &self.platform }
    }
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
    /// When it was made or, where it was looked at closely, started: milliseconds since 1970. Nothing it did is older.
    pub started_at: i64,
    /// How often the engine restarted it, where it does not run or has not run for a minute.
    pub restarts: u64,
    /// Seconds that it runs since its last start, where it runs and they are less than a minute.
    pub seconds_up: Option<u64>,
    /// Fingerprint label.
    pub fingerprint: Option<String>,
    /// The stack files it was made from, as absolute paths.
    pub stack_files: Vec<String>,
    /// Addresses by network name.
    pub addresses: BTreeMap<String, Option<IpAddr>>,
    /// DNS names that it was given, by network name. A network that is missing here was not asked for.
    pub aliases: BTreeMap<String, Vec<String>>,
    /// What `docker update` may have changed. `None`: it was gone when it was asked for.
    pub limits: Option<ObservedLimits>,
    /// Published ports, as `docker ps` writes them: `127.0.0.1:8010->80/tcp`.
    pub ports: Vec<String>,
    /// Ports of the host that it was made for: `8010/tcp`. The engine publishes none of one that is in internal networks
    /// alone, and does as soon as it joins another one.
    pub host_ports: BTreeSet<String>,
    /// The parts that its fingerprint was made from, each with a short hash of its own.
    pub parts: BTreeMap<String, String>,
    /// The files that stackctl put into it, by path; `None`: it is gone.
    pub files: BTreeMap<String, Option<FileStamp>>,
    /// Its volumes that nobody named, but for those that hold files of stackctl's.
    pub nameless: Vec<String>,
    /// What is mounted into it: names of volumes, paths of the host.
    pub mounts: BTreeSet<String>,
}

impl ObservedContainer {
    /// It has given way to another container of its replica, which has not started yet.
    pub fn stands_aside(&self) -> bool {
        self.name.ends_with(&aside_name("", &self.id))
    }

    /// It ends and is started again, over and over, whatever it does at this moment.
    pub fn ends_again(&self) -> bool {
        self.state == ContainerState::Restarting || self.is_between_two_ends()
    }

    /// It runs, and by all that is known it will end again: the engine, too, takes one that ended for well only after ten
    /// seconds (`restartmanager` of moby).
    pub fn is_between_two_ends(&self) -> bool {
        const STANDS_AFTER: u64 = 10;
        self.state == ContainerState::Running
            && self.restarts > 0
            && self.seconds_up.is_some_and(|seconds| seconds < STANDS_AFTER)
    }
}

/// Size and time of a file, which together stand for its content.
///
/// Every file that stackctl writes carries a time that is made from its content, so that looking at the file's
/// entry (0.5 ms) tells as much as reading it through the archive API (33 ms, both measured on Engine 20.10).
/// An editor sets another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp {
    /// Bytes.
    pub size: u64,
    /// Modification time in seconds since 1970.
    pub modified: i64,
}

impl FileStamp {
    /// The stamp of a file with this content: a time between 2000 and 2017.
    pub fn of(content: &str) -> Self {
        Self::of_digest(content.len(), &Sha256::digest(content.as_bytes()))
    }

    /// The stamp of a secret's file. The path goes into it, so that equal secrets do not show as equal.
    pub fn of_secret(path: &str, value: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(path).chain_update([0]).chain_update(value).finalize();
        Self::of_digest(value.len(), &digest)
    }

    fn of_digest(size: usize, digest: &[u8]) -> Self {
        const YEAR_2000: i64 = 946_684_800;
        let hash = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) >> 3;
        Self { size: size as u64, modified: YEAR_2000 + i64::from(hash) }
    }
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
