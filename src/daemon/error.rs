//! Why a `daemon.json` could not be read, changed or taken back.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

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
            io::ErrorKind::PermissionDenied => Self::Denied { attempt, path: path.to_owned() },
            io::ErrorKind::ReadOnlyFilesystem => Self::world(
                attempt,
                error,
                "it lies on a file system that is read-only: change it where it is made from",
            ),
            _ => Self::world(attempt, error, ""),
        }
    }
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
