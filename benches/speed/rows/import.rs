//! Other people's files, imported one after the other: a process for each, as somebody would who looks through them.

use std::path::PathBuf;
use std::process::Command;

use crate::measure::{in_turns, run};
use crate::table::Row;

const ROUNDS: usize = 5;

/// Needs the files, which are not part of the repository: `STACKCTL_DATA=DIR`.
pub(super) fn measure() -> Vec<Row> {
    let Some(data) = std::env::var_os("STACKCTL_DATA").map(PathBuf::from) else { return Vec::new() };
    let mut files = Vec::new();
    for kind in ["compose", "prometheus"] {
        let folder = std::fs::read_dir(data.join("corpus").join(kind)).expect("the corpus is there");
        files.extend(folder.map(|entry| entry.expect("an entry").path()));
    }
    let mut all = Command::new("sh");
    all.args(["-c", "for file in \"$@\"; do \"$0\" --quiet import \"$file\" || exit 1; done"]);
    all.arg(env!("CARGO_BIN_EXE_stackctl")).args(&files);
    let [stackctl] = in_turns(ROUNDS, [&mut || run(&all)]);
    vec![Row { what: format!("import of {} files, each by itself", files.len()), stackctl, compose: None, api: None }]
}
