//! What a service of `compose.yml` mounts: its own mounts, and the folders with its rendered files.

use indexmap::IndexSet;
use serde::Serialize;

use crate::desired::{Container, Mount, MountSource, Propagation, compose_size};

/// One mount.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum MountEntry {
    /// `SOURCE:TARGET[:ro]`
    Short(String),
    /// With keys, where the short form cannot say it.
    Long(LongMount),
}

/// A mount with keys.
#[derive(Serialize)]
pub(super) struct LongMount {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    target: String,
    #[serde(skip_serializing_if = "super::is_false")]
    read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    bind: Option<BindOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume: Option<VolumeOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tmpfs: Option<TmpfsOptions>,
}

#[derive(Serialize)]
struct BindOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    propagation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_host_path: Option<bool>,
}

#[derive(Serialize)]
struct VolumeOptions {
    nocopy: bool,
}

#[derive(Serialize)]
struct TmpfsOptions {
    size: String,
}

/// The folders of the rendered files first, then the container's own mounts.
pub(super) fn mounts(container: &Container) -> Vec<MountEntry> {
    let folders = folders(container).into_iter();
    let rendered = folders.map(|(source, target)| MountEntry::Short(format!("./{source}:{target}:ro")));
    rendered.chain(container.mounts.iter().map(entry)).collect()
}

/// Folders, not files: a file that is mounted alone stays the old one when it is replaced on the host.
fn folders(container: &Container) -> IndexSet<(&str, &str)> {
    let files = container.files.iter();
    files.filter_map(|file| Some((file.source.rsplit_once('/')?.0, file.target.rsplit_once('/')?.0))).collect()
}

/// The short form where it can say everything, else the long one.
fn entry(mount: &Mount) -> MountEntry {
    let long = long(mount);
    let plain = long.bind.is_none() && long.volume.is_none() && !long.target.contains(':');
    match &long.source {
        Some(source) if plain && !source.contains(':') => {
            let mode = if long.read_only { ":ro" } else { "" };
            MountEntry::Short(format!("{source}:{}{mode}", long.target))
        }
        _ => MountEntry::Long(long),
    }
}

fn long(mount: &Mount) -> LongMount {
    let (target, read_only) = (mount.target.clone(), mount.read_only);
    let volume = mount.no_copy.then_some(VolumeOptions { nocopy: true });
    let bare = LongMount { kind: "volume", source: None, target, read_only, bind: None, volume, tmpfs: None };
    match &mount.source {
        MountSource::Volume { key, .. } => LongMount { source: Some(key.clone()), ..bare },
        MountSource::Anonymous => bare,
        MountSource::Bind { path, propagation, create_host_path } => {
            let (propagation, create_host_path) = (propagation.map(propagation_word), *create_host_path);
            let says = propagation.is_some() || create_host_path.is_some();
            let bind = says.then_some(BindOptions { propagation, create_host_path });
            LongMount { kind: "bind", source: Some(path.clone()), bind, volume: None, ..bare }
        }
        MountSource::Tmpfs { size } => {
            let tmpfs = size.map(|size| TmpfsOptions { size: compose_size(size) });
            LongMount { kind: "tmpfs", tmpfs, volume: None, ..bare }
        }
    }
}

fn propagation_word(propagation: Propagation) -> &'static str {
    match propagation {
        Propagation::Private => "rprivate",
        Propagation::Shared => "rshared",
        Propagation::Slave => "rslave",
    }
}
