//! `grafana`: the Grafana that shows the dashboards.

use schemars::JsonSchema;
use serde::Deserialize;

use super::document::{Entry, Path, Reader};
use super::{ContainerSettings, Publish, Secret, Wiring};

/// Grafana's settings. The container settings of an app stand here too.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Grafana {
    /// Tag of the catalogue's image.
    pub version: Option<String>,
    /// Replaces the catalogue's image.
    pub image: Option<String>,
    /// Where it is published: `PORT`, `ADDRESS:PORT` or `off`. Default 127.0.0.1:3000.
    pub port: Publish,
    /// Password of the user `admin`. Left out: generated once and kept, mode 0600, in the state folder.
    pub admin_password: Option<Secret>,
    /// Data sources beside Prometheus, in the words of Grafana's provisioning, added as they are.
    pub extra_datasources: Vec<serde_json::Value>,
    /// Adds to the catalogue's container settings: `environment` such as `GF_USERS_ALLOW_SIGN_UP`, and the rest.
    #[serde(skip)]
    #[schemars(flatten, !skip)]
    pub container: ContainerSettings,
    /// Volumes, networks and secrets of its container.
    #[serde(skip)]
    #[schemars(flatten, !skip)]
    pub wiring: Wiring,
}

impl Grafana {
    /// Reads the section; whatever is wrong with it is recorded.
    pub(super) fn read(entry: &Entry, path: Path, reader: &mut Reader) -> Self {
        let mut parts = reader.parts(&entry.node, entry.key, path);
        let mut grafana: Self = parts.read();
        grafana.container = parts.read();
        grafana.wiring = parts.read();
        parts.finish();
        grafana
    }
}
