//! Why a question to an HTTP API has no answer.

use std::fmt;

/// A question without an answer: whom was asked, for what, and what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Who was asked: `Prometheus`, `Grafana`.
    pub service: &'static str,
    /// Base URL that was asked.
    pub url: String,
    /// What was asked for, such as `targets`.
    pub what: String,
    /// What happened.
    pub cause: String,
    /// The API answered, and said no. `false`: it could not be reached, or what answered is not the API.
    pub answered: bool,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "cannot ask {} at {} for {}: {}", self.service, self.url, self.what, self.cause)
    }
}

impl std::error::Error for Error {}

/// The cause at the bottom of a chain of errors: the part that says something.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
