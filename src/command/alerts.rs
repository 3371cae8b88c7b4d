//! `alerts`: how every alert of the running stack stands.

use serde_json::{Value, json};

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, output, view};
use crate::cli::{Format, Global};
use crate::client::{Alert, LoadedGroup, LoadedRule, RuleHealth};
use crate::engine::Error;

/// Arguments of `alerts`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl alerts
  stackctl alerts --active
  stackctl alerts --active --format json")]
pub struct Arguments {
    /// Only those that are pending or firing
    #[arg(long)]
    active: bool,
    #[command(flatten)]
    output: crate::cli::Output,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let situation = Situation::of(global, Wishes::default()).await?;
    let prometheus = view::running_prometheus(&situation)?;
    let groups = prometheus.rules().await.map_err(|error| Error::new("cannot list the alerts", error))?;
    let lines = lines(&groups, arguments.active);
    match arguments.output.format {
        Format::Json => output::print_json(&lines.iter().map(Line::as_json).collect::<Vec<_>>()),
        Format::Text if lines.is_empty() && arguments.active => output::say("no alert is pending or firing"),
        Format::Text if lines.is_empty() => {
            output::say("no alerts: add `alerts: {}` to the stack file for the presets");
        }
        Format::Text => {
            let rows: Vec<_> = lines.iter().map(Line::row).collect();
            output::print(&output::table(&["STATE", "ALERT", "GROUP", "SEVERITY", "SINCE", "SUMMARY"], &rows));
        }
    }
    Ok(Exit::Done)
}

/// One alert that is pending or firing, or one rule of which none is.
struct Line<'a> {
    group: &'a str,
    rule: &'a LoadedRule,
    active: Option<&'a Alert>,
}

/// The worst first, else in the order of the files.
fn lines(groups: &[LoadedGroup], only_active: bool) -> Vec<Line<'_>> {
    let rules = groups.iter().flat_map(|group| group.rules.iter().map(|rule| (group.name.as_str(), rule)));
    let mut lines = Vec::new();
    for (group, rule) in rules.filter(|(_, rule)| rule.kind == "alerting") {
        if rule.alerts.is_empty() && !only_active {
            lines.push(Line { group, rule, active: None });
        }
        lines.extend(rule.alerts.iter().map(|alert| Line { group, rule, active: Some(alert) }));
    }
    lines.sort_by_key(|line| match line.state() {
        "firing" => 0,
        "pending" => 1,
        _ => 2,
    });
    lines
}

impl Line<'_> {
    fn state(&self) -> &str {
        match (self.active, self.rule.health) {
            (Some(alert), _) => &alert.state,
            (None, RuleHealth::Failed) => "error",
            (None, RuleHealth::Unknown) => "unknown",
            (None, RuleHealth::Ok) => "inactive",
        }
    }

    fn severity(&self) -> &str {
        let labels = self.active.map_or(&self.rule.labels, |alert| &alert.labels);
        labels.get("severity").map(String::as_str).unwrap_or_default()
    }

    fn row(&self) -> Vec<String> {
        let state = match self.state() {
            state @ ("firing" | "error") => output::paint(output::RED, state),
            state @ "pending" => output::paint(output::YELLOW, state),
            state => state.to_owned(),
        };
        let since = self.active.map(|alert| alert.active_at.split('.').next().unwrap_or_default().to_owned());
        let annotations = self.active.map(|alert| &alert.annotations);
        let summary = annotations.and_then(|annotations| annotations.get("summary").cloned()).unwrap_or_default();
        let name = self.rule.name.clone();
        vec![state, name, self.group.to_owned(), self.severity().to_owned(), since.unwrap_or_default(), summary]
    }

    fn as_json(&self) -> Value {
        json!({
            "alert": self.rule.name,
            "group": self.group,
            "state": self.state(),
            "severity": self.severity(),
            "labels": self.active.map_or(&self.rule.labels, |alert| &alert.labels),
            "annotations": self.active.map_or(&self.rule.annotations, |alert| &alert.annotations),
            "active_at": self.active.map(|alert| alert.active_at.as_str()),
            "query": self.rule.query,
            "error": (!self.rule.last_error.is_empty()).then_some(&self.rule.last_error),
        })
    }
}
