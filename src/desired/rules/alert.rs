//! One alert: what the stack file says of it laid over what is usual, and put into Prometheus' words.

use super::super::{Duration, Rule, RuleKind};
use crate::stack::{Alert, AlertSettings, Alerts, Stack, Toggle, written_alerts};

/// What an alert says and does where the stack file does not say otherwise.
pub(super) struct Usual {
    pub(super) name: &'static str,
    pub(super) holds_for: Duration,
    pub(super) severity: &'static str,
    pub(super) summary: String,
    pub(super) description: &'static str,
}

/// An alert of a preset.
pub(super) fn of_preset(usual: Usual, expression: &str, settings: &AlertSettings, labels: &[(&str, &str)]) -> Rule {
    let mut with = settings.clone();
    with.holds_for = with.holds_for.or(Some(usual.holds_for));
    with.severity = with.severity.or_else(|| Some(usual.severity.to_owned()));
    with.summary = with.summary.or(Some(usual.summary));
    with.description = with.description.or_else(|| Some(usual.description.to_owned()));
    rule(usual.name, expression, &with, labels)
}

/// An alert with an expression of its own.
pub(super) fn own(name: &str, settings: &AlertSettings, labels: &[(&str, &str)]) -> Option<Rule> {
    Some(rule(name, settings.when.as_deref()?, settings, labels))
}

fn rule(name: &str, expression: &str, settings: &AlertSettings, labels: &[(&str, &str)]) -> Rule {
    let severity = settings.severity.clone().or_else(|| settings.labels.get("severity").cloned());
    let severity = ("severity".to_owned(), severity.unwrap_or_else(|| "warning".to_owned()));
    let given = labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned()));
    let own = settings.labels.clone().into_iter().filter(|(label, _)| label != "severity");
    let words =
        [("summary", &settings.summary), ("description", &settings.description), ("runbook_url", &settings.runbook)];
    let words = words.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text.clone()?)));
    Rule {
        name: name.to_owned(),
        expression: expression.trim().to_owned(),
        labels: std::iter::once(severity).chain(given).chain(own).collect(),
        kind: RuleKind::Alert {
            holds_for: settings.holds_for.unwrap_or_default(),
            keeps_firing_for: settings.keep_firing_for.unwrap_or_default(),
            annotations: words.chain(settings.annotations.clone()).collect(),
        },
    }
}

/// The settings of a preset for the whole stack; `None`: it is not wanted.
pub(super) fn settings(stack: &Stack, name: &str, by_itself: bool) -> Option<AlertSettings> {
    match find(&stack.alerts, name) {
        Some(alert) => alert.settings().cloned(),
        None => (by_itself && presets_are_on(stack)).then(AlertSettings::default),
    }
}

/// The settings of a preset for one app: its own, laid over those of the stack.
pub(super) fn settings_of(stack: &Stack, alerts: &Alerts, name: &str, by_itself: bool) -> Option<AlertSettings> {
    let of_stack = settings(stack, name, by_itself);
    match (alerts, find(alerts, name)) {
        (Some(Toggle::Off), _) | (_, Some(Alert::Off)) => None,
        (_, Some(Alert::On(own))) => Some(over(own, of_stack.unwrap_or_default())),
        (_, None) => of_stack,
    }
}

/// Whether an app says something of its own about a preset.
pub(super) fn is_own(alerts: &Alerts, name: &str) -> bool {
    matches!(alerts, Some(Toggle::Off)) || find(alerts, name).is_some()
}

fn find<'a>(alerts: &'a Alerts, name: &str) -> Option<&'a Alert> {
    written_alerts(alerts).find(|(known, _)| *known == name).map(|(_, alert)| alert)
}

fn over(own: &AlertSettings, below: AlertSettings) -> AlertSettings {
    let own = own.clone();
    let mut labels = below.labels;
    labels.extend(own.labels);
    let mut annotations = below.annotations;
    annotations.extend(own.annotations);
    AlertSettings {
        when: None,
        holds_for: own.holds_for.or(below.holds_for),
        keep_firing_for: own.keep_firing_for.or(below.keep_firing_for),
        severity: own.severity.or(below.severity),
        summary: own.summary.or(below.summary),
        description: own.description.or(below.description),
        runbook: own.runbook.or(below.runbook),
        labels,
        annotations,
        above: own.above.or(below.above),
        p: own.p.or(below.p),
        within: own.within.or(below.within),
        over: own.over.or(below.over),
    }
}

/// Presets are on once somebody wants to be told of something: `alerts` is written anywhere. Who sends alerts somewhere in
/// Prometheus' own words has rules of their own, and is not given more unasked.
fn presets_are_on(stack: &Stack) -> bool {
    match &stack.alerts {
        Some(Toggle::Off) => false,
        Some(Toggle::On(_)) => true,
        None => {
            let run = stack.apps.values().map(|app| &app.alerts);
            let mut of_apps = run.chain(stack.attached.values().map(|app| &app.alerts));
            of_apps.any(|alerts| matches!(alerts, Some(Toggle::On(_))))
        }
    }
}

/// Whether there may be any alert.
pub(super) fn are_wanted(stack: &Stack) -> bool {
    let run = stack.apps.values().map(|app| &app.alerts);
    let of_apps = run.chain(stack.attached.values().map(|app| &app.alerts));
    of_apps.chain([&stack.alerts]).any(Option::is_some)
}

/// Whether alerts are sent to somebody.
pub(super) fn has_alertmanager(stack: &Stack) -> bool {
    let is_own =
        stack.prometheus.as_option().is_some_and(|prometheus| prometheus.extra_config.contains_key("alerting"));
    is_own || stack.alertmanager.as_option().is_some()
}
