//! `exporters.NAME`: an exporter from the catalogue.

use schemars::JsonSchema;
use serde::Deserialize;

use super::document::{Entry, Path, Reader};
use super::{ContainerSettings, Metrics, Wiring};

/// One exporter. What is not written comes from the catalogue.
#[derive(Debug, Clone, PartialEq, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Exporter {
    /// Tag of the catalogue's image.
    pub version: Option<String>,
    /// Replaces the catalogue's image.
    pub image: Option<String>,
    /// Replaces or adds to the catalogue's container settings.
    #[schemars(flatten)]
    pub container: ContainerSettings,
    /// Volumes, networks, dependencies and secrets of the exporter.
    #[schemars(flatten)]
    pub wiring: Wiring,
    /// Replaces the catalogue's port, path and interval.
    #[schemars(default)]
    pub metrics: Metrics,
}

/// The keys of an exporter that a Compose service does not have, and its image.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ExporterKeys {
    version: Option<String>,
    image: Option<String>,
    metrics: Metrics,
}

impl Exporter {
    /// Reads an exporter; whatever is wrong with it is recorded.
    pub(super) fn read(entry: &Entry, path: Path, reader: &mut Reader) -> Self {
        let mut parts = reader.parts(&entry.node, entry.key, path);
        let keys: ExporterKeys = parts.read();
        let container = parts.read();
        let wiring = parts.read();
        parts.finish();
        Self { version: keys.version, image: keys.image, container, wiring, metrics: keys.metrics }
    }
}
