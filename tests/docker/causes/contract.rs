//! The shape of what `verify` says, as JSON and as text, and what `up` makes of it.

use super::{verify, verify_says};
use crate::sandbox::Sandbox;

const BROKEN: &str = "\
apps:
  good: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {} }
  moved: { image: stackctl/self, command: [demo, accesslog, --metrics-path, /q/metrics], metrics: {} }
";

#[test]
fn up_on_a_broken_target_exits_with_3_and_its_table_names_the_cause_and_the_fix() {
    let stack = Sandbox::new(BROKEN);
    let up = stack.expect(3, &["up"]);
    let row = up.stdout.lines().find(|line| line.contains(&stack.container("moved", 1))).unwrap_or_default();
    assert!(row.starts_with("fail") && row.contains("targets") && row.ends_with("wrong-path"), "{}", up.stdout);
    assert!(up.stdout.contains("metrics are at `/q/metrics`"), "{}", up.stdout);
    assert!(
        up.stdout.contains("fix: set `apps.moved.metrics.path: /q/metrics` and run `stackctl up`"),
        "{}",
        up.stdout
    );
    let good = up.stdout.lines().filter(|line| line.starts_with("ok ") && line.contains("-good-")).count();
    assert_eq!(good, 2, "{}", up.stdout);
    stack.write(&BROKEN.replace("metrics: {} }\n", "metrics: { path: /q/metrics } }\n").replacen(
        "{ path: /q/metrics }",
        "{}",
        1,
    ));
    stack.ok(&["up"]);
}

#[test]
fn the_report_has_the_shape_of_the_contract() {
    let stack = Sandbox::started(BROKEN);
    let wrong_path = super::broken("STACK-moved-1", "wrong-path", "/q/metrics", "path");
    verify_says(&stack, "targets", &[wrong_path], &["STACK-good-1", "STACK-good-2"]);
    let report = stack.json(&["verify"]);
    let mut keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["checks", "ok", "stack"]);
    assert_eq!((&report["stack"], &report["ok"]), (&stack.name.as_str().into(), &false.into()));
    for finding in report["checks"].as_array().unwrap() {
        let mut keys: Vec<&str> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["cause", "check", "fix", "instance", "message", "status", "subject"]);
        let is_ok = finding["status"] == "ok";
        assert_eq!(finding["cause"].is_null(), is_ok, "{finding}");
        assert_eq!(finding["fix"] == "", is_ok, "{finding}");
        assert!(!finding["message"].as_str().unwrap().is_empty() && finding["instance"].is_string(), "{finding}");
    }
    let targets = report["checks"].as_array().unwrap().iter().filter(|finding| finding["check"] == "targets");
    assert_eq!(targets.count(), 4, "one for each expected replica, Prometheus too: {report:#}");
}

#[test]
fn without_prometheus_there_is_nothing_to_prove_and_verify_is_content() {
    let stack = Sandbox::bare(
        "images: { from: debian }\ngrafana: off\nprometheus: off\n\
         apps: { web: { image: stackctl/self, command: [demo, accesslog] } }\n",
    );
    stack.ok(&["up"]);
    for check in ["targets", "config", "engine"] {
        let (code, report) = verify(&stack, check);
        assert_eq!(code, 0, "{report:#}");
        assert_eq!(report, serde_json::json!({ "stack": stack.name, "ok": true, "checks": [] }));
    }
    stack.ok(&["verify"]);
}

#[test]
fn what_prometheus_saw_before_a_change_proves_nothing() {
    let app = |command: &str, path: &str| {
        format!(
            "apps: {{ day: {{ image: stackctl/self, command: [demo, iotd{command}], metrics: {{ path: {path} }} }} }}\n"
        )
    };
    let stack = Sandbox::new(&app("", "/actuator/prometheus"));
    stack.ok(&["up"]);
    // The file asks for another path: the scrape of the old one was good a moment ago.
    stack.write(&app("", "/metrics"));
    let up = stack.expect(3, &["up"]);
    assert!(up.stdout.contains("wrong-path"), "{}", up.stdout);
    stack.write(&app("", "/actuator/prometheus"));
    stack.ok(&["up"]);
    // The app moves its metrics: the scrape of the container before was good a moment ago.
    stack.write(&app(", --metrics-path, /internal/metrics", "/actuator/prometheus"));
    let up = stack.expect(3, &["up"]);
    assert!(up.stdout.contains("metrics are at `/internal/metrics`"), "{}", up.stdout);
}
