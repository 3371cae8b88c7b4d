//! Every call of a command in turn, spoiled in every way: it is asked again, or the failure is said, in time, and the next
//! `up` makes everything right.

use std::time::{Duration, Instant};

use crate::figure::record;
use crate::proxy::Fault;
use crate::sandbox::Run;
use crate::stage::{APPS, Stage};
use crate::{stride, tried};

/// What a fault must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// As if nothing had happened.
    Healed,
    /// Healed, or said.
    HealedOrSaid,
}

/// Each kind of mishap. A connection that ends is no answer, so the question is put again.
const FAULTS: [(Fault, Outcome); 11] = [
    (Fault::Delay(Duration::from_millis(1500)), Outcome::Healed),
    (Fault::Cut, Outcome::Healed),
    (Fault::CutAfter, Outcome::Healed),
    (Fault::Truncate, Outcome::Healed),
    (Fault::Garbage, Outcome::Healed),
    (Fault::Status(503), Outcome::Healed),
    (Fault::Hang, Outcome::HealedOrSaid),
    (Fault::WrongBody, Outcome::HealedOrSaid),
    (Fault::Status(500), Outcome::HealedOrSaid),
    (Fault::Status(404), Outcome::HealedOrSaid),
    (Fault::Status(409), Outcome::HealedOrSaid),
];

fn spoiled_in_turn(what: &str, before: fn(&Stage), arguments: &[&str], web: &[usize], usual_stride: usize) {
    let stage = Stage::new(APPS);
    stage.ok(&["up", "--no-wait"]);
    stage.mark();
    before(&stage);
    let calls = stage.calls_of(arguments);
    let begun = Instant::now();
    let (mut healed, mut said) = (0, 0);
    for (kind, (fault, outcome)) in FAULTS.into_iter().enumerate() {
        // Other calls for each kind, so that together they are many.
        let stride = stride(usual_stride);
        for number in ((kind % stride) + 1..=calls.len()).step_by(stride) {
            before(&stage);
            stage.proxy.spoil(number, fault);
            let run = stage.bounded(arguments);
            let call = stage.proxy.calls().get(number - 1).cloned().unwrap_or_default();
            let what = format!("{what}, {fault:?} at call {number} of {}: {call}", calls.len());
            assert_said_or_done(&what, &run, outcome);
            if run.code == 0 {
                healed += 1;
            } else {
                said += 1;
            }
            if run.code == 0 && arguments[0] == "up" {
                stage.proxy.reset();
                let plan = stage.bounded(&["plan"]);
                assert_eq!(plan.code, 0, "{what}: `up` said done, and is not:\n{}\n{}", plan.stdout, run.stderr);
            }
            stage.assert_recovers(&what, web);
        }
    }
    let figures = [calls.len(), healed + said, healed, said, healed + said].map(|figure| figure.to_string());
    let [calls, faults, healed, said, converged] = figures;
    let tried = tried(stride(usual_stride));
    record("faults", &[what.to_owned(), calls, tried, faults, healed, said, converged]);
    println!("{what}: {:.0?}", begun.elapsed());
}

#[track_caller]
fn assert_said_or_done(what: &str, run: &Run, outcome: Outcome) {
    assert!(!run.stderr.contains("panicked"), "{what}:\n{}", run.stderr);
    match run.code {
        0 => {}
        1 if outcome == Outcome::HealedOrSaid => {
            // What was tried, why it failed, and what to do.
            assert!(run.stderr.contains("error: cannot "), "{what}:\n{}", run.stderr);
        }
        code => panic!("{what}: exit code {code}\n{}", run.stderr),
    }
}

#[test]
fn up_from_nothing() {
    let before = |stage: &Stage| drop(stage.ok(&["down"]));
    spoiled_in_turn("`up` from nothing", before, &["up", "--no-wait"], &[1], 40);
}

/// New settings, a new configuration of Prometheus and one replica more, each time.
#[test]
fn a_change_of_everything() {
    let before = |stage: &Stage| {
        let now = std::fs::read_to_string(stage.stack.stack_file()).expect("the stack file is there");
        let value = if now.contains("A: odd") { "even" } else { "odd" };
        stage.ok(&["up", "--no-wait", "--scale", "web=2"]);
        let interval = if value == "odd" { "7s" } else { "9s" };
        let apps = APPS.replace("volumes: [", &format!("environment: {{ A: {value} }}, volumes: ["));
        stage.stack.write(&apps.replace("metrics: {}", &format!("metrics: {{ interval: {interval} }}")));
    };
    spoiled_in_turn("`up` with a change of everything", before, &["up", "--no-wait", "--scale", "web=1"], &[1, 2], 60);
}

#[test]
fn down() {
    let before = |stage: &Stage| drop(stage.ok(&["up", "--no-wait"]));
    spoiled_in_turn("`down`", before, &["down"], &[1], 20);
}

#[test]
fn an_engine_that_is_gone_for_good_is_given_up_on_in_time() {
    let stage = Stage::new(APPS);
    stage.ok(&["up", "--no-wait"]);
    stage.mark();
    stage.ok(&["down"]);
    let calls = stage.calls_of(&["up", "--no-wait"]).len();
    for number in (1..=calls).step_by(stride(calls.div_ceil(3))) {
        stage.ok(&["down"]);
        let begun = Instant::now();
        stage.proxy.spoil_from(number, Fault::Cut);
        let run = stage.bounded(&["up", "--no-wait"]);
        let what = format!("gone from call {number} of {calls}");
        assert_eq!(run.code, 1, "{what}:\n{}", run.stderr);
        assert_said_or_done(&what, &run, Outcome::HealedOrSaid);
        assert!(run.stderr.contains("help:"), "{what}:\n{}", run.stderr);
        assert!(begun.elapsed() < Duration::from_secs(75), "{what}: {:?}", begun.elapsed());
        stage.assert_recovers(&what, &[1]);
    }
}
