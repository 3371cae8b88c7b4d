//! What a figure was measured on, in words: a figure without it is worth nothing.

use std::process::Command;

use crate::stack::succeed;

/// `Measured on 2026-11-29: 2 cores, Debian GNU/Linux 12 (bookworm), Docker Engine 20.10.24, release build.`
pub(crate) fn measured_on() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let engine = succeed(Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]));
    let build = if cfg!(debug_assertions) { "debug build" } else { "release build" };
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d");
    format!("Measured on {today}: {cores} cores, {}, Docker Engine {}, {build}.", system(), engine.trim())
}

/// Name and version of the operating system.
fn system() -> String {
    let text = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(|| "an unknown system".to_owned(), |name| name.trim_matches('"').to_owned())
}
