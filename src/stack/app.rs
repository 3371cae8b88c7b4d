//! `apps.NAME`: one service, in the words of the Compose specification, plus what there is to watch.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::alert::alerts;
use super::defaults;
use super::document::{Entry, Path, Reader};
use super::{Alert, Alerts, ContainerSettings, Metrics, Objectives, Signals, Toggle, Wiring};

/// One app: a Compose service plus `metrics`, `signals` and `scale`.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct App {
    /// The image, as `docker pull` takes it. `stackctl/self` is stackctl's own image, which holds the demo apps.
    pub image: String,
    /// How many replicas run. `up --scale APP=N` overrides it.
    #[schemars(with = "u32", default = "one")]
    pub scale: Option<u32>,
    /// What the Compose service says about its container alone.
    #[schemars(flatten)]
    pub container: ContainerSettings,
    /// Volumes, networks, dependencies and secrets of the service.
    #[schemars(flatten)]
    pub wiring: Wiring,
    /// What to scrape. Left out, or `off`: the app runs, and nobody scrapes it.
    #[schemars(with = "Option<Toggle<Metrics>>")]
    pub metrics: Option<Metrics>,
    /// What the golden signals of this app are called.
    pub signals: Option<Signals>,
    /// What somebody wants to be told of this app.
    #[schemars(with = "Option<Toggle<IndexMap<String, Alert>>>")]
    pub alerts: Alerts,
    /// What this app promises.
    pub slo: Option<Objectives>,
}

/// The keys of an app that a Compose service does not have, and its image.
#[derive(Deserialize)]
#[serde(default)]
struct AppKeys {
    image: Option<String>,
    scale: Option<u32>,
    #[serde(deserialize_with = "toggle")]
    metrics: Toggle<Metrics>,
    signals: Option<Signals>,
    #[serde(deserialize_with = "alerts")]
    alerts: Alerts,
    slo: Option<Objectives>,
}

impl Default for AppKeys {
    fn default() -> Self {
        Self { image: None, scale: None, metrics: Toggle::Off, signals: None, alerts: None, slo: None }
    }
}

fn one() -> u32 {
    defaults::SCALE
}

/// A `metrics:` with nothing after it means `metrics: {}`.
fn toggle<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Toggle<Metrics>, D::Error> {
    Toggle::deserialize(deserializer)
}

impl App {
    /// How many replicas run unless somebody says otherwise by hand.
    pub fn replicas(&self) -> u32 {
        self.scale.unwrap_or(defaults::SCALE)
    }

    /// Reads an app; whatever is wrong with it is recorded.
    pub(super) fn read(entry: &Entry, path: Path, reader: &mut Reader) -> Self {
        let mut parts = reader.parts(&entry.node, entry.key, path);
        let keys: AppKeys = parts.read();
        let container = parts.read();
        let wiring = parts.read();
        parts.finish();
        if keys.image.is_none() {
            reader.missing("image", entry, path, "add `image: NAME:TAG`");
        }
        Self {
            image: keys.image.unwrap_or_default(),
            scale: keys.scale,
            container,
            wiring,
            metrics: keys.metrics.as_option().cloned(),
            signals: keys.signals,
            alerts: keys.alerts,
            slo: keys.slo,
        }
    }
}
