//! Alerts about one app: its replicas, restarts, failures, times to answer, and those that it names itself.

use super::super::{Duration, Rule, RuleGroup, prometheus_duration};
use super::alert::{Usual, is_own, of_preset, own, settings_of};
use super::{MissingRule, Watched};
use crate::dashboard::Latency;
use crate::stack::{AlertSettings, Amount, OBJECTIVE_ALERTS, Stack, written_alerts};

const MINUTE: u64 = 60;

/// Share of requests that may fail.
const ERROR_RATIO: f64 = 0.05;

/// Seconds in which requests are to be answered.
const LATENCY: f64 = 1.0;

/// The percentile that is looked at.
const PERCENTILE: f64 = 95.0;

/// Restarts within [`RESTARTS_OVER`] that are no loop yet.
const RESTARTS: f64 = 3.0;

const RESTARTS_OVER: Duration = Duration::from_secs(15 * MINUTE);

/// The alerts of one app.
pub(super) fn group(stack: &Stack, app: &Watched, missing: &mut Vec<MissingRule>) -> RuleGroup {
    let mut rules = Vec::new();
    rules.extend(target_down(stack, app));
    rules.extend(replica_missing(stack, app));
    rules.extend(restart_loop(stack, app));
    rules.extend(error_ratio(stack, app, missing));
    rules.extend(latency(stack, app, missing));
    let labels = [("app", app.name)];
    rules.extend(written_alerts(app.alerts).filter_map(|(name, alert)| own(name, alert.settings()?, &labels)));
    RuleGroup { name: app.name.to_owned(), interval: None, rules }
}

fn target_down(stack: &Stack, app: &Watched) -> Option<Rule> {
    let settings = settings_of(stack, app.alerts, "target-down", true)?;
    let (name, job) = (app.name, &app.job.name);
    let (expression, what) = if app.is_counted() {
        // A replica that is gone may leave no target behind, and no target no series.
        let none = format!("(sum(up{{job=\"{job}\"}}) or vector(0)) == 0");
        // Of what a shard that is away scrapes nobody knows that it is down.
        let unless = app.away().map(|away| format!(" unless on () {away}")).unwrap_or_default();
        (format!("{none}{unless}"), "none of its replicas can be scraped")
    } else {
        (format!("up{{job=\"{job}\"}} == 0"), "{{ $labels.instance }} cannot be scraped")
    };
    let usual = Usual {
        name: "TargetDown",
        holds_for: Duration::from_secs(2 * MINUTE),
        severity: "critical",
        summary: format!("{name} is down: {what}"),
        description: "Prometheus gets no metrics from this app. `stackctl verify targets` says why.",
    };
    Some(of_preset(usual, &expression, &settings, &[("app", name), ("job", job)]))
}

fn replica_missing(stack: &Stack, app: &Watched) -> Option<Rule> {
    let replicas = app.replicas.filter(|replicas| *replicas > 1)?;
    let settings = settings_of(stack, app.alerts, "replica-missing", true)?;
    let (name, job) = (app.name, &app.job.name);
    let usual = Usual {
        name: "ReplicaMissing",
        holds_for: Duration::from_secs(5 * MINUTE),
        severity: "warning",
        summary: if app.is_shared {
            format!("{{{{ $value }}}} of {replicas} replicas of {name} are known to be up")
        } else {
            format!("{{{{ $value }}}} of {replicas} replicas of {name} are up")
        },
        description: "The others cannot be scraped. `stackctl ps` shows which, `stackctl verify targets` why.",
    };
    // With none left, `TargetDown` says it, unless a shard is away that may know better.
    let up = format!("sum(up{{job=\"{job}\"}}) > 0");
    let expression = match (app.away(), app.watched_replicas(replicas)) {
        (None, _) => format!("({up}) < {replicas}"),
        (Some(away), Some(watched)) => format!("({up} or vector(0) and on () {away}) < {watched}"),
        // Nobody knows whose they are: what is missing is down where somebody sees one that is.
        (Some(away), None) => format!(
            "({up} or vector(0) and on () {away}) < {replicas} unless on () ({away} unless on () up{{job=\"{job}\"}} == 0)"
        ),
    };
    Some(of_preset(usual, &expression, &settings, &[("app", name), ("job", job)]))
}

fn restart_loop(stack: &Stack, app: &Watched) -> Option<Rule> {
    let settings = settings_of(stack, app.alerts, "restart-loop", true)?;
    Some(restarts(&format!("{{job=\"{}\"}}", app.job.name), &settings, &[("app", app.name)]))
}

/// Programs that start again and again: by the time at which they say they started, else by being up and down.
pub(super) fn restarts(matcher: &str, settings: &AlertSettings, labels: &[(&str, &str)]) -> Rule {
    let over = prometheus_duration(settings.over.unwrap_or(RESTARTS_OVER));
    let above = settings.above.and_then(Amount::as_number).unwrap_or(RESTARTS);
    let expression =
        format!("(changes(process_start_time_seconds{matcher}[{over}]) or changes(up{matcher}[{over}]) / 2) > {above}");
    let usual = Usual {
        name: "RestartLoop",
        holds_for: Duration::default(),
        severity: "warning",
        summary: format!("{{{{ $labels.job }}}} keeps restarting: {{{{ $value }}}} times in {over}"),
        description: "It comes up and goes down again. `stackctl logs APP` shows its last words.",
    };
    of_preset(usual, &expression, settings, labels)
}

