//! `alerts`: how every alert of the running stack stands, and which objectives have no rules yet.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, output, view};
use crate::cli::{Format, Global};
use crate::client::{Alert, Alertmanager, KnownAlert, LoadedGroup, LoadedRule, RuleHealth};
use crate::desired::MissingRule;
use crate::engine::Error;
use crate::verify;

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
    pub(super) output: crate::cli::Output,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let situation = Situation::of(global, Wishes::default()).await?;
    let prometheus = view::running_prometheus(&situation)?;
    let groups = prometheus.rules().await.map_err(|error| Error::new("cannot list the alerts", error))?;
    let known = known(&situation).await;
    let lines = lines(&groups, arguments.active, &known);
    let config = situation.desired.prometheus.as_ref();
    let missing = config.filter(|_| !arguments.active).map_or(&[][..], |config| &config.missing_rules);
    match arguments.output.format {
        Format::Json => {
            let missing = missing.iter().map(missing_as_json);
            output::print_json(&lines.iter().map(Line::as_json).chain(missing).collect::<Vec<_>>());
        }
        Format::Text if lines.is_empty() && arguments.active => output::say("no alert is pending or firing"),
        Format::Text if lines.is_empty() && missing.is_empty() => {
            output::say("no alerts: add `alerts: {}` to the stack file for the presets");
        }
        Format::Text => {
            let rows: Vec<_> = lines.iter().map(Line::row).chain(missing.iter().map(missing_row)).collect();
            output::print(&output::table(&["STATE", "ALERT", "GROUP", "SEVERITY", "SINCE", "SUMMARY"], &rows));
        }
    }
    Ok(Exit::Done)
}

/// What an Alertmanager of the stack knows of; nothing where none answers.
async fn known(situation: &Situation) -> Vec<KnownAlert> {
    for (_, url) in verify::alertmanager_urls(&situation.desired, &situation.observed) {
        let Some(Ok(alertmanager)) = url.map(|url| Alertmanager::new(&url)) else { continue };
        if let Ok(alerts) = alertmanager.alerts().await {
            return alerts;
        }
    }
    Vec::new()
}

/// One alert that is pending or firing, or one rule of which none is.
struct Line<'a> {
    group: &'a str,
    rule: &'a LoadedRule,
    active: Option<&'a Alert>,
    /// The labels that tell it from others of its name in its group.
    telling: Vec<(&'a str, &'a str)>,
    /// Ids of the silences that keep it back.
    silenced_by: &'a [String],
    /// Names of the alerts that mute it.
    muted_by: Vec<&'a str>,
}

/// The worst first, else in the order of the files.
fn lines<'a>(groups: &'a [LoadedGroup], only_active: bool, known: &'a [KnownAlert]) -> Vec<Line<'a>> {
    let rules = groups.iter().flat_map(|group| group.rules.iter().map(|rule| (group.name.as_str(), rule)));
    let mut lines = Vec::new();
    for (group, rule) in rules.filter(|(_, rule)| rule.kind == "alerting") {
        if rule.alerts.is_empty() && !only_active {
            lines.push(Line { group, rule, active: None, telling: Vec::new(), silenced_by: &[], muted_by: Vec::new() });
        }
        lines.extend(rule.alerts.iter().map(|alert| {
            let silenced_by = KnownAlert::silences_of(known, &alert.labels);
            let muted_by = KnownAlert::muted_by(known, &alert.labels);
            Line { group, rule, active: Some(alert), telling: Vec::new(), silenced_by, muted_by }
        }));
    }
    tell_apart(&mut lines);
    lines.sort_by_key(|line| match line.state() {
        "firing" => 0,
        "pending" => 1,
        _ => 2,
    });
    lines
}

/// Gives lines of one name in one group the label that differs from each to each, else all in which they differ.
fn tell_apart(lines: &mut [Line]) {
    let mut namesakes: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        namesakes.entry((line.group, &line.rule.name)).or_default().push(at);
    }
    for alike in namesakes.values().filter(|alike| alike.len() > 1) {
        let labels: BTreeSet<&str> =
            alike.iter().flat_map(|at| lines[*at].labels().keys()).map(String::as_str).collect();
        let values = |label: &str| -> BTreeSet<Option<&String>> {
            alike.iter().map(|at| lines[*at].labels().get(label)).collect()
        };
        let differing: Vec<&str> = labels.into_iter().filter(|label| values(label).len() > 1).collect();
        let telling = differing.iter().find(|label| values(label).len() == alike.len());
        let telling = telling.map_or(&differing[..], std::slice::from_ref).to_vec();
        for at in alike {
            let labels = lines[*at].labels();
            let pairs = telling.iter().filter_map(|label| labels.get_key_value(*label));
            lines[*at].telling = pairs.map(|(label, value)| (label.as_str(), value.as_str())).collect();
        }
    }
}

