//! Whether an engine would find its images and containers again: where and how it keeps them is told by the engine that runs, and
//! where it would look after a restart by its file. Where containerd keeps what runs, `containerd` has.

use std::fs;
use std::path::Path;

use super::super::subject::Running;
use super::containerd::other_containerd;
use crate::daemon::{Document, Release};
use crate::engine::{EngineKind, Storage};

/// Where an engine keeps its data unless it is told otherwise.
const USUAL_ROOT: &str = "/var/lib/docker";

/// The settings that say where, in this order. `graph` is that of engines up to 23.0.
const ROOTS: [&str; 2] = ["data-root", "graph"];

/// The driver that no engine chooses where another works, whatever it finds (measured with Engine 20.10; moby
/// `daemon/graphdriver/driver.go`).
const NEVER_CHOSEN: &str = "vfs";

/// Drivers whose folders an engine without `storage-driver` looks for: it takes the one that it finds, and does not start where
/// there are several (measured with Engine 20.10).
const DRIVERS: [&str; 7] = ["aufs", "btrfs", "devicemapper", "fuse-overlayfs", "overlay", "overlay2", "zfs"];

/// The feature by which containerd keeps images and containers.
const SNAPSHOTTER: &str = "containerd-snapshotter";

/// The first release that knows it, and the first one that takes it without being told.
const KNOWS_SNAPSHOTTER: Release = Release(24, 0);
const PREFERS_SNAPSHOTTER: Release = Release(29, 0);

/// Why an engine would come back and not see what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Loss {
    /// What its file would say, and what comes of it.
    pub(in super::super) why: String,
    /// What to do where that is meant.
    pub(in super::super) if_meant: &'static str,
}

impl Loss {
    pub(super) fn of_all(why: &str) -> Self {
        let if_meant = "restart the engine by hand first";
        Self { why: format!("{why}, and its images and containers would be gone from sight"), if_meant }
    }
}

impl Running {
    /// Why its images and containers would be out of sight once it has read this document. `None`: they stay. `now`: what the
    /// file says; `is_changed`: somebody has changed that since it started. Where neither tells that a setting has been taken
    /// out, the engine has found what it keeps without it before.
    pub(in super::super) fn loses_sight(
        &self,
        document: &Document,
        now: Option<&Document>,
        is_changed: bool,
    ) -> Option<Loss> {
        let is_taken_out = |name: &str| is_changed || now.is_some_and(|now| now.get(name).is_some());
        let driver = self.other_driver(document, &is_taken_out);
        let root = || self.other_root(document, &is_taken_out);
        let lost = driver.or_else(root).or_else(|| self.other_users(document)).or_else(|| self.other_store(document));
        lost.map(|why| Loss::of_all(&why)).or_else(|| other_containerd(self, document))
    }

    /// What the file or a flag says, if it says something.
    pub(in super::super) fn says(&self, document: &Document, name: &str) -> Option<String> {
        let flag = self.flags().get(name).map(|flag| flag.value.clone());
        flag.or_else(|| document.get_text(name)).filter(|text| !text.is_empty())
    }

    fn other_driver(&self, document: &Document, is_taken_out: &dyn Fn(&str) -> bool) -> Option<String> {
        let Storage { root: data_root, driver: storage_driver, uses_snapshotter, .. } = &self.host.storage;
        if storage_driver.is_empty() {
            return None;
        }
        match self.says(document, "storage-driver") {
            Some(driver) if driver != *storage_driver => {
                Some(format!("`storage-driver` is `{driver}`, and the engine keeps them by `{storage_driver}`"))
            }
            None if is_taken_out("storage-driver") && !uses_snapshotter => {
                let has_data = |driver: &&str| {
                    fs::read_dir(Path::new(data_root).join(driver)).is_ok_and(|mut entries| entries.next().is_some())
                };
                let other = DRIVERS.into_iter().filter(|driver| driver != storage_driver).find(has_data);
                match other {
                    Some(other) => Some(format!(
                        "`storage-driver` is not in it, and the engine keeps them by `{storage_driver}`, beside what \
                         {data_root}/{other} holds: it would not choose between the two"
                    )),
                    None if storage_driver == NEVER_CHOSEN => Some(format!(
                        "`storage-driver` is not in it, and the engine keeps them by `{storage_driver}`, which none chooses"
                    )),
                    None => None,
                }
            }
            _ => None,
        }
    }

    fn other_root(&self, document: &Document, is_taken_out: &dyn Fn(&str) -> bool) -> Option<String> {
        let data_root = &self.host.storage.root;
        // What is in both is refused, and the file comes before a flag of the other name (moby `cmd/dockerd`, 20.10).
        let in_file = || ROOTS.iter().find_map(|name| Some((*name, document.get_text(name)?)));
        let flags = self.flags();
        let as_flag = || ROOTS.iter().find_map(|name| Some((*name, flags.get(name)?.value.clone())));
        let is_said = |said: &(&str, String)| !said.1.is_empty();
        let given = in_file().filter(is_said).or_else(|| as_flag().filter(is_said));
        // Those of a rootless engine lie in the folder of its user.
        let is_usual = (is_taken_out("data-root") || is_taken_out("graph")) && self.host.kind == EngineKind::Docker;
        let root = given.as_ref().map(|(_, root)| root.clone()).or_else(|| is_usual.then(|| USUAL_ROOT.to_owned()))?;
        // With remapped users it is a folder below that one.
        let leads_there = |root: &str| fs::canonicalize(root).is_ok_and(|root| Path::new(data_root).starts_with(root));
        if data_root.is_empty() || Path::new(data_root).starts_with(&root) || leads_there(&root) {
            return None;
        }
        let says = match given {
            Some((name, root)) => format!("`{name}` is `{root}`"),
            None => format!("`data-root` is not in it, so that it is `{root}`"),
        };
        Some(format!("{says}, and the engine keeps them in `{data_root}`"))
    }

    /// Those of remapped users lie in a folder of their own.
    fn other_users(&self, document: &Document) -> Option<String> {
        match (self.says(document, "userns-remap"), self.host.storage.remaps_users) {
            (Some(users), false) => Some(format!("`userns-remap` is `{users}`, and the engine keeps them without")),
            (None, true) => {
                Some("`userns-remap` is not in it, and the engine keeps them for remapped users".to_owned())
            }
            _ => None,
        }
    }

    fn other_store(&self, document: &Document) -> Option<String> {
        let release = self.release().filter(|release| *release >= KNOWS_SNAPSHOTTER)?;
        if self.flags().get("features").is_some() {
            return None;
        }
        let says = document.get("features").and_then(|features| features.get(SNAPSHOTTER)?.as_bool());
        let by_default = release >= PREFERS_SNAPSHOTTER;
        match (says, self.host.storage.uses_snapshotter) {
            (Some(true), false) => {
                Some(format!("`features` has `{SNAPSHOTTER}`, and the engine keeps them without it"))
            }
            (Some(false), true) => {
                Some(format!("`features` switches `{SNAPSHOTTER}` off, and the engine keeps them by it"))
            }
            (None, true) if !by_default => {
                Some(format!("`features` has no `{SNAPSHOTTER}`, and the engine keeps them by it"))
            }
            _ => None,
        }
    }
}
