//! The releases of `docker compose` that stackctl is compared with.

use std::path::PathBuf;
use std::process::Command;

use crate::stack::succeed;
use crate::tools;

/// How many there are.
pub(crate) const COUNT: usize = RELEASES.len();

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Release {
    /// The Debian suite that has it.
    suite: &'static str,
}

/// All of them.
pub(crate) const RELEASES: [Release; 2] = [Release { suite: "trixie" }, Release { suite: "sid" }];

impl Release {
    /// Its program.
    pub(crate) fn program(self) -> PathBuf {
        tools::docker_compose(self.suite)
    }

    /// `compose 2.26`
    pub(crate) fn name(self) -> String {
        let version = succeed(Command::new(self.program()).args(["version", "--short"]));
        let numbers: Vec<&str> = version.trim().trim_start_matches('v').splitn(3, '.').take(2).collect();
        format!("compose {}", numbers.join("."))
    }
}
