//! What a program costs before it does anything.

use std::process::Command;

use crate::compose::RELEASES;
use crate::measure::{in_turns, run};
use crate::stack::stackctl;
use crate::table::Row;

const ROUNDS: usize = 41;

pub(super) fn measure() -> Vec<Row> {
    let mut own = stackctl();
    own.arg("--help");
    let others = RELEASES.map(|release| {
        let mut command = Command::new(release.program());
        command.arg("--help");
        command
    });
    let [stackctl, older, newer] =
        in_turns(ROUNDS, [&mut || run(&own), &mut || run(&others[0]), &mut || run(&others[1])]);
    vec![Row { what: "--help".to_owned(), stackctl, compose: Some([older, newer]), api: None }]
}
