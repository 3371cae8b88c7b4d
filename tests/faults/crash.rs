//! `kill -9` at every call to the engine in turn, and at random moments: the next `up` makes everything right.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use crate::figure::record;
use crate::proxy::Fault;
use crate::retagged::Retagged;
use crate::stage::{APPS, Stage};
use crate::{stride, tried};

/// One kind of work that is killed in the middle.
struct Work<'a> {
    what: &'static str,
    /// Brings the stack into the state before the work.
    before: &'a dyn Fn(&Stage),
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
    killed_on(&stage, work, usual_stride);
}

fn killed_on(stage: &Stage, work: &Work, usual_stride: usize) {
    (work.before)(stage);
    let calls = calls_of(stage, work).len();
    assert!(calls > 5, "{}: {calls} calls", work.what);
    let begun = Instant::now();
    let (mut kills, mut tries) = (0, 0);
    for number in (1..=calls).step_by(stride(usual_stride)) {
        let fault = if tries % 2 == 0 { Fault::KillDuring } else { Fault::KillBefore };
        (work.before)(stage);
        stage.proxy.spoil(number, fault);
        let child = stage.start(work.arguments);
        let output = child.wait_with_output().expect("it ends");
        // How often is looked while waiting varies: the last calls may not come to pass.
        let killed = output.status.code().is_none();
        assert!(killed || stage.proxy.calls().len() < number, "{}: not killed at {number}", work.what);
        assert_recovers(stage, &format!("{}, {fault:?} at call {number} of {calls}", work.what), work.web, tries);
        kills += usize::from(killed);
        tries += 1;
    }
    let at_calls = kills;
    let random = if stride(usual_stride) == 1 { work.random } else { 1 };
    (work.before)(stage);
    let whole = time_of(stage, work);
    for round in 0..random {
        (work.before)(stage);
        let moment = whole * u32::try_from(RandomState::new().build_hasher().finish() % 1000).expect("small") / 1000;
        stage.proxy.reset();
        let mut child = stage.start(work.arguments);
        std::thread::sleep(moment);
        child.kill().expect("kill -9");
        // It may have been done before its moment came.
        let killed = child.wait().expect("it ends").code().is_none();
        assert_recovers(stage, &format!("{}, killed after {moment:?}", work.what), work.web, round);
        kills += usize::from(killed);
    }
    let figures = [calls, at_calls, kills - at_calls, kills].map(|figure| figure.to_string());
    let [calls, at_calls, at_random, converged] = figures;
    record("crashes", &[work.what.to_owned(), calls, tried(stride(usual_stride)), at_calls, at_random, converged]);
    println!("{}: {:.0?}", work.what, begun.elapsed());
}

/// Most times it is `up` that comes next; one time in three it is `down`.
#[track_caller]
fn assert_recovers(stage: &Stage, what: &str, web: &[usize], tries: usize) {
    if tries % 3 == 2 {
        stage.assert_goes(what);
    }
    stage.assert_recovers(what, web);
}

/// `verify` ends with 3 where something is broken.
fn calls_of(stage: &Stage, work: &Work) -> Vec<String> {
    stage.proxy.reset();
    let run = stage.bounded(work.arguments);
    assert!(run.code == 0 || run.code == 3 && work.arguments[0] == "verify", "{}: {}", work.what, run.stderr);
    stage.proxy.calls()
}

fn time_of(stage: &Stage, work: &Work) -> Duration {
    let begun = Instant::now();
    calls_of(stage, work);
    begun.elapsed()
}

#[test]
fn up_from_nothing() {
    let before = |stage: &Stage| drop(stage.ok(&["down"]));
    let work =
        Work { what: "`up` from nothing", before: &before, arguments: &["up", "--no-wait"], web: &[1], random: 20 };
    killed_in_turn(&work, 12);
}

#[test]
fn up_with_its_proof() {
    let before = |stage: &Stage| drop(stage.ok(&["down"]));
    let work = Work {
        what: "`up` with its proof",
        before: &before,
        arguments: &["up", "--timeout", "20s"],
        web: &[1],
        random: 10,
    };
    killed_in_turn(&work, 90);
}

