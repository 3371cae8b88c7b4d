//! Judges what a panel's queries came to. Pure.

use super::DASHBOARDS;
use super::evidence::{Answer, PanelState, QueryState, Silence};
use super::jobs::{Jobs, Reason};
use crate::dashboard::{STATUS_LABELS, is_status};
use crate::desired::{DashboardOrigin as Origin, StackDashboard};
use crate::promql::{Matcher, Operator, Selector};
use crate::verify::series::Found;
use crate::verify::{Cause, Finding, Status, Trouble};

/// What is wrong with a query, and how bad it is.
enum Verdict {
    /// It shows something, or is right to show nothing.
    Good(String),
    /// It will show something after a few more scrapes.
    Soon(Trouble),
    /// It shows nothing, and nobody who wrote the stack file can do anything about it.
    Lacking(Trouble),
    /// It shows nothing and will not.
    Broken(Trouble),
}

/// Metrics of components that come with the first event of their kind, and with which.
const COMES_WITH: [(&str, &str); 2] = [
    ("pushgateway_http_requests_total", "the first push"),
    ("probe_ssl_earliest_cert_expiry", "the first answer over TLS"),
];

/// One finding for each panel, in order. Panels that ask the same, and for which the same is wrong, are one finding that
/// names them all: there is one thing to correct.
pub fn judge_panels(dashboard: &StackDashboard, panels: &[(String, PanelState)], jobs: &Jobs) -> Vec<Finding> {
    let mut findings: Vec<(Vec<&str>, &PanelState, Finding)> = Vec::new();
    for (name, state) in panels {
        let finding = judge_panel(dashboard, &[name], state, jobs);
        let is_same = |(_, earlier, found): &&mut (Vec<&str>, &PanelState, Finding)| {
            finding.status != Status::Ok
                && found.status == finding.status
                && found.cause == finding.cause
                && earlier.queries.iter().map(|query| &query.query).eq(state.queries.iter().map(|query| &query.query))
        };
        match findings.iter_mut().find(is_same) {
            Some((names, earlier, found)) => {
                names.push(name);
                *found = judge_panel(dashboard, names, earlier, jobs);
            }
            None => findings.push((vec![name], state, finding)),
        }
    }
    findings.into_iter().map(|(_, _, finding)| finding).collect()
}

/// The finding for panels that ask the same. A panel that shows a part of what it asks for is a warning.
fn judge_panel(dashboard: &StackDashboard, panels: &[&str], state: &PanelState, jobs: &Jobs) -> Finding {
    let where_to = Remedy { dashboard, panels, jobs };
    let panel = &panels.join(", ");
    let verdicts: Vec<Verdict> = state.queries.iter().map(|query| judge(query, &where_to)).collect();
    let (subject, instance) = (dashboard.name.as_str(), Some(panel.as_str()));
    let mut good = Vec::new();
    let mut soon = None;
    let mut broken = Vec::new();
    for verdict in verdicts {
        match verdict {
            Verdict::Good(message) => good.push(message),
            Verdict::Soon(trouble) | Verdict::Lacking(trouble) => soon = soon.or(Some(trouble)),
            Verdict::Broken(trouble) => broken.push(trouble),
        }
    }
    match (joined(broken), soon) {
        (Some(trouble), _) if trouble.cause != Cause::NoData || good.is_empty() => {
            Finding::fail(DASHBOARDS, subject, instance, trouble)
        }
        (Some(trouble), _) | (None, Some(trouble)) => {
            Finding::fail(DASHBOARDS, subject, instance, trouble).as_warning()
        }
        (None, None) => Finding::ok(DASHBOARDS, subject, instance, good.join("; ")),
    }
}

/// Everything of one cause that is wrong with a panel, each once. Of several causes the first.
fn joined(troubles: Vec<Trouble>) -> Option<Trouble> {
    let mut rest = troubles.into_iter();
    let mut first = rest.next()?;
    for trouble in rest.filter(|trouble| trouble.cause == first.cause).collect::<Vec<_>>() {
        for (text, more) in [(&mut first.message, trouble.message), (&mut first.fix, trouble.fix)] {
            if !text.contains(&more) {
                *text = format!("{text}; {more}");
            }
        }
    }
    Some(first)
}

fn judge(query: &QueryState, remedy: &Remedy) -> Verdict {
    match &query.answer {
        Answer::Data { series, numbers: 0, divides_by_zero } => no_numbers(query, *series, *divides_by_zero, remedy),
        Answer::Data { series, .. } => Verdict::Good(count(*series, "series")),
        Answer::Refused(why) => {
            let message = format!("Prometheus refuses `{}`: {why}", query.query);
            Verdict::Broken(Trouble::new(Cause::QueryError, message, remedy.correct("the query", None)))
        }
        Answer::Unreachable(why) => {
            let fix = "see `stackctl ps` and `stackctl logs prometheus`";
            Verdict::Broken(Trouble::new(Cause::PrometheusUnreachable, why.clone(), fix))
        }
        Answer::Empty(silence) => judge_empty(query, silence, remedy),
    }
}

