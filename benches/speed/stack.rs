//! A stack of the measurement's own: a folder, a random name, and what runs it. It is taken away when dropped.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::compose::{RELEASES, Release};

/// What is in every stack that is run: Prometheus from Debian, no Grafana, nothing on ports that others may have.
pub(crate) const DEBIAN: &str = "images: { from: debian }\nengine: { metrics: off }\ngrafana: off\n";

/// Who runs a stack, and so takes it away.
#[derive(Clone, Copy)]
enum RunsBy {
    Nobody,
    Stackctl,
    Compose,
}

/// A stack in a folder of its own.
pub(crate) struct Stack {
    folder: tempfile::TempDir,
    pub(crate) name: String,
    runs_by: RunsBy,
    /// The release of Compose that is asked about it.
    release: Release,
}

impl Stack {
    /// A stack that stackctl runs.
    pub(crate) fn new(body: &str) -> Self {
        let mut stack = Self::on_paper(body);
        stack.runs_by = RunsBy::Stackctl;
        stack
    }

    /// A stack that is never run.
    pub(crate) fn on_paper(body: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let name = unique_name();
        std::fs::write(folder.path().join("stack.yml"), format!("name: {name}\n{body}")).expect("the file is written");
        Self { folder, name, runs_by: RunsBy::Nobody, release: RELEASES[0] }
    }

    /// The same stack under another name, rendered, and never run.
    pub(crate) fn rendered(body: &str, release: Release) -> Self {
        let mut stack = Self::on_paper(body);
        succeed(stack.stackctl(&["render", "--output"]).arg(stack.path("rendered")));
        stack.release = release;
        stack
    }

    /// The same stack under another name, rendered and run by Compose.
    pub(crate) fn for_compose(body: &str, release: Release) -> Self {
        let mut stack = Self::rendered(body, release);
        stack.runs_by = RunsBy::Compose;
        stack
    }

    /// A path in its folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// `stackctl -f FILE ARGUMENTS…`
    pub(crate) fn stackctl(&self, arguments: &[&str]) -> Command {
        let mut command = stackctl();
        command.arg("-f").arg(self.path("stack.yml")).args(arguments);
        command
    }

    /// `docker-compose -f FILE ARGUMENTS…`
    pub(crate) fn compose(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.release.program());
        command.args(["--progress", "quiet", "-f"]).arg(self.path("rendered/compose.yml")).args(arguments);
        command
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let mut command = match self.runs_by {
            RunsBy::Nobody => return,
            RunsBy::Stackctl => self.stackctl(&["down", "--volumes", "--yes"]),
            RunsBy::Compose => self.compose(&["down", "--volumes", "--timeout", "1"]),
        };
        let output = command.output().expect("the command starts");
        if !output.status.success() {
            eprintln!("stack `{}` could not be taken away: {}", self.name, String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// A name that nothing else has.
pub(crate) fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("speed{:x}{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The `stackctl` that was built for this measurement.
pub(crate) fn stackctl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    command.env("NO_COLOR", "1").env_remove("STACKCTL_FILE");
    command
}

/// Runs a command to its end, which has to be a good one.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command.output().expect("the command starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