fn error_ratio(stack: &Stack, app: &Watched, missing: &mut Vec<MissingRule>) -> Option<Rule> {
    // An objective watches the same requests, and better.
    let has_objective = app.objectives.is_some_and(|objectives| objectives.availability.is_some());
    let settings = settings_of(stack, app.alerts, "error-ratio", !has_objective)?;
    let (Some(traffic), Some(errors)) = (&app.signals.traffic, &app.signals.errors) else {
        let unknown = app.unknown("error-ratio", "counts its requests and failures", "traffic: …, errors: …");
        let is_asked = is_own(app.alerts, "error-ratio");
        missing.push(MissingRule { alerts: &["HighErrorRatio"], is_asked, ..unknown });
        return None;
    };
    let over = app.at_least(settings.over.unwrap_or(Duration::from_secs(5 * MINUTE)));
    let above = settings.above.and_then(Amount::as_share).unwrap_or(ERROR_RATIO);
    let (errors, traffic) = (app.rate(errors, over), app.rate(traffic, over));
    let usual = Usual {
        name: "HighErrorRatio",
        // Longer than the window, so that one failure among few requests has left it by then.
        holds_for: Duration::from_millis(over.as_millis() * 2),
        severity: "warning",
        summary: format!("{{{{ $value | humanizePercentage }}}} of the requests to {} fail", app.name),
        description: "Look at what fails on the dashboard of the app, and at `stackctl logs APP`.",
    };
    let expression = format!("({errors} or 0 * {traffic}) / {traffic} > {above}");
    Some(of_preset(usual, &expression, &settings, &[("app", app.name), ("job", &app.job.name)]))
}

fn latency(stack: &Stack, app: &Watched, missing: &mut Vec<MissingRule>) -> Option<Rule> {
    // What is slow only the app's people know: it is made where somebody asks for it.
    let settings = settings_of(stack, app.alerts, "latency", false)?;
    let over = app.at_least(settings.over.unwrap_or(Duration::from_secs(5 * MINUTE)));
    let above = settings.above.and_then(Amount::as_seconds).unwrap_or(LATENCY);
    let percentile = settings.p.unwrap_or(PERCENTILE);
    let (expression, what) = match &app.signals.latency {
        Some(Latency::Histogram(histogram)) => {
            let buckets = app.of_job(&histogram.with_suffix("_bucket"));
            let window = prometheus_duration(over);
            let quantile = percentile / 100.0;
            let asked = format!("histogram_quantile({quantile}, sum by (le) (rate({buckets}[{window}])))");
            (asked, format!("one request in {} takes", one_in(percentile)))
        }
        Some(Latency::Mean(durations)) => {
            let (sum, count) = (durations.with_suffix("_sum"), durations.with_suffix("_count"));
            let mean = format!("{} / {}", app.rate(&sum, over), app.rate(&count, over));
            (mean, "a request takes on average".to_owned())
        }
        None => {
            if is_own(app.alerts, "latency") {
                let unknown = app.unknown("latency", "times its requests", "latency: …");
                missing.push(MissingRule { alerts: &["HighLatency"], ..unknown });
            }
            return None;
        }
    };
    let usual = Usual {
        name: "HighLatency",
        holds_for: Duration::from_millis(over.as_millis() * 2),
        severity: "warning",
        summary: format!("{} is slow: {what} {{{{ $value | humanizeDuration }}}} or longer", app.name),
        description: "Look at its load and at what it calls, on the dashboard of the app.",
    };
    let labels = [("app", app.name), ("job", app.job.name.as_str())];
    Some(of_preset(usual, &format!("{expression} > {above}"), &settings, &labels))
}

/// 95 % are faster: one in 20 is not.
fn one_in(percentile: f64) -> String {
    format!("{}", (100.0 / (100.0 - percentile)).round())
}

impl Watched<'_> {
    /// An objective's rules that cannot be made because nothing is known that does this.
    pub(super) fn unknown(&self, wanted: &str, does: &str, signals: &str) -> MissingRule {
        let name = self.name;
        let reason = if self.is_known {
            format!("stackctl recognises no metric of `{name}` that {does}")
        } else {
            format!("nothing is known yet that {does}: `{name}` has not been seen to expose what stackctl recognises")
        };
        let signals = format!("apps.{name}.signals: {{ {signals} }}");
        MissingRule {
            app: name.to_owned(),
            job: self.job.name.clone(),
            wanted: wanted.to_owned(),
            reason,
            remedy: format!("write `{signals}`, or send it a request and run `stackctl up` again"),
            signals,
            alerts: &OBJECTIVE_ALERTS,
            is_asked: true,
        }
    }
}
