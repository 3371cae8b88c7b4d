//! How fast stackctl is, beside `docker compose` and the bare engine API: one table, figures only, nothing asserted.
//!
//! `cargo bench` measures everything, and with `BLESS=1` writes it into `docs/performance.md`. `cargo bench -- up help`
//! measures the rows one of whose names begins so. The programs that are compared run in turns, so that a busy machine
//! slows all of them.

mod compose;
mod engine;
mod footprint;
mod machine;
mod measure;
mod page;
mod prometheus;
mod responder;
mod rows;
mod stack;
mod table;
#[path = "../../tests/tools/mod.rs"]
mod tools;

use std::process::ExitCode;

fn main() -> ExitCode {
    let wanted = match measure::wanted() {
        Ok(wanted) => wanted,
        Err(end) => return end,
    };
    let is_wanted = |names: &[&str]| {
        wanted.is_empty() || wanted.iter().any(|word| names.iter().any(|name| name.starts_with(word.as_str())))
    };
    let mut table = table::Table::default();
    for (names, measure) in rows::ALL.iter().filter(|(names, _)| is_wanted(names)) {
        eprintln!("measuring {}", names.join(", "));
        table.rows.extend(measure());
    }
    let (machine, footprint) = (machine::measured_on(), footprint::told());
    println!("{table}\n{machine} {footprint}");
    if page::is_wanted() && wanted.is_empty() {
        page::write("performance.md", "table", &format!("{machine}\n\n{table}\n{footprint}"));
    } else if page::is_wanted() {
        eprintln!("docs/performance.md is left as it is: its rows are measured in one go, and these are some of them");
    }
    ExitCode::SUCCESS
}
