//! `engine apply --restart` and `rollback --restart` through real service managers: systemd of three releases, OpenRC with
//! Debian's script, and OpenRC's own supervisor.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::beside::{Beside, SMALLEST, WEB, must, run};
use crate::booted::Booted;

/// An option that no release looks at before it starts, `dockerd --validate` included. Only who names the file and leaves the
/// engine alone gets it written.
const REFUSED: &str = "engine: { metrics: gateway, logging: { driver: syslog, options: { max-sized: 1m } } }\n";

const WRITE: &[&str] = &["engine", "apply", "--yes", "--config-file", "/etc/docker/daemon.json"];

const SYSTEMD: &str = "sudo systemctl restart docker.service";
const OPENRC: &str = "sudo rc-service docker restart";

#[test]
fn systemd_252_restarts_the_engine_and_is_told_to_go_back() {
    restarted_and_rolled_back(&Booted::systemd("bookworm"), SYSTEMD);
}

#[test]
fn systemd_257_restarts_the_engine_and_is_told_to_go_back() {
    restarted_and_rolled_back(&Booted::systemd("trixie"), SYSTEMD);
}

#[test]
fn the_newest_systemd_restarts_the_engine_and_is_told_to_go_back() {
    restarted_and_rolled_back(&Booted::systemd("sid"), SYSTEMD);
}

#[test]
fn openrc_restarts_the_engine_and_is_told_to_go_back() {
    restarted_and_rolled_back(&Booted::openrc(), OPENRC);
}

#[test]
fn the_supervisor_of_openrc_restarts_the_engine_and_is_told_to_go_back() {
    restarted_and_rolled_back(&Booted::openrc_supervised(), OPENRC);
}

fn restarted_and_rolled_back(host: &Booted, restart: &str) {
    host.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    host.expect(0, &["up", "--no-wait"]);
    let before = running(host);
    applied(host, restart, &before);
    let applied = host.text();
    refused(host, &before);
    assert_eq!(host.text(), applied);
    killed(host);
    assert_eq!(host.text(), applied);
    down_and_rolled_back(host);
    assert_eq!(host.text(), SMALLEST);
    assert!(Beside::wait_until(|| running(host) == before), "{before} ran before");
}

fn running(host: &Booted) -> String {
    host.docker(&["ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"])
}

fn applied(host: &Booted, restart: &str, before: &str) {
    let told = host.expect(0, &["engine", "apply", "--yes"]);
    assert!(told.contains(&format!("not in force yet; next: `{restart}`")), "{told}");
    let told = host.expect(0, &["engine", "apply", "--yes", "--restart"]);
    for words in
        [restart, "the containers that ran before run again: 1", "ok      engine  engine   host.docker.internal"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(running(host), *before);
    assert!(host.expect(0, &["engine", "show"]).contains("172.17.0.1:9323; something listens there"));
}

/// The engine does not start with the new file: the old one is back, and dockerd's own words are told.
fn refused(host: &Booted, before: &str) {
    host.write_stack(&format!("{REFUSED}{WEB}"));
    host.expect(0, WRITE);
    let start = Instant::now();
    let told = host.expect(1, &["engine", "apply", "--yes", "--restart"]);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(30), "it took {took:?}: {told}");
    for words in ["rolling back", "unknown log opt 'max-sized'", "the engine runs with it"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(running(host), *before, "{told}");
    println!("rolled back after {took:.1?}");
}

/// Tries to restart an engine that does not start until its service manager does not go on, and stops it.
fn give_up(host: &Booted) {
    let tries =
        "for i in 1 2 3 4 5; do systemctl restart docker || rc-service docker restart; done >/dev/null 2>&1; true";
    host.shell(tries);
    host.shell("rc-service docker stop >/dev/null 2>&1; true");
    assert!(Beside::wait_until(|| !host.answers()), "it runs with a file that it cannot start with");
}

/// A run that is killed once the engine is down, before it can go back: the next one tells, and takes it back.
fn killed(host: &Booted) {
    host.expect(0, WRITE);
    let mut apply = host.inside(&["stackctl", "engine", "apply", "--yes", "--restart"]);
    let mut apply = apply.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("nsenter is part of util-linux");
    // Between the end of the engine and the way back lies as long as an engine takes to refuse its file: no time for a pause.
    let is_down = || host.text().contains("max-sized") && !host.path("run/docker.pid").exists();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_down() {
        assert!(Instant::now() < deadline, "the engine goes on");
    }
    must(Command::new("kill").args(["-KILL", &below(apply.id()).to_string()]));
    assert!(!apply.wait().expect("it is ours").success());
    assert!(host.text().contains("max-sized"), "it had gone back already");
    give_up(host);
    let told = host.expect(1, &["engine", "apply", "--yes"]);
    assert!(told.contains("where it does not start with what stackctl wrote into /etc/docker/daemon.json"), "{told}");
    let shown = host.expect(1, &["engine", "show"]);
    assert!(shown.contains("max-sized") && shown.contains("`stackctl engine rollback` takes it back"), "{shown}");
    let told = host.expect(0, &["engine", "rollback", "--yes", "--restart"]);
    assert!(told.contains("the engine runs") && host.answers(), "{told}");
}

/// The process that nsenter started inside.
fn below(nsenter: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{nsenter}/task/{nsenter}/children")).expect("it runs");
    children.split_whitespace().next().and_then(|child| child.parse().ok()).expect("it has started something")
}

/// Somebody broke the file by hand, has tried to restart the engine until its service manager gave up, and stopped it for good:
/// Debian's script then has no pid file, and ends its `restart` without a word.
fn down_and_rolled_back(host: &Booted) {
    fs::write(host.path("etc/docker/daemon.json"), "{\"metrics-address\": \"here\"}").expect("writable");
    give_up(host);
    host.shell("rm -f /run/docker-ssd.pid /var/run/docker-ssd.pid");
    let shown = host.expect(1, &["engine", "show"]);
    assert!(shown.contains("metrics-address"), "{shown}");
    let told = host.expect(0, &["engine", "rollback", "--yes", "--restart"]);
    assert!(told.contains("daemon.json.") && told.contains(".stackctl-edited"), "{told}");
    assert!(told.contains("the engine runs") && host.answers(), "{told}");
}

/// A unit of systemd is not the engine's because the engine was started by hand from what happens to be one.
#[test]
fn an_engine_that_was_started_by_hand_takes_nothing_else_along() {
    let host = Booted::systemd("bookworm");
    host.write_stack("engine: { metrics: gateway }\napps: {}\n");
    host.shell("systemctl stop docker.service docker.socket");
    host.shell(
        "systemd-run --quiet --unit login.service sh -c 'dockerd --containerd=/run/containerd/containerd.sock & wait'",
    );
    assert!(Beside::wait_until(|| host.answers()), "it does not start");
    let told = host.expect(2, &["engine", "apply", "--yes", "--restart"]);
    assert!(told.contains("neither systemd nor OpenRC started it") && told.contains("--restart-command"), "{told}");
    assert_eq!(host.text(), SMALLEST);
    assert!(run(&mut host.inside(&["systemctl", "is-active", "login.service"])).stdout.contains("active"));
}
