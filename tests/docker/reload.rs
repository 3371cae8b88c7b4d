//! A changed prometheus.yml: checked, sent, read again, proved; drift shown and healed; a refused one taken back.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::sandbox::{Sandbox, docker, eventually};

const APP: &str = "apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }\n";

/// Puts a file into a container as somebody with an editor would.
pub(crate) fn edit(container: &str, path: &str, text: &str) {
    let mut child = Command::new("docker")
        .args(["cp", "-", &format!("{container}:/")])
        .stdin(Stdio::piped())
        .spawn()
        .expect("docker cp starts");
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(1_700_000_000);
    archive.append_data(&mut header, path.trim_start_matches('/'), text.as_bytes()).expect("packed");
    let bytes = archive.into_inner().expect("packed");
    child.stdin.take().expect("piped").write_all(&bytes).expect("docker cp reads");
    assert!(child.wait().expect("docker cp ends").success());
}

#[test]
fn a_hand_edited_config_shows_in_the_plan_and_is_healed_by_up() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    let prometheus = stack.container("prometheus", 1);
    let before = stack.running("prometheus");
    edit(&prometheus, "/etc/prometheus/prometheus.yml", "global: {scrape_interval: 7s}\n");
    docker(&["kill", "-s", "HUP", &prometheus]);
    eventually("verify sees the edit", || {
        stack.findings("config").iter().any(|finding| finding["cause"] == "config-stale")
    });
    assert_eq!(stack.plan(), ["write file prometheus/prometheus.yml", "reload container STACK-prometheus-1"]);
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["verify", "config"]);
    assert_eq!(stack.running("prometheus"), before, "reloaded in place");
}

#[test]
fn a_change_of_the_stack_file_reaches_prometheus_without_a_new_container() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    let before = stack.running("prometheus");
    stack.write(&APP.replace("metrics: {}", "metrics: { interval: 2s }"));
    assert_eq!(stack.plan(), ["write file prometheus/prometheus.yml", "reload container STACK-prometheus-1"]);
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
    assert_eq!(stack.running("prometheus"), before);
}

#[test]
fn plan_and_up_show_the_lines_that_change_in_a_file_and_no_secret_in_it() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up", "--no-wait"]);
    let prometheus = stack.container("prometheus", 1);
    let web = "  scrape_interval: 7s\n  basic_auth: { username: a, password: hunter22 }\n";
    let many = (0..60).map(|number| format!("# line {number}")).collect::<Vec<_>>().join("\n");
    edit(
        &prometheus,
        "/etc/prometheus/prometheus.yml",
        &format!(
            "scrape_configs:\n- job_name: web\n{web}remote_write:\n- url: http://u:hunter22@h/?k=hunter22\n{many}"
        ),
    );
    let plan = stack.expect(3, &["plan"]).stdout;
    for line in [
        &*format!("--- {prometheus}:/etc/prometheus/prometheus.yml"),
        "+++ prometheus/prometheus.yml",
        "-  scrape_interval: 7s",
        "-- url: http://***@h/?k=***",
        "more lines; `stackctl plan --full` shows all",
    ] {
        assert!(plan.contains(line), "{line}\n{plan}");
    }
    let full = stack.expect(3, &["plan", "--full"]).stdout;
    assert!(full.contains("-# line 59") && !full.contains("more lines"), "{full}");
    let json = stack.json(&["plan"]);
    let diff = json["steps"][0]["diff"].as_str().expect("the diff of the step that writes");
    assert!(diff.contains("-# line 59"), "{diff}");
    assert_eq!(json["steps"][1]["diff"], serde_json::Value::Null, "{json}");
    let up = stack.ok(&["up", "--no-wait"]).stderr;
    assert!(up.contains("-  scrape_interval: 7s"), "{up}");
    for printed in [&plan, &full, &up, &json.to_string()] {
        assert!(!printed.contains("hunter22"), "{printed}");
    }

    // A container that is replaced for a changed file shows it, too.
    edit(&prometheus, "/etc/prometheus/prometheus.yml", "# by hand\n");
    docker(&["stop", "-t", "1", &prometheus]);
    let text = std::fs::read_to_string(stack.stack_file()).expect("it was written");
    std::fs::write(stack.stack_file(), text.replace("port: off,", "port: off, mem_limit: 300m,")).expect("a file");
    let plan = stack.expect(3, &["plan"]).stdout;
    assert!(plan.contains("replace") && plan.contains("-# by hand"), "{plan}");
}

