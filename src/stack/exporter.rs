//! `exporters.NAME`: an exporter from the catalogue, for the host or for an app of the stack.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::document::{Entry, Path, Reader};
use super::{ContainerSettings, Metrics, Secret, ServiceName, Wiring, Wrong};

/// One exporter. What is not written comes from the catalogue.
#[derive(Debug, Clone, PartialEq, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Exporter {
    /// Its name in the catalogue. Default: the key, so that `postgres:` is the postgres exporter.
    pub kind: Option<String>,
    /// The app that it watches, as `APP` or `APP:PORT`. Address, login, networks and dependency follow from the app.
    #[schemars(rename = "for")]
    pub watched: Option<Watched>,
    /// Who it is to the app. Default: the login in the app's own settings.
    pub login: Option<Login>,
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

/// An app that an exporter watches, and where that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Name of the app.
    pub app: ServiceName,
    /// Port of the app. Default: the one that is usual for the kind.
    pub port: Option<u16>,
}

/// Who an exporter is to the app that it watches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Login {
    /// User name. Default: the one in the app's own settings.
    pub username: Option<String>,
    /// Password, from a file or the environment, never in the stack file itself.
    pub password: Option<Secret>,
    /// Database. Default: the one in the app's own settings.
    pub database: Option<String>,
}

/// The keys of an exporter that a Compose service does not have, and its image.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ExporterKeys {
    kind: Option<String>,
    #[serde(rename = "for")]
    watched: Option<Watched>,
    login: Option<Login>,
    version: Option<String>,
    image: Option<String>,
    metrics: Metrics,
}

impl Exporter {
    /// Its name in the catalogue, for an exporter that stands under that key.
    pub fn kind<'a>(&'a self, key: &'a str) -> &'a str {
        self.kind.as_deref().unwrap_or(key)
    }

    /// Reads an exporter; whatever is wrong with it is recorded.
    pub(super) fn read(entry: &Entry, path: Path, reader: &mut Reader) -> Self {
        let mut parts = reader.parts(&entry.node, entry.key, path);
        let keys: ExporterKeys = parts.read();
        let container = parts.read();
        let wiring = parts.read();
        parts.finish();
        let ExporterKeys { kind, watched, login, version, image, metrics } = keys;
        Self { kind, watched, login, version, image, container, wiring, metrics }
    }
}

impl FromStr for Watched {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let Some((app, port)) = text.split_once(':') else { return Ok(Self { app: text.parse()?, port: None }) };
        let wrong =
            || Wrong::new(format!("`{port}` is not a port"), "write `APP`, or `APP:PORT` with a port from 1 to 65535");
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
        Ok(Self { app: app.parse()?, port: Some(port) })
    }
}

impl<'de> Deserialize<'de> for Watched {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Watched {
    fn schema_name() -> Cow<'static, str> {
        "Watched".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "An app of this file: `APP`, or `APP:PORT`." })
    }
}
