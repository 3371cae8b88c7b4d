//! The stacks that come with stackctl, brought up as they are on the real engine: what has an image here is proven, and
//! what has none is left out with a line.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::compose::free_port;
use crate::reload::edit;
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
        Self::over(
            file,
            &format!(
                "images: {{ from: debian }}\nengine: {{ metrics: off }}\n\
                 prometheus: {{ port: off, scrape_interval: 1s, evaluation_interval: 1s }}\n\
                 grafana: {{ port: off }}\nalertmanager: {{ port: off }}\n{here}"
            ),
        )
    }

    /// The same with nothing but this and the name laid over it.
    fn over(file: &str, text: &str) -> Self {
        let stack = Sandbox::bare("");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks").join(file);
        let here = stack.path("here.yml");
        std::fs::write(&here, format!("name: {}\n{text}", stack.name)).expect("it is writable");
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
    let kept = shipped.only_these_are_amiss("alerts", |finding| word(finding, "instance"), &[]);
    let waits = |finding: &&Value| finding["cause"] == "job-down";
    let waiting: BTreeSet<String> = kept.iter().filter(waits).map(|finding| word(finding, "instance")).collect();
    assert_eq!(Vec::from_iter(waiting), ["ContainerKeepsRestarting", "ContainerNearItsLimit"], "no cAdvisor is there");
    assert!(names(&kept, "instance").contains("GalleryGone"));
}

const README: &str = include_str!("../../README.md");

/// What `up` of the demo prints, as the README shows it.
fn shown() -> Vec<String> {
    let block = README.split("```text\n").nth(1).and_then(|rest| rest.split("```").next());
    block.expect("the README shows what the demo prints").lines().map(plain).collect()
}

/// The line without its figures, and without the white space that lines tables up.
fn plain(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_time = |at: usize| words.get(at + 1) == Some(&"s") && words[at].parse::<f64>().is_ok();
    let masked: Vec<&str> = (0..words.len()).map(|at| if is_time(at) { "N" } else { words[at] }).collect();
    masked.join(" ")
}

/// Steps in any order, because several are done at once. Which images are there already is the machine's affair.
fn steps(lines: &[String]) -> BTreeSet<&str> {
    let steps = lines.iter().map(String::as_str).filter(|line| line.starts_with("+ "));
    steps.filter(|line| !line.contains(" image ")).collect()
}

/// From the line that begins like this one to the next empty one. Why there is no image of Grafana, in lines of its own,
/// depends on where images come from.
fn paragraph(lines: &[String], begin: &str) -> Vec<String> {
    let (stand_in, end) = ("in place of Grafana", "tries again)");
    let mut is_reason = false;
    let mut kept = Vec::new();
    for line in lines.iter().skip_while(|line| !line.starts_with(begin)).take_while(|line| !line.is_empty()) {
        if !is_reason {
            kept.push(line.split_inclusive(stand_in).next().unwrap_or_default().to_owned());
        }
        is_reason = (is_reason || line.contains(stand_in)) && !line.ends_with(end);
    }
    kept
}

#[test]
fn the_demo_comes_up_as_the_readme_shows_and_scales_heals_and_goes() {
    let ports = [0; 4].map(|_| free_port());
    let [prometheus, grafana, gallery, node] = ports;
    let demo = Shipped::over(
        "demo.yml",
        &format!(
            "images: {{ from: debian }}\nprometheus: {{ port: {prometheus}, scrape_interval: 1s }}\n\
             grafana: {{ port: {grafana} }}\napps: {{ image-gallery: {{ ports: [\"{gallery}:80\"] }} }}\n\
             exporters: {{ node: {{ metrics: {{ port: {node} }} }} }}\n"
        ),
    );
    let up = demo.expect(0, &["up", "--scale", "accesslog=3"]);
    // The README has the demo's own name and ports.
    let as_there = |text: &str| -> Vec<String> {
        let text = text.replace(&demo.stack.name, "demo");
        let places = [(prometheus, 9090), (grafana, 3000), (gallery, 8010)];
        let place = |port: u16| format!("127.0.0.1:{port}");
        let text = places.iter().fold(text, |text, (ours, shown)| text.replace(&place(*ours), &place(*shown)));
        text.lines().map(plain).collect()
    };
    let (told, table, shown) = (as_there(&up.stderr), as_there(&up.stdout), shown());
    assert_eq!(steps(&told), steps(&shown), "left: now, right: in README.md");
    assert_eq!(paragraph(&table, "STATUS"), paragraph(&shown, "STATUS"), "left: now, right: in README.md");
    let end = paragraph(&told, "stack `demo`");
    assert_eq!(end, paragraph(&shown, "stack `demo`"), "left: now, right: in README.md");
    assert!(end.iter().any(|line| line.starts_with("grafana http://") && line.ends_with("in place of Grafana")));
    demo.expect(0, &["plan"]);

    let scraped = || {
        let (good, bad) = demo.findings("targets");
        assert!(bad.is_empty(), "{bad:#?}");
        good.iter().filter(|finding| finding["subject"] == "accesslog" && finding["status"] == "ok").count()
    };
    assert_eq!(scraped(), 3);
    let before = demo.stack.running("prometheus");
    for replicas in [5, 1] {
        demo.expect(0, &["up", "--scale", &format!("accesslog={replicas}")]);
        assert_eq!((scraped(), demo.stack.running("accesslog").len()), (replicas, replicas));
    }
    let container = demo.stack.container("prometheus", 1);
    edit(&container, "/etc/prometheus/prometheus.yml", "global: { scrape_interval: 7s }\n");
    let plan = demo.expect(3, &["plan"]).stdout;
    assert!(plan.contains("differs in the container"), "{plan}");
    demo.expect(0, &["up"]);
    demo.expect(0, &["plan"]);
    assert_eq!(demo.stack.running("prometheus"), before, "the same all the time");
    demo.expect(0, &["down"]);
    let label = format!("label=com.docker.compose.project={}", demo.stack.name);
    assert_eq!(docker(&["ps", "--all", "--quiet", "--filter", &label]), "");
}
