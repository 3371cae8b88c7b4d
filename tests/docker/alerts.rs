//! Rules in the real Prometheus: loaded, fired by real faults, resolved again, refused where they are wrong, tested by promtool.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandbox::{Run, Sandbox, docker, eventually};

/// An app that fails on every page, and one whose targets can be taken away.
const APPS: &str = "\
apps:
  gallery:
    image: stackctl/self
    command: [demo, image-gallery, --fail, '1']
    metrics: {}
    signals: { traffic: image_gallery_requests_total, errors: 'image_gallery_requests_total{code=~\"5..\"}' }
    alerts:
      error-ratio: { over: 10s, for: 0s, above: 50% }
      Asked:
        when: sum by (job) (rate(image_gallery_requests_total[10s])) > 0
        severity: info
        summary: '{{ $labels.job }} gets {{ $value }} requests a second'
  web: { image: stackctl/self, command: [demo, accesslog], metrics: {} }
alerts:
  target-down: { for: 0s }
";

/// State and summary of each alert of that name that is pending or firing.
fn active(stack: &Sandbox, name: &str) -> Vec<(String, String)> {
    let alerts = stack.json(&["alerts", "--active"]);
    let of_name = alerts.as_array().expect("a list").iter().filter(|alert| alert["alert"] == name);
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    of_name.map(|alert| (word(&alert["state"]), word(&alert["annotations"]["summary"]))).collect()
}

fn call(stack: &Sandbox, app: &str) {
    let address = docker(&[
        "inspect",
        "-f",
        "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
        &stack.container(app, 1),
    ]);
    let url = format!("http://{}/", address.trim());
    let called = std::process::Command::new("curl").args(["-s", "-o", "/dev/null", "-m", "5", &url]).status();
    assert!(called.expect("curl is there").success(), "{url}");
}

#[test]
fn alerts_fire_at_real_faults_and_are_over_when_these_are() {
    let stack = Sandbox::new(APPS);
    stack.ok(&["up"]);
    assert_eq!(active(&stack, "TargetDown"), []);
    eventually("failing requests fire the preset of the app", || {
        call(&stack, "gallery");
        active(&stack, "HighErrorRatio").iter().any(|(state, _)| state == "firing")
    });
    assert_eq!(active(&stack, "HighErrorRatio")[0].1, "100% of the requests to gallery fail");
    let asked = active(&stack, "Asked");
    assert!(asked[0].1.starts_with("gallery gets "), "Prometheus fills its templates in: {asked:?}");
    docker(&["stop", "-t", "1", &stack.container("web", 1)]);
    eventually("a stopped app fires TargetDown", || {
        active(&stack, "TargetDown") == [("firing".to_owned(), "web is down: web:80 cannot be scraped".to_owned())]
    });
    let shown = stack.ok(&["alerts"]);
    assert!(
        shown.stdout.lines().any(|line| line.starts_with("firing") && line.contains("critical")),
        "{}",
        shown.stdout
    );
    stack.ok(&["up"]);
    eventually("what is up again is no alert", || active(&stack, "TargetDown").is_empty());
    eventually("nobody calls any more", || active(&stack, "HighErrorRatio").is_empty());
    let findings = stack.findings("alerts");
    let broken: Vec<_> = findings.iter().filter(|finding| finding["status"] != "ok").collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(findings.iter().any(|finding| finding["subject"] == "gallery" && finding["instance"] == "Asked"));
}