#[test]
fn a_changed_file_of_rules_is_checked_as_such_and_reloaded() {
    let rules =
        |expression: &str| format!("groups: [{{ name: a, rules: [{{ record: one, expr: '{expression}' }}] }}]\n");
    let stack = Sandbox::bare("");
    let write = |expression: &str| std::fs::write(stack.path("rules.yml"), rules(expression)).unwrap();
    write("vector(1)");
    stack.write_bare(&format!(
        "images: {{ from: debian }}\ngrafana: off\n\
         prometheus: {{ port: off, scrape_interval: 1s, rule_files: [rules.yml] }}\n{APP}"
    ));
    stack.ok(&["up"]);
    let before = stack.running("prometheus");
    write("vector(2)");
    assert_eq!(stack.plan(), ["write file prometheus/rules/rules.yml", "reload container STACK-prometheus-1"]);
    stack.ok(&["up"]);
    eventually("the new rule is in force", || stack.json(&["query", "one"])["result"][0]["value"][1] == "2");
    write("vector(");
    let up = stack.run(&["up"]);
    assert!(up.code == 1 || up.code == 2, "{up:?}");
    write("vector(2)");
    assert_eq!(stack.plan(), [""; 0], "the refused file did not stay");
    assert_eq!(stack.running("prometheus"), before);
}

#[test]
fn a_config_that_promtool_refuses_never_reaches_prometheus() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    let before = stack.running("prometheus");
    let reloads = || {
        let figures = ["last_reload_success_timestamp_seconds", "last_reload_successful"];
        figures.map(|figure| {
            stack.json(&["query", &format!("prometheus_config_{figure}")])["result"][0]["value"][1].clone()
        })
    };
    let read = reloads();
    assert_eq!(read[1], "1");
    let text = std::fs::read_to_string(stack.stack_file()).unwrap();
    let broken = text.replace(
        "scrape_interval: 1s }",
        "scrape_interval: 1s, extra_scrape_configs: [{ job_name: bad, no_such_key: 1 }] }",
    );
    std::fs::write(stack.stack_file(), broken).unwrap();
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("promtool"), "{}", up.stderr);
    assert!(up.stderr.contains("no_such_key"), "{}", up.stderr);
    assert_eq!(stack.running("prometheus"), before);
    // Nor was it asked to read anything: a scrape later it has not tried.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert_eq!(reloads(), read, "seconds of the last reload, and whether it was one");
    std::fs::write(stack.stack_file(), text).unwrap();
    assert_eq!(stack.plan(), [""; 0], "the refused file did not stay");
    docker(&["restart", "-t", "5", &stack.container("prometheus", 1)]);
    eventually("Prometheus lives after a restart", || stack.run(&["verify"]).code == 0);
}

/// What a file in a container says; `None`: there is none.
fn file_in(container: &str, path: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    let from = format!("{container}:{path}");
    let copied = Command::new("docker").arg("cp").arg(from).arg(&copy).output().expect("docker starts");
    copied.status.success().then(|| std::fs::read_to_string(copy).expect("text"))
}

