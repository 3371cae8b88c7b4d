//! An engine that is restarted while `up` and `down` work on it.

use std::process::{Child, Stdio};

use crate::beside::{Beside, Run};

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

#[track_caller]
fn assert_whole(engine: &Beside) {
    engine.expect(0, &["up", "--no-wait"]);
    engine.expect(0, &["plan"]);
    assert_eq!((containers(engine, true), containers(engine, false)), (6, 6));
    assert_eq!(engine.docker(&["volume", "ls", "--quiet"]).trim(), "demo_data");
}
