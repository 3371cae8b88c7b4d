//! Alerts on their way from a real fault to a receiver, with Debian's own Prometheus and Alertmanager: delivered, lost at each
//! hop and found, silenced, and told in a cluster.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::compose::contents;
use crate::reload::edit;
use crate::sandbox::{Run, Sandbox, docker, eventually, run};

/// Somebody who is told: a web server of the test on the host, which keeps what it is sent.
pub(crate) struct Receiver {
    port: u16,
    messages: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Self::at(0)
    }

    /// One on that port; 0: a free one.
    fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("0.0.0.0", port)).expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let messages = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&messages);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let message = stream.ok().and_then(take_message);
                kept.lock().expect("nobody panics with it").extend(message);
            }
        });
        Self { port, messages }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://host.docker.internal:{}/alerts", self.port)
    }

    /// `STATUS ALERTNAME` of every message.
    pub(crate) fn told(&self) -> Vec<String> {
        let messages = self.messages.lock().expect("nobody panics with it");
        let words = messages.iter().map(|message| {
            let name = &message["alerts"][0]["labels"]["alertname"];
            format!("{} {}", message["status"].as_str().unwrap_or("-"), name.as_str().unwrap_or("-"))
        });
        words.collect()
    }
}

fn take_message(mut stream: TcpStream) -> Option<Value> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0_usize) {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
                return serde_json::from_str(body).ok();
            }
        }
        let count = stream.read(&mut buffer).ok()?;
        if count == 0 {
            return None;
        }
        bytes.extend_from_slice(&buffer[..count]);
    }
}

const RULES: &str = "\
groups:
  - name: test
    rules:
      - { alert: WebIsDown, expr: 'up{job=\"web\"} == 0', labels: { severity: critical } }
";

/// A stack with an app, an alert about it, and Alertmanager as `section` says.
fn stack(section: &str) -> Sandbox {
    let stack = Sandbox::bare("");
    std::fs::write(stack.path("rules.yml"), RULES).expect("the test's folder is writable");
    std::fs::write(stack.path("address"), "http://hooks.invalid:81/q7Zsecret9").expect("writable");
    write(&stack, section);
    stack
}

fn write(stack: &Sandbox, section: &str) {
    stack.write_bare(&format!(
        "images: {{ from: debian }}\ngrafana: off\n\
         prometheus: {{ port: off, scrape_interval: 1s, rule_files: [rules.yml] }}\n\
         apps: {{ web: {{ image: stackctl/self, command: [demo, accesslog], metrics: {{}} }} }}\n\
         alertmanager: {{ port: off, group_wait: 1s, group_interval: 1s, {section} }}\n"
    ));
}

fn to(receiver: &Receiver) -> String {
    format!("receivers: {{ team: {{ webhook: \"{}\" }} }}", receiver.url())
}

/// The finding about that subject.
#[track_caller]
fn finding(stack: &Sandbox, subject: &str) -> Value {
    let findings = stack.findings("alerts");
    let found = findings.iter().find(|finding| finding["subject"] == subject).cloned();
    found.unwrap_or_else(|| panic!("nothing about {subject}: {findings:#?}"))
}

fn message(finding: &Value) -> &str {
    finding["message"].as_str().unwrap_or_default()
}

