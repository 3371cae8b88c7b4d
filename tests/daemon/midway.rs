//! An engine that is restarted while `up` and `down` work on it, and an `engine apply` that is killed while it waits for one.

use std::fs;
use std::process::{Child, Command, Stdio};

use crate::beside::{Beside, Run, SMALLEST, must};

/// Six containers without a restart policy: what an engine stops on its way down, nobody but `up` starts again.
const STACK: &str = "prometheus: off\nvolumes: { data: {} }\napps:\n  web: { image: stackctl/self, \
                     command: [demo, accesslog], restart: \"no\", volumes: [\"data:/data\"], scale: 6 }\n";

/// How many containers there are when the engine goes. The first is tried by `cargo test`, all for `STACKCTL_FAULTS=all`.
const MOMENTS: [usize; 3] = [3, 1, 6];

/// A driver that makes a container quickly.
const SETTINGS: &str = "{\"storage-driver\": \"overlay2\"}";

/// Whether everything is tried, however long it takes.
pub(crate) fn everything() -> bool {
    std::env::var("STACKCTL_FAULTS").is_ok_and(|wish| wish == "all")
}

fn begin(engine: &Beside, arguments: &[&str]) -> Child {
    let mut command = engine.outside();
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("stackctl starts")
}

fn end(child: Child) -> Run {
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Run { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn containers(engine: &Beside, all: bool) -> usize {
    let all: &[&str] = if all { &["--all"] } else { &[] };
    engine.docker(&[&["ps", "--quiet"], all].concat()).lines().count()
}

#[track_caller]
fn assert_heals_or_says(run: &Run, what: &str) {
    let is_said = run.code == 1 && run.stderr.contains("error: cannot ");
    assert!(run.code == 0 || is_said, "{what}: exit code {}\n{}", run.code, run.stderr);
    println!("{what}: {}", if run.code == 0 { "waited for, and done" } else { "said" });
}

#[test]
fn an_up_and_a_down_under_which_the_engine_restarts_are_healed_or_said_and_the_next_up_converges() {
    let engine = Beside::start("bookworm", SETTINGS, "");
    engine.write_stack(STACK);
    engine.expect(0, &["images", "pull"]);
    let count = if everything() { MOMENTS.len() } else { 1 };
    for moment in MOMENTS.into_iter().take(count) {
        let up = begin(&engine, &["up", "--no-wait"]);
        assert!(Beside::wait_until(|| containers(&engine, true) >= moment), "the containers come");
        engine.restart();
        assert_heals_or_says(&end(up), &format!("restarted at container {moment} of `up`"));
        assert_whole(&engine);

        let down = begin(&engine, &["down"]);
        assert!(Beside::wait_until(|| containers(&engine, false) <= 6 - moment), "the containers go");
        engine.restart();
        assert_heals_or_says(&end(down), &format!("restarted after container {moment} of `down`"));
        engine.expect(0, &["down"]);
        assert_eq!(containers(&engine, true), 0);
        assert_eq!(engine.docker(&["volume", "ls", "--quiet"]).trim(), "demo_data");
    }
    engine.expect(0, &["down", "--volumes", "--yes"]);
}

/// What ends the engine, and starts it once the file `go` is there: until then nobody answers.
fn silent_restart(engine: &Beside) -> String {
    let folder = engine.path("").display().to_string();
    let script = format!(
        "#!/bin/sh\ncd {folder}\npid=$(cat pid)\nkill -TERM $pid\nwhile [ -d /proc/$pid ]; do sleep 0.05; done\nrm -f pid s silent go\n\
         (while ! [ -e go ]; do sleep 0.05; done; ./start; touch started) >/dev/null 2>&1 &\ntouch silent\n"
    );
    fs::write(engine.path("silently"), script).expect("writable");
    format!("sh {folder}/silently")
}

/// `engine apply` with a restart, killed while it waits for an engine whose restart command has ended.
fn killed_in_the_wait(engine: &Beside) {
    let command = silent_restart(engine);
    let mut apply = begin(engine, &["engine", "apply", "--yes", "--restart-command", &command]);
    let children = format!("/proc/{0}/task/{0}/children", apply.id());
    let waits = || engine.path("silent").exists() && fs::read_to_string(&children).is_ok_and(|left| left.is_empty());
    assert!(Beside::wait_until(waits), "it does not come to wait");
    assert_eq!(apply.try_wait().expect("it is ours"), None, "it waits");
    apply.kill().expect("it is ours");
    let run = end(apply);
    assert!(run.code == -1 && run.stderr.contains("restarting the engine"), "{run:?}");
    fs::write(engine.path("go"), "").expect("writable");
    assert!(Beside::wait_until(|| engine.path("started").exists()), "nobody starts it");
    for name in ["silent", "started"] {
        fs::remove_file(engine.path(name)).expect("it is there");
    }
}

#[test]
fn an_apply_that_is_killed_while_it_waits_for_the_engine_is_told_and_taken_back() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    killed_in_the_wait(&engine);
    assert!(Beside::wait_until(|| engine.metrics("172.17.0.1:9323") > 100), "it starts with the new file");
    let new = "{\"storage-driver\": \"vfs\", \"metrics-addr\": \"172.17.0.1:9323\"}";
    assert_eq!(engine.text(), new);
    let shown = engine.expect(0, &["engine", "show"]);
    assert!(shown.contains("something listens there") && shown.contains("by stackctl at 20"), "{shown}");
    assert!(!shown.contains("NOT IN FORCE"), "{shown}");
    assert!(engine.expect(0, &["engine", "apply", "--yes"]).contains("nothing to do"));
    engine.expect(0, &["engine", "rollback", "--yes", "--restart-command", &engine.restart_command()]);
    assert_eq!((engine.text().as_str(), engine.metrics("172.17.0.1:9323")), (SMALLEST, 0));

    // The same where the engine does not start with the new file: nobody is there to go back, and it is down.
    engine.write_stack("engine: { logging: { driver: syslog, options: { max-sized: 1m } } }\napps: {}\n");
    let file = engine.file().display().to_string();
    engine.expect(0, &["engine", "apply", "--yes", "--config-file", &file]);
    killed_in_the_wait(&engine);
    assert!(engine.text().contains("max-sized"), "{}", engine.text());
    assert!(Beside::wait_until(|| engine.log().contains("unknown log opt 'max-sized'")), "{}", engine.log());
    let told = engine.expect(1, &["engine", "apply", "--yes"]);
    assert!(told.contains("cannot reach"), "{told}");
    let shown = engine.expect(0, &["engine", "show", "--config-file", &file]);
    let undo = format!("`stackctl engine rollback --config-file {file}` takes it back");
    assert!(shown.contains("max-sized") && shown.contains(&undo), "{shown}");
    engine.expect(0, &["engine", "rollback", "--yes", "--config-file", &file]);
    assert_eq!(engine.text(), SMALLEST);
    must(&mut Command::new(engine.path("start")));
    assert!(Beside::wait_until(|| engine.stackctl(&["engine", "show"]).code == 0), "{}", engine.log());
}

#[track_caller]
fn assert_whole(engine: &Beside) {
    engine.expect(0, &["up", "--no-wait"]);
    engine.expect(0, &["plan"]);
    assert_eq!((containers(engine, true), containers(engine, false)), (6, 6));
    assert_eq!(engine.docker(&["volume", "ls", "--quiet"]).trim(), "demo_data");
}
