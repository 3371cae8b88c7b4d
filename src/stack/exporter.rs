//! `exporters.NAME`: an exporter from the catalogue.

use super::{ContainerSettings, Metrics, Wiring};

/// One exporter. What is not written comes from the catalogue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exporter {
    /// Tag of the catalogue's image.
    pub version: Option<String>,
    /// Replaces the catalogue's image.
    pub image: Option<String>,
    /// Replaces or adds to the catalogue's container settings.
    pub container: ContainerSettings,
    /// Volumes, networks, dependencies and secrets of the exporter.
    pub wiring: Wiring,
    /// Replaces the catalogue's port, path and interval.
    pub metrics: Metrics,
}