#[test]
fn a_fault_is_told_and_so_is_its_end_and_every_hop_is_proven_without_a_word_to_people() {
    let receiver = Receiver::new();
    let stack = stack(&to(&receiver));
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
    assert_eq!(finding(&stack, "alertmanager to stackctl's sink")["status"], "ok");
    assert!(message(&finding(&stack, "prometheus to alertmanager")).contains("Prometheus knows it"));
    assert!(message(&finding(&stack, "alertmanager to team")).contains("can be reached"));
    let both = [stack.spawn(&["verify", "alerts"]), stack.spawn(&["verify", "alerts"])];
    for one in both {
        let output = one.wait_with_output().expect("it ends");
        assert!(output.status.success(), "two proofs at once do not take each other's messages: {output:?}");
    }
    assert_eq!(receiver.told(), [""; 0], "nobody is told of what verify sends");
    let sink = format!("name={}-alert-sink", stack.name);
    assert_eq!(docker(&["ps", "-aq", "--filter", &sink]), "", "the sink goes with the proof");
    let alertmanager = stack.container("alertmanager", 1);
    let query = ["exec", &alertmanager, "amtool", "--alertmanager.url=http://localhost:9093", "alert", "query"];
    let known = docker(&[&query[..], &["-o", "json"]].concat());
    assert!(!known.contains("stackctl_probe"), "and so does its alert: {known}");
    assert_eq!(stack.plan(), [""; 0]);

    let web = stack.container("web", 1);
    docker(&["stop", "-t", "1", &web]);
    eventually("the fault is told", || receiver.told().iter().any(|told| told == "firing WebIsDown"));
    let arrived = "the alert that fires has arrived";
    eventually("verify sees it pass", || message(&finding(&stack, "prometheus to alertmanager")).contains(arrived));
    docker(&["start", &web]);
    eventually("its end is told", || receiver.told().iter().any(|told| told == "resolved WebIsDown"));
    assert!(receiver.told().iter().all(|told| told.ends_with("WebIsDown")), "{:?}", receiver.told());

    let before = stack.running("alertmanager");
    write(&stack, &format!("repeat_interval: 2h, {}", to(&receiver)));
    assert_eq!(stack.plan(), ["write file alertmanager/alertmanager.yml", "reload container STACK-alertmanager-1"]);
    stack.ok(&["up"]);
    stack.ok(&["verify", "alerts"]);
    assert_eq!(stack.running("alertmanager"), before, "reloaded in place");
    // The engine takes `docker kill` for a stop by hand, and a crash is none.
    let pid = docker(&["inspect", "-f", "{{.State.Pid}}", &stack.container("alertmanager", 1)]);
    assert_eq!(run(Command::new("kill").args(["-9", pid.trim()])).code, 0);
    let restarts = || docker(&["inspect", "-f", "{{.RestartCount}}", &stack.container("alertmanager", 1)]);
    eventually("it comes back after a crash, a reload before or not", || {
        restarts().trim() == "1" && !stack.running("alertmanager").is_empty()
    });
}

#[test]
fn each_hop_that_loses_an_alert_is_named() {
    let receiver = Receiver::new();
    let stack = stack(&to(&receiver));
    stack.ok(&["up"]);

    // Between Prometheus and Alertmanager.
    let prometheus = stack.container("prometheus", 1);
    edit(&prometheus, "/etc/prometheus/prometheus.yml", "global: {scrape_interval: 7s}\n");
    docker(&["kill", "-s", "HUP", &prometheus]);
    eventually("verify says that Prometheus does not know it", || {
        let finding = finding(&stack, "prometheus to alertmanager");
        finding["cause"] == "alert-not-delivered" && message(&finding).contains("Prometheus does not know")
    });
    stack.ok(&["up"]);
    stack.ok(&["verify", "alerts"]);

    // Kept back in Alertmanager.
    let made = stack.ok(&["silence", "add", "alertname=~.+", "--for", "10m"]);
    let silenced = finding(&stack, "alertmanager to stackctl's sink");
    assert_eq!(silenced["cause"], "alert-not-delivered");
    assert!(message(&silenced).contains("between Alertmanager and its receiver"), "{silenced}");
    assert!(message(&silenced).contains(made.stdout.trim()), "it names the silence: {silenced}");
    stack.ok(&["silence", "remove", &made.stdout.trim()[..8]]);
    stack.ok(&["verify", "alerts"]);

    // Between Alertmanager and a receiver that is not there.
    write(&stack, "receivers: { team: { webhook: \"http://no-such-name.invalid:81/\" } }");
    stack.ok(&["up", "--no-wait"]);
    let away = finding(&stack, "alertmanager to team");
    assert_eq!(away["cause"], "alert-not-delivered");
    assert!(message(&away).contains("its name leads nowhere"), "{away}");
    docker(&["stop", "-t", "1", &stack.container("web", 1)]);
    eventually("Alertmanager's own words are shown", || {
        let finding = finding(&stack, "alertmanager to team");
        message(&finding).contains("last message was not taken") && message(&finding).contains("no such host")
    });

    // And one that does not run.
    docker(&["pause", &stack.container("alertmanager", 1)]);
    assert_eq!(finding(&stack, "alertmanager")["cause"], "alertmanager-unreachable");
    docker(&["unpause", &stack.container("alertmanager", 1)]);
}

