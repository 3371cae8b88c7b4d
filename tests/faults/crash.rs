//! `kill -9` at every call to the engine in turn, and at random moments: the next `up` makes everything right.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use crate::proxy::Fault;
use crate::stage::{APPS, Stage};
use crate::stride;

/// One kind of work that is killed in the middle.
struct Work {
    what: &'static str,
    /// Brings the stack into the state before the work.
    before: fn(&Stage),
    /// The work.
    arguments: &'static [&'static str],
    /// Replicas of `web` that may run after the next `up`, which is not told how many.
    web: &'static [usize],
    /// Kills at random moments, besides those at calls, where everything is tried.
    random: usize,
}

fn changed(environment: &str) -> String {
    APPS.replace("volumes: [", &format!("environment: {{ A: \"{environment}\" }}, volumes: ["))
}

/// The stack as it is at rest, with something in its volume.
fn at_rest(stage: &Stage) {
    stage.stack.write(APPS);
    stage.ok(&["up", "--no-wait", "--scale", "web=1"]);
    stage.mark();
}

/// Kills the work at every so many calls, and checks each time.
fn killed_in_turn(work: &Work, usual_stride: usize) {
    let stage = Stage::new(APPS);
    at_rest(&stage);
    (work.before)(&stage);
    let calls = stage.calls_of(work.arguments).len();
    assert!(calls > 5, "{}: {calls} calls", work.what);
    let begun = Instant::now();
    let mut kills = 0;
    for number in (1..=calls).step_by(stride(usual_stride)) {
        let fault = if kills % 2 == 0 { Fault::KillDuring } else { Fault::KillBefore };
        (work.before)(&stage);
        stage.proxy.spoil(number, fault);
        let child = stage.start(work.arguments);
        let output = child.wait_with_output().expect("it ends");
        // How often is looked while waiting varies: the last calls may not come to pass.
        let killed = output.status.code().is_none();
        assert!(killed || stage.proxy.calls().len() < number, "{}: not killed at {number}", work.what);
        stage.assert_recovers(&format!("{}, {fault:?} at call {number} of {calls}", work.what), work.web);
        kills += usize::from(killed);
    }
    let random = if stride(usual_stride) == 1 { work.random } else { 1 };
    (work.before)(&stage);
    let whole = time_of(&stage, work.arguments);
    for _ in 0..random {
        (work.before)(&stage);
        let moment = whole * u32::try_from(RandomState::new().build_hasher().finish() % 1000).expect("small") / 1000;
        stage.proxy.reset();
        let mut child = stage.start(work.arguments);
        std::thread::sleep(moment);
        child.kill().expect("kill -9");
        child.wait().expect("it ends");
        stage.assert_recovers(&format!("{}, killed after {moment:?}", work.what), work.web);
        kills += 1;
    }
    println!("{:<22} {calls:>4} calls, {kills:>4} kills, {kills:>4} converged, {:>5.0?}", work.what, begun.elapsed());
}

fn time_of(stage: &Stage, arguments: &[&str]) -> Duration {
    let begun = Instant::now();
    stage.ok(arguments);
    begun.elapsed()
}

#[test]
fn up_from_nothing() {
    let before = |stage: &Stage| drop(stage.ok(&["down"]));
    let work = Work { what: "up from nothing", before, arguments: &["up", "--no-wait"], web: &[1], random: 20 };
    killed_in_turn(&work, 12);
}

#[test]
fn up_with_its_proof() {
    let before = |stage: &Stage| drop(stage.ok(&["down"]));
    let work =
        Work { what: "up with its proof", before, arguments: &["up", "--timeout", "20s"], web: &[1], random: 10 };
    killed_in_turn(&work, 90);
}

#[test]
fn scale_up() {
    let before = |stage: &Stage| drop(stage.ok(&["up", "--no-wait", "--scale", "web=1"]));
    let arguments = &["up", "--no-wait", "--scale", "web=3"];
    killed_in_turn(&Work { what: "up --scale web=3", before, arguments, web: &[1, 3], random: 20 }, 16);
}

#[test]
fn scale_down() {
    let before = |stage: &Stage| drop(stage.ok(&["up", "--no-wait", "--scale", "web=3"]));
    let arguments = &["up", "--no-wait", "--scale", "web=1"];
    killed_in_turn(&Work { what: "up --scale web=1", before, arguments, web: &[1, 3], random: 20 }, 16);
}

#[test]
fn down() {
    let before = |stage: &Stage| drop(stage.ok(&["up", "--no-wait"]));
    killed_in_turn(&Work { what: "down", before, arguments: &["down"], web: &[1], random: 20 }, 6);
}

/// Each time before, another value, so that there is always something to do.
fn turn(stage: &Stage, odd: &str, even: &str) {
    let now = std::fs::read_to_string(stage.stack.stack_file()).expect("the stack file is there");
    let is_odd = now.contains(odd);
    stage.ok(&["up", "--no-wait"]);
    stage.stack.write(if is_odd { even } else { odd });
}

#[test]
fn a_reload() {
    let before = |stage: &Stage| turn(stage, &APPS.replace("metrics: {}", "metrics: { interval: 7s }"), APPS);
    let work = Work { what: "a reload", before, arguments: &["up", "--no-wait"], web: &[1], random: 20 };
    killed_in_turn(&work, 12);
}

#[test]
fn a_replacement() {
    let before = |stage: &Stage| turn(stage, &changed("odd"), &changed("even"));
    let work = Work { what: "a replacement", before, arguments: &["up", "--no-wait"], web: &[1], random: 20 };
    killed_in_turn(&work, 12);
}
