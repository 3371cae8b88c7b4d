//! Several Prometheus servers in one stack, with Debian's own Prometheus and Alertmanager.

use serde_json::Value;

use crate::alertmanager::Receiver;
use crate::sandbox::{Sandbox, docker, eventually};
use crate::secrets::placed;

/// A stack with an app, an alert about it, and Prometheus as `section` says.
fn write(stack: &Sandbox, section: &str, more: &str) {
    stack.write_bare(&format!(
        "images: {{ from: debian }}\ngrafana: off\n\
         prometheus: {{ port: off, scrape_interval: 1s, {section} }}\n\
         apps: {{ web: {{ image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {{}} }} }}\n\
         alerts: {{ WebIsDown: {{ when: 'up{{job=\"web\"}} == 0', for: 0s, severity: critical }} }}\n{more}"
    ));
}

/// What a Prometheus answers to a query, asked inside its own container.
fn asked(stack: &Sandbox, service: &str, query: &str) -> Value {
    let container = stack.container(service, 1);
    let words = ["exec", &container, "promtool", "query", "instant", "-o", "json", "http://localhost:9090", query];
    serde_json::from_str(&docker(&words)).expect("JSON")
}

/// `instance cause` of what a check finds broken.
fn broken(stack: &Sandbox, check: &str) -> Vec<String> {
    let found = stack.findings(check).into_iter().filter(|finding| finding["status"] != "ok");
    let words = found.map(|finding| {
        let word = |key: &str| finding[key].as_str().unwrap_or("-").replace(&stack.name, "STACK");
        format!("{} {}", word("instance"), word("cause"))
    });
    words.collect()
}

#[test]
fn of_two_prometheus_servers_one_may_fall_and_alertmanager_tells_once() {
    let receiver = Receiver::new();
    let stack = Sandbox::bare("");
    let alertmanager = format!(
        "alertmanager: {{ port: off, group_wait: 1s, group_interval: 1s, receivers: {{ team: {{ webhook: \"{}\" }} }} }}\n",
        receiver.url()
    );
    write(&stack, "replicas: 2", &alertmanager);
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0], "a second `up` has nothing to do");
    stack.ok(&["verify"]);
    for service in ["prometheus", "prometheus-2"] {
        let up = asked(&stack, service, "count(up == 1)");
        assert_eq!(up[0]["value"][1], "5", "each scrapes all, the other one among them: {up}");
    }

    docker(&["stop", "-t", "1", &stack.container("web", 2)]);
    eventually("the fault is told", || receiver.told().iter().any(|told| told == "firing WebIsDown"));
    eventually("both have it", || {
        ["prometheus", "prometheus-2"].iter().all(|service| {
            let firing = asked(&stack, service, "count(ALERTS{alertname=\"WebIsDown\",alertstate=\"firing\"})");
            firing[0]["value"][1] == "1"
        })
    });
    let alertmanager = stack.container("alertmanager", 1);
    let known = || {
        let query = ["exec", &alertmanager, "amtool", "--alertmanager.url=http://localhost:9093", "alert", "query"];
        let known = docker(&[&query[..], &["-o", "json", "alertname=WebIsDown"]].concat());
        serde_json::from_str::<Value>(&known).expect("JSON")
    };
    // Prometheus tells again after a minute of what fired before Alertmanager stood.
    eventually("both have told of all", || {
        let both = ["prometheus to alertmanager", "prometheus-2 to alertmanager"].map(|subject| {
            let findings = stack.findings("alerts");
            findings.iter().any(|finding| finding["subject"] == subject && finding["status"] == "ok")
        });
        both == [true, true]
    });
    let known = known();
    assert_eq!(known.as_array().map(Vec::len), Some(1), "one alert, not two: {known}");
    assert_eq!(known[0]["labels"].get("prometheus_replica"), None, "{known}");
    docker(&["start", &stack.container("web", 2)]);
    eventually("its end is told", || receiver.told().iter().any(|told| told == "resolved WebIsDown"));
    let told = receiver.told();
    assert_eq!(told.iter().filter(|told| *told == "firing WebIsDown").count(), 1, "told once: {told:?}");

    // One falls.
    docker(&["stop", "-t", "1", &stack.container("prometheus", 1)]);
    let up = stack.json(&["query", "count(up{job=\"web\"})"]);
    assert_eq!(up["result"][0]["value"][1], "2", "the other one answers: {up}");
    eventually("verify names the one that fell, and nobody else", || {
        broken(&stack, "targets") == ["STACK-prometheus-1 container-exited"]
    });
    assert_eq!(broken(&stack, "config"), ["STACK-prometheus-1 prometheus-unreachable"]);
    let alerts = stack.findings("alerts");
    let hop = |service: &str| {
        let subject = format!("{service} to alertmanager");
        alerts.iter().find(|finding| finding["subject"] == subject.as_str()).expect("it is looked at")["cause"].clone()
    };
    assert_eq!((hop("prometheus"), hop("prometheus-2")), ("prometheus-unreachable".into(), Value::Null), "{alerts:#?}");
    stack.ok(&["up"]);
    stack.ok(&["verify", "targets", "config"]);
}