#[test]
fn the_routes_of_the_documentation_are_in_force_as_they_were_rendered() {
    let receiver = Receiver::new();
    let docs = std::fs::read_to_string("docs/alerting.md").expect("the documentation is there");
    let block = |word: &str| {
        let block = docs.split("```").skip(1).step_by(2).find(|block| block.contains(word)).expect("it has an example");
        block.trim_start_matches("yaml\n").to_owned()
    };
    let to = format!("{{ webhook: \"{}\" }}", receiver.url());
    let routes = block("  routes:").replace('…', &to)
        + "    - { app: cart, receiver: shop }\n    - { severity: critical, app: web, receiver: team }\n";
    let inhibit =
        block("  inhibit:") + "    - { source: [severity=critical, alertname=HostDown], target: [severity=info] }\n";
    let app = "{ image: stackctl/self, command: [demo, accesslog], metrics: {} }";
    let stack = Sandbox::bare("");
    stack.write_bare(&format!(
        "images: {{ from: debian }}\ngrafana: off\nprometheus: {{ port: off, scrape_interval: 1s }}\n\
         apps: {{ web: {app}, cart: {app} }}\n{routes}{inhibit}  port: off\n"
    ));
    stack.ok(&["up"]);
    let stands = finding(&stack, "alertmanager");
    assert_eq!(stands["status"], "ok", "{stands}");
    assert!(message(&stands).contains("runs what was rendered"), "{stands}");
}

#[test]
fn a_receiver_that_takes_messages_again_is_no_failure_any_more_and_of_two_the_right_one_was_blamed() {
    let team = Receiver::new();
    let port = TcpListener::bind("0.0.0.0:0").and_then(|it| it.local_addr()).expect("a free port").port();
    let duty = format!("http://host.docker.internal:{port}/alerts");
    let stack = stack(&format!(
        "receivers: {{ duty: {{ webhook: \"{duty}\" }}, team: {{ webhook: \"{}\" }} }}, receiver: [duty, team]",
        team.url()
    ));
    stack.ok(&["up", "--no-wait"]);
    docker(&["stop", "-t", "1", &stack.container("web", 1)]);
    eventually("the one that is away has lost a message", || {
        let finding = finding(&stack, "alertmanager to duty");
        finding["status"] == "fail" && message(&finding).contains("last message was not taken")
    });
    assert_eq!(finding(&stack, "alertmanager to team")["status"], "ok", "the other one takes every message");
    let back = Receiver::at(port);
    eventually("messages come again", || back.told().iter().any(|told| told == "firing WebIsDown"));
    assert_ne!(finding(&stack, "alertmanager to duty")["status"], "fail");
}

#[test]
fn two_alertmanagers_find_each_other_both_deliver_and_a_silence_outlives_one_of_them() {
    let receiver = Receiver::new();
    let stack = stack(&format!("replicas: 2, {}", to(&receiver)));
    stack.ok(&["up", "--no-wait"]);
    eventually("the cluster stands and both deliver", || stack.run(&["verify", "alerts"]).code == 0);
    let sinks: Vec<Value> = stack.findings("alerts");
    let delivered = sinks.iter().filter(|finding| finding["subject"] == "alertmanager to stackctl's sink");
    assert_eq!(delivered.clone().count(), 2);
    assert!(delivered.clone().all(|finding| finding["status"] == "ok"), "{sinks:#?}");
    docker(&["stop", "-t", "1", &stack.container("web", 1)]);
    eventually("the fault is told", || receiver.told().iter().any(|told| told == "firing WebIsDown"));

    stack.ok(&["silence", "add", "--app", "web", "--comment", "the test"]);
    let listed = || stack.json(&["silence", "list"]).as_array().map_or(0, Vec::len);
    assert_eq!(listed(), 2, "one for alerts with the app's name, one for those with its job alone");
    eventually("the other one knows the silences", || {
        let second = stack.container("alertmanager-2", 1);
        let query = ["exec", &second, "amtool", "--alertmanager.url=http://localhost:9093", "silence", "query", "-q"];
        run(Command::new("docker").args(query)).stdout.lines().count() == 2
    });
    docker(&["stop", "-t", "1", &stack.container("alertmanager", 1)]);
    assert_eq!(listed(), 2, "the second one answers");
    let told: Vec<String> = receiver.told();
    assert_eq!(told.iter().filter(|told| *told == "firing WebIsDown").count(), 1, "told once: {told:?}");
    assert_eq!(finding(&stack, "alertmanager")["cause"], "alertmanager-unreachable");
}

