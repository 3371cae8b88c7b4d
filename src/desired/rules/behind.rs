//! Alerts about what stands behind a target that is up: the app of an exporter, what a probe asks. `up` of these stays 1.

use super::super::{Duration, Job, PrometheusConfig, Rule, Says};
use super::alert::{Usual, of_preset, settings};
use super::jobs;
use crate::stack::Stack;

const HOLDS_FOR: Duration = Duration::from_secs(2 * 60);

/// Exporters that say of themselves that they do not reach their app.
pub(super) fn app_unreachable(stack: &Stack, config: &PrometheusConfig) -> Option<Rule> {
    let mut by_metric: Vec<(&str, Vec<&str>)> = Vec::new();
    for job in &config.jobs {
        let Some(Says::Reaches { metric, .. }) = &job.says else { continue };
        match by_metric.iter_mut().find(|(known, _)| known == metric) {
            Some((_, jobs)) => jobs.push(&job.name),
            None => by_metric.push((metric, vec![&job.name])),
        }
    }
    let settings = settings(stack, "app-unreachable", !by_metric.is_empty())?;
    let parts = by_metric.iter().map(|(metric, names)| format!("{metric}{} == 0", jobs::matcher(names)));
    let expression = parts.collect::<Vec<_>>().join(" or ");
    let usual = Usual {
        name: "AppUnreachable",
        holds_for: HOLDS_FOR,
        severity: "critical",
        summary: "{{ $labels.job }} does not reach what it watches".to_owned(),
        description: "The exporter answers and says that its app does not, or does not let it in. `stackctl verify targets` says why.",
    };
    (!expression.is_empty()).then(|| of_preset(usual, &expression, &settings, &[]))
}

/// Probes that are not answered as they shall be.
pub(super) fn probe_failed(stack: &Stack, config: &PrometheusConfig) -> Option<Rule> {
    let is_probe = |job: &&Job| matches!(job.says, Some(Says::Probed { .. }));
    let names: Vec<&str> = config.jobs.iter().filter(is_probe).map(|job| job.name.as_str()).collect();
    let settings = settings(stack, "probe-failed", !names.is_empty())?;
    let usual = Usual {
        name: "ProbeFailed",
        holds_for: HOLDS_FOR,
        severity: "critical",
        summary: "{{ $labels.instance }} does not answer as the probe {{ $labels.job }} wants it".to_owned(),
        description: "Who uses it sees the same. `stackctl verify targets` says what the probe found.",
    };
    let expression = format!("probe_success{} == 0", jobs::matcher(&names));
    (!names.is_empty()).then(|| of_preset(usual, &expression, &settings, &[]))
}