#[test]
fn one_of_two_prometheus_servers_answers_while_the_other_is_replaced() {
    let stack = Sandbox::bare("");
    write(&stack, "replicas: 2", "");
    stack.ok(&["up"]);
    let id = |service: &str| docker(&["inspect", "-f", "{{.Id}}", &stack.container(service, 1)]);
    let before = id("prometheus-2");

    // The first of them does not get ready, as where it reads a long log.
    let never = "{ test: [CMD, promtool, query, instant, \"http://localhost:1\", \"1\"], interval: 1h }";
    write(&stack, &format!("replicas: 2, extra_flags: [--log.level=debug], healthcheck: {never}"), "");
    let up = stack.expect(1, &["up", "--timeout", "3s"]);
    let told = format!(
        "cannot replace container `{}`: `prometheus` does not answer after 3 s",
        stack.container("prometheus-2", 1)
    );
    assert!(up.stderr.contains(&told) && up.stderr.contains("runs on as it was"), "{}", up.stderr);
    assert_eq!(id("prometheus-2"), before, "the other one is left alone");
    assert_eq!(asked(&stack, "prometheus-2", "count(up{job=\"web\"})")[0]["value"][1], "2");

    write(&stack, "replicas: 2, extra_flags: [--log.level=debug]", "");
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0], "both are what the stack file says");
    assert_ne!(id("prometheus-2"), before);
    let started = |service| docker(&["inspect", "-f", "{{.State.StartedAt}}", &stack.container(service, 1)]);
    assert!(started("prometheus") < started("prometheus-2"), "one after the other");
}

#[test]
fn a_mistake_takes_the_first_of_two_prometheus_servers_and_leaves_the_other() {
    let stack = Sandbox::bare("");
    write(&stack, "replicas: 2", "");
    stack.ok(&["up"]);
    let before = stack.running("prometheus-2");
    write(&stack, "replicas: 2, extra_flags: [--no-such-flag]", "");
    let up = stack.expect(1, &["up", "--no-wait", "--timeout", "5s"]);
    assert!(up.stderr.contains("`prometheus` does not answer after 5 s"), "{}", up.stderr);
    assert_eq!(stack.running("prometheus-2"), before, "{}", up.stderr);
    assert_eq!(asked(&stack, "prometheus-2", "count(up{job=\"web\"})")[0]["value"][1], "2");
}

#[test]
fn a_mistake_takes_the_first_of_two_alertmanagers_and_leaves_the_other() {
    let stack = Sandbox::bare("");
    let two = |flags: &str| {
        let settings = format!("port: off, replicas: 2{flags}, receivers: {{ team: {{ webhook: \"http://hook/\" }} }}");
        write(&stack, "retention: { time: 1d }", &format!("alertmanager: {{ {settings} }}\n"));
    };
    two("");
    stack.ok(&["up", "--no-wait"]);
    let before = stack.running("alertmanager-2");
    two(", extra_flags: [--no-such-flag]");
    let up = stack.expect(1, &["up", "--no-wait", "--timeout", "5s"]);
    assert!(up.stderr.contains("`alertmanager` does not stay up after 5 s"), "{}", up.stderr);
    assert_eq!(stack.running("alertmanager-2"), before, "{}", up.stderr);
}

