//! `stack.lock`: which very images a stack runs, one line for each, so that a change of one is a change of one line.
//!
//! Data and its text only. [`fit`] says what it means for a stack; who asks engines and registries is a command.

mod file;
mod fit;

pub use file::Wrong;
pub use fit::{Fit, Gap, NOT_IN_LOCK, fit};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What each image has to be, by the reference that the stack file or the catalogue writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pins(pub BTreeMap<String, Pin>);

/// What tells an image from every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// One that a registry has.
    Registry {
        /// Digest of its manifest, or of the list of manifests for several platforms.
        digest: String,
        /// What the engine that made this called its content. An image that came in a file has this and no digest.
        id: Option<String>,
        /// Platform of that engine, such as `linux/amd64`.
        platform: String,
    },
    /// One that was made on the engine's host and never at a registry: only its content tells it from others.
    Local {
        /// Hash over its configuration and layers.
        id: String,
        /// Its platform.
        platform: String,
    },
    /// One that stackctl makes of a Debian package.
    Debian {
        /// Package and version, such as `prometheus 2.42.0+ds-5+b5`.
        package: String,
        /// The program's own version, such as `2.42.0`.
        version: String,
        /// Its platform.
        platform: String,
    },
    /// stackctl's own, made of the executable that runs: only its release can be told.
    Stackctl {
        /// Such as `0.1.0`.
        version: String,
    },
    /// A component that could not be had when the file was made: it stays left out.
    LeftOut,
}

/// Where the pins of a stack file lie: `stack.lock` beside `stack.yml`.
pub fn path(stack_file: &Path) -> PathBuf {
    stack_file.with_extension("lock")
}

/// `prom/prometheus` of `prom/prometheus:v3.5.0@sha256:…`.
pub fn name_of(reference: &str) -> &str {
    let tagged = reference.split('@').next().unwrap_or(reference);
    match tagged.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => tagged,
    }
}

/// The digest that a reference names.
pub fn digest_of(reference: &str) -> Option<&str> {
    reference.split_once('@').map(|(_, digest)| digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_stands_before_tag_and_digest() {
        for reference in ["h:5000/a/b", "h:5000/a/b:1", "h:5000/a/b@sha256:00", "h:5000/a/b:1@sha256:00"] {
            assert_eq!(name_of(reference), "h:5000/a/b");
        }
        assert_eq!(digest_of("a:1@sha256:00"), Some("sha256:00"));
    }

    #[test]
    fn the_lock_lies_beside_the_stack_file() {
        assert_eq!(path(Path::new("stacks/demo.yml")), Path::new("stacks/demo.lock"));
        assert_eq!(path(Path::new("stack.yml")), Path::new("stack.lock"));
    }
}
