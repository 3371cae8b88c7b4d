//! `prometheus/rules/NAME`: files of rules, as Prometheus reads them.

use indexmap::IndexMap;
use serde::Serialize;

use super::yaml;
use crate::desired::{Desired, Duration, Rule, RuleGroup, RuleKind, prometheus_duration};

/// Every file of rules: those that the stack file names as they are, the others from their groups.
pub(super) fn files(desired: &Desired) -> impl Iterator<Item = (String, String)> {
    let files = desired.prometheus.iter().flat_map(|config| &config.rule_files);
    files.map(|file| (file.rendered(), file.text.clone().unwrap_or_else(|| text(&file.groups, true))))
}

/// Groups as a file. Without annotations, rules can be compared whose words do not matter.
pub(super) fn text(groups: &[RuleGroup], with_annotations: bool) -> String {
    let groups = groups.iter().map(|group| GroupView {
        name: &group.name,
        interval: group.interval.map(prometheus_duration),
        rules: group.rules.iter().map(|rule| RuleView::of(rule, with_annotations)).collect(),
    });
    let file = FileView { groups: groups.collect() };
    format!("{}{}", yaml::HEADER, yaml::document(&file))
}

#[derive(Serialize)]
struct FileView<'a> {
    groups: Vec<GroupView<'a>>,
}

#[derive(Serialize)]
struct GroupView<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<String>,
    rules: Vec<RuleView<'a>>,
}

#[derive(Serialize)]
struct RuleView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<&'a str>,
    expr: &'a str,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    holds_for: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_firing_for: Option<String>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    labels: &'a IndexMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a IndexMap<String, String>>,
}

impl<'a> RuleView<'a> {
    fn of(rule: &'a Rule, with_annotations: bool) -> Self {
        let written = |duration: &Duration| (*duration > Duration::default()).then(|| prometheus_duration(*duration));
        let bare = Self {
            record: None,
            alert: None,
            expr: &rule.expression,
            holds_for: None,
            keep_firing_for: None,
            labels: &rule.labels,
            annotations: None,
        };
        match &rule.kind {
            RuleKind::Record => Self { record: Some(&rule.name), ..bare },
            RuleKind::Alert { holds_for, keeps_firing_for, annotations } => Self {
                alert: Some(&rule.name),
                holds_for: written(holds_for),
                keep_firing_for: written(keeps_firing_for),
                annotations: (with_annotations && !annotations.is_empty()).then_some(annotations),
                ..bare
            },
        }
    }
}