#[test]
fn scale_up() {
    let before = |stage: &Stage| drop(stage.ok(&["up", "--no-wait", "--scale", "web=1"]));
    let arguments = &["up", "--no-wait", "--scale", "web=3"];
    killed_in_turn(&Work { what: "`up --scale web=3`", before: &before, arguments, web: &[1, 3], random: 20 }, 16);
}

#[test]
fn scale_down() {
    let before = |stage: &Stage| drop(stage.ok(&["up", "--no-wait", "--scale", "web=3"]));
    let arguments = &["up", "--no-wait", "--scale", "web=1"];
    killed_in_turn(&Work { what: "`up --scale web=1`", before: &before, arguments, web: &[1, 3], random: 20 }, 16);
}

#[test]
fn down() {
    let before = |stage: &Stage| drop(stage.ok(&["up", "--no-wait"]));
    let work = Work { what: "`down`", before: &before, arguments: &["down"], web: &[1], random: 20 };
    killed_in_turn(&work, 6);
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
    let work =
        Work { what: "`up` with a reload", before: &before, arguments: &["up", "--no-wait"], web: &[1], random: 20 };
    killed_in_turn(&work, 12);
}

#[test]
fn a_replacement() {
    let before = |stage: &Stage| turn(stage, &changed("odd"), &changed("even"));
    let work = Work {
        what: "`up` with other settings",
        before: &before,
        arguments: &["up", "--no-wait"],
        web: &[1],
        random: 20,
    };
    killed_in_turn(&work, 12);
}

#[test]
fn a_new_image() {
    let stage = Stage::new("apps: {}\n");
    let images = Retagged::new(&stage.stack.name);
    let apps = APPS.replace("stackctl/self", &images.reference());
    stage.stack.write(&apps);
    stage.ok(&["up", "--no-wait"]);
    stage.mark();
    let before = |stage: &Stage| {
        stage.ok(&["up", "--no-wait"]);
        images.turn();
    };
    let arguments = &["up", "--no-wait"];
    let work = Work { what: "`up` with a new image", before: &before, arguments, web: &[1], random: 20 };
    killed_on(&stage, &work, 30);
}

/// Why a target is not scraped is asked by a probe.
fn broken() -> String {
    APPS.replace("metrics: {}", "metrics: { path: /wrong }")
}

/// What `verify` leaves when it is killed are probes.
#[test]
fn verify() {
    let stage = Stage::new(&broken());
    stage.ok(&["up", "--no-wait"]);
    stage.mark();
    sees_a_broken_target(&stage);
    let before = |stage: &Stage| drop(stage.ok(&["up", "--no-wait"]));
    let arguments = &["verify", "targets"];
    let work = Work { what: "`verify`, a broken target", before: &before, arguments, web: &[1], random: 10 };
    killed_on(&stage, &work, 24);
}

fn sees_a_broken_target(stage: &Stage) {
    crate::sandbox::eventually("the target was tried", || {
        stage.stack.broken_targets().iter().any(|target| target.ends_with("wrong-path"))
    });
}

#[test]
fn the_next_verify_takes_a_killed_ones_probe_away_and_leaves_a_living_ones() {
    let stage = Stage::new(&broken());
    stage.ok(&["up", "--no-wait"]);
    sees_a_broken_target(&stage);
    stage.proxy.reset();
    assert_eq!(stage.bounded(&["verify", "targets"]).code, 3);
    let calls = stage.proxy.calls();
    let number = calls.iter().position(|call| call.contains("/start")).expect("a probe is started") + 1;
    stage.proxy.spoil(number, Fault::KillDuring);
    let killed = stage.start(&["verify", "targets"]).wait_with_output().expect("it ends");
    assert_eq!(killed.status.code(), None);
    let left = stage.probes();
    assert_eq!(left.len(), 1, "nobody was there to take it away");
    stage.proxy.spoil(number, Fault::Delay(Duration::from_secs(6)));
    let living = stage.start(&["verify", "targets"]);
    let mut its = Vec::new();
    crate::sandbox::eventually("the dead one's probe is gone, and the living one has its own", || {
        its = stage.probes();
        its.len() == 1 && its != left
    });
    stage.stack.ok(&["up", "--no-wait"]);
    assert_eq!(stage.probes(), its, "its maker lives");
    assert_eq!(living.wait_with_output().expect("it ends").status.code(), Some(3));
    assert_eq!(stage.probes(), [""; 0]);
}
