//! Why a dockerd did not start, in its own words: from systemd's journal, or from the log that OpenRC's service writes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::process::Command;

use super::{Service, without_credentials};

/// Where the service `docker` of Debian, Alpine and Gentoo writes what dockerd prints, under OpenRC.
const LOG: &str = "/var/log/docker.log";

/// More is not looked at, in bytes.
const LARGEST: u64 = 1 << 20;

/// More of one line is not quoted, in characters.
const LONGEST: usize = 600;

/// How long the journal may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What dockerd begins its last words with (moby `cmd/dockerd/docker.go`, `daemon.go`), and how it logs them.
const LAST_WORDS: [&str; 4] =
    ["failed to start daemon", "unable to configure the Docker daemon", "level=fatal", "failed to start cluster"];

/// Levels of what it logs that ended nothing.
const HARMLESS: [&str; 4] = ["level=debug", "level=info", "level=warning", "level=error"];

/// What a dockerd says from one moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Place);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Journal {
        unit: String,
        user: bool,
        since: SystemTime,
    },
    Log {
        path: PathBuf,
        /// What was in it before, in bytes.
        from: u64,
        /// Last words in it are those of the engine that is waited for. Where a command of somebody's own starts engines, one
        /// that ended may be followed by another.
        is_final: bool,
    },
    /// Nobody knows where.
    Nowhere,
}

impl Place {
    fn from_end_of(path: PathBuf, is_final: bool) -> Self {
        let from = path.metadata().map_or(0, |metadata| metadata.len());
        Self::Log { path, from, is_final }
    }
}

impl Words {
    /// What it will say from now on. `log`: of the one that ran until then, where the next one probably logs, too.
    pub fn from_now(service: &Service, log: Option<&Path>) -> Self {
        Self(match service {
            Service::Systemd { unit, user } => {
                Place::Journal { unit: unit.clone(), user: *user, since: SystemTime::now() }
            }
            Service::OpenRc => Place::from_end_of(PathBuf::from(LOG), true),
            Service::Command(_) => log.map_or(Place::Nowhere, |log| Place::from_end_of(log.to_owned(), false)),
        })
    }

    /// Why it has ended already, where that is as good as free to find out: systemd says by itself that it has.
    pub fn logged(&self) -> Option<String> {
        let Place::Log { path, from, is_final: true } = &self.0 else { return None };
        let text = rest_of(path, *from)?;
        let line = text.lines().rfind(|line| says(line, &LAST_WORDS))?;
        Some(shown(line))
    }

    /// Why it ended. `None`: it does not say, or it cannot be read.
    pub async fn last(&self) -> Option<String> {
        let (text, unit) = match &self.0 {
            Place::Journal { unit, user, since } => (journal(unit, *user, *since).await?, unit.as_str()),
            Place::Log { path, from, .. } => (rest_of(path, *from)?, ""),
            Place::Nowhere => return None,
        };
        last_words(&text, unit)
    }
}

async fn journal(unit: &str, user: bool, since: SystemTime) -> Option<String> {
    // What was printed last is perhaps on its way still.
    ask(&["--sync"]).await;
    let field = if user { "_SYSTEMD_USER_UNIT" } else { "_SYSTEMD_UNIT" };
    let since = since.duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
    let (unit, since) = (format!("{field}={unit}"), format!("--since=@{since:.3}"));
    ask(&["--no-pager", "--quiet", "--output=cat", &since, &unit]).await
}

async fn ask(words: &[&str]) -> Option<String> {
    let mut journalctl = Command::new("journalctl");
    journalctl.args(words).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, journalctl.output()).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What is in a file behind the first bytes; all of it where it has become shorter, as after a rotation.
fn rest_of(path: &Path, from: u64) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let from = if from > length { 0 } else { from };
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(LARGEST)))).ok()?;
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The line that says why, without what every line begins with. What systemd says of the unit is not dockerd's.
fn last_words(text: &str, unit: &str) -> Option<String> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_of_systemd = |line: &str| !unit.is_empty() && line.starts_with(&format!("{unit}: "));
    let line = lines().rfind(|line| says(line, &LAST_WORDS)).or_else(|| {
        lines().rfind(|line| !says(line, &HARMLESS) && !is_of_systemd(line) && !line.starts_with("See 'dockerd"))
    })?;
    Some(shown(line))
}

fn says(line: &str, words: &[&str]) -> bool {
    words.iter().any(|word| line.contains(word))
}

/// A line as it can be told: nothing that steers a terminal, and no password.
fn shown(line: &str) -> String {
    let printable: String = message(line).chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
    without_credentials(&printable)
}

/// What stands behind `msg=` where a line is one of its log.
fn message(line: &str) -> String {
    let Some((_, quoted)) = line.split_once("msg=\"") else { return line.to_owned() };
    let mut escaped = false;
    let end = quoted.find(|letter| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    });
    quoted[..end.unwrap_or(quoted.len())].replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGGED: &str = "\
time=\"2026-01-31T12:00:00Z\" level=info msg=\"Starting up\"
time=\"2026-01-31T12:00:00Z\" level=warning msg=\"Your kernel does not support cgroup blkio weight\"
";

    #[test]
    fn the_line_that_ended_it_is_found_in_what_it_printed() {
        let said = "failed to start daemon: unknown log opt 'max-sized' for json-file log driver";
        assert_eq!(last_words(&format!("{LOGGED}{said}\n{LOGGED}"), ""), Some(said.to_owned()));
        let said = "unknown flag: --metrics\nSee 'dockerd --help'.\n";
        assert_eq!(last_words(said, "docker.service"), Some("unknown flag: --metrics".to_owned()));
        let fatal = "time=\"x\" level=fatal msg=\"Error starting daemon: \\\"a\\\" is taken\" error=y\n";
        assert_eq!(last_words(fatal, ""), Some("Error starting daemon: \"a\" is taken".to_owned()));
    }

    #[test]
    fn what_ended_nothing_is_not_taken_for_the_reason() {
        assert_eq!(last_words(LOGGED, "docker.service"), None);
        let of_systemd = "docker.service: Referenced but unset environment variable evaluates to an empty string";
        assert_eq!(last_words(&format!("{LOGGED}{of_systemd}\n"), "docker.service"), None);
        assert_eq!(last_words("", ""), None);
    }

    #[test]
    fn neither_escapes_nor_passwords_reach_the_terminal() {
        let said = last_words("failed to start daemon: \u{1b}[2Jproxy http://me:secret@proxy:1", "");
        assert_eq!(said.as_deref(), Some("failed to start daemon: [2Jproxy http://…@proxy:1"));
    }

    #[test]
    fn a_log_is_read_from_where_it_was_and_from_its_begin_after_a_rotation() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("docker.log");
        std::fs::write(&path, "before\nafter\n").expect("writable");
        assert_eq!(rest_of(&path, 7).as_deref(), Some("after\n"));
        assert_eq!(rest_of(&path, 70).as_deref(), Some("before\nafter\n"));
        assert_eq!(rest_of(&folder.path().join("none"), 0), None);
    }
}
