//! Alerts and files of rules: every expression is one, every name can be one, no two are mixed up.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::super::alert::{ALERT_PRESETS, AboveKind, AlertPreset};
use super::super::collector::Collector;
use super::super::document::{Path, Span, shortened};
use super::super::rule_file::{PlacedGroup, PlacedRule};
use super::super::{
    Alert, AlertSettings, Alerts, Amount, Rule, alert_preset, go_regex, suggest, template, written_alerts,
};
use super::Examination;
use crate::promql::{Expression, Operator, Selector};

/// Labels that Prometheus and stackctl give an alert.
const OWN_LABELS: [&str; 2] = ["alertname", "__name__"];

/// Metrics that Prometheus makes of each scrape, whatever is scraped.
pub(super) const OF_EVERY_TARGET: [&str; 8] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
];

/// Every alert is a preset that is known, or asks something.
pub(super) fn alerts_ask_something(examination: &mut Examination) {
    let stack = examination.stack;
    let top = Path::ROOT.key("alerts");
    section(examination, top, &stack.alerts, false);
    let apps = Path::ROOT.key("apps");
    for (name, alerts) in of_apps(stack) {
        let path = apps.key(name);
        section(examination, path.key("alerts"), alerts, true);
        of_one_app(examination, path.key("alerts"), name, alerts);
    }
    let wants = stack.alerts.is_some() || of_apps(stack).any(|(_, alerts)| alerts.is_some());
    if wants && stack.prometheus.as_option().is_none() {
        let (path, help) = (Path::ROOT.key("prometheus"), "remove `prometheus: off`, or the alerts");
        examination.error(path, "alerts need a Prometheus that looks", help);
    }
}

/// An app's alert that asks for what every target has, of all of them, is about every app.
fn of_one_app(examination: &mut Examination, path: Path, app_name: &str, alerts: &Alerts) {
    for (name, alert) in written_alerts(alerts).filter(|(name, _)| alert_preset(name).is_none()) {
        let when = alert.settings().and_then(|settings| settings.when.as_deref()).unwrap_or_default();
        let Ok(expression) = Expression::parse(when) else { continue };
        let is_of_all = |selector: &Selector| {
            let of_every_target = selector.metric.as_deref().is_some_and(|metric| OF_EVERY_TARGET.contains(&metric));
            of_every_target && selector.matchers.iter().all(|matcher| matcher.label == "__name__")
        };
        if let Some(selector) = expression.selectors().into_iter().find(is_of_all) {
            let path = path.key(name);
            let place = if examination.locate(&path.key("when")).node.is_none() { path } else { path.key("when") };
            let message = format!("`{selector}` is of every job, and not of `{app_name}` alone");
            let bound = selector.with("job", Operator::Equal, app_name);
            let help = format!("write `{bound}`, or move the alert under `alerts` at the top");
            examination.warning(place, message, help);
        }
    }
}

pub(super) fn of_apps(stack: &super::Stack) -> impl Iterator<Item = (&str, &Alerts)> {
    let run = stack.apps.iter().map(|(name, app)| (name.as_str(), &app.alerts));
    run.chain(stack.attached.iter().map(|(name, app)| (name.as_str(), &app.alerts)))
}

fn section(examination: &mut Examination, path: Path, alerts: &Alerts, of_app: bool) {
    for (name, alert) in written_alerts(alerts) {
        let path = path.key(name);
        match (alert_preset(name), alert) {
            (Some(preset), Alert::On(settings)) => preset_fits(examination, path, preset, settings, of_app),
            (None, Alert::On(settings)) if settings.when.is_some() => own(examination, path, name, settings),
            (None, _) => no_preset(examination, path, name),
            (Some(_), Alert::Off) => {}
        }
    }
}

fn no_preset(examination: &mut Examination, path: Path, name: &str) {
    let names: Vec<&str> = ALERT_PRESETS.iter().map(|preset| preset.name).collect();
    let help = match suggest::nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean the preset `{near}`? An alert of your own needs `when: PROMQL`"),
        None => format!("add `when: PROMQL`, or take a preset: {}", suggest::listed(&names)),
    };
    examination.error_at_key(path, format!("`{name}` is no preset, and says nothing of when"), help);
}

