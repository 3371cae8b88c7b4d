//! What a target that is scraped says of what it watches: an exporter of its app, the blackbox exporter of what it asks.

use std::collections::BTreeMap;

use super::evidence::Evidence;
use super::expected::Expected;
use crate::client::{Prometheus, QueryResult, Target};
use crate::desired::{Desired, Job, ProbeKind, Says};
use crate::engine::ContainerState;
use crate::engine::Observed;
use crate::verify::{Cause, Trouble};

/// Metrics that tell why a probe failed.
const REASONS: &str = "probe_(success|http_status_code|failed_due_to_regex|dns_lookup_time_seconds|duration_seconds|\
                       ip_protocol|http_ssl|ssl_earliest_cert_expiry|dns_query_succeeded)";

/// What is not reached, by job and instance: the metrics that tell why.
pub type Unreached = BTreeMap<(String, String), BTreeMap<String, f64>>;

/// Asks Prometheus which targets say that what they watch is not there. Nothing is asked where no target could.
pub(super) async fn ask(desired: &Desired, prometheus: &Prometheus) -> Unreached {
    let jobs = desired.prometheus.as_ref().map(|prometheus| prometheus.jobs.as_slice()).unwrap_or_default();
    let mut metrics: Vec<&str> = jobs.iter().filter_map(|job| metric(job)).collect();
    metrics.sort_unstable();
    metrics.dedup();
    if metrics.is_empty() {
        return Unreached::new();
    }
    let mut unreached = Unreached::new();
    add(&mut unreached, prometheus, &format!("{{__name__=~\"{}\"}} == 0", metrics.join("|"))).await;
    if unreached.values().any(|metrics| metrics.contains_key("probe_success")) {
        let mut reasons = Unreached::new();
        add(&mut reasons, prometheus, &format!("{{__name__=~\"{REASONS}\"}}")).await;
        for (key, metrics) in &mut unreached {
            metrics.extend(reasons.remove(key).unwrap_or_default());
        }
    }
    unreached
}

fn metric(job: &Job) -> Option<&str> {
    match job.says.as_ref()? {
        Says::Reaches { metric, .. } => Some(metric),
        Says::Probed { .. } => Some("probe_success"),
    }
}

async fn add(to: &mut Unreached, prometheus: &Prometheus, query: &str) {
    let Ok(QueryResult::Series(series)) = prometheus.query(query).await else { return };
    for one in series {
        let label = |name: &str| one.labels.get(name).cloned().unwrap_or_default();
        if let Some(point) = one.points.last() {
            to.entry((label("job"), label("instance"))).or_default().insert(label("__name__"), point.value);
        }
    }
}

/// What is wrong with the thing that a well-scraped target watches.
pub(super) fn trouble(
    expected: &Expected,
    target: &Target,
    observed: &BTreeMap<&str, ContainerState>,
    evidence: &Evidence,
) -> Option<Trouble> {
    let label = |name: &str| target.labels.get(name).cloned().unwrap_or_default();
    let metrics = evidence.unreached.get(&(label("job"), label("instance")))?;
    match expected.job.says.as_ref()? {
        Says::Reaches { metric, app, address } => {
            metrics.get(metric)?;
            Some(not_reached(expected, metric, app, address, observed.get(app.as_str()).copied()))
        }
        Says::Probed { kind, timeout } => {
            metrics.get("probe_success")?;
            Some(failed(*kind, &expected.instance, timeout, metrics))
        }
    }
}

fn not_reached(expected: &Expected, metric: &str, app: &str, address: &str, state: Option<ContainerState>) -> Trouble {
    let exporter = expected.service.map_or(expected.job.name.as_str(), |service| service.name.as_str());
    if state.is_none_or(|state| state != ContainerState::Running) {
        let message = format!("the exporter runs and says `{metric} 0`: `{app}`, which it watches, does not run");
        return Trouble::new(
            Cause::AppUnreachable,
            message,
            format!("`stackctl up` starts `{app}`; `stackctl logs {app}` says why it ended"),
        );
    }
    let message = format!("the exporter runs and says `{metric} 0`: it cannot use `{address}`");
    let fix =
        format!("see `stackctl logs {exporter}` for why: a login is corrected under `exporters.{exporter}.login`");
    Trouble::new(Cause::AppUnreachable, message, fix)
}

/// Why a probe failed, from its own metrics.
fn failed(kind: ProbeKind, target: &str, timeout: &str, metrics: &BTreeMap<String, f64>) -> Trouble {
    let value = |name: &str| metrics.get(name).copied().unwrap_or_default();
    let no_address = metrics.contains_key("probe_ip_protocol") && value("probe_ip_protocol") == 0.0;
    let seconds = value("probe_duration_seconds");
    let (what, next) = match kind {
        _ if no_address => {
            ("its name leads nowhere".to_owned(), "correct the name, or the name server of the blackbox exporter")
        }
        ProbeKind::Http if value("probe_http_status_code") == 0.0 => (
            format!("no answer within {timeout}, after {seconds:.1} s"),
            "see whether it runs, and whether a container reaches it",
        ),
        ProbeKind::Http if value("probe_failed_due_to_regex") > 0.0 => (
            format!("it answers {}, and its body is not as `body` and `body_not` say", value("probe_http_status_code")),
            "look at the page",
        ),
        ProbeKind::Http => (
            format!("it answers {}", value("probe_http_status_code")),
            "see its log, or name the statuses that are well: `status: [200, …]`",
        ),
        ProbeKind::Tcp => {
            (format!("no connection within {timeout}, after {seconds:.1} s"), "see whether it runs and listens there")
        }
        ProbeKind::Icmp => {
            (format!("no echo within {timeout}"), "see whether the host is up; many a firewall drops echo requests")
        }
        ProbeKind::Dns if value("probe_dns_query_succeeded") > 0.0 => {
            ("the name server has no such name".to_owned(), "correct `name`, or its zone")
        }
        ProbeKind::Dns => (format!("no answer within {timeout}"), "see whether the name server runs and listens there"),
    };
    Trouble::new(Cause::ProbeFailed, format!("`probe_success 0` for `{target}`: {what}"), next)
}

/// How the containers of services stand; of one with several, a running one counts.
pub(super) fn states(observed: &Observed) -> BTreeMap<&str, ContainerState> {
    let mut states = BTreeMap::new();
    for container in &observed.containers {
        let state = states.entry(container.service.as_str()).or_insert(container.state);
        if container.state == ContainerState::Running {
            *state = container.state;
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(kind: ProbeKind, metrics: &[(&str, f64)]) -> String {
        let metrics = metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        failed(kind, "t", "5s", &metrics).message
    }

    #[test]
    fn a_failed_probe_says_what_failed() {
        let ip = ("probe_ip_protocol", 4.0);
        assert!(words(ProbeKind::Http, &[ip, ("probe_http_status_code", 503.0)]).ends_with("it answers 503"));
        assert!(
            words(ProbeKind::Http, &[ip, ("probe_duration_seconds", 0.01)])
                .ends_with("no answer within 5s, after 0.0 s")
        );
        let regex = [ip, ("probe_http_status_code", 200.0), ("probe_failed_due_to_regex", 1.0)];
        assert!(words(ProbeKind::Http, &regex).contains("its body is not as"));
        assert!(words(ProbeKind::Tcp, &[("probe_ip_protocol", 0.0)]).ends_with("its name leads nowhere"));
        assert!(words(ProbeKind::Dns, &[ip, ("probe_dns_query_succeeded", 1.0)]).ends_with("no such name"));
        assert!(words(ProbeKind::Icmp, &[ip]).ends_with("no echo within 5s"));
    }
}
