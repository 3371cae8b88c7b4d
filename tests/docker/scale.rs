//! Replicas come and go, and Prometheus has exactly those that run.

use crate::sandbox::{Sandbox, docker, eventually};

fn app(discovery: &str) -> String {
    format!(
        "apps:\n  web:\n    image: stackctl/self\n    command: [demo, accesslog]\n    metrics: {{ discovery: {discovery}, interval: 1s }}\n"
    )
}

#[track_caller]
fn assert_targets(stack: &Sandbox, replicas: usize) {
    let findings = stack.findings("targets");
    let web: Vec<_> = findings.iter().filter(|finding| finding["subject"] == "web").collect();
    assert_eq!(web.len(), replicas, "{findings:#?}");
    assert!(findings.iter().all(|finding| finding["status"] == "ok"), "{findings:#?}");
    // A target that is gone counts until Prometheus has marked its series as stale, two intervals later.
    eventually("Prometheus counts as many as run", || {
        let up = stack.json(&["query", "count(up{job=\"web\"} == 1)"]);
        up["result"][0]["value"][1].as_str().is_some_and(|count| count.parse() == Ok(replicas))
    });
}

#[test]
fn scale_says_what_else_of_the_file_comes_along() {
    let stack = Sandbox::new(&app("static"));
    stack.ok(&["up", "--no-wait"]);
    let alone = stack.ok(&["scale", "web=2"]);
    assert!(!alone.stderr.contains("comes along"), "{}", alone.stderr);
    let extra = "  extra: { image: stackctl/self, command: [demo, iotd] }\n";
    stack.write(&format!("{}{extra}", app("static")));
    let more = stack.ok(&["scale", "web=1"]);
    let told = format!("comes along: create container `{}`", stack.container("extra", 1));
    assert!(more.stderr.contains(&told), "{}", more.stderr);
    assert_eq!(stack.running("extra").len(), 1);
    for replicas in ["web=3", "web=2"] {
        let saved = stack.ok(&["scale", replicas, "--save"]);
        assert!(!saved.stderr.contains("comes along"), "{}", saved.stderr);
    }
}

#[test]
fn static_targets_follow_the_replicas_up_and_down() {
    follows("static");
}

#[test]
fn targets_found_by_dns_follow_the_replicas_up_and_down() {
    follows("dns");
}

fn follows(discovery: &str) {
    let stack = Sandbox::new(&app(discovery));
    stack.ok(&["up", "--scale", "web=3"]);
    assert_targets(&stack, 3);
    let three = stack.running("web");
    stack.ok(&["up", "--scale", "web=5"]);
    assert_targets(&stack, 5);
    assert_eq!(stack.running("web")[..3], three[..], "replicas that run are left alone");
    let prometheus = stack.running("prometheus");
    stack.ok(&["up", "--scale", "web=1"]);
    assert_targets(&stack, 1);
    assert_eq!(stack.running("web"), three[..1]);
    assert_eq!(stack.running("prometheus"), prometheus, "Prometheus is reloaded, not replaced");
}

#[test]
fn a_scale_is_remembered_until_the_file_says_otherwise() {
    let stack = Sandbox::new(&app("static"));
    stack.ok(&["up", "--scale", "web=3"]);
    let plan = stack.ok(&["plan"]);
    assert!(plan.stderr.contains("3 replicas instead of the file's 1"), "{}", plan.stderr);
    stack.ok(&["up"]);
    assert_eq!(stack.running("web").len(), 3);
    stack.write(&app("static").replace("    metrics", "    scale: 2\n    metrics"));
    stack.ok(&["up"]);
    assert_eq!(stack.running("web").len(), 2);
    assert_targets(&stack, 2);
}