fn preset_fits(examination: &mut Examination, path: Path, preset: &AlertPreset, written: &AlertSettings, of_app: bool) {
    let name = preset.name;
    if written.when.is_some() {
        let help = "remove `when`, or give your own alert another name";
        examination.error_at_key(path.key("when"), format!("`{name}` is a preset, and knows when"), help);
    }
    if of_app && !preset.of_apps {
        let message = format!("`{name}` is not about an app");
        examination.error_at_key(path, message, "write it under `alerts` at the top");
    }
    let fits = match (preset.above, written.above) {
        (_, None) => true,
        (AboveKind::Nothing, Some(_)) => return unused(examination, path, name, "above"),
        (AboveKind::Share, Some(above)) => above.as_share().is_some(),
        (AboveKind::Time, Some(above)) => above.as_seconds().is_some(),
        (AboveKind::Number, Some(above)) => above.as_number().is_some(),
    };
    if !fits {
        let (message, help) = match preset.above {
            AboveKind::Share => ("it is a share of requests", "write a percentage such as `5%`"),
            AboveKind::Time => ("it is a time", "write a time such as `300ms`"),
            _ => ("it is a number", "write a number such as `3`"),
        };
        examination.error(path.key("above"), message, help);
    }
    if preset.above == AboveKind::Share && written.above.and_then(Amount::as_share).is_some_and(|share| share >= 1.0) {
        let help = "write a share below 100 %, such as `5%`";
        examination.error(path.key("above"), "more than all requests cannot fail", help);
    }
    let stray = [
        ("within", written.within.is_some() && !preset.within),
        ("over", written.over.is_some() && !preset.over),
        ("p", written.p.is_some() && name != "latency"),
    ];
    for (key, _) in stray.into_iter().filter(|(_, is_stray)| *is_stray) {
        unused(examination, path, name, key);
    }
    if written.p.is_some_and(|p| !(p > 0.0 && p < 100.0)) {
        examination.error(path.key("p"), "not a percentile", "write a number between 0 and 100, such as `95`");
    }
    texts_fit(examination, path, written, None);
}

fn unused(examination: &mut Examination, path: Path, name: &str, key: &str) {
    examination.error_at_key(path.key(key), format!("the preset `{name}` has no `{key}`"), "remove it");
}

/// An alert with an expression of its own.
fn own(examination: &mut Examination, path: Path, name: &str, written: &AlertSettings) {
    if name.trim().is_empty() {
        examination.error_at_key(path, "an alert without a name", "give it one, such as `NobodyBuys`");
    }
    if let Some(preset) = ALERT_PRESETS.iter().find(|preset| preset.makes.contains(&name)) {
        let message = format!("the preset `{}` makes an alert `{name}`", preset.name);
        examination.error_at_key(path, message, "give one of your own another name");
    }
    let stray = [
        ("above", written.above.is_some()),
        ("within", written.within.is_some()),
        ("over", written.over.is_some()),
        ("p", written.p.is_some()),
    ];
    for (key, _) in stray.into_iter().filter(|(_, is_stray)| *is_stray) {
        let help = "write it into `when`";
        examination.error_at_key(path.key(key), format!("`{key}` goes with presets"), help);
    }
    let when = written.when.as_deref().unwrap_or_default();
    let is_short = examination.locate(&path.key("when")).node.is_none();
    let place = if is_short { path } else { path.key("when") };
    let expression = match reading(when) {
        Reading::Good(expression) => Some(expression),
        Reading::Unknown(why) => {
            let help = "Prometheus may be newer than stackctl, and has the last word";
            examination.warning(place, why, help);
            None
        }
        Reading::Wrong(why) => {
            let help = "try it in Prometheus' own page, or with `stackctl query`";
            examination.error(place, why, help);
            None
        }
    };
    if let Some(why) = expression.as_ref().and_then(Expression::why_in_vain) {
        examination.warning(place, why, KEEP_BOUNDS);
    }
    let mut labels = expression.as_ref().and_then(Expression::kept_labels);
    if let Some(labels) = &mut labels {
        labels.extend(written.labels.keys().cloned());
        labels.extend(["alertname", "severity", "app"].map(str::to_owned));
    }
    if let Some(expression) = &expression
        && !expression.may_be_empty()
        && expression.need() != crate::promql::Need::Nothing
    {
        let help = "compare it: `… > 5`; what holds always is an alert always";
        examination.warning(place, "the alert holds as long as its series are there", help);
    }
    texts_fit(examination, path, written, labels.as_deref());
}

pub(super) const KEEP_BOUNDS: &str = "keep it: `sum by (le) (…)`";

/// What a text is to Prometheus, as far as stackctl can say.
pub(super) enum Reading {
    Good(Expression),
    /// A function that the parser does not know, and this or another Prometheus may.
    Unknown(String),
    Wrong(String),
}

pub(super) fn reading(text: &str) -> Reading {
    match Expression::parse(text) {
        Ok(expression) if expression.is_range() => {
            Reading::Wrong("a stretch of time cannot be a rule: put `rate(…)` or its like around it".to_owned())
        }
        Ok(expression) if expression.is_text() => Reading::Wrong("a text cannot be a rule".to_owned()),
        Ok(expression) => match refused_regex(&expression) {
            Some(why) => Reading::Wrong(why),
            None => Reading::Good(expression),
        },
        Err(error) if error.to_string().contains("unknown function") => Reading::Unknown(format!("{error}")),
        Err(error) => Reading::Wrong(format!("not PromQL: {error}")),
    }
}