impl<'a> Line<'a> {
    fn labels(&self) -> &'a BTreeMap<String, String> {
        self.active.map_or(&self.rule.labels, |alert| &alert.labels)
    }

    fn state(&self) -> &str {
        match (self.active, self.rule.health) {
            (Some(alert), _) => &alert.state,
            (None, RuleHealth::Failed) => "error",
            (None, RuleHealth::Unknown) => "unknown",
            (None, RuleHealth::Ok) => "inactive",
        }
    }

    fn severity(&self) -> &str {
        self.labels().get("severity").map(String::as_str).unwrap_or_default()
    }

    fn row(&self) -> Vec<String> {
        let state = match self.state() {
            state @ ("firing" | "error") => output::paint(output::RED, state),
            state @ "pending" => output::paint(output::YELLOW, state),
            state => state.to_owned(),
        };
        let state = match (self.silenced_by, self.muted_by.as_slice()) {
            ([], []) => state,
            ([], _) => format!("{state}, muted"),
            _ => format!("{state}, silenced"),
        };
        let since = self.active.map(|alert| alert.active_at.split('.').next().unwrap_or_default().to_owned());
        let annotations = self.active.map(|alert| &alert.annotations);
        let summary = annotations.and_then(|annotations| annotations.get("summary").cloned()).unwrap_or_default();
        let telling: Vec<String> = self.telling.iter().map(|(label, value)| format!("{label}={value:?}")).collect();
        let telling = if telling.is_empty() { String::new() } else { format!("{{{}}}", telling.join(",")) };
        let name = format!("{}{telling}", self.rule.name);
        vec![state, name, self.group.to_owned(), self.severity().to_owned(), since.unwrap_or_default(), summary]
    }

    fn as_json(&self) -> Value {
        json!({
            "alert": self.rule.name,
            "group": self.group,
            "state": self.state(),
            "severity": self.severity(),
            "labels": self.labels(),
            "silenced_by": self.silenced_by,
            "muted_by": self.muted_by,
            "annotations": self.active.map_or(&self.rule.annotations, |alert| &alert.annotations),
            "active_at": self.active.map(|alert| alert.active_at.as_str()),
            "query": self.rule.query,
            "error": (!self.rule.last_error.is_empty()).then_some(&self.rule.last_error),
        })
    }
}

/// What is wanted and has no rules, or none yet.
fn missing_row(missing: &MissingRule) -> Vec<String> {
    let (state, name) = missing_state(missing);
    let summary = format!("{}: {}", missing.reason, missing.remedy);
    vec![output::paint(output::YELLOW, state), name, missing.app.clone(), String::new(), String::new(), summary]
}

/// How it stands, and what it is called: a preset that waits for what is not known yet by the name of its alert.
fn missing_state(missing: &MissingRule) -> (&'static str, String) {
    if missing.is_asked { ("no rules", missing.wanted.clone()) } else { ("waiting", missing.alerts.join(", ")) }
}

fn missing_as_json(missing: &MissingRule) -> Value {
    let (state, name) = missing_state(missing);
    json!({
        "alert": name,
        "group": missing.app,
        "state": state,
        "error": missing.reason,
        "fix": missing.remedy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::KnownStatus;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect()
    }

    fn rule(name: &str, own: &[(&str, &str)], firing: &[&[(&str, &str)]]) -> LoadedRule {
        let alert = |pairs: &&[(&str, &str)]| Alert {
            labels: labels(pairs),
            annotations: BTreeMap::new(),
            state: "firing".to_owned(),
            active_at: String::new(),
        };
        LoadedRule {
            name: name.to_owned(),
            labels: labels(own),
            kind: "alerting".to_owned(),
            health: RuleHealth::Ok,
            alerts: firing.iter().map(alert).collect(),
            ..LoadedRule::default()
        }
    }

    fn names(rules: Vec<LoadedRule>, known: &[KnownAlert]) -> Vec<String> {
        let groups = [LoadedGroup { name: "web objectives".to_owned(), file: String::new(), rules }];
        lines(&groups, false, known).iter().map(|line| line.row()[..2].join(" ")).collect()
    }

    #[test]
    fn alerts_of_one_name_show_the_label_that_tells_them_apart() {
        let burns = |slo| rule("BudgetBurns", &[("app", "web"), ("severity", "critical"), ("slo", slo)], &[]);
        let shown = names(vec![burns("availability"), burns("latency"), rule("Other", &[], &[])], &[]);
        let expected =
            ["inactive BudgetBurns{slo=\"availability\"}", "inactive BudgetBurns{slo=\"latency\"}", "inactive Other"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn one_that_is_silenced_is_marked() {
        let fires = rule("Down", &[], &[&[("instance", "a"), ("job", "x")], &[("instance", "b"), ("job", "x")]]);
        let silenced = KnownAlert {
            fingerprint: String::new(),
            labels: labels(&[("instance", "b"), ("job", "x"), ("region", "eu")]),
            status: KnownStatus { silenced_by: vec!["5f0a31c2".to_owned()], ..KnownStatus::default() },
        };
        let shown = names(vec![fires], &[silenced]);
        assert!(shown[0].ends_with(" Down{instance=\"a\"}") && !shown[0].contains("silenced"), "{shown:?}");
        assert!(shown[1].ends_with(", silenced Down{instance=\"b\"}"), "{shown:?}");
    }

    #[test]
    fn one_that_another_mutes_is_marked_and_names_it() {
        let known = |name: &str, fingerprint: &str, muted_by: &[&str]| KnownAlert {
            fingerprint: fingerprint.to_owned(),
            labels: labels(&[("alertname", name), ("job", "x")]),
            status: KnownStatus {
                inhibited_by: muted_by.iter().map(|by| (*by).to_owned()).collect(),
                ..KnownStatus::default()
            },
        };
        let known = [known("Down", "aa", &[]), known("Slow", "bb", &["aa", "cc"])];
        let one = |name: &'static str| rule(name, &[], &[&[("alertname", name), ("job", "x")]]);
        let groups = [LoadedGroup { name: "x".to_owned(), file: String::new(), rules: vec![one("Down"), one("Slow")] }];
        let lines = lines(&groups, false, &known);
        assert!(!lines[0].row()[0].contains("muted") && lines[1].row()[0].ends_with(", muted"));
        assert_eq!(lines[1].as_json()["muted_by"], json!(["Down", "cc"]));
        assert_eq!(lines[0].as_json()["muted_by"], json!([]));
    }
}
