//! Which alerts go to whom, how they become messages, and which mute which.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::shape::{one_or_many, one_or_many_schema};
use super::super::{Duration, ServiceName};
use super::Matcher;

/// Alerts that go to somebody. All conditions have to hold; the first route that fits is taken.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// Who is told: one receiver or several.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub receiver: Vec<ServiceName>,
    /// Alerts of this severity, or of one of these.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub severity: Vec<String>,
    /// Alerts of this app, exporter or scrape job, or of one of these.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub app: Vec<ServiceName>,
    /// Alerts with these labels.
    pub matchers: Vec<Matcher>,
    /// Look for more routes that fit.
    pub r#continue: bool,
    /// Labels that the alerts of one message have in common; `...` for a message for each alert.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub group_by: Vec<String>,
    /// How long to wait for more alerts before the first message.
    pub group_wait: Option<Duration>,
    /// How long to wait before a message about new alerts of a group that was told of already.
    pub group_interval: Option<Duration>,
    /// How long until an alert that goes on is told of again.
    pub repeat_interval: Option<Duration>,
}

/// How alerts become messages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Timing {
    /// Labels that the alerts of one message have in common. Default: `alertname` and `job`.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub group_by: Vec<String>,
    /// How long to wait for more alerts before the first message. Default 30s.
    pub group_wait: Option<Duration>,
    /// How long to wait before a message about new alerts of a group that was told of already. Default 5m.
    pub group_interval: Option<Duration>,
    /// How long until an alert that goes on is told of again. Default 4h.
    pub repeat_interval: Option<Duration>,
}

/// Alerts that mute others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Inhibition {
    /// While an alert with these labels fires …
    pub source: Vec<Matcher>,
    /// … nobody is told of alerts with these …
    pub target: Vec<Matcher>,
    /// … that have the same values of these labels.
    pub equal: Vec<String>,
}