#[test]
fn an_app_that_was_taken_out_is_no_down_target_though_prometheus_remembers_it() {
    let web = "image: stackctl/self, command: [demo, accesslog], metrics: {}";
    let apps = |more: &str| format!("apps:\n  web: {{ {web} }}\n{more}alerts: {{ target-down: {{ for: 0s }} }}\n");
    let stack = Sandbox::new(&apps(&format!("  gone: {{ {web} }}\n")));
    stack.ok(&["up"]);
    docker(&["stop", "-t", "1", &stack.container("gone", 1)]);
    eventually("it is down", || !active(&stack, "TargetDown").is_empty());
    let before = stack.running("prometheus");
    // Other flags: Prometheus is replaced, and its successor knows the old values without a mark that they are over.
    let section = "prometheus: { port: off, scrape_interval: 1s, retention: { time: 3d } }";
    stack.write_bare(&format!("images: {{ from: debian }}\ngrafana: off\n{section}\n{}", apps("")));
    stack.ok(&["up"]);
    assert_ne!(stack.running("prometheus"), before);
    eventually("the rule was evaluated", || {
        let findings = stack.findings("alerts");
        findings.iter().any(|finding| finding["instance"] == "TargetDown" && finding["message"] == "quiet")
    });
    assert_eq!(value(&stack, "up{job=\"gone\"}"), Some(0.0), "it is remembered");
}

#[test]
fn an_objective_between_two_bounds_is_told_by_an_up_that_has_nothing_to_do_too() {
    let stack = Sandbox::new(
        "apps: { gallery: { image: stackctl/self, command: [demo, image-gallery], metrics: {}, signals: {\n\
         \x20 latency: image_gallery_request_duration_seconds }, slo: { latency: { p: 99, under: 300ms } } } }\n",
    );
    stack.ok(&["up"]);
    call(&stack, "gallery");
    eventually("a request was timed", || {
        value(&stack, "count(image_gallery_request_duration_seconds_bucket)").is_some()
    });
    let up = stack.ok(&["up"]);
    let fix = "write `under: 250ms` or `under: 500ms` under `apps.gallery.slo.latency`";
    assert!(up.stdout.contains("has no bucket up to `0.3`") && up.stdout.contains(fix), "{}", up.stdout);
    assert_eq!(stack.plan(), [""; 0]);
}

#[test]
fn an_alert_that_can_never_fire_is_named_with_the_nearest_metric() {
    let stack = Sandbox::new(
        "apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {}, alerts: {\n\
         \x20 Typo: proces_cpu_seconds_total > 5,\n\
         \x20 Label: 'up{job=\"wbe\"} == 0',\n\
         \x20 Either: nothing_like_this > 1 or up > 5,\n\
         \x20 Good: up > 5 } } }\n",
    );
    let up = stack.ok(&["up"]);
    assert!(up.stdout.contains("no metric is called `proces_cpu_seconds_total`"), "a warning for up: {}", up.stdout);
    let verify = stack.expect(3, &["verify", "alerts"]);
    assert!(verify.stdout.contains("no-data"), "{}", verify.stdout);
    let findings = stack.findings("alerts");
    let of = |name: &str| {
        let found = findings.iter().find(|finding| finding["instance"] == name);
        found.unwrap_or_else(|| panic!("{name}: {findings:#?}"))
    };
    let typo = of("Typo");
    assert_eq!((typo["status"].as_str(), typo["cause"].as_str()), (Some("fail"), Some("no-data")), "{typo:#}");
    let said = typo["message"].as_str().unwrap_or_default();
    assert!(
        said.contains("no metric is called `proces_cpu_seconds_total`; there is `process_cpu_seconds_total`"),
        "{said}"
    );
    let fix = typo["fix"].as_str().unwrap_or_default();
    assert!(fix.contains("`process_cpu_seconds_total` in `apps.web.alerts.Typo`"), "{fix}");
    assert!(of("Label")["message"].as_str().is_some_and(|said| said.contains("the label has `prometheus`, `web`")));
    assert_eq!(of("Either")["status"], "ok", "the other side can");
    assert_eq!(of("Good")["status"], "ok");
}

