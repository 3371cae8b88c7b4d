//! The stack's named volumes, and what is mounted where.

use indexmap::IndexSet;

use super::lookup::find;
use super::{Mount, MountSource, Service, Volume};
use crate::catalog::{Bind, Component};
use crate::stack::{MountKind, Propagation, Stack};

/// The named volumes that any service mounts, in order of first use.
pub(super) fn used(stack: &Stack, services: &[Service]) -> Vec<Volume> {
    let mounts = services.iter().flat_map(|service| &service.container.mounts);
    let keys: IndexSet<&str> = mounts
        .filter_map(|mount| match &mount.source {
            MountSource::Volume { key, .. } => Some(key.as_str()),
            _ => None,
        })
        .collect();
    keys.into_iter().map(|key| volume(stack, key)).collect()
}

/// A mount of the stack file, with the engine's name of its volume.
pub(super) fn mount(stack: &Stack, mount: &crate::stack::Mount) -> Mount {
    let source = match &mount.kind {
        MountKind::Volume(key) => named(stack, key),
        MountKind::Anonymous => MountSource::Anonymous,
        MountKind::Bind { source, propagation, create_host_path } => {
            let (propagation, create_host_path) = (*propagation, *create_host_path);
            MountSource::Bind { path: source.clone(), propagation, create_host_path }
        }
        MountKind::Tmpfs { size } => MountSource::Tmpfs { size: *size },
    };
    Mount { source, target: mount.target.clone(), read_only: mount.read_only, no_copy: mount.no_copy }
}

/// Adds the mount of a component's data, unless the stack file mounts something else there. A further service of the component
/// has a volume of its own there in any case.
pub(super) fn add_data(stack: &Stack, component: &Component, service_name: &str, mounts: &mut Vec<Mount>) {
    let Some(folder) = &component.data else { return };
    let is_data = |mount: &Mount| mount.target.trim_end_matches('/') == folder.path;
    if !mounts.iter().any(is_data) {
        let (source, target) = (named(stack, folder.volume), folder.path.to_owned());
        mounts.push(Mount { source, target, read_only: false, no_copy: false });
    }
    if service_name == component.name {
        return;
    }
    for mount in mounts.iter_mut().filter(|mount| is_data(mount)) {
        if let MountSource::Volume { .. } = mount.source {
            mount.source = named(stack, &format!("{service_name}-data"));
        }
    }
}

/// The mount of a path of the host. An engine refuses `rslave` where the host's root is not a shared mount, and without
/// it only file systems that the host mounts later are missed: so it is asked for where it is known to work.
pub(super) fn host_path(bind: &Bind, root_is_shared: bool) -> Mount {
    let propagation = (bind.follows_host_mounts && root_is_shared).then_some(Propagation::Slave);
    let source = MountSource::Bind { path: bind.source.to_owned(), propagation, create_host_path: None };
    Mount { source, target: bind.target.to_owned(), read_only: true, no_copy: false }
}

/// A named volume, with its name at the engine.
pub(super) fn named(stack: &Stack, key: &str) -> MountSource {
    MountSource::Volume { key: key.to_owned(), name: engine_name(stack, key) }
}

fn volume(stack: &Stack, key: &str) -> Volume {
    let settings = find(&stack.volumes, key).cloned().unwrap_or_default();
    Volume {
        key: key.to_owned(),
        name: engine_name(stack, key),
        external: settings.external,
        driver: settings.driver.unwrap_or_else(|| "local".to_owned()),
        driver_opts: settings.driver_opts,
        labels: settings.labels,
    }
}

fn engine_name(stack: &Stack, key: &str) -> String {
    match find(&stack.volumes, key) {
        Some(crate::stack::Volume { name: Some(name), .. }) => name.clone(),
        Some(volume) if volume.external => key.to_owned(),
        _ => format!("{}_{key}", stack.name),
    }
}