/// Series without a number, of which a page shows nothing. What stackctl makes itself has its numbers with the first
/// request; of what others wrote, nobody knows that.
fn no_numbers(query: &QueryState, series: usize, divides_by_zero: bool, remedy: &Remedy) -> Verdict {
    let seen = format!("{}, and every value is NaN", count(series, "series"));
    if divides_by_zero {
        let message = format!("{seen}: `{}` divides by 0", query.query);
        return Verdict::Broken(Trouble::new(Cause::NoData, message, remedy.correct("the divisor", None)));
    }
    if remedy.dashboard.origin == Origin::Made {
        return Verdict::Good(format!("no data yet: {seen}, because nothing happened"));
    }
    let message = format!("no data: {seen}, as 0/0 is: nothing happened that could be divided");
    let fix = "look again when something has happened; `… / (… > 0)` shows nothing in place of NaN";
    Verdict::Lacking(Trouble::new(Cause::NoData, message, fix))
}

/// A query without an answer: what explains it.
fn judge_empty(query: &QueryState, silence: &Silence, remedy: &Remedy) -> Verdict {
    let Silence { selectors, may_be_empty, divides, in_vain } = silence;
    // What is not scraped is told once, as what it is, and not by every panel that would show it.
    match selectors.iter().find_map(|state| remedy.jobs.awaited(state, &remedy.dashboard.jobs, "panels")) {
        Some(Reason::Trouble(trouble)) => return Verdict::Soon(trouble),
        Some(Reason::NoReplica(words)) => return Verdict::Good(words),
        None => {}
    }
    // As long as one part has too few scrapes, the others may be right.
    let too_few = selectors.iter().find_map(|state| match &state.found {
        Found::TooFew { length, interval } => Some((&state.selector, *length, *interval)),
        _ => None,
    });
    if let Some((selector, length, interval)) = too_few {
        return too_few_scrapes(selector, length, interval, remedy);
    }
    let mut is_quiet = false;
    let mut awaits_errors = None;
    let mut missing = Vec::new();
    let mut mismatched = Vec::new();
    for state in selectors {
        match &state.found {
            _ if remedy.jobs.is_quiet_alert(state) => is_quiet = true,
            Found::NoMetric { nearest } => missing.push(no_metric(&state.selector, nearest.as_deref(), remedy)),
            Found::NoMatch { matcher: Some(matcher), values } if *divides && asks_for_errors(matcher, values) => {
                awaits_errors = awaits_errors.or(Some((&state.selector, matcher, values)));
            }
            Found::NoMatch { matcher, values } => {
                let matcher = matcher.as_ref().map(ToString::to_string);
                mismatched.push(no_match(&state.selector, matcher.as_deref(), values, remedy));
            }
            _ => {}
        }
    }
    let recorded = selectors.iter().find_map(|state| match state.found {
        Found::Recorded { every, is_evaluated } => Some((&state.selector, every, is_evaluated)),
        _ => None,
    });
    if let (true, true, Some((selector, every, is_evaluated))) = (missing.is_empty(), mismatched.is_empty(), recorded) {
        return not_recorded_yet(selector, every, is_evaluated);
    }
    missing.append(&mut mismatched);
    if let Some(verdict) = worst(missing) {
        return verdict;
    }
    if let Some(why) = in_vain {
        let fix = remedy.correct("the aggregation to `sum by (le) (…)`", None);
        return Verdict::Broken(Trouble::new(Cause::NoData, why.clone(), fix));
    }
    if let Some((selector, matcher, values)) = awaits_errors {
        return no_errors_yet(selector, matcher, values);
    }
    if let Some(verdict) = selectors.iter().find_map(|state| not_then(&state.found, remedy)) {
        return verdict;
    }
    if is_quiet {
        return Verdict::Good("empty now: no such alert is pending or firing".to_owned());
    }
    if let Some(state) = selectors.iter().find(|state| state.found == Found::Before) {
        let message = format!("`{}` has no sample at this moment, and had some within the last hour", state.selector);
        let fix = "see why what exposes it does so at times only; a page shows the stretches that have samples";
        return Verdict::Lacking(Trouble::new(Cause::NoData, message, fix));
    }
    if let Some(state) = selectors.iter().find(|state| state.found == Found::Rests) {
        let metric = state.selector.metric.as_deref().unwrap_or_default();
        return Verdict::Good(format!("nothing to show: `{metric}` comes back with its first event since the start"));
    }
    if *may_be_empty {
        return Verdict::Good("empty now: what it asks for is nowhere the case".to_owned());
    }
    let message = format!("`{}` has no answer, although every metric in it is there", query.query);
    let fix = "compare the labels on both sides of its operators: `on (…)` and `ignoring (…)` say which must agree";
    Verdict::Broken(Trouble::new(Cause::NoData, message, fix))
}