#[test]
fn a_changed_rule_is_a_file_that_is_checked_placed_and_reloaded() {
    let body = "apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }\n";
    let stack = Sandbox::new(body);
    stack.ok(&["up"]);
    let before = stack.running("prometheus");
    stack.write(&format!("{body}alerts: off\nrules: {{ 'job:up:sum': sum by (job) (up) }}\n"));
    assert_eq!(
        stack.plan(),
        [
            "write file prometheus/rules/stackctl-recordings.yml",
            "write file prometheus/prometheus.yml",
            "reload container STACK-prometheus-1"
        ]
    );
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["verify"]);
    stack.write(&format!("{body}alerts: off\nrules: {{ 'job:up:sum': 'sum by (job) (up) * 2' }}\n"));
    assert_eq!(
        stack.plan(),
        ["write file prometheus/rules/stackctl-recordings.yml", "reload container STACK-prometheus-1"]
    );
    stack.ok(&["up"]);
    eventually("the new rule records", || {
        stack.json(&["query", "job:up:sum{job=\"web\"}"])["result"][0]["value"][1] == "2"
    });
    assert_eq!(stack.running("prometheus"), before, "reloaded in place");
}

#[test]
fn a_rule_file_that_promtool_refuses_never_reaches_prometheus() {
    let body = "apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }\n";
    let stack = Sandbox::new("");
    let header = std::fs::read_to_string(stack.stack_file()).unwrap();
    let named = format!("{header}{body}").replace("scrape_interval: 1s", "scrape_interval: 1s, rule_files: [own.yml]");
    std::fs::write(stack.stack_file(), named).unwrap();
    let good = "groups: [{ name: own, rules: [{ record: a:b, expr: sum(up) }] }]\n";
    std::fs::write(stack.path("own.yml"), good).unwrap();
    stack.ok(&["up"]);
    let before = stack.running("prometheus");
    std::fs::write(stack.path("own.yml"), good.replace("record: a:b", "record: a:b, for: 5m")).unwrap();
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("promtool") && up.stderr.contains("invalid field 'for'"), "{}", up.stderr);
    assert_eq!(stack.running("prometheus"), before);
    std::fs::write(stack.path("own.yml"), good).unwrap();
    assert_eq!(stack.plan(), [""; 0], "the refused file did not stay");
    stack.ok(&["verify", "alerts"]);
    // One that cannot be evaluated although it is a rule: two series of one name on both sides.
    let clash = good.replace("sum(up)", "up + on () group_left () up");
    std::fs::write(stack.path("own.yml"), clash).unwrap();
    stack.run(&["up"]);
    eventually("verify has Prometheus' words", || {
        let findings = stack.findings("alerts");
        findings.iter().any(|finding| {
            finding["cause"] == "rule-error"
                && finding["message"].as_str().is_some_and(|said| said.contains("many-to-many"))
        })
    });
}

const TESTS: &str = "\
apps:
  web:
    image: stackctl/self
    command: [demo, accesslog]
    metrics: {}
    signals: { traffic: http_requests_total, errors: 'http_requests_total{code=~\"5..\"}' }
    alerts: {}
tests:
  five in a hundred is too much:
    series:
      'http_requests_total{job=\"web\",code=\"200\"}': 0+90x60
      'http_requests_total{job=\"web\",code=\"500\"}': 0+10x60
    expect:
      - { at: 5m, alert: HighErrorRatio, firing: [] }
      - { at: 30m, alert: HighErrorRatio, firing: [{ app: web }] }
      - { at: 30m, query: 'ALERTS{alertname=\"HighErrorRatio\"} * 0', samples: { '{alertname=\"HighErrorRatio\",alertstate=\"firing\",app=\"web\",job=\"web\",severity=\"warning\"}': 0 } }
";

