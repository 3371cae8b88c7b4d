//! Why a `daemon.json` could not be read, changed or taken back.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// Why it could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The file is wrong.
    Wrong {
        /// What is wrong, with the line where there is one.
        message: String,
        /// What to do.
        help: String,
    },
    /// The world said no.
    World {
        /// What was tried.
        attempt: String,
        /// Why it failed.
        cause: String,
        /// What to do next; empty where nobody knows.
        help: String,
    },
    /// Only an administrator may.
    Denied {
        /// What was tried.
        attempt: String,
        /// With which file or folder.
        path: PathBuf,
    },
}

impl Error {
    /// The file is wrong, and what to do.
    pub(super) fn wrong(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Wrong { message: message.into(), help: help.into() }
    }

    /// The world said no, and what to do.
    pub(super) fn world(attempt: impl Into<String>, cause: impl fmt::Display, help: impl Into<String>) -> Self {
        Self::World { attempt: attempt.into(), cause: cause.to_string(), help: help.into() }
    }

    /// What the system said when it was asked to do something with a path.
    pub(super) fn of(verb: &str, path: &Path, error: &io::Error) -> Self {
        let attempt = format!("cannot {verb} {}", path.display());
        match error.kind() {
            io::ErrorKind::PermissionDenied if is_root() => Self::world(
                attempt,
                error,
                "root may not either: see with `lsattr -d` whether it or its folder is immutable (`chattr -i`), or which \
                 security module keeps it",
            ),
            io::ErrorKind::PermissionDenied => Self::Denied { attempt, path: path.to_owned() },
            _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => Self::world(
                attempt,
                "it is a link that leads back to itself",
                "see with `ls -l` where it leads; remove it, or have it lead to a file",
            ),
            kind => Self::world(attempt, error, advice(kind)),
        }
    }
}

/// What to do next, as far as the kind of trouble tells.
fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::ReadOnlyFilesystem => {
            "it lies on a file system that is read-only: change it where it is made from"
        }
        io::ErrorKind::ResourceBusy => {
            "it is mounted there by itself, as files of a container are: change it where it is mounted from"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there; nothing was changed",
        _ => "",
    }
}

/// Whether there is no higher right to ask for.
pub(super) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Wrong { message, .. } => formatter.write_str(message),
            Self::World { attempt, cause, .. } => write!(formatter, "{attempt}: {cause}"),
            Self::Denied { attempt, .. } => write!(formatter, "{attempt}: permission denied"),
        }
    }
}

impl std::error::Error for Error {}
