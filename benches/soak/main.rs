//! Long and large: hundreds of containers, tens of thousands of scrape targets, and `up` again and again.
//!
//! `cargo bench --bench soak` runs everything and prints a report, which `BLESS=1` writes into `docs/soak.md`;
//! `cargo bench --bench soak -- containers targets unchanged` runs the parts whose names begin so. `SOAK_CONTAINERS`,
//! `SOAK_TARGETS` and `SOAK_SECONDS` change how many and how long. What must not be is asserted; times are told.

#[path = "../speed/compose.rs"]
#[allow(dead_code, reason = "only the table of speed compares with Compose")]
mod compose;
mod containers;
#[path = "../speed/engine.rs"]
#[allow(dead_code, reason = "only the table of speed compares with the bare engine")]
mod engine;
mod held;
#[path = "../speed/machine.rs"]
mod machine;
#[path = "../speed/measure.rs"]
mod measure;
#[path = "../speed/page.rs"]
mod page;
mod picture;
#[path = "../speed/prometheus.rs"]
mod prometheus;
#[path = "../speed/responder.rs"]
mod responder;
#[path = "../speed/stack.rs"]
#[allow(dead_code, reason = "only the table of speed has stacks that are never run")]
mod stack;
#[path = "../speed/table.rs"]
#[allow(dead_code, reason = "its own rows are those of speed")]
mod table;
mod targets;
#[path = "../../tests/tools/mod.rs"]
mod tools;
mod unchanged;

use std::process::ExitCode;

/// A name to ask for, and what runs the part and gives its report, in Markdown.
const PARTS: &[(&str, fn() -> String)] =
    &[("containers", containers::run), ("targets", targets::run), ("unchanged", unchanged::run)];

const PAGE: &str = "soak.md";

fn main() -> ExitCode {
    let wanted = match measure::wanted() {
        Ok(wanted) => wanted,
        Err(end) => return end,
    };
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.starts_with(word.as_str()));
    for (name, run) in PARTS.iter().filter(|(name, _)| is_wanted(name)) {
        eprintln!("soaking: {name}");
        let report = format!("{}\n\n{}", machine::measured_on(), run());
        println!("{report}");
        if page::is_wanted() {
            page::write(PAGE, name, &report);
        }
    }
    ExitCode::SUCCESS
}

/// A number from the environment.
fn number(variable: &str, usual: usize) -> usize {
    let wish = std::env::var(variable).ok();
    wish.map_or(usual, |wish| wish.parse().unwrap_or_else(|_| panic!("{variable} is a number, not `{wish}`")))
}

/// `verify targets` has to find that many targets of the jobs whose names begin so, and every target of the stack up.
fn assert_all_are_scraped(stack: &stack::Stack, subject: &str, count: usize) {
    let report = stack::succeed(&mut stack.stackctl(&["verify", "targets", "--format", "json"]));
    let report: serde_json::Value = serde_json::from_str(&report).expect("a report is JSON");
    let findings = report["checks"].as_array().expect("a report has checks");
    assert!(findings.iter().all(|finding| finding["status"] == "ok"), "not all is well: {findings:#?}");
    let is_asked_for =
        |finding: &&serde_json::Value| finding["subject"].as_str().is_some_and(|found| found.starts_with(subject));
    assert_eq!(findings.iter().filter(is_asked_for).count(), count, "of {subject}");
}