#[test]
fn a_config_that_amtool_refuses_never_reaches_alertmanager() {
    let receiver = Receiver::new();
    let good = to(&receiver);
    let stack = stack(&good);
    stack.ok(&["up"]);
    let before = stack.running("alertmanager");
    let bad = format!("receivers: {{ team: {{ webhook: \"{}\", options: {{ no_such_key: 1 }} }} }}", receiver.url());
    write(&stack, &bad);
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("amtool refuses it"), "{}", up.stderr);
    assert!(up.stderr.contains("no_such_key"), "{}", up.stderr);
    write(&stack, &good);
    assert_eq!(stack.plan(), [""; 0], "the refused file did not stay");
    stack.ok(&["verify", "alerts"]);
    assert_eq!(stack.running("alertmanager"), before);
}

/// An image like Alertmanager's own, but without amtool; it is taken away when this is dropped.
struct WithoutAmtool(String);

impl WithoutAmtool {
    fn make(name: &str) -> Self {
        let reference = format!("stackctl-test/alertmanager:{name}");
        let script = format!(
            "set -e; id=$(docker create stackctl/alertmanager:debian); trap 'docker rm $id >/dev/null' EXIT; \
             docker export $id | tar --delete -f - usr/bin/amtool | docker import \
             -c 'ENTRYPOINT [\"/usr/bin/prometheus-alertmanager\"]' -c 'USER 65534:65534' -c 'WORKDIR /alertmanager' \
             - {reference}"
        );
        let made = run(Command::new("sh").arg("-c").arg(&script));
        assert_eq!(made.code, 0, "{}", made.stderr);
        Self(reference)
    }
}

impl Drop for WithoutAmtool {
    fn drop(&mut self) {
        run(Command::new("docker").args(["rmi", "-f", &self.0]));
    }
}

#[test]
fn a_config_that_alertmanager_itself_refuses_is_rolled_back_and_said() {
    let stack = stack("receivers: {}");
    let image = WithoutAmtool::make(&stack.name);
    let with_image = |receivers: &str| format!("image: \"{}\", receivers: {{ {receivers} }}", image.0);
    let good = with_image("team: { webhook: \"http://hook:1/\" }");
    write(&stack, &good);
    stack.ok(&["up", "--no-wait"]);
    let before = stack.running("alertmanager");
    write(&stack, &with_image("team: { webhook: \"http://hook:1/\", options: { no_such_key: 1 } }"));
    let up = stack.expect(1, &["up", "--no-wait"]);
    assert!(up.stderr.contains("Alertmanager refuses the file"), "{}", up.stderr);
    assert!(up.stderr.contains("no_such_key"), "why, in its own words: {}", up.stderr);
    assert!(up.stderr.contains("old files are back in place"), "{}", up.stderr);
    write(&stack, &good);
    assert_eq!(stack.plan(), [""; 0], "the refused file did not stay");
    assert_eq!(finding(&stack, "alertmanager")["status"], "ok", "the old one is in force");
    assert_eq!(stack.running("alertmanager"), before);
    stack.ok(&["down", "--volumes", "--yes"]);
}

