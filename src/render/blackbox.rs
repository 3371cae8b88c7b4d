//! `blackbox/blackbox.yml`: how each probe is asked.

use indexmap::IndexMap;
use serde::Serialize;

use super::yaml;
use crate::desired::{Desired, ProbeModule, Role};

#[derive(Serialize)]
struct File<'a> {
    modules: &'a IndexMap<String, ProbeModule>,
}

/// The file, where a container reads it.
pub(super) fn render(desired: &Desired) -> Option<String> {
    let mut files = desired.services.iter().filter(|service| service.role == Role::Exporter);
    let is_read = files.any(|service| service.container.files.iter().any(|file| file.source == SOURCE));
    is_read.then(|| format!("{}{}", yaml::HEADER, yaml::document(&File { modules: &desired.probes })))
}

/// Where it is rendered.
pub(super) const SOURCE: &str = "blackbox/blackbox.yml";
