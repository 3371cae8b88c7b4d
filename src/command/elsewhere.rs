//! Whether a stack file of the same name in another folder has made what is here.

use std::collections::BTreeSet;
use std::path::Path;

use crate::engine::{Observed, ObservedContainer, ObservedVolume};

/// The stack file of another folder than those of `ours` that a container was made from, where it is still there.
pub(super) fn of_container<'a>(ours: &[String], container: &'a ObservedContainer) -> Option<&'a str> {
    container.fingerprint.as_ref()?;
    other_source(ours, &container.stack_files)
}

/// The stack's first volume that another stack file has made, with that file, among those that `is_meant` names. What runs from
/// our own files has its volumes with it, whoever made these.
pub(super) fn volume<'a>(
    ours: &[String],
    observed: &'a Observed,
    is_meant: impl Fn(&ObservedVolume) -> bool,
) -> Option<(&'a str, &'a str)> {
    let is_ours =
        |container: &ObservedContainer| container.fingerprint.is_some() && of_container(ours, container).is_none();
    if observed.containers.iter().any(is_ours) {
        return None;
    }
    let mut volumes = observed.volumes.iter().filter(|volume| volume.ours && is_meant(volume));
    volumes.find_map(|volume| Some((volume.name.as_str(), other_source(ours, &volume.stack_files)?)))
}

fn other_source<'a>(ours: &[String], made_from: &'a [String]) -> Option<&'a str> {
    // One folder may be written in many ways: by `..`, by a link.
    let folder = |path: &str| {
        let parent = Path::new(path).parent()?;
        Some(parent.canonicalize().unwrap_or_else(|_| parent.to_owned()))
    };
    let ours: BTreeSet<_> = ours.iter().map(|path| folder(path)).collect();
    let is_ours = made_from.iter().any(|path| ours.contains(&folder(path)));
    let mut others = made_from.iter().filter(|path| !is_ours && Path::new(path).is_file());
    others.next().map(String::as_str)
}
