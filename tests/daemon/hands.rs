//! What administrators do to it: a terminal that is lost, commands that fail or never end, files that somebody else has changed,
//! flags that say the same.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use crate::beside::{Beside, SMALLEST, WEB, must};

const GATEWAY: &str = "engine: { metrics: gateway }\napps: {}\n";
/// `apply` in a process group of its own, as a shell starts it, once its restart command has begun: it takes three seconds, and
/// then restarts the engine.
fn begun(engine: &Beside) -> Child {
    let command = format!("touch {}; sleep 3; {}", engine.path("begun").display(), engine.restart_command());
    let mut apply = engine.outside();
    apply.args(["engine", "apply", "--yes", "--restart-command", &command]);
    let apply = apply.process_group(0).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("stackctl starts");
    assert!(Beside::wait_until(|| engine.path("begun").exists()), "it begins");
    apply
}

/// Runs the stack, and beside it a container that somebody has started with these options.
fn with_web_and(engine: &Beside, options: &[&str]) {
    engine.write_stack(WEB);
    engine.expect(0, &["up", "--no-wait"]);
    let image = engine.docker(&["inspect", "--format", "{{.Config.Image}}", "demo-web-1"]);
    engine.docker(&[&["run", "-d"], options, &[image.trim(), "demo", "accesslog"]].concat());
}

fn signal(name: &str, process: &str) {
    must(Command::new("kill").args([&format!("-{name}"), "--", process]));
}

#[test]
fn who_loses_the_terminal_gets_the_engine_back_all_the_same() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack(GATEWAY);
    let apply = begun(&engine);
    // What a shell does to its jobs when its terminal is closed.
    signal("HUP", &format!("-{}", apply.id()));
    let ended = apply.wait_with_output().expect("it ends");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(engine.metrics("172.17.0.1:9323") > 100);
}

#[test]
fn ctrl_c_and_ctrl_backslash_do_not_stop_half_a_restart() {
    for name in ["INT", "QUIT", "TERM"] {
        let engine = Beside::start("sid", SMALLEST, "");
        engine.write_stack(GATEWAY);
        let apply = begun(&engine);
        signal(name, &format!("-{}", apply.id()));
        let ended = apply.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(130) && told.contains("nobody waits for it any more"), "{name}: {told}");
        assert!(Beside::wait_until(|| engine.metrics("172.17.0.1:9323") > 100), "{name}: {}", engine.log());
    }
}

#[test]
fn the_engine_and_not_the_command_says_whether_it_is_back() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack(GATEWAY);
    let command = format!("{}; echo the other service failed; exit 5", engine.restart_command());
    let told = engine.expect(0, &["engine", "apply", "--yes", "--restart-command", &command]);
    assert!(told.contains("exit status: 5") && told.contains("the engine is back all the same"), "{told}");
    assert!(engine.metrics("172.17.0.1:9323") > 100);
}