#[test]
fn the_tests_of_the_stack_file_run_in_the_image_of_the_stacks_prometheus() {
    let stack = Sandbox::new(TESTS);
    let passed: Run = stack.ok(&["test"]);
    assert!(passed.stdout.contains("ok   five in a hundred is too much"), "{}", passed.stdout);
    stack.write(&format!("{TESTS}  wrong: {{ series: {{ up: 1x5 }}, expect: [{{ at: 3m, alert: TargetDown, firing: [{{ job: web }}] }}] }}\n"));
    let failed = stack.expect(3, &["test"]);
    assert!(failed.stdout.contains("ok   five in a hundred"), "{}", failed.stdout);
    assert!(failed.stdout.contains("fail wrong") && failed.stdout.contains("TargetDown"), "{}", failed.stdout);
    assert!(failed.stderr.contains("2 tests, 1 failed"), "{}", failed.stderr);
    stack.ok(&["test", "five in a hundred is too much"]);
    assert_eq!(stack.json(&["test"])[1]["status"], "fail");
    let unknown = stack.expect(2, &["test", "nothing"]);
    assert!(unknown.stderr.contains("no test is called `nothing`"), "{}", unknown.stderr);
    let signals = "    signals: { traffic: http_requests_total, errors: 'http_requests_total{code=~\"5..\"}' }\n";
    stack.write(&TESTS.replace(signals, ""));
    let unknown = stack.expect(3, &["test"]).stdout;
    assert!(unknown.contains("there is no rule `HighErrorRatio` of `web`"), "{unknown}");
    assert!(unknown.contains("`apps.web.signals: { traffic: …, errors: … }`"), "{unknown}");
    let left = docker(&["ps", "-aq", "--filter", &format!("label=io.stackctl.stack={}", stack.name)]);
    assert_eq!(left.trim(), "", "nothing is left running");
}

/// An app of whose pages half fail, and which promises one in a hundred.
const PROMISE: &str = "\
apps:
  gallery:
    image: stackctl/self
    command: [demo, image-gallery, --fail, '0.5']
    metrics: {}
    signals: { traffic: image_gallery_requests_total, errors: 'image_gallery_requests_total{code=~\"5..\"}' }
    slo: { availability: 99%, window: 7d }
";

/// The value of a query that has one series.
fn value(stack: &Sandbox, query: &str) -> Option<f64> {
    stack.json(&["query", query])["result"][0]["value"][1].as_str()?.parse().ok()
}

#[test]
fn a_broken_promise_uses_the_error_budget_up_and_its_dashboard_shows_it() {
    let stack = Sandbox::new(PROMISE);
    stack.ok(&["up"]);
    let of_budget = || -> Vec<Value> {
        let findings = stack.findings("dashboards");
        findings.into_iter().filter(|finding| finding["subject"] == "gallery-error-budget").collect()
    };
    let early = of_budget();
    assert!(early.iter().all(|finding| finding["status"] != "fail"), "{early:#?}");
    if value(&stack, "slo:objective:ratio").is_none() {
        let pending = early.iter().find(|finding| finding["instance"].as_str() == Some("Objective"));
        let pending = pending.expect("the panel is asked for");
        assert_eq!(pending["cause"], "rule-pending", "{pending:#}");
        assert!(pending["message"].as_str().is_some_and(|said| said.contains("every 120s")), "{pending:#}");
    }
    eventually("half of all pages failing fires the fast alert", || {
        call(&stack, "gallery");
        active(&stack, "ErrorBudgetBurnsFast").iter().any(|(state, _)| state == "firing")
    });
    // The whole window is looked at every two minutes: two such looks at most, each with what was seen until then.
    let deadline = Instant::now() + Duration::from_secs(260);
    let left = loop {
        call(&stack, "gallery");
        match value(&stack, "slo:error_budget:remaining{app=\"gallery\",slo=\"availability\"}") {
            Some(left) if left < 0.0 => break left,
            seen => assert!(Instant::now() < deadline, "the budget does not fall: {seen:?}"),
        }
    };
    let failed = value(&stack, "slo:error_ratio:rate7d").expect("it is recorded with it");
    assert!((left - (1.0 - failed / 0.01)).abs() < 1e-6, "{left} of the budget is left, and {failed} failed");
    assert!((0.2..0.8).contains(&failed), "every second page fails: {failed}");
    assert_eq!(value(&stack, "slo:objective:ratio"), Some(0.99));
    let late = of_budget();
    assert_eq!(late.len(), 9, "{late:#?}");
    assert!(late.iter().all(|finding| finding["status"] == "ok"), "{late:#?}");
}
