//! Names that end up as container names and DNS names.

use serde::Serialize;
use std::fmt;

/// Name of a stack, which is also the Compose project name: `[a-z0-9][a-z0-9_-]*`, at most 63 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct StackName(String);

/// Name of an app, exporter, job, network, volume …: letters, digits, `-`, `_` and `.`, as DNS takes them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ServiceName(String);

impl StackName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ServiceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StackName {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::str::FromStr for StackName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(Self(name.to_owned()))
    }
}

impl std::str::FromStr for ServiceName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(Self(name.to_owned()))
    }
}
