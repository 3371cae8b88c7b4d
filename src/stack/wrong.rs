//! Why a text is not what it should be, and what to write instead.

use std::fmt;

/// Why a text is not what it should be. Shown as two lines: the message, then what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong; values stand in backticks.
    pub message: String,
    /// The next action.
    pub help: String,
}

impl Wrong {
    /// What is wrong, and the next action.
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}\n{}", self.message, self.help)
    }
}

impl std::error::Error for Wrong {}
