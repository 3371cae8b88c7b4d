//! Recording rules: each asks something, has a name of its own, and does not need itself.

use std::collections::{BTreeSet, HashMap};

use super::super::document::Path;
use super::Examination;
use super::alerts::{KEEP_BOUNDS, OF_EVERY_TARGET, Reading, labels_fit, reading};
use super::circles::{circles, written};
use crate::promql::{Expression, Selector};

/// Metrics that Prometheus makes of alerts.
const OF_ALERTS: [&str; 2] = ["ALERTS", "ALERTS_FOR_STATE"];

/// Each recording rule asks something and has a name that a metric can have.
pub(super) fn recordings_ask_something(examination: &mut Examination) {
    let stack = examination.stack;
    let top = Path::ROOT.key("rules");
    for (name, recording) in &stack.rules {
        let path = top.key(name);
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | ':'))
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':'));
        if !is_name {
            let help = "use letters, digits, `_` and `:`, such as `job:requests:rate5m`";
            examination.error_at_key(path, format!("`{name}` cannot be the name of a metric"), help);
        }
        if is_prometheus_own(name) {
            let message = format!("Prometheus writes `{name}` itself");
            examination.error_at_key(path, message, "give what you record another name");
        }
        let is_short = examination.locate(&path.key("query")).node.is_none();
        let place = if is_short { path } else { path.key("query") };
        match reading(&recording.query) {
            Reading::Good(expression) => {
                if let Some(why) = expression.why_in_vain() {
                    examination.warning(place, why, KEEP_BOUNDS);
                }
            }
            Reading::Unknown(why) => examination.warning(place, why, "Prometheus has the last word"),
            Reading::Wrong(why) => {
                examination.error(place, why, "try it in Prometheus' own page, or with `stackctl query`");
            }
        }
        labels_fit(examination, path.key("labels"), &recording.labels);
    }
}

/// A metric that Prometheus writes itself.
fn is_prometheus_own(name: &str) -> bool {
    OF_EVERY_TARGET.contains(&name) || OF_ALERTS.contains(&name)
}

/// One metric has one writer, wherever its rule stands.
pub(super) fn recordings_have_one_writer(examination: &mut Examination) {
    let stack = examination.stack;
    let files = stack.prometheus.as_option().map(|prometheus| prometheus.rule_files.as_slice()).unwrap_or_default();
    let top = Path::ROOT.key("rules");
    for file in files {
        for rule in file.groups.iter().flat_map(|group| &group.rules).filter(|rule| !rule.is_alert()) {
            if stack.rules.contains_key(&rule.name) {
                let message = format!("`{}` is recorded by `{}`, too", rule.name, file.file_name());
                examination.error_at_key(top.key(&rule.name), message, "give one of the two another name");
            }
        }
    }
}

/// Rules that need what the others record can never have an answer. One that goes on without, as `… or vector(0)` does, may
/// count on from what it was.
pub(super) fn recordings_are_no_circle(examination: &mut Examination) {
    let stack = examination.stack;
    let names: Vec<&str> = stack.rules.keys().map(String::as_str).collect();
    let own = names.iter().enumerate().filter(|(_, name)| !is_prometheus_own(name));
    let index_of: HashMap<&str, usize> = own.map(|(index, name)| (*name, index)).collect();
    let needed = |query: &str| -> BTreeSet<usize> {
        let Ok(need) = Expression::parse(query).map(|expression| expression.need()) else { return BTreeSet::new() };
        let asked = need.selectors().into_iter().filter_map(|selector| selector.metric.as_deref());
        let recorded = asked.filter_map(|metric| index_of.get_key_value(metric));
        let is_needed = |metric: &str| !need.is_met(&|selector: &Selector| selector.metric.as_deref() != Some(metric));
        recorded.filter(|(metric, _)| is_needed(metric)).map(|(_, index)| *index).collect()
    };
    let needs = stack.rules.values().map(|recording| needed(&recording.query).into_iter().collect());
    let needs: Vec<Vec<usize>> = needs.collect();
    let top = Path::ROOT.key("rules");
    for circle in circles(&needs) {
        let circle: Vec<&str> = circle.iter().chain(circle.first()).map(|index| names[*index]).collect();
        let message = format!("recorded out of itself: {}", written(&circle));
        let help =
            "none of them can have a first value: have one ask for what is scraped, or go on without: `… or vector(0)`";
        examination.warning_at_key(top.key(circle[0]), message, help);
    }
}
