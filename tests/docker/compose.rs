//! No lock-in: the rendered folder runs with `docker compose` alone, and Compose sees what stackctl runs.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::essence::snapshot;
use crate::sandbox::{Run, Sandbox, docker, eventually, run};
use crate::tools::docker_compose;

/// A port of the host that nobody has right now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Every kind of discovery, replicas, a published port, an exporter in the host's network, a password from a file and
/// one from the environment.
fn write_gallery(stack: &Sandbox, prometheus_port: u16) {
    let (gallery_port, node_port) = (free_port(), free_port());
    // Compose binds it as it is, and Prometheus runs as `nobody`.
    std::fs::write(stack.path("password"), "from-a-file").expect("the test's folder is writable");
    stack.write_bare(&format!(
        "\
images: {{ from: debian }}
grafana: off
prometheus: {{ port: {prometheus_port}, scrape_interval: 1s }}
apps:
  accesslog: {{ image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {{ discovery: dns }} }}
  iotd:
    image: stackctl/self
    command: [demo, iotd, --basic-auth, \"scraper:from-a-file\"]
    scale: 2
    metrics: {{ path: /actuator/prometheus, basic_auth: {{ username: scraper, password: {{ file: password }} }} }}
  image-gallery:
    image: stackctl/self
    command: [demo, image-gallery, --basic-auth, \"scraper:from-the-environment\"]
    environment: {{ PRICE: \"costs $$5\" }}
    ports: [\"{gallery_port}:80\"]
    depends_on: [accesslog, iotd]
    metrics: {{ basic_auth: {{ username: scraper, password: {{ env: SCRAPE_PASSWORD }} }} }}
exporters:
  node: {{ metrics: {{ port: {node_port} }} }}
"
    ));
}

/// `stackctl`, with the password in its environment.
#[track_caller]
fn stackctl(stack: &Sandbox, arguments: &[&str]) -> Run {
    let run = run(stack.command(arguments).env("SCRAPE_PASSWORD", "from-the-environment"));
    assert_eq!(run.code, 0, "stackctl {}\n{}\n{}", arguments.join(" "), run.stdout, run.stderr);
    run
}

fn render(stack: &Sandbox, folder: &str) -> PathBuf {
    let folder = stack.path(folder);
    stackctl(stack, &["render", "-o", folder.to_str().expect("a folder with a plain name")]);
    folder
}

/// Compose 2.26 on a rendered folder.
#[track_caller]
pub(crate) fn compose(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(docker_compose("trixie"));
    command.arg("-f").arg(folder.join("compose.yml")).args(arguments);
    let run = run(command.env("SCRAPE_PASSWORD", "from-the-environment"));
    assert_eq!(run.code, 0, "compose {}\n{}\n{}", arguments.join(" "), run.stdout, run.stderr);
    run.stdout
}

/// What `http://127.0.0.1:PORT/PATH` answers. `None`: not now.
fn get_json(port: u16, path: &str) -> Option<Value> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(connection, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

/// `JOB HEALTH` for each target, as Prometheus itself says; empty while it does not answer.
fn targets(port: u16) -> Vec<String> {
    let Some(answer) = get_json(port, "/api/v1/targets?state=active") else { return Vec::new() };
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let active = answer["data"]["activeTargets"].as_array().expect("a list of targets").iter();
    let mut lines: Vec<String> =
        active.map(|target| format!("{} {}", word(&target["labels"]["job"]), word(&target["health"]))).collect();
    lines.sort();
    lines
}

#[track_caller]
fn assert_all_scraped(port: u16) {
    let expected =
        ["accesslog up", "accesslog up", "image-gallery up", "iotd up", "iotd up", "node up", "prometheus up"];
    let mut seen = Vec::new();
    let begun = std::time::Instant::now();
    while seen != expected {
        assert!(begun.elapsed() < crate::sandbox::PATIENCE, "Prometheus scrapes {seen:?}");
        std::thread::sleep(std::time::Duration::from_millis(100));
        seen = targets(port);
    }
}

fn leftovers(stack: &Sandbox) -> String {
    let label = format!("label=com.docker.compose.project={}", stack.name);
    ["ps -aq", "network ls -q", "volume ls -q"]
        .map(|words| docker(&[&words.split(' ').collect::<Vec<_>>()[..], &["--filter", &label]].concat()))
        .concat()
}

#[test]
fn the_rendered_folder_runs_with_docker_compose_alone() {
    let stack = Sandbox::bare("");
    let port = free_port();
    write_gallery(&stack, port);
    let folder = render(&stack, "rendered");
    compose(&folder, &["up", "-d"]);
    assert_all_scraped(port);
    let (accesslog, iotd) = (stack.running("accesslog").len(), stack.running("iotd").len());
    assert_eq!((accesslog, iotd), (2, 2));
    compose(&folder, &["down", "-v"]);
    assert_eq!(leftovers(&stack), "");
}

#[test]
fn stackctl_takes_over_what_docker_compose_has_started_and_starts_the_same() {
    let stack = Sandbox::bare("");
    let port = free_port();
    write_gallery(&stack, port);
    compose(&render(&stack, "rendered"), &["up", "-d"]);
    assert_all_scraped(port);
    let by_compose = snapshot(&stack);
    let volume = format!("{}_prometheus-data", stack.name);
    let created = docker(&["volume", "inspect", "-f", "{{.CreatedAt}}", &volume]);

    let plan = stack.json(&["plan"]);
    // Another build of stackctl on the same engine may have left its image: that is a step for the image.
    let steps: Vec<&Value> =
        plan["steps"].as_array().expect("steps").iter().filter(|step| step["kind"] == "container").collect();
    assert_eq!(steps.len(), by_compose.len(), "{plan}");
    for step in steps {
        assert_eq!((&step["action"], &step["reason"]), (&"replace".into(), &"started by docker compose".into()));
    }
    stackctl(&stack, &["up"]);
    assert_eq!(stack.plan(), [""; 0]);
    assert_eq!(snapshot(&stack), by_compose, "left: by stackctl, right: by compose");
    assert_eq!(docker(&["volume", "inspect", "-f", "{{.CreatedAt}}", &volume]), created);
    assert_all_scraped(port);
}

#[test]
fn docker_compose_lists_shows_and_logs_what_stackctl_runs() {
    let stack = Sandbox::new(
        "apps: { web: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {} }, \
         tells: { image: stackctl/self, command: [--version] } }\n",
    );
    stack.run(&["up", "--no-wait"]);
    let label = format!("label=com.docker.compose.project={}", stack.name);
    let mut expected: Vec<String> =
        docker(&["ps", "-aq", "--no-trunc", "--filter", &label]).lines().map(str::to_owned).collect();
    expected.sort();
    assert_eq!(expected.len(), 4);
    let version = format!("stackctl {}", env!("CARGO_PKG_VERSION"));
    // 2.26 of Debian 13, and the newest.
    for suite in ["trixie", "sid"] {
        let compose = |arguments: &[&str]| {
            let run = run(Command::new(docker_compose(suite)).args(arguments));
            assert_eq!(run.code, 0, "compose of {suite}, {}\n{}", arguments.join(" "), run.stderr);
            run.stdout
        };
        let listed: Value = serde_json::from_str(&compose(&["ls", "-a", "--format", "json"])).expect("JSON");
        let listed = listed.as_array().expect("a list").iter().find(|project| project["Name"] == stack.name.as_str());
        let listed = listed.unwrap_or_else(|| panic!("compose of {suite} does not list the stack"));
        assert_eq!(listed["ConfigFiles"], stack.stack_file().display().to_string());

        let mut shown: Vec<String> =
            compose(&["-p", &stack.name, "ps", "-aq", "--no-trunc"]).lines().map(str::to_owned).collect();
        shown.sort();
        assert_eq!(shown, expected, "compose of {suite}");
        eventually("the app's line is in the logs", || {
            let logs = compose(&["-p", &stack.name, "logs", "--no-color"]);
            logs.contains(&version) && logs.contains("prometheus-1")
        });
    }
}

#[test]
fn a_second_render_writes_the_same_bytes_and_scale_is_in_them() {
    let stack = Sandbox::bare("");
    write_gallery(&stack, free_port());
    let [first, second] = ["first", "second"].map(|name| contents(&render(&stack, name)));
    assert!(first.contains_key("compose.yml") && first.contains_key("prometheus/prometheus.yml"), "{:?}", first.keys());
    assert_eq!(first, second);

    let folder = stack.path("first");
    let again = stackctl(&stack, &["render", "-o", folder.to_str().unwrap()]);
    assert!(again.stderr.contains("is up to date"), "{}", again.stderr);
    stackctl(&stack, &["render", "-o", folder.to_str().unwrap(), "--scale", "iotd=3"]);
    let scaled = contents(&folder);
    assert!(scaled["compose.yml"].contains("scale: 3"), "{}", scaled["compose.yml"]);
    assert!(scaled["prometheus/prometheus.yml"].contains(&format!("{}-iotd-3:80", stack.name)));
}

/// Every file below a folder, by its path in it.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(folder).expect("below it").display().to_string();
                all.insert(relative, std::fs::read_to_string(&path).expect("text"));
            }
        }
    }
    all
}