#[test]
fn the_replica_that_does_not_see_what_the_other_sees_is_named() {
    let stack = Sandbox::bare("");
    write(&stack, "replicas: 2", "");
    stack.ok(&["up"]);
    let before = [stack.running("prometheus"), stack.running("prometheus-2")];
    let second = stack.container("prometheus-2", 1);
    crate::reload::edit(&second, "/etc/prometheus/prometheus-2.yml", "global: { scrape_interval: 7s }\n");
    docker(&["kill", "-s", "HUP", &second]);
    eventually("the second one has no targets any more", || {
        let found = stack.findings("targets");
        let web = found.iter().find(|finding| finding["subject"] == "web").expect("it is expected");
        let message = web["message"].as_str().unwrap_or_default();
        web["cause"] == "target-missing" && message.starts_with(&format!("seen by `{second}`: "))
    });
    let config = stack.findings("config");
    let stale: Vec<&Value> = config.iter().filter(|finding| finding["status"] != "ok").collect();
    assert!(stale.len() == 2 && stale.iter().all(|finding| finding["instance"] == second.as_str()), "{stale:#?}");
    assert_eq!(stack.plan(), ["write file prometheus/prometheus-2.yml", "reload container STACK-prometheus-2-1"]);
    stack.ok(&["up"]);
    stack.ok(&["verify"]);

    // Both are reloaded in place, and a refused file stays in neither.
    write(&stack, "replicas: 2, external_labels: { site: here }", "");
    stack.ok(&["up"]);
    for service in ["prometheus", "prometheus-2"] {
        let path = format!("/etc/prometheus/{service}.yml");
        let file = placed(&stack.container(service, 1), &path).3;
        assert!(file.contains("site: here") && file.contains(&format!("prometheus_replica: {service}\n")), "{file}");
    }
    write(&stack, "replicas: 2, extra_config: { no_such_key: 1 }", "");
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("no_such_key"), "{}", up.stderr);
    write(&stack, "replicas: 2, external_labels: { site: here }", "");
    assert_eq!(stack.plan(), [""; 0], "the refused file stayed in neither");
    assert_eq!([stack.running("prometheus"), stack.running("prometheus-2")], before, "no container was replaced");

    // Back to one: the second goes, its samples stay.
    write(&stack, "", "");
    stack.ok(&["up"]);
    assert!(stack.running("prometheus-2").is_empty());
    let volume = format!("name={}_prometheus-2-data", stack.name);
    assert_ne!(docker(&["volume", "ls", "-q", "--filter", &volume]), "", "a plan never takes a volume");
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["verify"]);
}

/// Apps of which, by the hash of their addresses, two shards have four and one, and three shards two, two and one.
const APPS: [&str; 5] = ["anna", "bert", "carl", "dora", "emil"];

fn write_apps(stack: &Sandbox, section: &str) {
    let app =
        |name: &&str| format!("  {name}: {{ image: stackctl/self, command: [demo, accesslog], metrics: {{}} }}\n");
    let apps: String = APPS.iter().map(app).collect();
    stack.write_bare(&format!(
        "images: {{ from: debian }}\ngrafana: off\n\
         prometheus: {{ port: off, scrape_interval: 1s, external_labels: {{ site: here }}, {section} }}\napps:\n{apps}\
         alerts: {{ AnnaIsDown: {{ when: 'up{{job=\"anna\"}} == 0', for: 0s }} }}\n"
    ));
}

/// The apps that each shard scrapes.
fn shared(stack: &Sandbox, shards: usize) -> Vec<Vec<String>> {
    let of = |shard: usize| {
        let up = asked(stack, &format!("prometheus-shard-{shard}"), "up{job!=\"prometheus\"} == 1");
        let jobs = up.as_array().expect("a list").iter().map(|one| one["metric"]["job"].as_str().unwrap_or_default());
        let mut jobs: Vec<String> = jobs.map(str::to_owned).collect();
        jobs.sort();
        jobs
    };
    (1..=shards).map(of).collect()
}

/// Every app is one shard's and no other's.
fn is_divided(parts: &[Vec<String>]) -> bool {
    let mut all = parts.concat();
    all.sort();
    all == APPS && parts.iter().all(|part| !part.is_empty())
}

