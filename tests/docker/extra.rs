//! Jobs in Prometheus' own words: their targets are proven, with the cause that Prometheus tells; jobs added by hand are drift.

use crate::reload::edit;
use crate::sandbox::{Sandbox, docker, eventually};

/// Jobs that scrape what is there, what is not, and what is scraped already.
const STACK: &str = "\
images: { from: debian }
grafana: off
prometheus:
  port: off
  scrape_interval: 1s
  extra_scrape_configs:
    - { job_name: again, static_configs: [{ targets: ['web:80'] }] }
    - { job_name: closed, static_configs: [{ targets: ['web:81'] }] }
    - { job_name: nobody, static_configs: [{ targets: ['no-such-name.invalid:80'] }] }
    - { job_name: elsewhere, metrics_path: /no-such-page, static_configs: [{ targets: ['web:80'] }] }
apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }
";

/// Status and cause of each finding about that job.
fn told(stack: &Sandbox, job: &str) -> Vec<(String, String)> {
    let findings = stack.findings("targets");
    let of_job = findings.iter().filter(|finding| finding["subject"] == job);
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    of_job.map(|finding| (word(&finding["status"]), word(&finding["cause"]))).collect()
}

fn pair(status: &str, cause: &str) -> (String, String) {
    (status.to_owned(), cause.to_owned())
}

#[test]
fn targets_of_jobs_in_prometheus_own_words_are_proven() {
    let stack = Sandbox::bare(STACK);
    stack.ok(&["up", "--no-wait"]);
    for (job, expected) in [
        ("again", vec![pair("ok", ""), pair("warn", "target-duplicate")]),
        ("closed", vec![pair("fail", "connection-refused")]),
        ("nobody", vec![pair("fail", "dns-no-such-name")]),
        ("elsewhere", vec![pair("fail", "wrong-path")]),
    ] {
        eventually(&format!("verify tells of the job `{job}`"), || told(&stack, job) == expected);
    }
    let prometheus = stack.container("prometheus", 1);
    edit(
        &prometheus,
        "/etc/prometheus/prometheus.yml",
        "scrape_configs: [{ job_name: by-hand, static_configs: [{ targets: ['web:80'] }] }]\n",
    );
    docker(&["kill", "-s", "HUP", &prometheus]);
    eventually("a job added by hand is drift", || told(&stack, "by-hand") == [pair("fail", "target-unexpected")]);
    stack.run(&["up", "--no-wait"]);
    eventually("up takes it away", || told(&stack, "by-hand").is_empty());
}
