//! `signals`: what the golden signals of an app are called.

use schemars::JsonSchema;
use serde::Deserialize;

use super::shape::{one_or_many, one_or_many_schema};

/// Metric selectors of the golden signals.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Signals {
    /// A histogram of durations, in seconds.
    pub latency: Option<String>,
    /// A counter of requests.
    pub traffic: Option<String>,
    /// A counter of failed requests.
    pub errors: Option<String>,
    /// A gauge of requests in flight.
    pub in_flight: Option<String>,
    /// Gauges that tell how full the app is.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub saturation: Vec<String>,
}
