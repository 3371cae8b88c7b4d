//! `prometheus.rule_files`: a file of recording and alerting rules, named in the stack file and read when that is loaded.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// A file of rules in Prometheus' own words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleFile {
    /// Where it lies. Absolute once loaded; relative to the stack file as written.
    pub path: String,
    /// What it says; empty until the stack is loaded.
    pub text: String,
}

impl RuleFile {
    /// The last part of the path: its name inside the Prometheus container, too.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for RuleFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|path| Self { path, text: String::new() })
    }
}

impl JsonSchema for RuleFile {
    fn schema_name() -> Cow<'static, str> {
        "RuleFile".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A file of rules, relative to the stack file." })
    }
}
