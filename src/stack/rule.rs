//! Rules in Prometheus' sense: a query that is asked again and again, and recorded under a name or watched as an alert.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Duration;
use super::shape::{pairs, pairs_schema};

/// The rule files that stackctl writes: alerts, recordings, objectives.
pub const OWN_RULE_FILES: [&str; 3] = ["stackctl-alerts.yml", "stackctl-recordings.yml", "stackctl-objectives.yml"];

/// Rules that are evaluated one after the other, at one time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleGroup {
    /// Its name, no other group's of its file.
    pub name: String,
    /// Time between two evaluations; `None`: Prometheus' own.
    pub interval: Option<Duration>,
    /// The rules, in order: a later one sees what an earlier one has recorded.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The metric that it records, or the name of the alert.
    pub name: String,
    /// `PromQL`.
    pub expression: String,
    /// Labels that are added.
    pub labels: IndexMap<String, String>,
    /// What becomes of its answer.
    pub kind: RuleKind,
}

/// What becomes of a rule's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleKind {
    /// It is kept as a metric.
    Record,
    /// Each series of it is an alert.
    Alert {
        /// How long it has to hold before the alert fires.
        holds_for: Duration,
        /// How long it goes on firing after it holds no more.
        keeps_firing_for: Duration,
        /// What is written about it, with Prometheus' templates.
        annotations: IndexMap<String, String>,
    },
}

impl Rule {
    /// Whether it is an alert.
    pub fn is_alert(&self) -> bool {
        matches!(self.kind, RuleKind::Alert { .. })
    }
}

/// `rules.NAME`: a query that is recorded under a name. The query alone, or a map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    /// `PromQL`.
    pub query: String,
    /// Labels that are added.
    pub labels: IndexMap<String, String>,
}

/// The long form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RecordingRule")]
struct Keys {
    /// `PromQL`.
    query: String,
    /// Labels that are added.
    #[serde(default, deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    labels: IndexMap<String, String>,
}

impl<'de> Deserialize<'de> for Recording {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RecordingVisitor)
    }
}

struct RecordingVisitor;

impl<'de> Visitor<'de> for RecordingVisitor {
    type Value = Recording;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("PromQL, or a map with `query`")
    }

    fn visit_str<E: Error>(self, query: &str) -> Result<Recording, E> {
        Ok(Recording { query: query.to_owned(), labels: IndexMap::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Recording, A::Error> {
        let Keys { query, labels } = Keys::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Recording { query, labels })
    }
}

impl JsonSchema for Recording {
    fn schema_name() -> Cow<'static, str> {
        "Recording".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = generator.subschema_for::<Keys>();
        json_schema!({ "anyOf": [{ "type": "string" }, keys] })
    }
}
