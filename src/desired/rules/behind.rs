//! Alerts about what stands behind a target that is up: the app of an exporter, what a probe asks. `up` of these stays 1.

use super::super::{Duration, Job, PrometheusConfig, Rule, Says, prometheus_duration};
use super::alert::{Usual, of_preset, settings};
use super::jobs;
use crate::stack::Stack;

const HOLDS_FOR: Duration = Duration::from_secs(2 * 60);

/// How long what was said last holds where the exporter that said it is gone.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// Exporters that say of themselves that they do not reach their app: a rule for each that has one, which names it.
pub(super) fn app_unreachable(stack: &Stack, config: &PrometheusConfig) -> Vec<Rule> {
    let said = config.jobs.iter().filter_map(|job| match &job.says {
        Some(Says::Reaches { metric, app: Some(app) }) => Some((job.name.as_str(), metric, app.name.as_str())),
        _ => None,
    });
    let said: Vec<_> = said.collect();
    let Some(settings) = settings(stack, "app-unreachable", !said.is_empty()) else { return Vec::new() };
    let rules = said.into_iter().map(|(job, metric, app)| {
        let usual = Usual {
            name: "AppUnreachable",
            holds_for: HOLDS_FOR,
            severity: "critical",
            summary: format!("{app} cannot be reached by its exporter {job}"),
            description: "The exporter answers and says that its app does not, or does not let it in. `stackctl verify targets` says why.",
        };
        of_preset(usual, &said_no(metric, &[job]), &settings, &[("app", app), ("job", job)])
    });
    rules.collect()
}

/// Probes that are not answered as they shall be.
pub(super) fn probe_failed(stack: &Stack, config: &PrometheusConfig) -> Option<Rule> {
    let names = probes(config);
    let settings = settings(stack, "probe-failed", !names.is_empty())?;
    let usual = Usual {
        name: "ProbeFailed",
        holds_for: HOLDS_FOR,
        severity: "critical",
        summary: "{{ $labels.instance }} does not answer as the probe {{ $labels.job }} wants it".to_owned(),
        description: "Who uses it sees the same. `stackctl verify targets` says what the probe found.",
    };
    (!names.is_empty()).then(|| of_preset(usual, &said_no("probe_success", &names), &settings, &[]))
}

/// The jobs of probes.
pub(super) fn probes(config: &PrometheusConfig) -> Vec<&str> {
    let is_probe = |job: &&Job| matches!(job.says, Some(Says::Probed { .. }));
    config.jobs.iter().filter(is_probe).map(|job| job.name.as_str()).collect()
}

/// Where a metric is 0, or was when it was seen last, and nobody can ask any more: nothing is well because it is not seen.
fn said_no(metric: &str, names: &[&str]) -> String {
    let (jobs, over) = (jobs::matcher(names), prometheus_duration(REMEMBERED));
    format!("{metric}{jobs} == 0 or last_over_time({metric}{jobs}[{over}]) == 0 and on (job, instance) up{jobs} == 0")
}