#[test]
fn the_usual_scale_newly_written_undoes_one_given_by_hand() {
    let written = app("static").replace("    metrics", "    scale: 1\n    metrics");
    let stack = Sandbox::new(&app("static"));
    stack.ok(&["up", "--no-wait", "--scale", "web=3"]);
    stack.write(&written);
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.running("web").len(), 1);
    stack.ok(&["up", "--no-wait", "--scale", "web=2"]);
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.running("web").len(), 2, "given by hand after it was written");
}

#[test]
fn a_scale_is_remembered_without_prometheus_and_forgotten_by_down() {
    let stack = Sandbox::new(&app("static"));
    stack.ok(&["up", "--no-wait", "--scale", "web=3"]);
    crate::sandbox::docker(&["rm", "-f", &stack.container("prometheus", 1)]);
    assert_eq!(stack.plan(), ["create container STACK-prometheus-1"]);
    stack.write_bare(&format!("prometheus: off\ngrafana: off\n{}", app("static")));
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.running("web").len(), 3);
    stack.ok(&["up", "--no-wait", "--scale", "web=2"]);
    assert_eq!(stack.plan(), [""; 0]);
    assert_eq!(stack.running("web").len(), 2);
    stack.ok(&["down"]);
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.running("web").len(), 1);
}

#[test]
fn a_lost_replica_comes_back_under_a_remembered_scale() {
    let stack = Sandbox::new(&app("static"));
    stack.ok(&["up", "--scale", "web=3"]);
    crate::sandbox::docker(&["rm", "-f", &stack.container("web", 2)]);
    assert_eq!(stack.plan(), ["create container STACK-web-2"]);
    stack.ok(&["up"]);
    assert_targets(&stack, 3);
}

#[test]
fn a_fixed_host_port_cannot_be_scaled_and_the_message_says_what_to_write() {
    let body = "apps: { web: { image: stackctl/self, command: [demo, iotd], ports: [\"18999:80\"] } }\n";
    let stack = Sandbox::new(body);
    let up = stack.expect(2, &["up", "--scale", "web=2"]);
    assert!(up.stderr.contains("ports: [\"80\"]"), "{}", up.stderr);
    let unknown = stack.expect(2, &["up", "--scale", "wep=2"]);
    assert!(unknown.stderr.contains("`web`"), "{}", unknown.stderr);
    assert!(stack.running("web").is_empty());
}

#[test]
fn up_tells_every_replica_of_a_published_app_where_it_is() {
    let stack =
        Sandbox::new("apps: { web: { image: stackctl/self, command: [demo, iotd], ports: [\"80\"], scale: 2 } }\n");
    let up = stack.ok(&["up"]).stderr;
    for replica in 1..=2 {
        let port = docker(&["port", &stack.container("web", replica), "80/tcp"]);
        let line = format!("  web-{replica}            http://{}", port.trim());
        assert!(up.contains(&line), "{line}\n{up}");
    }
}

#[test]
fn an_image_that_no_replica_runs_is_not_asked_for() {
    let stack = Sandbox::new(
        "apps:\n  web: { image: stackctl/self, command: [demo, iotd] }\n  later: { image: nowhere.example/later:1, scale: 0 }\n",
    );
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.plan(), [""; 0]);
    let refused = stack.expect(1, &["up", "--no-wait", "--scale", "later=1"]);
    assert!(refused.stderr.contains("nowhere.example/later:1"), "{}", refused.stderr);
}

/// Nobody expects a target of it, and no panel is to show one.
#[test]
fn an_app_that_is_scaled_to_nothing_is_missed_by_nobody() {
    let stack = Sandbox::new(&app("static"));
    stack.ok(&["up"]);
    let none = stack.ok(&["scale", "web=0"]);
    assert!(!none.stdout.contains("warn") && none.stderr.contains("0 replicas"), "{}\n{}", none.stdout, none.stderr);
    for check in ["dashboards", "targets"] {
        let findings = stack.findings(check);
        assert!(findings.iter().all(|finding| finding["status"] == "ok"), "{findings:#?}");
    }
}
