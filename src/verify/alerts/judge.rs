//! Judges one rule. Pure.

use std::collections::BTreeMap;

use super::ALERTS;
use crate::client::{LoadedRule, RuleHealth};
use crate::dashboard::{STATUS_LABELS, is_status};
use crate::desired::{Duration, Rule, RuleFile, RuleGroup, RuleKind, is_preset, rule_place};
use crate::promql::{Expression, Matcher, Selector};
use crate::verify::dashboards::{Jobs, Reason};
use crate::verify::series::{BOUND, Found, OF_ALERTS, SelectorState, bound};
use crate::verify::{Cause, Finding, Trouble};

/// Labels that come from where something is scraped: what they are is known from the first scrape on.
const OF_TARGETS: [&str; 2] = ["job", "instance"];

/// What was seen of one rule. Plain data.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleState {
    /// As Prometheus has it; `None`: it has not.
    pub loaded: Option<LoadedRule>,
    /// Each selector of its expression, with what it finds.
    pub selectors: Vec<SelectorState>,
    /// The bounds of the histogram whose quantile it compares, sorted. Empty: it compares none, or has no buckets yet.
    pub bounds: Vec<String>,
}

/// One finding for the rule at that place of its group.
pub fn judge_rule(file: &RuleFile, group: &RuleGroup, at: usize, state: &RuleState, jobs: &Jobs) -> Finding {
    let rule = &group.rules[at];
    let name = shown_name(group, rule);
    let place = rule_place(file, group, rule);
    let fail = |trouble| Finding::fail(ALERTS, &group.name, Some(&name), trouble);
    let Some(loaded) = &state.loaded else {
        let message = format!("Prometheus has not loaded `{}` of `{}`", rule.name, file.name);
        let fix = "run `stackctl up`, which has Prometheus read its rules again";
        return fail(Trouble::new(Cause::RuleError, message, fix));
    };
    if let Some(difference) = difference(rule, loaded) {
        let message = format!("Prometheus runs another `{}`: {difference}", rule.name);
        let fix = "run `stackctl up`, which has Prometheus read its rules again";
        return fail(Trouble::new(Cause::RuleError, message, fix));
    }
    if loaded.health == RuleHealth::Failed {
        let message = format!("Prometheus cannot evaluate `{}`: {}", rule.name, loaded.last_error);
        return fail(Trouble::new(Cause::RuleError, message, format!("correct {place}")));
    }
    if let Some(trouble) = above_all_bounds(rule, &state.bounds, &place) {
        return fail(trouble);
    }
    let verdict = never(rule, state, &place);
    // What is not scraped is told once, as what it is, and not by every rule that would count it.
    let awaited = || state.selectors.iter().find_map(|selector| jobs.awaited(selector, &[], "rules"));
    if let (Verdict::Hardly(_) | Verdict::Never(_), Some(reason)) = (&verdict, awaited()) {
        return match reason {
            Reason::Trouble(trouble) => fail(trouble).as_warning(),
            Reason::NoReplica(words) => Finding::ok(ALERTS, &group.name, Some(&name), words),
        };
    }
    match verdict {
        Verdict::Can => Finding::ok(ALERTS, &group.name, Some(&name), stands(loaded)),
        Verdict::Hardly(trouble) => fail(trouble).as_warning(),
        Verdict::Never(trouble) => fail(trouble),
    }
}

/// The name of a rule, with what tells it from others of that name in its group.
fn shown_name(group: &RuleGroup, rule: &Rule) -> String {
    let namesakes: Vec<&Rule> = group.rules.iter().filter(|other| other.name == rule.name).collect();
    let telling = rule
        .labels
        .iter()
        .filter(|(label, value)| namesakes.iter().any(|other| other.labels.get(*label) != Some(value)));
    let telling: Vec<&str> = telling.map(|(_, value)| value.as_str()).collect();
    if telling.is_empty() { rule.name.clone() } else { format!("{} ({})", rule.name, telling.join(", ")) }
}

/// How a rule stands that is well.
fn stands(loaded: &LoadedRule) -> String {
    let firing = loaded.alerts.iter().filter(|alert| alert.state == "firing").count();
    match (loaded.health, loaded.state.as_str()) {
        (RuleHealth::Unknown, _) => "loaded, not evaluated yet".to_owned(),
        (_, "firing") => format!("firing: {firing}"),
        (_, "pending") => "pending".to_owned(),
        (_, "inactive") => "quiet".to_owned(),
        _ => "recorded".to_owned(),
    }
}

