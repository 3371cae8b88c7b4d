//! Rules as Prometheus has loaded them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Alert;

/// A group of rules.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LoadedGroup {
    /// Its name.
    pub name: String,
    /// The file it comes from, as Prometheus sees it.
    pub file: String,
    /// Its rules, in order.
    pub rules: Vec<LoadedRule>,
}

/// One rule, and how its last evaluation went.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadedRule {
    /// The metric that it records, or the name of the alert.
    pub name: String,
    /// `PromQL`, as Prometheus writes it.
    pub query: String,
    /// Seconds that an alert has to hold.
    pub duration: f64,
    /// Labels that are added.
    pub labels: BTreeMap<String, String>,
    /// What is written about an alert.
    pub annotations: BTreeMap<String, String>,
    /// How the last evaluation went.
    pub health: RuleHealth,
    /// Why it failed; empty where it did not.
    pub last_error: String,
    /// `inactive`, `pending` or `firing`; empty for what is recorded.
    pub state: String,
    /// Those that are pending or firing.
    pub alerts: Vec<Alert>,
    /// `alerting` or `recording`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// How an evaluation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleHealth {
    /// There was none yet.
    #[default]
    Unknown,
    /// Well.
    Ok,
    /// It failed.
    #[serde(rename = "err")]
    Failed,
}
