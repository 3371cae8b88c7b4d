//! What a program costs before it does anything.

use crate::measure::{in_turns, run};
use crate::stack::stackctl;
use crate::table::Row;

const ROUNDS: usize = 41;

pub(super) fn measure() -> Vec<Row> {
    let mut own = stackctl();
    own.arg("--help");
    let mut compose = std::process::Command::new(crate::tools::docker_compose("trixie"));
    compose.arg("--help");
    let [own, compose] = in_turns(ROUNDS, [&mut || run(&own), &mut || run(&compose)]);
    vec![Row { what: "--help".to_owned(), stackctl: own, compose: Some(compose), api: None }]
}
