//! `tests`: given series, expected alerts and answers. `stackctl test` has promtool look.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;
use super::shape::{pairs, pairs_schema};

/// One test of the rules.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleTest {
    /// Time between two values of a series. Default 1m.
    #[serde(default)]
    pub interval: Option<Duration>,
    /// Series and their values, in promtool's words: `0+5x30` is 0, 5, 10 … 150.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub series: IndexMap<String, String>,
    /// What is expected of the rules.
    pub expect: Vec<Expectation>,
}

/// What is expected at one moment: of an alert, or of a query.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The moment, counted from the first value.
    pub at: Duration,
    /// Name of an alert.
    #[serde(default)]
    pub alert: Option<String>,
    /// The alerts of that name that fire then: their labels beside those that the rule itself adds. `[]`: none fires.
    #[serde(default)]
    pub firing: Option<Vec<FiringAlert>>,
    /// `PromQL`.
    #[serde(default)]
    pub query: Option<String>,
    /// Its answer: series and their values. `{}`: nothing.
    #[serde(default)]
    pub samples: Option<IndexMap<String, f64>>,
}

/// Labels of an alert that fires.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FiringAlert {
    /// Its labels, `alertname` aside.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub labels: IndexMap<String, String>,
}
