//! Jobs in Prometheus' own words.

use super::*;

/// A stack with jobs in Prometheus' own words.
fn with_extra(jobs: &serde_json::Value) -> Desired {
    let mut desired = fixture::demo(vec![fixture::web_job()]);
    let extra = jobs.as_array().cloned().unwrap_or_default();
    desired.prometheus.as_mut().expect("it has one").extra_scrape_configs = extra;
    desired
}

fn of_extra(desired: &Desired, more: Vec<Target>) -> Vec<Finding> {
    let mut targets = fixture::all_up();
    targets.active.extend(more);
    let findings = judge_targets(desired, &fixture::observed(), &view(Ok(targets), Evidence::default()));
    findings.into_iter().filter(|finding| finding.subject != "web").collect()
}

#[test]
fn targets_of_jobs_in_prometheus_own_words_are_proven_with_the_cause_that_prometheus_tells() {
    let desired = with_extra(
        &serde_json::json!([{ "job_name": "mine", "static_configs": [{ "targets": ["a:1", "b:1", "c:1"] }] }]),
    );
    for (error, cause) in [
        ("Get \"http://a:1/metrics\": dial tcp: lookup a on 127.0.0.11:53: no such host", Cause::DnsNoSuchName),
        ("Get \"http://a:1/metrics\": dial tcp 172.20.0.3:1: connect: connection refused", Cause::ConnectionRefused),
        ("Get \"http://a:1/metrics\": context deadline exceeded", Cause::Timeout),
        ("server returned HTTP status 404 Not Found", Cause::WrongPath),
        ("server returned HTTP status 503 Service Unavailable", Cause::HttpStatus),
        ("server returned HTTP status 401 Unauthorized", Cause::AuthRequired),
        ("Get \"https://a:1/metrics\": x509: certificate signed by unknown authority", Cause::TlsMismatch),
        ("sample limit exceeded", Cause::SampleLimit),
        ("\"INVALID\" is not a valid start token", Cause::NotMetrics),
    ] {
        let down = Target { last_error: error.to_owned(), ..fixture::target("mine", "a:1", Health::Down) };
        let findings = of_extra(&desired, vec![down, fixture::target("mine", "b:1", Health::Up)]);
        let told: Vec<_> = findings.iter().map(|it| (it.instance.as_deref(), it.status, it.cause)).collect();
        let expected = [
            (Some("a:1"), Status::Fail, Some(cause)),
            (Some("b:1"), Status::Ok, None),
            (Some("c:1"), Status::Fail, Some(Cause::TargetMissing)),
        ];
        assert_eq!(told, expected, "{findings:#?}");
        assert!(
            findings[0].fix.ends_with("in the job `mine` of `prometheus.extra_scrape_configs`"),
            "{}",
            findings[0].fix
        );
    }
}

#[test]
fn what_two_jobs_scrape_is_a_warning_whatever_it_is_called_by() {
    let observed = fixture::observed();
    let address = observed.containers[1].addresses.values().flatten().next().copied().expect("it has one");
    let desired = with_extra(
        &serde_json::json!([{ "job_name": "mine", "static_configs": [{ "targets": [format!("{address}:80")] }] }]),
    );
    let findings = of_extra(&desired, vec![fixture::target("mine", &format!("{address}:80"), Health::Up)]);
    let warned: Vec<_> = findings.iter().filter(|finding| finding.status == Status::Warn).collect();
    assert_eq!(warned.len(), 1, "{findings:#?}");
    assert_eq!(warned[0].cause, Some(Cause::TargetDuplicate));
    assert!(warned[0].message.contains("by the jobs `web` and `mine`"), "{}", warned[0].message);
}

#[test]
fn a_job_that_somebody_added_by_hand_is_drift_unless_files_with_jobs_are_named() {
    let mut desired = with_extra(&serde_json::json!([]));
    let stranger = || vec![fixture::target("by-hand", "x:1", Health::Up)];
    let findings = of_extra(&desired, stranger());
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!((findings[0].subject.as_str(), findings[0].cause), ("by-hand", Some(Cause::TargetUnexpected)));
    let prometheus = desired.prometheus.as_mut().expect("it has one");
    prometheus.extra_config.insert("scrape_config_files".to_owned(), serde_json::json!(["more/*.yml"]));
    assert_eq!(of_extra(&desired, stranger()), []);
}

#[test]
fn a_job_that_finds_nothing_is_a_warning() {
    let desired =
        with_extra(&serde_json::json!([{ "job_name": "mine", "file_sd_configs": [{ "files": ["x.json"] }] }]));
    let findings = of_extra(&desired, Vec::new());
    assert_eq!((findings.len(), findings[0].status), (1, Status::Warn), "{findings:#?}");
}
