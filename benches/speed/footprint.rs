//! What stackctl costs before it runs: the size of its program, and how much of other people's code is in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::compose::RELEASES;
use crate::stack::succeed;

/// Two sentences.
pub(crate) fn told() -> String {
    let others: Vec<String> = RELEASES
        .into_iter()
        .map(|release| format!("{} is one of {}", release.name(), size(&release.program())))
        .collect();
    let own = size(env!("CARGO_BIN_EXE_stackctl").as_ref());
    format!(
        "The program is one file of {own}; {}. It asks for {} crates and is built from {}, those that they need \
         included (`cargo tree --edges normal`, on this platform).",
        others.join(", "),
        crates(&["--depth", "1"]),
        crates(&[]),
    )
}

fn size(program: &Path) -> String {
    let bytes = program.metadata().expect("the program is there").len();
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// How many different crates the program is linked from, its own not counted.
fn crates(arguments: &[&str]) -> usize {
    let mut tree = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    tree.args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--no-dedupe", "--format", "{p}"]);
    let listed = succeed(tree.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")));
    listed.lines().filter(|line| !line.is_empty()).collect::<BTreeSet<_>>().len() - 1
}
