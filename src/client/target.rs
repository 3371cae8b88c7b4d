//! `/api/v1/targets`: what Prometheus scrapes, and how that goes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

/// What Prometheus scrapes, and what it found but dropped.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Targets {
    /// What it scrapes.
    pub active: Vec<Target>,
    /// What relabelling dropped.
    pub dropped: Vec<DroppedTarget>,
}

/// One target that is scraped.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Target {
    /// `job_name` of the configuration it comes from.
    pub pool: String,
    /// Address as discovered, before relabelling: `HOST:PORT`.
    pub address: String,
    /// URL that is scraped.
    pub url: String,
    /// Labels of its series.
    pub labels: BTreeMap<String, String>,
    /// How the last scrape went.
    pub health: Health,
    /// Why the last scrape failed; empty where it did not.
    pub last_error: String,
    /// When it was scraped last, in milliseconds since 1970; `None` where it never was.
    pub last_scrape: Option<i64>,
    /// How long the last scrape took, in seconds.
    pub last_scrape_seconds: f64,
}

/// One target that relabelling dropped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DroppedTarget {
    /// `job_name` of the configuration it comes from.
    pub pool: String,
    /// Address as discovered: `HOST:PORT`.
    pub address: String,
}

/// How the last scrape of a target went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Well.
    Up,
    /// Not well.
    Down,
    /// There was none yet.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The answer as it comes, borrowed from the body wherever JSON allows it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireTargets<'body> {
    #[serde(borrow, default)]
    active_targets: Vec<WireTarget<'body>>,
    #[serde(borrow, default)]
    dropped_targets: Vec<WireDropped<'body>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTarget<'body> {
    #[serde(borrow)]
    discovered_labels: WireDiscovered<'body>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(borrow)]
    scrape_pool: Cow<'body, str>,
    #[serde(borrow)]
    scrape_url: Cow<'body, str>,
    #[serde(borrow, default)]
    last_error: Cow<'body, str>,
    #[serde(borrow, default)]
    last_scrape: Cow<'body, str>,
    #[serde(default)]
    last_scrape_duration: f64,
    #[serde(default)]
    health: Health,
}

/// Dropped targets carry their pool only from Prometheus 3 on; before, the discovered label `job` says it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDropped<'body> {
    #[serde(borrow)]
    discovered_labels: WireDiscovered<'body>,
    #[serde(borrow, default)]
    scrape_pool: Option<Cow<'body, str>>,
}

#[derive(Deserialize, Default)]
struct WireDiscovered<'body> {
    #[serde(rename = "__address__", borrow, default)]
    address: Cow<'body, str>,
    #[serde(borrow, default)]
    job: Cow<'body, str>,
}

impl From<WireTargets<'_>> for Targets {
    fn from(wire: WireTargets) -> Self {
        Self {
            active: wire.active_targets.into_iter().map(Target::from).collect(),
            dropped: wire.dropped_targets.into_iter().map(DroppedTarget::from).collect(),
        }
    }
}

impl From<WireTarget<'_>> for Target {
    fn from(wire: WireTarget) -> Self {
        Self {
            pool: wire.scrape_pool.into_owned(),
            address: wire.discovered_labels.address.into_owned(),
            url: wire.scrape_url.into_owned(),
            labels: wire.labels,
            health: wire.health,
            last_error: wire.last_error.into_owned(),
            last_scrape: moment(&wire.last_scrape),
            last_scrape_seconds: wire.last_scrape_duration,
        }
    }
}

impl From<WireDropped<'_>> for DroppedTarget {
    fn from(wire: WireDropped) -> Self {
        Self {
            pool: wire.scrape_pool.unwrap_or(wire.discovered_labels.job).into_owned(),
            address: wire.discovered_labels.address.into_owned(),
        }
    }
}

/// Milliseconds since 1970. Prometheus writes year 1 for "never".
fn moment(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(time.as_millisecond()).filter(|millis| *millis > 0)
}
