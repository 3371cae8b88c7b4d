//! `prometheus.rule_files`: a file of recording and alerting rules, named in the stack file and read when that is loaded.

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::document::{Node, Span, Value};
use super::{Duration, Rule, RuleGroup, RuleKind};

/// A file of rules in Prometheus' own words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleFile {
    /// Where it lies. Absolute once loaded; relative to the stack file as written.
    pub path: String,
    /// What it says; empty until the stack is loaded.
    pub text: String,
    /// Its rules; empty until the stack is loaded.
    pub groups: Vec<RuleGroup>,
}

impl RuleFile {
    /// The last part of the path: its name inside the Prometheus container, too.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for RuleFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|path| Self { path, ..Self::default() })
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

/// A rule and where its parts stand in the file.
#[derive(Debug)]
pub(super) struct PlacedRule {
    /// The rule.
    pub(super) rule: Rule,
    /// Where its name stands.
    pub(super) name: Span,
    /// Where its expression stands.
    pub(super) expression: Span,
}

/// A group and its rules, with their places.
#[derive(Debug)]
pub(super) struct PlacedGroup {
    pub(super) name: String,
    pub(super) interval: Option<Duration>,
    pub(super) rules: Vec<PlacedRule>,
}

impl PlacedGroup {
    /// The group alone.
    pub(super) fn group(&self) -> RuleGroup {
        let rules = self.rules.iter().map(|placed| placed.rule.clone()).collect();
        RuleGroup { name: self.name.clone(), interval: self.interval, rules }
    }
}

/// The groups of a file, as far as they are what Prometheus takes for rules: it has the last word on the rest.
pub(super) fn groups(root: &Node) -> Vec<PlacedGroup> {
    let list = |node: Option<&Node>| match node.map(|node| &node.value) {
        Some(Value::Sequence(items)) => items.clone(),
        _ => Vec::new(),
    };
    let groups = list(root.entry("groups").map(|entry| &entry.node));
    let read = groups.iter().map(|group| PlacedGroup {
        name: text(group, "name").unwrap_or_default(),
        interval: duration(group, "interval"),
        rules: list(group.entry("rules").map(|entry| &entry.node)).iter().filter_map(rule).collect(),
    });
    read.collect()
}

fn rule(node: &Node) -> Option<PlacedRule> {
    let (key, name) = ["alert", "record"].into_iter().find_map(|key| Some((key, node.entry(key)?)))?;
    let expression = node.entry("expr")?;
    let kind = if key == "alert" {
        RuleKind::Alert {
            holds_for: duration(node, "for").unwrap_or_default(),
            keeps_firing_for: duration(node, "keep_firing_for").unwrap_or_default(),
            annotations: texts(node, "annotations"),
        }
    } else {
        RuleKind::Record
    };
    let labels = texts(node, "labels");
    let rule = Rule { name: text(node, key)?, expression: text(node, "expr")?, labels, kind };
    Some(PlacedRule { rule, name: name.node.span, expression: expression.node.span })
}

fn text(node: &Node, key: &str) -> Option<String> {
    match &node.entry(key)?.node.value {
        Value::Scalar(scalar) => Some(scalar.text.clone()),
        _ => None,
    }
}

fn duration(node: &Node, key: &str) -> Option<Duration> {
    text(node, key)?.parse().ok()
}

fn texts(node: &Node, key: &str) -> IndexMap<String, String> {
    let Some(Value::Mapping(entries)) = node.entry(key).map(|entry| &entry.node.value) else { return IndexMap::new() };
    let written = entries.keys().filter_map(|name| Some((name.clone(), text(&node.entry(key)?.node, name)?)));
    written.collect()
}