/// What differs between a rule as it was rendered and as it is in force.
fn difference(rule: &Rule, loaded: &LoadedRule) -> Option<String> {
    let differs = match (Expression::parse(&rule.expression), Expression::parse(&loaded.query)) {
        (Ok(rendered), Ok(running)) => !rendered.asks_the_same(&running),
        _ => false,
    };
    if differs {
        return Some(format!("it asks `{}`", loaded.query));
    }
    let sorted = |labels: &indexmap::IndexMap<String, String>| -> BTreeMap<String, String> {
        labels.iter().map(|(label, value)| (label.clone(), value.clone())).collect()
    };
    if sorted(&rule.labels) != loaded.labels {
        return Some("its labels are others".to_owned());
    }
    let RuleKind::Alert { holds_for, annotations, .. } = &rule.kind else { return None };
    #[expect(clippy::cast_precision_loss, reason = "a time to hold is far below 2^53 ms")]
    let seconds = holds_for.as_millis() as f64 / 1000.0;
    if (seconds - loaded.duration).abs() > 0.001 {
        return Some(format!("it has to hold for {}s", loaded.duration));
    }
    (sorted(annotations) != loaded.annotations).then(|| "its words are others".to_owned())
}

/// Whether a rule can ever have an answer.
enum Verdict {
    Can,
    /// Not as it stands, and it may be meant so.
    Hardly(Trouble),
    Never(Trouble),
}

fn never(rule: &Rule, state: &RuleState, place: &str) -> Verdict {
    let Ok(expression) = Expression::parse(&rule.expression) else { return Verdict::Can };
    let need = expression.need();
    let found = |selector: &Selector| state.selectors.iter().find(|state| state.selector == *selector);
    let is_own = is_preset(rule);
    let reason = |selector: &Selector| {
        let state = found(selector)?;
        match &state.found {
            Found::NoMetric { .. } if is_own => Some(not_exposed(&state.selector, place)),
            _ => obstacle(rule, state, place),
        }
    };
    let is_met =
        |least: fn(&Verdict) -> bool| need.is_met(&|selector| reason(selector).is_none_or(|verdict| !least(&verdict)));
    let is_hopeless = |verdict: &Verdict| matches!(verdict, Verdict::Never(_));
    let selectors = need.selectors();
    if !is_met(is_hopeless) {
        let hopeless = selectors.iter().filter_map(|selector| reason(selector)).find(is_hopeless);
        return hopeless.unwrap_or(Verdict::Can);
    }
    if is_met(|_| true) {
        return Verdict::Can;
    }
    selectors.iter().find_map(|selector| reason(selector)).unwrap_or(Verdict::Can)
}

/// What an alert of stackctl's own asks for is not misspelled: what exposes it does not, or not yet.
fn not_exposed(selector: &Selector, place: &str) -> Verdict {
    let metric = selector.metric.as_deref().unwrap_or_default();
    if metric.starts_with("prometheus_") {
        let message = format!("Prometheus does not expose `{metric}` yet");
        let fix = "look again after the next scrape: some of its metrics come with their first event";
        return Verdict::Hardly(Trouble::new(Cause::DataPending, message, fix));
    }
    let exposes = match metric.split('_').next().unwrap_or_default() {
        "node" => "the exporter `node` exposes it, unless its collector is off",
        "probe" => "the blackbox exporter exposes it, once a probe has been answered",
        "process" => "the client library of an app exposes it",
        _ => "the exporter or app that it is about exposes it",
    };
    let message = format!("it can never have an answer: nobody exposes `{metric}`");
    let fix = format!("see `stackctl verify targets`: {exposes}; correct {place}");
    Verdict::Never(Trouble::new(Cause::NoData, message, fix))
}

/// Why a selector finds nothing; `None`: it finds something, or will.
fn obstacle(rule: &Rule, state: &SelectorState, place: &str) -> Option<Verdict> {
    let metric = state.selector.metric.as_deref().unwrap_or_default();
    let no_data = |message: String, fix: String| Trouble::new(Cause::NoData, message, fix);
    match &state.found {
        Found::Series
        | Found::TooFew { .. }
        | Found::NotThen { .. }
        | Found::Before
        | Found::Rests
        | Found::Recorded { .. }
        | Found::NoMatch { matcher: None, .. } => None,
        Found::NoMetric { .. } if OF_ALERTS.contains(&metric) => None,
        Found::NoMetric { nearest } => {
            let (known, fix) = if let Some(nearest) = nearest {
                (format!("; there is `{nearest}`"), format!("correct `{metric}` to `{nearest}` in {place}"))
            } else {
                let fix = format!("correct the name in {place}; many a metric appears with the first request");
                (String::new(), fix)
            };
            let message = format!("it can never have an answer: no metric is called `{metric}`{known}");
            Some(Verdict::Never(no_data(message, fix)))
        }
        Found::NoMatch { matcher: Some(matcher), values } if matcher.label == BOUND && !values.is_empty() => {
            Some(Verdict::Never(no_bucket(rule, metric, matcher, values, place)))
        }
        Found::NoMatch { matcher: Some(matcher), values } => mismatch(metric, matcher, values, place),
    }
}

