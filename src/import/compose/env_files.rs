//! The files of variables that a Compose service reads.

use std::path::Path;

use super::project::scalar;
use super::{Project, mounts};
use crate::stack::{OutsideNode, OutsideValue};

/// One entry of `env_file`.
pub(super) struct EnvFile {
    /// The path, as it is written.
    pub(super) path: String,
    /// Whether the service does without it.
    pub(super) is_optional: bool,
}

/// The entries of `env_file`, written as a text, as a list or as a list of maps.
pub(super) fn of(node: &OutsideNode) -> Vec<EnvFile> {
    let items = match &node.value {
        OutsideValue::Sequence(items) => items.iter().collect(),
        _ => vec![node],
    };
    let key = |item: &OutsideNode, key: &str| item.entry(key).and_then(|entry| scalar(&entry.node)).map(str::to_owned);
    let file = |item: &OutsideNode| {
        let path = scalar(item).map(str::to_owned).or_else(|| key(item, "path"))?;
        Some(EnvFile { path, is_optional: key(item, "required").as_deref() == Some("false") })
    };
    items.into_iter().filter_map(file).collect()
}

/// Whether a service gets all that stands in this file: it is its `env_file`, or mounted. `file`: absolute and tidy.
pub(in crate::import) fn are_read_by(project: &Project, service: &OutsideNode, file: &Path) -> bool {
    let is_it = |path: &str| project.rebase.absolute(&project.filled(path)) == file;
    let named = service.entry("env_file").map(|entry| of(&entry.node)).unwrap_or_default();
    named.iter().any(|named| is_it(&named.path))
        || mounts::binds(project, service).iter().any(|bind| bind.is_path && is_it(&bind.source))
}
