//! Dashboards of real apps under load: every panel has data, and what has none is named.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandbox::{PATIENCE, Sandbox, docker};

const APPS: &str = "\
apps:
  accesslog: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: { discovery: dns } }
  iotd: { image: stackctl/self, command: [demo, iotd], metrics: { path: /actuator/prometheus } }
  image-gallery:
    image: stackctl/self
    command: [demo, image-gallery]
    depends_on: [accesslog, iotd]
    metrics: {}
    signals:
      latency: image_gallery_request_duration_seconds
      traffic: image_gallery_requests_total
      errors: image_gallery_requests_total{code=~\"5..\"}
      in_flight: image_gallery_in_flight_requests
      saturation: [process_resident_memory_bytes]
";

/// One app, and one dashboard of these panels.
fn with_panels(panels: &str) -> String {
    format!(
        "apps:\n  web: {{ image: stackctl/self, command: [demo, iotd], metrics: {{ path: /actuator/prometheus }} }}\n\
         dashboards:\n  mine:\n    rows:\n      - panels:\n{panels}"
    )
}

/// Has somebody look at a page a few times, from the host.
pub(crate) fn load(stack: &Sandbox, service: &str, path: &str, times: u32) {
    let container = stack.container(service, 1);
    let address = docker(&["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", &container]);
    let url = format!("http://{}{path}", address.trim());
    for _ in 0..times {
        let done =
            Command::new("curl").args(["-s", "-o", "/dev/null", "-m", "5", &url]).status().expect("curl is there");
        assert!(done.success(), "{url}");
    }
}

/// The findings of `verify dashboards`, once none of them waits for a scrape any more.
#[track_caller]
fn settled(stack: &Sandbox) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let findings = stack.findings("dashboards");
        if findings.iter().all(|finding| finding["cause"] != "data-pending") {
            return findings;
        }
        assert!(Instant::now() < deadline, "{findings:#?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn of<'a>(findings: &'a [Value], panel: &str) -> &'a Value {
    let found = findings.iter().find(|finding| finding["instance"] == panel);
    found.unwrap_or_else(|| panic!("no panel `{panel}`: {findings:#?}"))
}

#[test]
fn every_panel_that_is_made_for_real_apps_under_load_has_data() {
    // On a port that no other test's node exporter has: it stands in the host's network.
    let exporter = "exporters: { node: { metrics: { port: 19187 } } }\n";
    let stack = Sandbox::new(&format!("{APPS}{exporter}"));
    stack.ok(&["up"]);
    load(&stack, "image-gallery", "/", 30);
    crate::sandbox::eventually("Prometheus has seen a request", || {
        let seen = stack.json(&["query", "sum(http_server_requests_seconds_count)"]);
        seen["result"][0].is_object()
    });
    stack.ok(&["up"]);
    load(&stack, "image-gallery", "/", 30);
    let findings = settled(&stack);
    let broken: Vec<_> = findings.iter().filter(|finding| finding["status"] != "ok").collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let subjects: std::collections::BTreeSet<_> =
        findings.iter().filter_map(|finding| finding["subject"].as_str()).collect();
    assert_eq!(subjects.into_iter().collect::<Vec<_>>(), ["accesslog", "image-gallery", "iotd", "node", "overview"]);
    let message = |subject: &str, panel: &str| {
        let found = findings.iter().find(|finding| finding["subject"] == subject && finding["instance"] == panel);
        found.unwrap_or_else(|| panic!("{subject}: {panel}"))["message"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(message("image-gallery", "Latency"), "1 series; 1 series; 1 series");
    assert_eq!(message("iotd", "Traffic"), "1 series", "recognised as Micrometer's");
    assert_eq!(message("accesslog", "Up"), "2 series", "one for each replica");
    assert!(findings.len() > 50, "{}", findings.len());
}

#[test]
fn what_up_learns_of_an_app_is_remembered_so_that_the_next_plan_is_empty() {
    let stack = Sandbox::new(&format!("{APPS}alerts: {{}}\n"));
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.plan(), Vec::<String>::new());
    let state_of = |name: &str| {
        let alerts = stack.json(&["alerts"]);
        let of_iotd = |alert: &&Value| alert["alert"] == name && alert["group"] == "iotd";
        alerts.as_array().expect("alerts").iter().find(of_iotd).expect("it is listed")["state"].clone()
    };
    crate::sandbox::eventually("Prometheus has scraped the app", || {
        let run = stack.run(&["query", "sum(http_server_requests_seconds_count)", "--format", "json"]);
        run.code == 0 && run.stdout.contains("value")
    });
    // What `up` would make of that is told before, by all who are asked.
    assert_eq!(state_of("HighErrorRatio"), "waiting");
    let plan = stack.ok(&["plan"]);
    assert!(plan.stdout.contains("`iotd` now exposes `http_server_requests_"), "{}", plan.stdout);
    let verified = stack.run(&["verify", "alerts"]);
    assert!(verified.stdout.contains("`iotd` now exposes `http_server_requests_"), "{}", verified.stdout);
    let panels = || {
        let list = stack.json(&["dashboards", "list"]);
        let of_iotd = list.as_array().expect("a list").iter().find(|one| one["name"] == "iotd").cloned();
        of_iotd.and_then(|one| one["panels"].as_u64()).expect("a number of panels")
    };
    let panels_before = panels();
    let up = stack.ok(&["up"]);
    // A rule is `unknown` until Prometheus has looked at it once.
    crate::sandbox::eventually("the rule is looked at", || state_of("HighErrorRatio") == "inactive");
    stack.ok(&["plan"]);
    assert!(panels() > panels_before, "they are counted as they are shown");
    assert!(up.stderr.contains("stackctl.json"), "it is written into the running stack: {}", up.stderr);
    assert_eq!(stack.plan(), Vec::<String>::new());
    let again = stack.ok(&["up"]);
    assert!(!again.stderr.contains("stackctl.json"), "{}", again.stderr);
}

#[test]
fn names_that_are_exchanged_take_along_what_is_known_of_the_programs() {
    let stack = Sandbox::new("");
    let write = |one: &str, other: &str| {
        let app = |name: &str, program: &str| {
            format!(
                "  {name}: {{ image: stackctl/self, command: [demo, {program}, --metrics-path, /m], metrics: {{ path: /m }} }}\n"
            )
        };
        stack.write(&format!("alerts: {{}}\napps:\n{}{}", app("one", one), app("other", other)));
    };
    let known = || {
        let file = crate::sandbox::docker(&[
            "cp",
            &format!("{}:/etc/prometheus/stackctl.json", stack.container("prometheus", 1)),
            "-",
        ]);
        let text = file.split_once('{').map(|(_, text)| format!("{{{text}")).expect("it is JSON in a tar");
        let text = text.trim_end_matches('\0');
        let memory: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        ["one", "other"].map(|app| {
            let metrics = memory["exposed"][app].as_object().expect("something is known of both");
            metrics.keys().any(|metric| metric.starts_with("http_server_requests_"))
        })
    };
    write("accesslog", "iotd");
    stack.ok(&["up"]);
    assert_eq!(known(), [false, true], "iotd has Micrometer's names");
    write("iotd", "accesslog");
    stack.ok(&["up"]);
    assert_eq!(known(), [true, false]);
    let again = stack.ok(&["up"]);
    assert!(!again.stderr.contains("stackctl.json"), "{}", again.stderr);
    assert_eq!(known(), [true, false], "what was scraped under the name before is not learned again");
    assert_eq!(stack.plan(), Vec::<String>::new());
}

#[test]
fn what_is_not_scraped_keeps_nobody_from_learning_what_the_others_expose() {
    let app = "image: stackctl/self, command: [demo, accesslog]";
    let stack = Sandbox::new(&format!(
        "apps:\n  web: {{ {app}, metrics: {{}} }}\n  lost: {{ {app}, metrics: {{ path: /nowhere }} }}\nalerts: {{}}\n"
    ));
    let up = stack.expect(3, &["up"]);
    assert!(up.stdout.contains("nothing is known yet of what `lost` exposes"), "{}", up.stdout);
    assert!(!up.stdout.contains("nothing is known yet of what `web`"), "{}", up.stdout);
    let alerts = stack.json(&["alerts"]);
    let ratios = alerts.as_array().expect("alerts").iter().filter(|alert| alert["alert"] == "HighErrorRatio");
    let states: Vec<_> = ratios.map(|alert| (alert["group"].as_str(), alert["state"].as_str())).collect();
    assert_eq!(states.len(), 2, "{states:?}");
    assert!(states[0] != (Some("web"), Some("waiting")) && states[1] == (Some("lost"), Some("waiting")), "{states:?}");
}

#[test]
fn a_metric_with_another_name_is_named_with_the_nearest_and_a_wrong_label_with_its_values() {
    let stack = Sandbox::new(&with_panels(
        "          - { title: Good, query: 'up{job=\"web\"}' }\n\
         \x20         - { title: Renamed, query: 'rate(proces_cpu_seconds_total{job=\"web\"}[1m])' }\n\
         \x20         - { title: Gone, query: sum(nothing_like_this_anywhere) }\n\
         \x20         - { title: Label, query: 'up{job=\"wbe\"}' }\n\
         \x20         - { title: Both, query: 'up{job=\"web\",instance=\"elsewhere:80\"}' }\n\
         \x20         - { title: Short, query: 'rate(up{job=\"web\"}[500ms])' }\n\
         \x20         - { title: Quiet, query: up == 7 }\n\
         \x20         - { title: Zero, query: 'up{job=\"web\"} * 0 / 0' }\n\
         \x20         - { title: Yesterday, query: up offset 1d }\n\
         \x20         - { title: Epoch, query: up @ 0 }\n\
         \x20         - { title: Two, query: nothing_here_a / nothing_here_b }\n\
         \x20         - { title: Bounds, query: 'histogram_quantile(0.9, sum(rate(prometheus_http_request_duration_seconds_bucket[1m])))' }\n\
         \x20         - { title: Share, query: 'sum(rate(prometheus_http_requests_total{code=~\"59.\"}[1m])) / sum(rate(prometheus_http_requests_total[1m]))' }\n\
         \x20         - { title: Refused, query: 'label_replace(up, \"a\", \"$$1\", \"b\", \"(\")' }\n",
    ));
    let up = stack.run(&["up"]);
    assert!(up.stdout.contains("no metric is called `proces_cpu_seconds_total`"), "{}", up.stdout);
    let findings = settled(&stack);
    assert_eq!(stack.run(&["verify", "dashboards"]).code, 3);
    for (panel, cause, message, fix) in [
        (
            "Renamed",
            "no-data",
            "no metric is called `proces_cpu_seconds_total`; there is `process_cpu_seconds_total`",
            "correct `proces_cpu_seconds_total` to `process_cpu_seconds_total` in panel `Renamed` of `dashboards.mine`",
        ),
        ("Gone", "no-data", "no metric is called `nothing_like_this_anywhere`", "first request"),
        (
            "Label",
            "no-data",
            "no series of `up` has `job=\"wbe\"`; the label has `prometheus`, `web`",
            "correct the label",
        ),
        (
            "Both",
            "no-data",
            "no series of `up` has `instance=\"elsewhere:80\"`; the label has `web:80`",
            "correct the label",
        ),
        ("Short", "no-data", "there are not two scrapes", "`[$__rate_interval]`"),
        ("Refused", "query-error", "Prometheus refuses", "correct the query"),
        ("Zero", "no-data", "every value is NaN: `up{job=\"web\"} * 0 / 0` divides by 0", "correct the divisor"),
        ("Epoch", "no-data", "has no samples of that time", "the time after `@`"),
        (
            "Two",
            "no-data",
            "no metric is called `nothing_here_a`; no metric is called `nothing_here_b`",
            "first request",
        ),
        ("Bounds", "no-data", "drops the label `le`", "`sum by (le) (…)`"),
    ] {
        let finding = of(&findings, panel);
        assert_eq!((finding["status"].as_str(), finding["cause"].as_str()), (Some("fail"), Some(cause)), "{finding:#}");
        assert!(finding["message"].as_str().is_some_and(|text| text.contains(message)), "{finding:#}");
        assert!(finding["fix"].as_str().is_some_and(|text| text.contains(fix)), "{finding:#}");
    }
    assert_eq!(of(&findings, "Good")["status"], "ok");
    assert_eq!(of(&findings, "Quiet")["status"], "ok", "what compares may hold nowhere");
    assert_eq!(of(&findings, "Quiet")["message"], "empty now: what it asks for is nowhere the case");
    for (panel, words) in [("Yesterday", "has no samples of that time"), ("Share", "nothing yet: no series of")] {
        let finding = of(&findings, panel);
        assert_eq!(finding["status"], "warn", "{finding:#}");
        assert!(finding["message"].as_str().is_some_and(|text| text.contains(words)), "{finding:#}");
    }
}

#[test]
fn an_empty_panel_is_a_warning_for_up_and_a_failure_for_verify() {
    let stack = Sandbox::new(&with_panels("          - { title: Gone, query: sum(nothing_like_this_anywhere) }\n"));
    let up = stack.ok(&["up"]);
    assert!(up.stdout.contains("warn  ") && up.stdout.contains("no-data"), "{}", up.stdout);
    stack.expect(3, &["verify"]);
}

#[test]
fn a_prometheus_that_is_gone_is_said_once() {
    let stack = Sandbox::new(&with_panels("          - { title: Up, query: up }\n"));
    stack.ok(&["up"]);
    docker(&["stop", &stack.container("prometheus", 1)]);
    let findings = stack.findings("dashboards");
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["cause"], "prometheus-unreachable");
}
