//! The stacks that come with stackctl, brought up as they are on the real engine: what has an image here is proven, and
//! what has none is left out with a line.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::{PATIENCE, Sandbox, docker, run, stackctl};

/// A shipped file under the test's own name. `here`: what is laid over it, because ports and images of this machine are
/// others.
struct Shipped {
    stack: Sandbox,
    file: String,
    here: String,
}

impl Shipped {
    fn new(file: &str, here: &str) -> Self {
        let stack = Sandbox::bare("");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks").join(file);
        let name = &stack.name;
        let over = format!(
            "name: {name}\nimages: {{ from: debian }}\nengine: {{ metrics: off }}\n\
             prometheus: {{ port: off, scrape_interval: 1s, evaluation_interval: 1s }}\n\
             grafana: {{ port: off }}\nalertmanager: {{ port: off }}\n{here}"
        );
        let here = stack.path("here.yml");
        std::fs::write(&here, over).expect("it is writable");
        Self { file: path.display().to_string(), here: here.display().to_string(), stack }
    }

    /// Runs `stackctl`, which has to end with this code.
    #[track_caller]
    fn expect(&self, code: i32, words: &[&str]) -> crate::sandbox::Run {
        let mut command = stackctl();
        command.args(["-f", &self.file, "-f", &self.here]).args(words);
        let done = run(&mut command);
        assert_eq!(done.code, code, "stackctl {}\n{}\n{}", words.join(" "), done.stdout, done.stderr);
        done
    }

    /// The findings of one check that keep their promise, and those that break it.
    fn findings(&self, check: &str) -> (Vec<Value>, Vec<Value>) {
        let mut command = stackctl();
        command.args(["-f", &self.file, "-f", &self.here, "verify", check, "--format", "json"]);
        let done = run(&mut command);
        let report: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"));
        let findings = report["checks"].as_array().expect("a report has checks").clone();
        findings.into_iter().partition(|finding| finding["status"] != "fail")
    }

    /// Waits until nothing but these subjects of a check is amiss.
    #[track_caller]
    fn only_these_are_amiss(&self, check: &str, of: impl Fn(&Value) -> String, amiss: &[&str]) -> Vec<Value> {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let (good, bad) = self.findings(check);
            let found: BTreeSet<String> = bad.iter().map(&of).collect();
            if found.iter().map(String::as_str).eq(amiss.iter().copied()) {
                return good;
            }
            assert!(std::time::Instant::now() < deadline, "{found:?} of {check}: {bad:#?}");
        }
    }
}

impl Drop for Shipped {
    fn drop(&mut self) {
        let mut command = stackctl();
        command.args(["-f", &self.file, "-f", &self.here, "down", "--volumes", "--yes"]);
        let down = run(&mut command);
        assert!(down.code == 0 || std::thread::panicking(), "{}", down.stderr);
    }
}

fn word(finding: &Value, key: &str) -> String {
    finding[key].as_str().unwrap_or_default().to_owned()
}

fn names(findings: &[Value], key: &str) -> BTreeSet<String> {
    findings.iter().map(|finding| word(finding, key)).collect()
}

#[test]
fn the_host_monitor_comes_up_and_every_part_that_has_an_image_here_is_proven() {
    // On a port that no other test's node exporter has: it stands in the host's network.
    let shipped = Shipped::new("host-monitor.yml", "exporters: { node: { metrics: { port: 19193 } } }\n");
    shipped.expect(0, &["test"]);
    let up = shipped.expect(0, &["up", "--no-wait"]);
    for left_out in ["cadvisor", "grafana"] {
        assert!(up.stderr.contains(left_out), "it is said that {left_out} has no image here:\n{}", up.stderr);
    }
    let good = shipped.only_these_are_amiss("targets", |finding| word(finding, "subject"), &[]);
    let watched = names(&good, "subject");
    for job in ["prometheus", "node", "pushgateway", "alertmanager"] {
        assert!(watched.contains(job), "{job}: {watched:?}");
    }
    assert!(!watched.contains("cadvisor"), "{watched:?}");

    shipped.expect(0, &["push", "backup", "rows=42"]);
    // What cAdvisor and the engine would say, nobody says here.
    let good =
        shipped.only_these_are_amiss("dashboards", |finding| word(finding, "subject"), &["containers", "engine"]);
    let shown = names(&good, "subject");
    for dashboard in ["overview", "host", "batch", "prometheus", "alerts"] {
        assert!(shown.contains(dashboard), "{dashboard}: {shown:?}");
    }
    let amiss = [
        "ContainerGone",
        "ContainerKeepsRestarting",
        "ContainerKilledForMemory",
        "ContainerNearItsLimit",
        "HealthChecksFail",
    ];
    let good = shipped.only_these_are_amiss("alerts", |finding| word(finding, "instance"), &amiss);
    let can_fire = names(&good, "instance");
    for alert in ["TargetDown", "RestartLoop", "DiskWillBeFull", "Watchdog", "HostMemoryLow", "BatchJobSilent"] {
        assert!(can_fire.contains(alert), "{alert}: {can_fire:?}");
    }
}

#[test]
fn two_hosts_are_watched_from_one_and_what_does_not_answer_there_is_named() {
    // Two containers stand for the two hosts: each has node-exporter and the gallery, and no cAdvisor.
    let on_host = |host: &str| {
        format!(
            "  {host}: {{ image: 'stackctl/node:debian', pull_policy: never, command: [--path.procfs=/proc] }}\n  \
             gallery-{host}: {{ image: stackctl/self, command: [demo, image-gallery, --port, '8180'] }}\n"
        )
    };
    let here = format!(
        "apps:\n{}{}scrape:\n  hosts: {{ targets: ['first:9100', 'second:9100'] }}\n  \
         containers: {{ targets: ['first:8080', 'second:8080'], interval: 1s }}\n  \
         gallery: {{ targets: ['gallery-first:8180', 'gallery-second:8180'] }}\n",
        on_host("first"),
        on_host("second"),
    );
    let shipped = Shipped::new("two-hosts.yml", &here);
    shipped.expect(0, &["up", "--no-wait"]);
    let good = shipped.only_these_are_amiss(
        "targets",
        |finding| format!("{} {}", word(finding, "instance"), word(finding, "cause")),
        &["first:8080 connection-refused", "second:8080 connection-refused"],
    );
    let instances = names(&good, "instance");
    for instance in ["first:9100", "second:9100", "gallery-first:8180", "gallery-second:8180"] {
        assert!(instances.contains(instance), "{instance}: {instances:?}");
    }
    // A request each, so that there is something to show.
    for app in ["gallery-first", "gallery-second"] {
        let form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let address = docker(&["inspect", "-f", form, &shipped.stack.container(app, 1)]);
        let mut curl = std::process::Command::new("curl");
        curl.args(["-s", "-o", "/dev/null", "-m", "5", &format!("http://{}:8180/", address.trim())]);
        assert_eq!(run(&mut curl).code, 0, "{app}");
    }
    let good = shipped.only_these_are_amiss("dashboards", |finding| word(finding, "subject"), &["containers"]);
    let shown = names(&good, "subject");
    for dashboard in ["overview", "hosts", "prometheus", "gallery"] {
        assert!(shown.contains(dashboard), "{dashboard}: {shown:?}");
    }
    let amiss = ["ContainerKeepsRestarting", "ContainerNearItsLimit"];
    let good = shipped.only_these_are_amiss("alerts", |finding| word(finding, "instance"), &amiss);
    assert!(names(&good, "instance").contains("GalleryGone"));
}