#[test]
fn what_was_placed_before_a_refused_config_is_as_it_was_again() {
    let rules = |value: u32| format!("groups: [{{ name: a, rules: [{{ record: one, expr: vector({value}) }}] }}]\n");
    let stack = Sandbox::bare("");
    let image = Altered::with_rm(&stack.name);
    let text = |settings: &str| {
        format!(
            "name: {}\nimages: {{ from: debian }}\ngrafana: off\n\
             prometheus: {{ port: off, scrape_interval: 1s, {settings} }}\n{APP}",
            stack.name
        )
    };
    std::fs::write(stack.path("old.yml"), rules(1)).unwrap();
    std::fs::write(stack.path("new.yml"), rules(3)).unwrap();
    let prometheus = stack.container("prometheus", 1);
    let placed = |file: &str| file_in(&prometheus, &format!("/etc/prometheus/rules/{file}"));
    // Where the image has no `rm`, what was not there before stays as a file that says nothing.
    for (which, gone) in [(String::new(), Some(String::new())), (format!("image: '{}',", image.reference), None)] {
        let good = text(&format!("{which} rule_files: [old.yml]"));
        std::fs::write(stack.stack_file(), &good).unwrap();
        stack.ok(&["up"]);
        let before = stack.running("prometheus");
        std::fs::write(stack.path("old.yml"), rules(2)).unwrap();
        let bad = text(&format!(
            "{which} rule_files: [old.yml, new.yml], extra_scrape_configs: [{{ job_name: bad, no_such_key: 1 }}]"
        ));
        std::fs::write(stack.stack_file(), bad).unwrap();
        let up = stack.expect(1, &["up"]);
        assert!(up.stderr.contains("promtool refuses it") && up.stderr.contains("no_such_key"), "{}", up.stderr);
        assert_eq!(placed("old.yml"), Some(rules(1)), "as it was before");
        assert_eq!(placed("new.yml"), gone, "{which}");
        std::fs::write(stack.path("old.yml"), rules(1)).unwrap();
        std::fs::write(stack.stack_file(), good).unwrap();
        assert_eq!(stack.plan(), [""; 0], "nothing of it stayed");
        assert_eq!(stack.running("prometheus"), before);
    }
    docker(&["restart", "-t", "5", &prometheus]);
    eventually("the old rule is in force after a restart", || {
        stack.json(&["query", "one"])["result"][0]["value"][1] == "1"
    });
    stack.ok(&["down", "--volumes", "--yes"]);
}

/// The stack file with a job that Prometheus refuses.
fn with_bad_job(text: &str) -> String {
    text.replace(
        "scrape_interval: 1s }",
        "scrape_interval: 1s, extra_scrape_configs: [{ job_name: bad, no_such_key: 1 }] }",
    )
}

#[test]
fn a_new_prometheus_that_refuses_its_config_is_stopped_and_says_why() {
    let stack = Sandbox::new(APP);
    let text = std::fs::read_to_string(stack.stack_file()).unwrap();
    std::fs::write(stack.stack_file(), with_bad_job(&text)).unwrap();
    let up = stack.expect(1, &["up"]);
    assert!(
        up.stderr.contains("Prometheus refuses its configuration") && up.stderr.contains("no_such_key"),
        "{}",
        up.stderr
    );
    let prometheus = stack.container("prometheus", 1);
    assert_eq!(
        docker(&["inspect", "-f", "{{.State.Status}}", &prometheus]).trim(),
        "exited",
        "it is not started for ever"
    );
    std::fs::write(stack.stack_file(), text).unwrap();
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
    assert_eq!(stack.plan(), [""; 0]);
}

#[test]
fn a_prometheus_that_runs_is_not_replaced_by_one_that_would_refuse_its_config() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    let before = stack.running("prometheus");
    let text = std::fs::read_to_string(stack.stack_file()).unwrap();
    let other = with_bad_job(&text).replace("port: off", "port: off, extra_flags: [--web.enable-admin-api]");
    std::fs::write(stack.stack_file(), other).unwrap();
    assert!(stack.plan().iter().any(|step| step.starts_with("replace container")), "{:?}", stack.plan());
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("promtool of its image refuses") && up.stderr.contains("no_such_key"), "{}", up.stderr);
    assert_eq!(stack.running("prometheus"), before);
    std::fs::write(stack.stack_file(), text).unwrap();
    assert_eq!(stack.plan(), [""; 0]);
    let all =
        docker(&["ps", "-a", "--format", "{{.Names}}", "--filter", &format!("label=io.stackctl.stack={}", stack.name)]);
    assert_eq!(all.lines().count(), 2, "nothing is left of the one that was not started: {all}");
}

/// An image like Prometheus' own, but for one program; it is taken away when this is dropped.
struct Altered {
    reference: String,
}

impl Altered {
    fn without_promtool(name: &str) -> Self {
        Self::make(
            name,
            "docker export $id | tar --delete -f - usr/bin/promtool | docker import \
             -c 'ENTRYPOINT [\"/usr/bin/prometheus\"]' -c 'USER 65534:65534' -c 'WORKDIR /prometheus' - $reference",
        )
    }

    fn with_rm(name: &str) -> Self {
        Self::make(&format!("{name}-rm"), "docker cp /bin/rm $id:/usr/bin/rm; docker commit $id $reference")
    }