/// What is wrong with the selectors of one query, as one: everything that is to be corrected, or else that nothing is.
fn worst(verdicts: Vec<Verdict>) -> Option<Verdict> {
    let mut broken = Vec::new();
    let mut other = None;
    for verdict in verdicts {
        match verdict {
            Verdict::Broken(trouble) => broken.push(trouble),
            verdict => other = other.or(Some(verdict)),
        }
    }
    joined(broken).map(Verdict::Broken).or(other)
}

/// Whether a matcher that holds nowhere asks for failures, of something that has had none: the label has other values, and
/// is one in which libraries keep the status of an answer.
fn asks_for_errors(matcher: &Matcher, values: &[String]) -> bool {
    let value = matcher.value.trim_start_matches(['^', '(', '[']);
    let of_errors = match matcher.operator {
        Operator::Equal | Operator::Matches => {
            // `999` is no status, and nothing to wait for.
            let is_status = value.len() != 3 || value.parse::<u16>().is_ok_and(|code| code < 600);
            value.starts_with(['4', '5']) && (is_status || matcher.operator == Operator::Matches)
        }
        Operator::NotEqual | Operator::MatchesNot => value.starts_with(['1', '2', '3']),
    };
    of_errors && STATUS_LABELS.contains(&matcher.label.as_str()) && values.iter().any(|value| is_status(value))
}

/// A share of failures, where nothing has failed: all is well, and the panel shows nothing all the same.
fn no_errors_yet(selector: &Selector, matcher: &Matcher, values: &[String]) -> Verdict {
    let metric = selector.metric.as_deref().unwrap_or_default();
    let listed: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    let message = format!(
        "nothing yet: no series of `{metric}` has `{matcher}`, as of what never failed; the label has {}",
        listed.join(", ")
    );
    let fix = "nothing has to be done; to show 0 in place of nothing, write `(ERRORS or 0 * ALL) / ALL`";
    Verdict::Lacking(Trouble::new(Cause::NoData, message, fix))
}

/// A selector that finds something now, and nothing at the time that it asks for.
fn not_then(found: &Found, remedy: &Remedy) -> Option<Verdict> {
    let Found::NotThen { text, is_fixed } = found else { return None };
    let message = format!("`{text}` finds nothing: Prometheus has no samples of that time");
    if *is_fixed {
        let fix = remedy.correct("the time after `@`", None);
        return Some(Verdict::Broken(Trouble::new(Cause::NoData, message, fix)));
    }
    let fix = "look again when Prometheus has watched for so long";
    Some(Verdict::Lacking(Trouble::new(Cause::NoData, message, fix)))
}

/// What is recorded as often as everything else comes with the next scrapes; a rule with an interval of its own is a cause
/// of its own, because nobody waits that long.
fn not_recorded_yet(selector: &Selector, every: Option<std::time::Duration>, is_evaluated: bool) -> Verdict {
    let metric = selector.metric.as_deref().unwrap_or_default();
    let seen = if is_evaluated { "which had no answer yet" } else { "which Prometheus has not evaluated yet" };
    let (cause, rhythm, wait) = match every {
        Some(every) => (Cause::RulePending, format!(" every {every:?}"), format!("in {every:?}")),
        None => (Cause::DataPending, String::new(), "after a few scrapes".to_owned()),
    };
    let message = format!("`{metric}` is recorded{rhythm} by a rule, {seen}");
    let fix = format!("look again {wait}; `stackctl verify alerts` says whether the rule can have an answer");
    Verdict::Soon(Trouble::new(cause, message, fix))
}

fn too_few_scrapes(
    selector: &Selector,
    length: std::time::Duration,
    interval: std::time::Duration,
    remedy: &Remedy,
) -> Verdict {
    if length < interval * 2 {
        let message = format!(
            "`{selector}` is asked for over {length:?}, in which there are not two scrapes: it is scraped every {interval:?}"
        );
        let fix = remedy.correct("the length of time to `[$__rate_interval]`", Some(selector));
        return Verdict::Broken(Trouble::new(Cause::NoData, message, fix));
    }
    let message = format!("`{selector}` has not been scraped twice yet: a change over time needs two scrapes");
    Verdict::Soon(Trouble::new(Cause::DataPending, message, format!("look again in {interval:?}")))
}

