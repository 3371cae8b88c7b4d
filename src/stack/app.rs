//! `apps.NAME`: one service, in the words of the Compose specification, plus what there is to watch.

use super::{ContainerSettings, Metrics, Signals, Wiring};

/// One app: a Compose service plus `metrics`, `signals` and `scale`.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// The image, as `docker pull` takes it. `stackctl/self` is stackctl's own image, which holds the demo apps.
    pub image: String,
    /// How many replicas run. `up --scale APP=N` overrides it.
    pub scale: u32,
    /// What the Compose service says about its container alone.
    pub container: ContainerSettings,
    /// Volumes, networks, dependencies and secrets of the service.
    pub wiring: Wiring,
    /// What to scrape. Left out: the app runs, and nobody scrapes it.
    pub metrics: Option<Metrics>,
    /// What the golden signals of this app are called.
    pub signals: Option<Signals>,
}