    fn make(tag: &str, change: &str) -> Self {
        let reference = format!("stackctl-test/prometheus:{tag}");
        let script = format!(
            "set -e; reference={reference}; id=$(docker create stackctl/prometheus:debian); \
             trap 'docker rm $id >/dev/null' EXIT; {change}"
        );
        let made = Command::new("sh").arg("-c").arg(&script).output().expect("sh starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { reference }
    }
}

impl Drop for Altered {
    fn drop(&mut self) {
        docker(&["rmi", "-f", &self.reference]);
    }
}

#[test]
fn a_config_that_prometheus_itself_refuses_is_rolled_back_and_said() {
    let stack = Sandbox::new(APP);
    let image = Altered::without_promtool(&stack.name);
    let text = std::fs::read_to_string(stack.stack_file()).unwrap();
    let good = text.replace("scrape_interval: 1s", &format!("scrape_interval: 1s, image: \"{}\"", image.reference));
    let bad = good.replace(
        "scrape_interval: 1s,",
        "scrape_interval: 1s, extra_scrape_configs: [{ job_name: bad, no_such_key: 1 }],",
    );
    std::fs::write(stack.stack_file(), &good).unwrap();
    stack.ok(&["up"]);
    let before = stack.running("prometheus");
    std::fs::write(stack.stack_file(), &bad).unwrap();
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("refuses the file"), "{}", up.stderr);
    assert!(up.stderr.contains("no_such_key"), "why, in its own words: {}", up.stderr);
    assert!(up.stderr.contains("old files are back in place"), "{}", up.stderr);
    std::fs::write(stack.stack_file(), &good).unwrap();
    assert_eq!(stack.plan(), [""; 0], "the refused file did not stay");
    stack.ok(&["verify"]);
    assert_eq!(stack.running("prometheus"), before);
    stack.ok(&["down", "--volumes", "--yes"]);
}

#[test]
fn files_are_readable_by_the_user_the_image_runs_as() {
    let stack = Sandbox::bare("");
    // Stackctl's own view stands in Grafana's place, which Debian has no package of.
    stack.write_bare(&format!(
        "images: {{ from: debian }}\ngrafana: {{ port: off }}\nprometheus: {{ port: off, scrape_interval: 1s }}\n{APP}"
    ));
    stack.ok(&["up"]);
    let user = docker(&["inspect", "-f", "{{.Config.User}}", &stack.container("prometheus", 1)]);
    assert!(!user.trim().is_empty() && !user.starts_with('0'), "Prometheus does not run as root: {user}");
    for component in ["prometheus", "grafana"] {
        let mounts = docker(&["inspect", "-f", "{{json .Mounts}}", &stack.container(component, 1)]);
        let mounts: Vec<serde_json::Value> = serde_json::from_str(&mounts).expect("JSON");
        assert!(mounts.iter().all(|mount| mount["Type"] != "bind"), "no path of the host is needed: {mounts:#?}");
        assert_eq!(mounts.is_empty(), component == "grafana", "{component}: {mounts:#?}");
    }
}

#[test]
fn an_up_that_was_killed_before_the_reload_is_finished_by_the_next_one() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    for interval in 2..5 {
        stack.write(&APP.replace("metrics: {}", &format!("metrics: {{ interval: {interval}s }}")));
        let mut up = stack.spawn(&["up"]);
        let mut news = String::new();
        BufReader::new(up.stderr.take().expect("piped")).read_line(&mut news).expect("the first step's line");
        up.kill().expect("killed");
        up.wait().expect("gone");
        assert!(news.contains("prometheus.yml"), "{news}");
        stack.ok(&["up"]);
        stack.ok(&["verify", "config"]);
        assert_eq!(stack.plan(), [""; 0]);
    }
}

#[test]
fn a_paused_prometheus_takes_a_changed_config() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    docker(&["pause", &stack.container("prometheus", 1)]);
    stack.write(&APP.replace("metrics: {}", "metrics: { interval: 2s }"));
    stack.ok(&["up"]);
    stack.ok(&["verify", "config"]);
    assert_eq!(stack.plan(), [""; 0]);
}

#[test]
fn a_memory_that_says_nonsense_is_not_followed() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    let prometheus = stack.container("prometheus", 1);
    for nonsense in
        ["{", "[1]", "{\"scale\":{\"web\":{\"replicas\":4000000000,\"file\":1},\"ghost\":{\"replicas\":2,\"file\":1}}}"]
    {
        edit(&prometheus, "/etc/prometheus/stackctl.json", nonsense);
        assert_eq!(stack.plan(), ["write file prometheus/stackctl.json"], "{nonsense}");
    }
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0]);
}
