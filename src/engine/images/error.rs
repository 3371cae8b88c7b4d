//! Why an image cannot be had, and what to do about it.

use std::fmt;

/// Why an image cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageError {
    /// Who said no.
    pub kind: ImageErrorKind,
    /// What was not done: `<verb> <thing>`.
    pub doing: String,
    /// Why, in words.
    pub cause: String,
    /// What to do.
    pub help: String,
}

/// Who said no. Decides whether another source of images is worth a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageErrorKind {
    /// Nobody: the registry cannot be reached.
    RegistryUnreachable,
    /// The registry: it has no such image, or does not give it to us.
    RegistryRefused,
    /// The engine.
    Engine,
    /// The host: a file, a program or a package is missing or unfit.
    Host,
}

impl ImageError {
    /// The engine refused, or cannot be reached.
    pub(super) fn engine(doing: &str, cause: impl fmt::Display) -> Self {
        Self {
            kind: ImageErrorKind::Engine,
            doing: doing.to_owned(),
            cause: cause.to_string(),
            help: "check that the engine answers: `docker info`".to_owned(),
        }
    }

    /// Something on the host is missing or unfit.
    pub(super) fn host(doing: &str, cause: impl fmt::Display, help: impl Into<String>) -> Self {
        Self { kind: ImageErrorKind::Host, doing: doing.to_owned(), cause: cause.to_string(), help: help.into() }
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot {}: {}", self.doing, self.cause)
    }
}

impl std::error::Error for ImageError {}
