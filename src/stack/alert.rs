//! `alerts`: what somebody wants to be told of. A preset by its name, or an expression of one's own.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::shape::{pairs, pairs_schema};
use super::{Amount, Duration, Toggle};

/// Alerts by name. `None`: nobody wrote `alerts`. `off`: no preset is on by itself.
pub type Alerts = Option<Toggle<IndexMap<String, Alert>>>;

/// One alert.
#[derive(Debug, Clone, PartialEq)]
pub enum Alert {
    /// Not wanted.
    Off,
    /// Wanted: a preset with these settings, or an alert of its own, which has `when`.
    On(Box<AlertSettings>),
}

/// What is written about an alert.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertSettings {
    /// `PromQL`: the alert holds for each series of its answer. A preset has its own.
    pub when: Option<String>,
    /// How long it has to hold before the alert fires.
    #[serde(rename = "for")]
    pub holds_for: Option<Duration>,
    /// How long it goes on firing after it holds no more.
    pub keep_firing_for: Option<Duration>,
    /// `critical`, `warning`, `info`, or a word of one's own. Default `warning`.
    pub severity: Option<String>,
    /// What is the case, in one line. Prometheus' templates: `{{ $labels.instance }}`, `{{ $value }}`.
    pub summary: Option<String>,
    /// What it means and what to look at first.
    pub description: Option<String>,
    /// Address of the page that says what to do.
    pub runbook: Option<String>,
    /// More labels of the alert.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub labels: IndexMap<String, String>,
    /// More annotations.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub annotations: IndexMap<String, String>,
    /// Of a preset: what is too much, such as `5%` of requests, `300ms`, or 3 restarts.
    pub above: Option<Amount>,
    /// Of the preset `latency`: the share of requests, in percent, that `above` is about. Default 95.
    pub p: Option<f64>,
    /// Of a preset: how far it looks ahead, such as `24h` for `disk-full`, `14d` for `certificate-expiry`.
    pub within: Option<Duration>,
    /// Of a preset: the length of time it looks back on.
    pub over: Option<Duration>,
}

impl Alert {
    /// The settings of an alert that is wanted.
    pub fn settings(&self) -> Option<&AlertSettings> {
        match self {
            Self::Off => None,
            Self::On(settings) => Some(settings),
        }
    }
}

/// The alerts that are written down.
pub fn written_alerts(alerts: &Alerts) -> impl Iterator<Item = (&str, &Alert)> {
    let all = alerts.iter().filter_map(Toggle::as_option).flatten();
    all.map(|(name, alert)| (name.as_str(), alert))
}

/// Reads `alerts:`; with nothing after it, it means `alerts: {}`.
pub(super) fn alerts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Alerts, D::Error> {
    Toggle::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Alert {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AlertVisitor)
    }
}

struct AlertVisitor;

impl<'de> Visitor<'de> for AlertVisitor {
    type Value = Alert;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("`off`, PromQL, or a map of `key: value`")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Alert, E> {
        Ok(if on { Alert::On(Box::default()) } else { Alert::Off })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Alert, E> {
        Ok(match text {
            "off" => Alert::Off,
            "on" => Alert::On(Box::default()),
            when => Alert::On(Box::new(AlertSettings { when: Some(when.to_owned()), ..AlertSettings::default() })),
        })
    }

    fn visit_unit<E: Error>(self) -> Result<Alert, E> {
        Ok(Alert::On(Box::default()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Alert, A::Error> {
        AlertSettings::deserialize(MapAccessDeserializer::new(map)).map(|settings| Alert::On(Box::new(settings)))
    }
}

impl JsonSchema for Alert {
    fn schema_name() -> Cow<'static, str> {
        "Alert".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let settings = generator.subschema_for::<AlertSettings>();
        json_schema!({ "anyOf": [settings, { "type": ["string", "boolean", "null"] }] })
    }
}

/// What `above` of a preset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AboveKind {
    /// The preset has no such key.
    Nothing,
    /// A share of a whole.
    Share,
    /// A time.
    Time,
    /// A number.
    Number,
}

/// What the stack file can say about a preset. What it asks is said where it is made.
#[derive(Debug)]
pub struct AlertPreset {
    /// Its name.
    pub name: &'static str,
    /// The alerts that it makes are called so.
    pub makes: &'static [&'static str],
    /// It can be set for one app.
    pub of_apps: bool,
    /// What `above` is.
    pub above: AboveKind,
    /// It looks ahead: `within`.
    pub within: bool,
    /// It looks back: `over`.
    pub over: bool,
}

const fn preset(
    name: &'static str,
    makes: &'static [&'static str],
    of_apps: bool,
    above: AboveKind,
    within: bool,
    over: bool,
) -> AlertPreset {
    AlertPreset { name, makes, of_apps, above, within, over }
}

/// Every preset.
pub const ALERT_PRESETS: &[AlertPreset] = &[
    preset("target-down", &["TargetDown"], true, AboveKind::Nothing, false, false),
    preset("app-unreachable", &["AppUnreachable"], false, AboveKind::Nothing, false, false),
    preset("probe-failed", &["ProbeFailed"], false, AboveKind::Nothing, false, false),
    preset("replica-missing", &["ReplicaMissing"], true, AboveKind::Nothing, false, false),
    preset("restart-loop", &["RestartLoop"], true, AboveKind::Number, false, true),
    preset("error-ratio", &["HighErrorRatio"], true, AboveKind::Share, false, true),
    preset("latency", &["HighLatency"], true, AboveKind::Time, false, true),
    preset("disk-full", &["DiskWillBeFull"], false, AboveKind::Nothing, true, true),
    preset("certificate-expiry", &["CertificateExpires"], false, AboveKind::Nothing, true, false),
    preset(
        "prometheus-health",
        &[
            "PrometheusConfigNotTaken",
            "PrometheusRuleFails",
            "PrometheusAlertsLost",
            "PrometheusStorageFails",
            "PrometheusTakesNoSamples",
        ],
        false,
        AboveKind::Nothing,
        false,
        false,
    ),
    preset("watchdog", &["Watchdog"], false, AboveKind::Nothing, false, false),
];

/// The preset of that name.
pub fn alert_preset(name: &str) -> Option<&'static AlertPreset> {
    ALERT_PRESETS.iter().find(|preset| preset.name == name)
}
