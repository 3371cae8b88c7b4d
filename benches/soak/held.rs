//! What is held outside of the processes that come and go: at the engine, on the disk. Counted before and after.

use std::path::Path;
use std::process::Command;

use crate::stack::succeed;

/// Whose growth a count is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The stack's alone: it has to stay as it is.
    Own,
    /// Of all who use the engine: it may move, but not with each run.
    Everybodys,
}

/// One count.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    pub(crate) what: &'static str,
    pub(crate) whose: Whose,
    /// `None`: it cannot be seen from here.
    pub(crate) number: Option<u64>,
}

/// Everything that can be counted of a stack whose commands have this folder as their home and for scratch files.
pub(crate) fn counts(stack: &str, home: &Path) -> Vec<Count> {
    let label = format!("label=io.stackctl.stack={stack}");
    let probe = "label=io.stackctl.role=probe";
    let listed = |words: &[&str], filters: &[&str]| {
        let mut command = Command::new("docker");
        command.args(words).arg("--quiet");
        for filter in filters {
            command.args(["--filter", filter]);
        }
        Some(succeed(&mut command).lines().count() as u64)
    };
    let own = |what, number| Count { what, whose: Whose::Own, number };
    let shared = |what, number| Count { what, whose: Whose::Everybodys, number };
    vec![
        own("containers of the stack", listed(&["ps", "--all"], &[&label])),
        own("its probes", listed(&["ps", "--all"], &[&label, probe])),
        own("its networks", listed(&["network", "ls"], &[&label])),
        own("its volumes", listed(&["volume", "ls"], &[&label])),
        own("files in the state folder, the cache and for scratch", Some(files_below(home))),
        shared("containers at the engine", listed(&["ps", "--all"], &[])),
        shared("networks at the engine", listed(&["network", "ls"], &[])),
        shared("volumes at the engine", listed(&["volume", "ls"], &[])),
        shared("images at the engine", listed(&["images", "--all"], &[])),
        shared("goroutines of the engine", told_by_engine("{{.NGoroutines}}")),
        shared("open files of the engine", told_by_engine("{{.NFd}}")),
    ]
}

/// The engine's resident memory, in bytes, where its process is one of this host.
pub(crate) fn engine_memory() -> Option<u64> {
    let process = std::fs::read_to_string("/var/run/docker.pid").ok()?;
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.trim())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

fn told_by_engine(template: &str) -> Option<u64> {
    succeed(Command::new("docker").args(["info", "--format", template])).trim().parse().ok()
}

fn files_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}