/// A histogram that has no bucket with that bound. Its bounds stand in the app's code, so that waiting does not help.
fn no_bucket(rule: &Rule, metric: &str, matcher: &Matcher, values: &[String], place: &str) -> Trouble {
    // `1|1\.0` stands for both ways to write a whole number.
    let wanted = matcher.value.split('|').next().unwrap_or_default();
    let bounds: Vec<f64> = values.iter().map(|value| bound(value)).filter(|bound| bound.is_finite()).collect();
    let below = bounds.iter().rev().find(|bound| **bound < self::bound(wanted));
    let above = bounds.iter().find(|bound| **bound > self::bound(wanted));
    let nearest: Vec<f64> = below.into_iter().chain(above).copied().collect();
    let listed = values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    let message = format!("it can never count: `{metric}` has no bucket up to `{wanted}`; its bounds are {listed}");
    let objective = rule.labels.get("slo").zip(rule.labels.get("app")).filter(|(word, _)| *word == "latency");
    let fix = if let Some((_, app)) = objective {
        let times: Vec<String> =
            nearest.iter().filter_map(|seconds| time(*seconds)).map(|time| format!("`under: {time}`")).collect();
        let own = format!("give the app's histogram a bound of {wanted} s");
        if times.is_empty() {
            own
        } else {
            format!("write {} under `apps.{app}.slo.latency`, or {own}", times.join(" or "))
        }
    } else {
        let texts: Vec<String> = nearest.iter().map(|bound| format!("`{bound}`")).collect();
        format!(
            "write {} in {place}",
            if texts.is_empty() { "a bound that is there".to_owned() } else { texts.join(" or ") }
        )
    };
    Trouble::new(Cause::NoData, message, fix)
}

/// The buckets whose quantile a rule compares, and with what: nothing is above more than that. `None`: it is no such rule.
pub(super) fn compared_quantile(rule: &Rule) -> Option<(Selector, f64)> {
    let text = rule.expression.trim();
    let (quantile, above) = text.rsplit_once('>')?;
    let above = above.trim_start_matches('=').trim().parse().ok()?;
    if !quantile.starts_with("histogram_quantile(") || !quantile.trim_end().ends_with(')') {
        return None;
    }
    let selectors = Expression::parse(quantile).ok()?.selectors();
    let [buckets] = <[Selector; 1]>::try_from(selectors).ok()?;
    buckets.metric.as_ref().is_some_and(|metric| metric.ends_with("_bucket")).then_some((buckets, above))
}

/// What is slower than the highest bound is not known to be slower than that: no quantile is above it.
fn above_all_bounds(rule: &Rule, bounds: &[String], place: &str) -> Option<Trouble> {
    let (buckets, above) = compared_quantile(rule)?;
    let highest = bounds.iter().map(|value| bound(value)).rfind(|bound| bound.is_finite())?;
    let can_be = if rule.expression.contains(">=") { above <= highest } else { above < highest };
    if can_be {
        return None;
    }
    let metric = buckets.metric.as_deref().unwrap_or_default();
    let message = format!(
        "it can never fire: the highest bound of `{metric}` is `{highest}`, no quantile of it is above that, and it asks for more than {above}"
    );
    let own = format!("give the app's histogram a bound above {above} s");
    let fix = match rule.labels.get("app").filter(|_| is_preset(rule)) {
        Some(app) => format!("write less than {highest} s as `above` of `apps.{app}.alerts.latency`, or {own}"),
        None => format!("compare with less than {highest} in {place}, or {own}"),
    };
    Some(Trouble::new(Cause::NoData, message, fix))
}

/// Seconds as the stack file writes them; `None` for what is no whole number of milliseconds.
fn time(seconds: f64) -> Option<Duration> {
    let millis = (seconds * 1000.0).round();
    let is_whole = (seconds * 1000.0 - millis).abs() < 1e-6 && (1.0..1e12).contains(&millis);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a whole number within these bounds"
    )]
    is_whole.then(|| Duration::from_millis(millis as u64))
}

/// A metric that is there, and a matcher that holds for none of its series.
fn mismatch(metric: &str, matcher: &Matcher, values: &[String], place: &str) -> Option<Verdict> {
    let label = matcher.label.as_str();
    let fix = format!("correct the label in {place}");
    if values.is_empty() {
        let message = format!("it can never have an answer: no series of `{metric}` has a label `{label}`");
        return Some(Verdict::Never(Trouble::new(Cause::NoData, message, fix)));
    }
    // A status that nobody has seen yet is what many an alert waits for.
    if STATUS_LABELS.contains(&label) && values.iter().any(|value| is_status(value)) {
        return None;
    }
    let listed: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    let message = format!("no series of `{metric}` has `{matcher}`; the label has {}", listed.join(", "));
    if OF_TARGETS.contains(&label) {
        return Some(Verdict::Never(Trouble::new(Cause::NoData, message, fix)));
    }
    let fix = format!("{fix}; where that value is still to come, all is well");
    Some(Verdict::Hardly(Trouble::new(Cause::NoData, message, fix)))
}

#[cfg(test)]
mod tests;
