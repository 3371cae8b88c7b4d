//! Secrets: where a value lies, never the value.

use serde::Serialize;

/// Where the value of a secret lies. The value itself is read at the last moment, by the command that needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Secret {
    /// In a file, relative to the stack file.
    File(String),
    /// In an environment variable.
    Environment(String),
}
