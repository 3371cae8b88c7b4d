//! What restarts the engine on this host: systemd, OpenRC, or a command that somebody gives.

use std::cell::Cell;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use super::{Dockerd, Error};

/// Lines quoted of what a restart has printed.
const QUOTED_LINES: usize = 5;

/// Time for which a restart by OpenRC that failed is tried again.
const ENDING: Duration = Duration::from_secs(10);

/// What restarts the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// A unit of systemd.
    Systemd {
        /// Such as `docker.service`.
        unit: String,
        /// It belongs to a user's own systemd: a rootless engine.
        user: bool,
    },
    /// OpenRC's service `docker`.
    OpenRc,
    /// A line for the shell.
    Command(String),
}

/// What became of the command that restarts the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// It has ended, and well.
    Out,
    /// It has not ended within its time, and runs on.
    On {
        /// Its process.
        pid: u32,
    },
}

impl Service {
    /// What restarts that dockerd. `None`: it was started by hand, or by something unknown.
    pub fn of(dockerd: Option<&Dockerd>, rootless: bool) -> Option<Self> {
        if Path::new("/run/systemd/system").exists() {
            let unit = match dockerd {
                Some(dockerd) => dockerd.unit(rootless)?,
                None => "docker.service".to_owned(),
            };
            return Some(Self::Systemd { unit, user: rootless });
        }
        // One that was started by hand is none of the service's.
        let is_started = dockerd.is_none() || Path::new("/run/openrc/started/docker").exists();
        (is_started && Path::new("/run/openrc/softlevel").exists()).then_some(Self::OpenRc)
    }

    /// The command that restarts it, as people type it.
    pub fn restart_line(&self) -> String {
        match self {
            Self::Systemd { unit, user: false } => format!("sudo systemctl restart {unit}"),
            Self::Systemd { unit, user: true } => format!("systemctl --user restart {unit}"),
            Self::OpenRc => "sudo rc-service docker restart".to_owned(),
            Self::Command(line) => line.clone(),
        }
    }

    /// Whether it is known to be down. Its socket tells nothing where systemd holds it: whoever connects has the engine started
    /// once more, and waits for that.
    pub async fn is_down(&self) -> bool {
        let Self::Systemd { unit, user } = self else { return false };
        let mut systemctl = Command::new("systemctl");
        systemctl.args(user.then_some("--user")).args(["is-active", unit]).stdin(Stdio::null());
        let state = systemctl.output().await.map(|output| output.stdout).unwrap_or_default();
        !state.is_empty() && state.trim_ascii() != b"active"
    }

    /// Restarts it, and returns when the command has ended or the time is over. `process`: that of the command, while it runs.
    ///
    /// # Errors
    /// Where the command fails: then the engine is probably down.
    pub async fn restart(&self, patience: Duration, process: &Cell<Option<u32>>) -> Result<Ran, Error> {
        match self {
            Self::Systemd { unit, user } => {
                let systemctl = |verb: &str| {
                    let mut command = Command::new("systemctl");
                    command.args(user.then_some("--user")).arg(verb).arg(unit);
                    command
                };
                // What failed some times in a row would not be started again, its sockets included.
                let mut reset = systemctl("reset-failed");
                reset.args(triggers(unit, *user).await);
                run(reset, patience, process).await.ok();
                run(systemctl("restart"), patience, process).await
            }
            Self::OpenRc => {
                let rc_service = |verb: &str| {
                    let mut command = Command::new("rc-service");
                    command.args(["docker", verb]);
                    command
                };
                // Debian's script does not restart what has no pid file, as an engine has none that was stopped; it starts it.
                // And it fails where the engine is ending by itself at that moment.
                let start = Instant::now();
                loop {
                    let refused = match run(rc_service("restart"), patience, process).await {
                        Ok(ran) => return Ok(ran),
                        Err(refused) => refused,
                    };
                    if let Ok(ran) = run(rc_service("start"), patience, process).await {
                        return Ok(ran);
                    }
                    if start.elapsed() > ENDING {
                        return Err(refused);
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            Self::Command(line) => {
                let mut command = Command::new("sh");
                command.arg("-c").arg(line);
                run(command, patience, process).await
            }
        }
    }
}

/// Ends a command that still runs, and what it has started: it is not to restart the engine beside another.
pub async fn end(pid: u32) {
    let mut kill = Command::new("kill");
    // It leads a group of its own.
    kill.args(["-TERM", "--", &format!("-{pid}")]).stdin(Stdio::null()).stderr(Stdio::null());
    let _ = kill.status().await;
}

/// What has systemd start that unit, such as `docker.socket`.
async fn triggers(unit: &str, user: bool) -> Vec<String> {
    let mut systemctl = Command::new("systemctl");
    systemctl.args(user.then_some("--user")).args(["show", "--property=TriggeredBy", "--value", unit]);
    let told = systemctl.stdin(Stdio::null()).output().await.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&told).split_whitespace().map(str::to_owned).collect()
}

/// In a group of its own: neither Ctrl-C nor a terminal that is closed reaches it, since half a restart is worse than one that
/// nobody waits for. A command that takes longer is left running: what it starts may be the engine.
async fn run(mut command: Command, patience: Duration, process: &Cell<Option<u32>>) -> Result<Ran, Error> {
    let attempt = format!("cannot run `{}`", shown(&command));
    command.process_group(0);
    let failed = |error: std::io::Error| Error::world(attempt.clone(), error, "");
    // To a file: a daemon that the command leaves behind may hold a pipe open for ever.
    let mut printed = tempfile::tempfile().map_err(failed)?;
    let clone = || printed.try_clone().map_err(failed);
    command.stdin(Stdio::null()).stdout(clone()?).stderr(clone()?);
    let mut child = command.spawn().map_err(failed)?;
    let pid = child.id().unwrap_or_default();
    process.set(Some(pid));
    let Ok(status) = tokio::time::timeout(patience, child.wait()).await else { return Ok(Ran::On { pid }) };
    process.set(None);
    let status = status.map_err(failed)?;
    if status.success() {
        return Ok(Ran::Out);
    }
    let mut text = Vec::new();
    printed.seek(SeekFrom::Start(0)).and_then(|_| printed.read_to_end(&mut text)).map_err(failed)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(QUOTED_LINES)..].iter().map(|line| format!("\n  | {line}"));
    let failed = format!("`{}` failed", shown(&command));
    Err(Error::world(failed, format!("it ended with {status}{}", last.collect::<String>()), ""))
}

fn shown(command: &Command) -> String {
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn restart(line: &str) -> Result<Ran, Error> {
        Service::Command(line.to_owned()).restart(Duration::from_secs(20), &Cell::default()).await
    }

    #[tokio::test]
    async fn a_command_that_leaves_a_process_behind_is_not_waited_for() {
        let start = Instant::now();
        assert_eq!(restart("sleep 60 & exit 0").await, Ok(Ran::Out));
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn a_command_that_does_not_end_runs_on_and_is_named() {
        let process = Cell::default();
        let ran = Service::Command("exec sleep 3".to_owned()).restart(Duration::from_millis(50), &process).await;
        let Ok(Ran::On { pid }) = ran else { panic!("{ran:?}") };
        assert_eq!(process.get(), Some(pid));
        assert_eq!(std::fs::read_to_string(format!("/proc/{pid}/comm")).expect("it runs").trim(), "sleep");
    }

    #[tokio::test]
    async fn what_a_failed_command_printed_is_told() {
        let error = restart("echo no such service >&2; exit 3").await.expect_err("it fails").to_string();
        assert!(error.contains("exit status: 3") && error.ends_with("| no such service"), "{error}");
    }
}
