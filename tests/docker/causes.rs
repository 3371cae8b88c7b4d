//! Each cause that `verify` tells apart, brought about in a real stack: its id, what was seen, and what to write.

mod answers;
mod containers;
mod contract;
mod discovery;
mod engine;
mod prometheus;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandbox::{PATIENCE, Sandbox};

/// What a finding has to be. `STACK` stands for the name of the stack.
#[derive(Debug, Clone, Copy)]
struct Broken {
    instance: &'static str,
    cause: &'static str,
    /// Part of the message.
    seen: &'static str,
    /// Part of the fix.
    fix: &'static str,
}

const fn broken(instance: &'static str, cause: &'static str, seen: &'static str, fix: &'static str) -> Broken {
    Broken { instance, cause, seen, fix }
}

/// Waits until `verify CHECK` ends with 3 and says all of this, with nothing to be said against the `good` ones.
#[track_caller]
fn verify_says(stack: &Sandbox, check: &str, expected: &[Broken], good: &[&str]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (code, report) = verify(stack, check);
        let wrong = differences(stack, code, &report, expected, good);
        if wrong.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "verify {check}:\n{wrong}\nthe whole report:\n{report:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Waits until `verify CHECK` ends with 0.
#[track_caller]
fn verify_is_content(stack: &Sandbox, check: &str) {
    crate::sandbox::eventually(&format!("verify {check} ends with 0"), || stack.run(&["verify", check]).code == 0);
}

/// Exit code and report of one run.
#[track_caller]
fn verify(stack: &Sandbox, check: &str) -> (i32, Value) {
    let run = stack.run(&["verify", check, "--format", "json"]);
    let report = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    (run.code, report)
}

fn differences(stack: &Sandbox, code: i32, report: &Value, expected: &[Broken], good: &[&str]) -> String {
    let mut wrong = String::new();
    if code != 3 || report["ok"] != false {
        writeln!(wrong, "exit code {code}, ok {}", report["ok"]).expect("a String takes everything");
    }
    let findings = report["checks"].as_array().expect("a report has checks");
    for broken in expected.iter().filter(|broken| !findings.iter().any(|finding| fits(stack, finding, broken))) {
        writeln!(wrong, "nothing like {broken:?}").expect("a String takes everything");
    }
    for instance in good {
        let of_it = findings.iter().filter(|finding| finding["instance"] == named(stack, instance));
        let states: Vec<_> = of_it.map(|finding| &finding["status"]).collect();
        if states.is_empty() || states.iter().any(|status| *status != "ok") {
            writeln!(wrong, "{instance} shall be ok, and is {states:?}").expect("a String takes everything");
        }
    }
    wrong
}

fn fits(stack: &Sandbox, finding: &Value, broken: &Broken) -> bool {
    let has = |key: &str, part: &str| finding[key].as_str().is_some_and(|text| text.contains(&named(stack, part)));
    let status = if broken.cause == "engine-metrics-public" { "warn" } else { "fail" };
    finding["instance"] == named(stack, broken.instance)
        && finding["cause"] == broken.cause
        && finding["status"] == status
        && has("message", broken.seen)
        && has("fix", broken.fix)
}

fn named(stack: &Sandbox, text: &str) -> String {
    text.replace("STACK", &stack.name)
}