/// Why Prometheus refuses a regular expression in it. The parser knows those of another library.
fn refused_regex(expression: &Expression) -> Option<String> {
    let selectors = expression.selectors();
    let mut matchers = selectors.iter().flat_map(|selector| &selector.matchers);
    matchers.find_map(|matcher| {
        let is_regex = matches!(matcher.operator, Operator::Matches | Operator::MatchesNot);
        let fault = is_regex.then(|| go_regex::fault(&matcher.value)).flatten()?;
        Some(format!("Prometheus refuses the regular expression of `{}`: {}", matcher.label, shortened(&fault)))
    })
}

/// Labels, annotations and words of an alert.
fn texts_fit(examination: &mut Examination, path: Path, written: &AlertSettings, labels: Option<&[String]>) {
    if written.severity.as_deref().is_some_and(|severity| severity.trim().is_empty()) {
        examination.error(path.key("severity"), "an empty severity", "write `critical`, `warning` or `info`");
    }
    let with_severity = written.severity.is_some() && written.labels.contains_key("severity");
    if with_severity {
        examination.error_at_key(path.key("labels").key("severity"), "there are two severities", "remove one of them");
    }
    labels_fit(examination, path.key("labels"), &written.labels);
    let short = [("summary", &written.summary), ("description", &written.description), ("runbook", &written.runbook)];
    for (key, text) in short {
        let annotation = if key == "runbook" { "runbook_url" } else { key };
        if text.is_some() && written.annotations.contains_key(annotation) {
            let message = format!("`{key}` and the annotation `{annotation}` are one");
            examination.error_at_key(path.key("annotations").key(annotation), message, "remove one of them");
        }
        if let Some(wrong) = text.as_deref().and_then(|text| template::mistake(text, labels)) {
            examination.error(path.key(key), wrong, TEMPLATE_HELP);
        }
    }
    let annotations = path.key("annotations");
    for (name, text) in &written.annotations {
        if !is_label(name) {
            examination.error_at_key(annotations.key(name), NOT_A_NAME, "use letters, digits and `_`");
        }
        if let Some(wrong) = template::mistake(text, labels) {
            examination.error(annotations.key(name), wrong, TEMPLATE_HELP);
        }
    }
}

const TEMPLATE_HELP: &str = "templates know `$labels.NAME`, `$value`, `$externalLabels.NAME` and `$externalURL`";

const NOT_A_NAME: &str = "not a name that Prometheus takes";

pub(super) fn labels_fit(examination: &mut Examination, path: Path, labels: &IndexMap<String, String>) {
    for (name, text) in labels {
        if OWN_LABELS.contains(&name.as_str()) {
            examination.error_at_key(path.key(name), format!("`{name}` is Prometheus' own"), "remove it");
        } else if !is_label(name) {
            examination.error_at_key(path.key(name), NOT_A_NAME, "use letters, digits and `_`");
        }
        if let Some(wrong) = template::mistake(text, None) {
            examination.error(path.key(name), wrong, TEMPLATE_HELP);
        }
    }
}

/// Names of labels as every version of Prometheus takes them.
fn is_label(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// What is wrong with the rules of a file. Prometheus has the last word on everything else.
pub(in crate::stack) fn rule_file(groups: &[PlacedGroup], problems: &mut Collector) {
    let mut known: HashMap<(&str, String, bool), Span> = HashMap::new();
    for group in groups {
        for placed in &group.rules {
            let PlacedRule { rule, name, expression: expression_place } = placed;
            let place = format!("group `{}`, rule `{}`", group.name, rule.name);
            match reading(&rule.expression) {
                Reading::Good(expression) => {
                    if let Some(why) = expression.why_in_vain() {
                        problems.warning(*expression_place, &place, why, KEEP_BOUNDS);
                    }
                }
                Reading::Unknown(why) => {
                    problems.warning(*expression_place, &place, why, "Prometheus has the last word");
                }
                Reading::Wrong(why) => {
                    problems.error(*expression_place, &place, why, "correct the expression in this file");
                }
            }
            if known.insert((&rule.name, labels_as_text(rule), rule.is_alert()), *name).is_some() {
                let message = format!("`{}` is there twice with the same labels", rule.name);
                problems.warning(*name, &place, message, "each writes over what the other says: rename one of them");
            }
        }
    }
}

fn labels_as_text(rule: &Rule) -> String {
    let mut labels: Vec<String> = rule.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    labels.sort();
    // Two alerts of one name may ask differently, as two steps of one severity do.
    if rule.is_alert() { format!("{} {}", labels.join(","), rule.expression) } else { labels.join(",") }
}
