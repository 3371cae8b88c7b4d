//! How fast stackctl is, beside `docker compose` and the bare engine API: one table, figures only, nothing asserted.
//!
//! `cargo bench` measures everything, `cargo bench -- up help` the rows whose names begin so. The programs that are
//! compared run in turns, so that a busy machine slows all of them.

mod engine;
mod measure;
mod responder;
mod rows;
mod stack;
mod table;
#[path = "../../tests/tools/mod.rs"]
mod tools;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, program, rest @ ..] = arguments.as_slice()
        && flag == measure::AS_WRAPPER
    {
        return measure::wrap(program, rest);
    }
    // `cargo bench` itself adds an argument.
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.starts_with(word.as_str()));
    let mut table = table::Table::default();
    for (name, measure) in rows::ALL {
        if is_wanted(name) {
            eprintln!("measuring {name}");
            table.rows.extend(measure());
        }
    }
    print!("{table}");
    ExitCode::SUCCESS
}
