//! Names that end up as container names and DNS names.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::shape::written_as_text;
use super::wrong::Wrong;

/// The longest name that DNS takes between two dots.
const LONGEST: usize = 63;

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

    /// Stands in for a name that is wrong, so that the rest of the file can be checked.
    pub(super) fn placeholder() -> Self {
        Self("stack".to_owned())
    }
}

impl ServiceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that is wrong and was reported, so that the rest of the file can be checked.
    pub(super) fn unchecked(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl FromStr for StackName {
    type Err = Wrong;

    fn from_str(name: &str) -> Result<Self, Wrong> {
        let letter =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_');
        let rule = "use lower-case letters, digits, `-` and `_`, beginning with a letter or digit";
        check(name, rule, letter, |first| first.is_ascii_alphanumeric()).map(|()| Self(name.to_owned()))
    }
}

impl FromStr for ServiceName {
    type Err = Wrong;

    fn from_str(name: &str) -> Result<Self, Wrong> {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        let rule = "use letters, digits, `-`, `_` and `.`, beginning with a letter or digit";
        check(name, rule, letter, |first| first.is_ascii_alphanumeric()).map(|()| Self(name.to_owned()))
    }
}

fn check(name: &str, rule: &str, letter: impl Fn(char) -> bool, first: impl Fn(char) -> bool) -> Result<(), Wrong> {
    if name.chars().count() > LONGEST {
        let short: String = name.chars().take(20).collect();
        let message = format!("name `{short}…` has {} characters", name.chars().count());
        return Err(Wrong::new(message, format!("DNS takes at most {LONGEST}")));
    }
    if name.is_empty() {
        return Err(Wrong::new("an empty name", rule));
    }
    if !name.starts_with(first) || !name.chars().all(letter) {
        return Err(Wrong::new(format!("`{}` cannot be a name", name.escape_debug()), rule));
    }
    Ok(())
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

impl AsRef<str> for ServiceName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for ServiceName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

written_as_text!(StackName, "a name", {
    "type": "string",
    "description": "Name of the stack: lower-case letters, digits, `-` and `_`.",
    "pattern": r"^([a-z0-9][a-z0-9_-]{0,62}|.*\$.*)$",
});

written_as_text!(ServiceName, "a name", {
    "type": "string",
    "description": "A name: letters, digits, `-`, `_` and `.`.",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_dns_takes_are_taken() {
        for name in ["web", "image-gallery", "a.b_c-9", "9lives"] {
            assert!(name.parse::<ServiceName>().is_ok(), "{name}");
        }
    }

    #[test]
    fn names_that_dns_does_not_take_are_refused() {
        let long = "x".repeat(64);
        for name in ["", "-web", "web shop", "wéb", "web/1", &long] {
            assert!(name.parse::<ServiceName>().is_err(), "{name}");
        }
        assert!("Web".parse::<StackName>().is_err());
        assert!("web.shop".parse::<StackName>().is_err());
    }
}