fn no_metric(selector: &Selector, nearest: Option<&str>, remedy: &Remedy) -> Verdict {
    let metric = selector.metric.as_deref().unwrap_or_default();
    if let Some(jobs) = remedy.exporters(selector) {
        if let Some(verdict) = comes_yet(metric) {
            return verdict;
        }
        let message = format!("`{jobs}` exposes no metric called `{metric}`");
        return Verdict::Lacking(Trouble::new(Cause::NoData, message, remedy.correct("the name", Some(selector))));
    }
    let (known, fix) = if let Some(nearest) = nearest {
        let what = format!("`{metric}` to `{nearest}`");
        (format!("; there is `{nearest}`"), remedy.correct(&what, Some(selector)))
    } else {
        let fix = remedy.correct("the name", Some(selector));
        (String::new(), format!("{fix}; many a metric appears with the first request"))
    };
    Verdict::Broken(Trouble::new(Cause::NoData, format!("no metric is called `{metric}`{known}"), fix))
}

fn no_match(selector: &Selector, matcher: Option<&str>, values: &[String], remedy: &Remedy) -> Verdict {
    let metric = selector.metric.as_deref().unwrap_or_default();
    let message = match (matcher, values) {
        (None, _) => format!("no series is `{selector}`: each of its labels occurs, and nowhere all together"),
        (Some(matcher), []) => format!("no series of `{metric}` has `{matcher}`: none has that label"),
        (Some(matcher), values) => {
            let listed: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            format!("no series of `{metric}` has `{matcher}`; the label has {}", listed.join(", "))
        }
    };
    // Another job has had that event.
    if let Some(verdict) = remedy.exporters(selector).and_then(|_| comes_yet(metric)) {
        return verdict;
    }
    let trouble = Trouble::new(Cause::NoData, message, remedy.correct("the label", Some(selector)));
    if remedy.exporters(selector).is_some() { Verdict::Lacking(trouble) } else { Verdict::Broken(trouble) }
}

fn comes_yet(metric: &str) -> Option<Verdict> {
    let (_, event) = COMES_WITH.iter().find(|(name, _)| *name == metric)?;
    Some(Verdict::Good(format!("nothing to show yet: `{metric}` comes with {event}")))
}

fn count(number: usize, word: &str) -> String {
    format!("{number} {word}")
}

/// Where something is to be corrected.
struct Remedy<'a> {
    dashboard: &'a StackDashboard,
    panels: &'a [&'a str],
    jobs: &'a Jobs,
}

impl Remedy<'_> {
    /// Advice to correct something of a query.
    fn correct(&self, what: &str, selector: Option<&Selector>) -> String {
        let StackDashboard { name, carried, origin, .. } = self.dashboard;
        let word = if self.panels.len() == 1 { "panel" } else { "panels" };
        let panels = format!("{word} `{}`", self.panels.join("`, `"));
        match carried {
            Some(carried) => format!("correct {what} in {panels} of {}", carried.file),
            None if *origin == Origin::Panels => format!("correct {what} in {panels} of `dashboards.{name}`"),
            None => match (selector.and_then(job_of), selector.and_then(|selector| self.exporters(selector))) {
                (_, Some(jobs)) => format!(
                    "nothing is to be corrected in the stack file: the panel is stackctl's own, and `{jobs}` is older or newer than it, or has nothing of the kind to tell"
                ),
                (Some(job), None) => format!("correct {what} in `apps.{job}.signals`, or have `{job}` expose it"),
                (None, None) => {
                    "nothing in the stack file asks for this: what is scraped is older or newer than the panel"
                        .to_owned()
                }
            },
        }
    }

    /// The jobs that a selector of a dashboard of stackctl's own asks, where they are no app's: what they expose is theirs.
    fn exporters(&self, selector: &Selector) -> Option<String> {
        let StackDashboard { carried, origin, jobs, .. } = self.dashboard;
        if carried.is_some() || *origin != Origin::Made {
            return None;
        }
        match job_of(selector) {
            Some(job) => (!self.jobs.is_app(job)).then(|| job.to_owned()),
            None => (!jobs.is_empty()).then(|| jobs.join("`, `")),
        }
    }
}

/// The job that a selector names.
fn job_of(selector: &Selector) -> Option<&str> {
    let mut matchers = selector.matchers.iter();
    let matcher = matchers.find(|matcher| matcher.label == "job" && matcher.operator == Operator::Equal)?;
    // A variable of a dashboard without a job to choose.
    Some(matcher.value.as_str()).filter(|job| *job != ".*")
}

#[cfg(test)]
mod tests;
