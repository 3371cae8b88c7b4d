//! What Prometheus and the containers may say of the rendered files, and what that means.

use super::*;
use crate::desired::OnChange;
use crate::verify::fixture::{demo, observed, web_job};
use crate::verify::{Report, Status};

/// Where the configuration of the first Prometheus is rendered.
const FILE: &str = "prometheus/prometheus.yml";

const RENDERED: &str = "scrape_configs: [{ job_name: web, metrics_path: /metrics }]\n";
const RUNNING: &str =
    "global: { scrape_interval: 1m }\nscrape_configs: [{ job_name: web, metrics_path: /metrics, scheme: http }]\n";

fn state(running: &str) -> ConfigState {
    let runtime = RuntimeInfo { reload_config_success: true, last_config_time: String::new() };
    ConfigState { running: Ok(running.to_owned()), runtime: Ok(runtime), reason: String::new() }
}

/// The findings when the file lies in Prometheus' container as `placed`.
fn judge(state: &ConfigState, placed: Option<&str>) -> Vec<Finding> {
    let mut desired = demo(vec![web_job()]);
    let target = "/etc/prometheus/prometheus.yml".to_owned();
    desired.services[0].container.files =
        vec![PlacedFile { source: FILE.into(), target: target.clone(), on_change: OnChange::Reload }];
    let files = Files([(FILE.to_owned(), RENDERED.to_owned())].into_iter().collect());
    let mut observed = observed();
    observed.containers[0].files.insert(target, placed.map(FileStamp::of));
    judge_config(&desired, &files, &observed, &[("prometheus", Some(state.clone()))])
}

fn causes(findings: &[Finding]) -> Vec<Option<Cause>> {
    findings.iter().map(|finding| finding.cause).collect()
}

#[test]
fn what_runs_and_lies_there_as_rendered_is_well() {
    let findings = judge(&state(RUNNING), Some(RENDERED));
    assert_eq!(causes(&findings), [None, None]);
    assert_eq!(findings[1].instance.as_deref(), Some("demo-prometheus-1"));
    assert!(Report::new("demo", findings).ok);
}

#[test]
fn a_configuration_that_was_not_read_again_is_stale_and_names_the_first_difference() {
    let findings = judge(&state(&RUNNING.replace("/metrics", "/old")), Some(RENDERED));
    assert_eq!(causes(&findings), [Some(Cause::ConfigStale), None]);
    let expected = "`scrape_configs[web].metrics_path` is \"/old\", and shall be \"/metrics\"";
    assert!(findings[0].message.ends_with(expected), "{}", findings[0].message);
}

#[test]
fn a_file_changed_by_hand_is_stale() {
    let findings = judge(&state(RUNNING), Some(&format!("{RENDERED}# mine\n")));
    assert_eq!(causes(&findings), [None, Some(Cause::ConfigStale)]);
    assert!(findings[1].message.ends_with("is not what was rendered"), "{}", findings[1].message);
    let gone = judge(&state(RUNNING), None);
    assert!(gone[1].message.contains("is gone from `demo-prometheus-1`"), "{}", gone[1].message);
}

#[test]
fn a_refused_configuration_is_told_with_the_reason_from_the_log() {
    let mut refused = state(RUNNING);
    refused.runtime = Ok(RuntimeInfo { reload_config_success: false, last_config_time: String::new() });
    refused.reason = reason_in(&[
        "level=info msg=\"Loading configuration file\"".to_owned(),
        "level=error msg=\"Error reloading config\" err=\"field paths not found\"".to_owned(),
        "level=info msg=\"something else\"".to_owned(),
    ]);
    let findings = judge(&refused, Some(RENDERED));
    assert_eq!(findings[0].cause, Some(Cause::ConfigRejected));
    assert!(findings[0].message.ends_with("before: field paths not found"), "{}", findings[0].message);
    assert!(findings[0].fix.contains("extra_scrape_configs"), "{}", findings[0].fix);
    let edited = judge(&refused, Some("nonsense"));
    assert!(edited[0].fix.contains("puts the rendered file in the place"), "{}", edited[0].fix);
}

#[test]
fn a_prometheus_that_does_not_answer_is_unreachable() {
    let error = client::Error {
        service: "Prometheus",
        url: "http://x".into(),
        what: "its state".into(),
        cause: "refused".into(),
        answered: false,
    };
    let away = ConfigState { running: Err(error.clone()), runtime: Err(error), reason: String::new() };
    assert_eq!(judge(&away, Some(RENDERED))[0].cause, Some(Cause::PrometheusUnreachable));
}

#[test]
fn a_prometheus_that_does_not_run_is_unreachable_too() {
    let files = Files([(FILE.to_owned(), RENDERED.to_owned())].into_iter().collect());
    let findings = judge_config(&demo(vec![web_job()]), &files, &observed(), &[("prometheus", None)]);
    assert_eq!(causes(&findings), [Some(Cause::PrometheusUnreachable)]);
}

#[test]
fn files_are_looked_at_without_prometheus_too() {
    let mut desired = demo(vec![]);
    desired.prometheus = None;
    let placed = PlacedFile { source: "a.yml".into(), target: "/a.yml".into(), on_change: OnChange::Replace };
    desired.services[1].container.files = vec![placed];
    let files = Files([("a.yml".to_owned(), "a: 1\n".to_owned())].into_iter().collect());
    let mut observed = observed();
    observed.containers[1].files.insert("/a.yml".into(), Some(FileStamp::of("a: 1\n")));
    observed.containers[2].files.insert("/a.yml".into(), Some(FileStamp::of("a: 2\n")));
    let findings = judge_config(&desired, &files, &observed, &[]);
    let statuses: Vec<Status> = findings.iter().map(|finding| finding.status).collect();
    assert_eq!(statuses, [Status::Ok, Status::Fail]);
    observed.containers[2].state = ContainerState::Exited;
    assert_eq!(
        judge_config(&desired, &files, &observed, &[]).len(),
        1,
        "a container that does not run has no files in force"
    );
}
