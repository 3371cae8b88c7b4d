//! `slo`: what an app promises. How often its requests succeed, how fast they are answered, counted over a window.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Amount, Duration};

/// The alerts that objectives make.
pub const OBJECTIVE_ALERTS: [&str; 2] = ["ErrorBudgetBurnsFast", "ErrorBudgetBurnsSlowly"];

/// How many times too fast the error budget goes where the fastest alert is due ("The Site Reliability Workbook", chapter 5).
pub const FASTEST_BURN: f64 = 14.4;

/// What an app promises.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Objectives {
    /// The share of requests that do not fail, such as `99.9%`.
    pub availability: Option<Amount>,
    /// How fast requests are answered.
    pub latency: Option<LatencyObjective>,
    /// Over which time it is counted. Default 30d.
    pub window: Option<Duration>,
}

/// A share of requests that is answered within a time.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatencyObjective {
    /// The share, in percent: 99.
    pub p: f64,
    /// The time: one of the bounds of the histogram's buckets, such as `250ms`.
    pub under: Duration,
}