#[test]
fn an_engine_that_stays_down_because_of_somebody_elses_change_leaves_with_the_way_out() {
    let engine = Beside::start("bookworm", SMALLEST, "");
    with_web_and(&engine, &["--name", "left"]);
    // With the time of long ago, as `cp -p` keeps it.
    fs::write(engine.path("new"), "{\"storage-driver\": \"vfs\", \"log-opts\": {\"max-sized\": \"1m\"}}")
        .expect("writable");
    must(Command::new("touch").args(["-d", "2020-01-01"]).arg(engine.path("new")));
    must(Command::new("cp").arg("-p").arg(engine.path("new")).arg(engine.file()));
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    let plan = engine.expect(3, &["engine", "plan"]);
    assert!(plan.contains("has changed since the engine started: a restart puts all of that in force"), "{plan}");
    engine.expect(0, &["engine", "apply", "--yes"]);
    let plan = engine.expect(3, &["engine", "plan"]);
    assert!(plan.contains("has changed since the engine started, before stackctl changed it, too"), "{plan}");
    let told = engine.apply(1);
    for words in [
        "unknown log opt 'max-sized'",
        "It is DOWN: put right in",
        "had changed since the engine started",
        "`docker start left`",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn live_restore_that_was_reloaded_is_told_until_it_is_taken_back() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
    engine.expect(0, &["up", "--no-wait"]);
    let told = engine.expect(1, &["engine", "apply", "--yes", "--timeout", "1s", "--restart-command", "false"]);
    assert!(told.contains("live-restore is in force, and the rest is not"), "{told}");
    let applied = engine.text();
    fs::write(engine.file(), SMALLEST).expect("writable");
    let still = "1 container, which stops when the engine restarts: live-restore is on";
    let shown = engine.expect(0, &["engine", "show"]);
    assert!(shown.contains(still), "{shown}");
    fs::write(engine.file(), applied).expect("writable");
    let told = engine.expect(0, &["engine", "rollback", "--yes"]);
    assert!(told.contains("switched off in the engine by a reload") && !told.contains("not in force yet"), "{told}");
    assert!(told.contains("live-restore is off in the engine, too"), "{told}");
    let shown = engine.expect(0, &["engine", "show"]);
    assert!(!shown.contains("live-restore is on"), "{shown}");
}

#[test]
fn the_engine_is_verified_before_the_stack_has_a_network() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    let told = engine.expect_inside(3, &["verify", "engine"]);
    assert!(
        told.contains("the engine does not serve its metrics") && told.contains("--restart-command COMMAND"),
        "{told}"
    );
    engine.apply(0);
    engine.expect_inside(0, &["verify", "engine"]);
}

#[test]
fn a_flag_that_says_the_same_already_is_no_contradiction() {
    let engine = Beside::start("bookworm", SMALLEST, "--live-restore --log-driver local");
    engine.write_stack("engine: { live_restore: true }\napps: {}\n");
    assert!(engine.expect(0, &["engine", "plan"]).contains("nothing to do"));
    engine.write_stack("engine: { live_restore: true, logging: { driver: json-file } }\napps: {}\n");
    let told = engine.expect(2, &["engine", "plan"]);
    assert!(
        told.contains("`log-driver` is given as a flag, too") && told.contains("`engine:` of the stack file"),
        "{told}"
    );
}

#[test]
fn a_container_that_comes_back_on_failure_is_not_said_to_stay_down() {
    let engine = Beside::start("bookworm", SMALLEST, "");
    with_web_and(&engine, &["--restart", "on-failure", "--name", "again"]);
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    let plan = engine.expect(3, &["engine", "plan"]);
    assert!(plan.contains("only if they end with an error (policy on-failure): again"), "{plan}");
    assert!(plan.contains("restart policy: demo-web-1") && !plan.contains("STAY DOWN"), "{plan}");
}

/// Between stop and start a command may do what it likes: it is not overtaken by a second one.
#[test]
fn a_command_that_takes_its_time_between_stop_and_start_is_waited_for() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack(GATEWAY);
    let pid = engine.pid().expect("it runs");
    let command = format!("kill {pid}; sleep 8; {}", engine.restart_command());
    let told = engine.expect(0, &["engine", "apply", "--yes", "--timeout", "2s", "--restart-command", &command]);
    assert!(told.contains("the engine is back") && !told.contains("rolling back"), "{told}");
    assert!(engine.metrics("172.17.0.1:9323") > 100);
}

#[test]
fn a_command_that_only_stops_the_engine_is_told_as_that() {
    let engine = Beside::start("sid", SMALLEST, "");
    // A change that is in force, and may be gone back to by a command that starts the engine.
    engine.write_stack("engine: { logging: { driver: local } }\napps: {}\n");
    engine.apply(0);
    let applied = engine.text();
    engine.write_stack("engine: { metrics: gateway, logging: { driver: local } }\napps: {}\n");
    let command = format!("kill {}; sleep 1", engine.pid().expect("it runs"));
    let told = engine.expect(1, &["engine", "apply", "--yes", "--timeout", "1s", "--restart-command", &command]);
    assert!(told.contains("It is DOWN: nothing says that the file is at fault"), "{told}");
    assert!(told.contains("start the engine as this host does"), "{told}");
    let undo =
        format!("`stackctl engine rollback --config-file {} --restart-command COMMAND`", engine.file().display());
    assert!(told.contains(&undo), "{told}");
    assert_eq!(engine.text(), applied);
}