#[test]
fn a_receivers_secret_lies_in_its_file_and_is_seen_nowhere_else() {
    const SECRET: &str = "q7Zsecret9";
    let stack = stack("receivers: { chat: { slack: { url: { file: address }, channel: \"#x\" } } }");
    let printed = |arguments: &[&str]| {
        let Run { stdout, stderr, .. } = stack.run(arguments);
        format!("{stdout}{stderr}")
    };
    let clean = |what: &str, text: &str| assert!(!text.contains(SECRET), "the secret is in {what}:\n{text}");
    clean("plan", &printed(&["plan"]));
    clean("up", &printed(&["up", "-v", "--no-wait"]));
    let alertmanager = stack.container("alertmanager", 1);
    let path = "/run/secrets/alertmanager_chat_url";
    assert_eq!(crate::secrets::placed(&alertmanager, path).0, 65534);
    assert_eq!(crate::secrets::placed(&alertmanager, path).2, 0o400);
    docker(&["stop", "-t", "1", &stack.container("web", 1)]);
    eventually("Alertmanager has tried to send a message to the secret address", || {
        message(&finding(&stack, "alertmanager to chat")).contains("last message was not taken")
    });
    clean("verify", &printed(&["verify", "alerts"]));
    clean("verify --format json", &printed(&["verify", "alerts", "--format", "json"]));
    clean("Alertmanager's log", &printed(&["logs", "alertmanager"]));
    clean("check --explain", &printed(&["check", "--explain"]));
    let folder = stack.path("rendered");
    clean("render", &printed(&["render", "-o", folder.to_str().expect("text")]));
    for (path, text) in contents(&folder) {
        clean(&path, &text);
    }
    clean("docker inspect", &docker(&["inspect", &alertmanager]));
}

#[test]
fn silences_are_made_listed_and_ended_and_mistakes_are_said() {
    let receiver = Receiver::new();
    let stack = stack(&to(&receiver));
    let early = stack.expect(1, &["silence", "list"]);
    assert!(early.stderr.contains("does not run"), "{}", early.stderr);
    stack.ok(&["up", "--no-wait"]);
    eventually("Alertmanager answers", || stack.run(&["silence", "list"]).code == 0);
    let none = stack.expect(2, &["silence", "add"]);
    assert!(none.stderr.contains("a silence for every alert"), "{}", none.stderr);
    let typo = stack.expect(2, &["silence", "add", "--app", "webb"]);
    assert!(typo.stderr.contains("no app `webb`") && typo.stderr.contains("web"), "{}", typo.stderr);
    let matcher = stack.expect(2, &["silence", "add", "severity"]);
    assert!(matcher.stderr.contains("is not a matcher"), "{}", matcher.stderr);
    let regex = stack.expect(2, &["silence", "add", "a=~("]);
    assert!(regex.stderr.contains("refuses the regular expression of `a`"), "{}", regex.stderr);
    let all_but = stack.expect(2, &["silence", "add", "severity!=info"]);
    assert!(all_but.stderr.contains("a silence for every alert but some"), "{}", all_but.stderr);

    let made =
        stack.json(&["silence", "add", "severity=~warning|info", "env!=test", "--comment", "a\nb", "--by", "anna"]);
    let id = made[0]["id"].as_str().expect("an id").to_owned();
    let listed = stack.json(&["silence", "list"]);
    assert_eq!(listed[0]["id"], id.as_str());
    assert_eq!(listed[0]["matchers"], serde_json::json!(["severity=~\"warning|info\"", "env!=\"test\""]));
    assert_eq!((&listed[0]["by"], &listed[0]["state"]), (&"anna".into(), &"active".into()));
    let text = stack.ok(&["silence", "list"]).stdout;
    assert!(text.contains(&id) && text.contains("a b"), "{text}");

    docker(&["stop", "-t", "1", &stack.container("web", 1)]);
    let app = stack.ok(&["silence", "add", "--app", "web"]);
    assert_eq!(app.stdout.lines().count(), 2);
    stack.expect(2, &["silence", "remove", "no-such-id"]);
    stack.ok(&["silence", "remove", &id]);
    assert_eq!(stack.json(&["silence", "list"]).as_array().map(Vec::len), Some(2));
    assert_eq!(stack.json(&["silence", "list", "--all"]).as_array().map(Vec::len), Some(3));
}

#[test]
fn what_an_old_alertmanager_cannot_have_is_refused_before_anything_starts() {
    let stack = stack("receivers: { phone: { discord: { url: { file: address } } } }");
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("receiver `phone`") && up.stderr.contains("0.26 or later"), "{}", up.stderr);
    assert!(stack.running("prometheus").is_empty());
}
