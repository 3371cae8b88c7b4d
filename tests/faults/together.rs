//! Several at once on one stack: other users, other state folders, other hosts. One waits and says for whom.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::{Run, docker, eventually};
use crate::stage::{APPS, Stage};

/// Starts a command with a state folder of its own; what it prints is kept.
fn spawn(mut command: Command, stage: &Stage, name: &str) -> Child {
    command
        .env("XDG_STATE_HOME", stage.stack.path(name))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

#[track_caller]
fn ended_well(child: Child) -> Run {
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let run = Run { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) };
    assert_eq!(run.code, 0, "{}", run.stderr);
    run
}

/// The same command with process numbers of its own, as on another host: nobody here can see whether it lives.
fn on_another_host(command: &Command) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--pid", "--fork", "--kill-child"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => unshare.env(name, value),
            None => unshare.env_remove(name),
        };
    }
    unshare
}

fn holds(stage: &Stage) -> bool {
    let label = format!("label=io.stackctl.lock={}", stage.stack.name);
    !docker(&["volume", "ls", "--quiet", "--filter", &label]).is_empty()
}

fn waits(run: &Run) -> bool {
    run.stderr.contains("waiting: `stackctl ")
}

/// Starts the second while the first holds the stack and stands still until the second has said that it waits: on a busy machine
/// the first could end before the second looks.
fn second_while_the_first_holds(first: Child, second: impl FnOnce() -> Child, stage: &Stage) -> [Run; 2] {
    eventually("the first holds the lock", || holds(stage));
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &first.id().to_string()]).status().expect("`kill` is there");
        assert!(sent.success(), "{name} to the first");
    };
    signal("-STOP");
    let mut second = second();
    let mut printed = BufReader::new(second.stderr.take().expect("it is piped"));
    let mut stderr = String::new();
    while !stderr.contains("waiting: ") && printed.read_line(&mut stderr).expect("text") > 0 {}
    signal("-CONT");
    printed.read_to_string(&mut stderr).expect("text");
    let second = Run { stderr, ..ended_well(second) };
    [ended_well(first), second]
}

#[test]
fn of_two_ups_with_state_folders_of_their_own_one_waits_and_both_succeed() {
    let stage = Stage::new(APPS);
    let first = spawn(stage.command(&["up", "--no-wait"]), &stage, "first");
    let second = || spawn(stage.command(&["up", "--no-wait"]), &stage, "second");
    let [first, second] = second_while_the_first_holds(first, second, &stage);
    assert!(!waits(&first), "{}", first.stderr);
    assert!(second.stderr.contains("waiting: `stackctl up` of "), "{}", second.stderr);
    assert!(!second.stderr.contains("create"), "the second had nothing to do: {}", second.stderr);
    stage.mark();
    stage.assert_recovers("two ups", &[1]);
}

#[test]
fn of_many_ups_at_the_same_moment_each_succeeds() {
    let stage = Stage::new(APPS);
    let names: Vec<String> = (0..5).map(|number| format!("state-{number}")).collect();
    let ups: Vec<Child> = names.iter().map(|name| spawn(stage.command(&["up", "--no-wait"]), &stage, name)).collect();
    for child in ups {
        ended_well(child);
    }
    stage.mark();
    stage.assert_recovers("five ups", &[1]);
}

#[test]
fn an_up_and_a_down_at_once_come_one_after_the_other() {
    let stage = Stage::new(APPS);
    stage.ok(&["up", "--no-wait"]);
    stage.mark();
    for round in 0..3 {
        stage.stack.write(&APPS.replace("volumes: [", &format!("environment: {{ A: \"{round}\" }}, volumes: [")));
        let down = spawn(stage.command(&["down"]), &stage, "down");
        let up = spawn(stage.command(&["up", "--no-wait"]), &stage, "up");
        let (down, up) = (ended_well(down), ended_well(up));
        assert!(!(waits(&down) && waits(&up)), "{}\n{}", down.stderr, up.stderr);
        stage.assert_recovers("an up and a down", &[1]);
    }
}

#[test]
fn an_up_on_another_host_is_waited_for_and_named() {
    let stage = Stage::new(APPS);
    let first = spawn(on_another_host(&stage.command(&["up", "--no-wait"])), &stage, "first");
    eventually("the first holds the lock", || holds(&stage));
    let second = spawn(stage.command(&["up", "--no-wait"]), &stage, "second");
    let [_, second] = [first, second].map(ended_well);
    assert!(second.stderr.contains("its last sign of life"), "{}", second.stderr);
    stage.mark();
    stage.assert_recovers("an up on another host", &[1]);
}

#[test]
fn an_up_on_another_host_that_died_is_taken_over_from_after_a_minute() {
    let stage = Stage::new(APPS);
    let mut first = spawn(on_another_host(&stage.command(&["up"])), &stage, "first");
    eventually("the first holds the lock", || holds(&stage));
    first.kill().expect("kill -9");
    first.wait().expect("it ends");
    let begun = Instant::now();
    let second = ended_well(spawn(stage.command(&["up", "--no-wait"]), &stage, "second"));
    assert!(waits(&second), "{}", second.stderr);
    assert!(begun.elapsed() >= Duration::from_secs(55), "a sign of life may take its time: {:?}", begun.elapsed());
    stage.mark();
    stage.assert_recovers("a dead up on another host", &[1]);
}

#[test]
fn an_up_that_has_nothing_to_do_locks_nothing() {
    let stage = Stage::new(APPS);
    stage.ok(&["up"]);
    let calls = stage.calls_of(&["up"]);
    let changing: Vec<&String> =
        calls.iter().filter(|call| call.starts_with("POST") || call.starts_with("DELETE")).collect();
    assert_eq!(changing, [""; 0], "{calls:#?}");
}

/// A stack can be changed by users who cannot write into each other's folders.
#[test]
fn another_user_waits_too_and_is_told_whose_turn_it_is() {
    let stage = Stage::new(APPS);
    let mut ours = stage.command(&["up", "--no-wait"]);
    ours.env("USER", "alice").env_remove("SUDO_USER");
    let first = spawn(ours, &stage, "first");
    let theirs = || spawn(stage.as_nobody(&["up", "--no-wait"]), &stage, "nobody");
    let [_, second] = second_while_the_first_holds(first, theirs, &stage);
    assert!(second.stderr.contains("waiting: `stackctl up` of alice on "), "{}", second.stderr);
    stage.mark();
    stage.assert_recovers("another user", &[1]);
}