#[test]
fn shards_share_the_targets_and_the_front_shows_all_of_them() {
    let stack = Sandbox::bare("");
    write_apps(&stack, "shards: 2");
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0], "a second `up` has nothing to do");
    stack.ok(&["verify"]);
    let parts = shared(&stack, 2);
    assert!(is_divided(&parts), "{parts:?}");
    let scraped = stack.findings("targets");
    let web = scraped.iter().find(|finding| finding["subject"] == parts[1][0].as_str()).expect("it is expected");
    let by = format!("scraped by `{}` at", stack.container("prometheus-shard-2", 1));
    assert!(web["message"].as_str().is_some_and(|message| message.starts_with(&by)), "{web}");
    let own = asked(&stack, "prometheus-shard-1", "count(up{job=\"prometheus\"})");
    assert_eq!(own, serde_json::json!([]), "the servers are the front's");

    // The front.
    let all = stack.json(&["query", "count(up == 1)"]);
    assert_eq!(all["result"][0]["value"][1], "8", "five apps and three servers: {all}");
    let anna = stack.json(&["query", "up{job=\"anna\"}"]);
    let expected = serde_json::json!({ "__name__": "up", "instance": "anna:80", "job": "anna" });
    assert_eq!(anna["result"][0]["metric"], expected, "as if it had scraped it itself");
    docker(&["stop", "-t", "1", &stack.container("anna", 1)]);
    eventually("the front evaluates the rules over all", || {
        stack.run(&["alerts", "--active"]).stdout.contains("AnnaIsDown")
    });
    docker(&["start", &stack.container("anna", 1)]);

    // A shard falls.
    eventually("all is well again", || stack.run(&["verify", "targets"]).code == 0);
    docker(&["stop", "-t", "1", &stack.container("prometheus-shard-1", 1)]);
    let mut expected = vec!["STACK-prometheus-shard-1-1 container-exited".to_owned()];
    expected.extend(parts[0].iter().map(|app| format!("STACK-{app}-1 prometheus-unreachable")));
    expected.sort();
    eventually("verify names it, and the targets that nobody scrapes", || {
        let mut found = broken(&stack, "targets");
        found.sort();
        found == expected
    });
    let down = stack.json(&["query", "up{job=\"prometheus\"} == 0"]);
    assert_eq!(down["result"].as_array().map(Vec::len), Some(1), "the front notices it itself: {down}");
    stack.ok(&["up"]);

    // One more, and no more at all.
    write_apps(&stack, "shards: 3");
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0]);
    eventually("three share what two have shared", || is_divided(&shared(&stack, 3)));
    stack.ok(&["verify", "targets", "config"]);
    write_apps(&stack, "");
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
    assert_eq!(stack.plan(), [""; 0]);
    let volumes = format!("name={}_prometheus-shard-", stack.name);
    assert_eq!(docker(&["volume", "ls", "-q", "--filter", &volumes]).lines().count(), 3, "a plan never takes a volume");
    let kept = stack.json(&["query", "count(up{job=\"anna\"})"]);
    assert_eq!(kept["result"][0]["value"][1], "1", "it scrapes everything itself: {kept}");
}

#[test]
fn a_shard_that_takes_what_is_anothers_is_named() {
    let stack = Sandbox::bare("");
    write_apps(&stack, "shards: 2");
    stack.ok(&["up"]);
    let parts = shared(&stack, 2);
    let first = stack.container("prometheus-shard-1", 1);
    let path = "/etc/prometheus/prometheus-shard-1.yml";
    let file = placed(&first, path).3;
    crate::reload::edit(&first, path, &file.replace("regex: \"0\"", "regex: \"1\""));
    docker(&["kill", "-s", "HUP", &first]);
    let mut expected: Vec<String> = parts[0].iter().map(|app| format!("STACK-{app}-1 target-missing")).collect();
    expected.extend(parts[1].iter().map(|app| format!("STACK-{app}-1 target-duplicate")));
    expected.sort();
    eventually("what both scrape and what none does is told", || {
        let mut found = broken(&stack, "targets");
        found.sort();
        found == expected
    });
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
}
