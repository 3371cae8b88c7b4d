//! The fingerprint of a service's containers: when it changes, they are replaced.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Container;
use crate::catalog::prometheus::RULES_FOLDER;

/// SHA-256 in hex over the canonical JSON of image reference and container. What rendered files contain is not in it, nor
/// which files of rules there are: they come and go while Prometheus runs.
pub(super) fn of(image_reference: &str, container: &Container) -> String {
    let mut container = container.clone();
    container.files.retain(|file| !file.target.starts_with(RULES_FOLDER));
    hash(&(image_reference, &container))
}

/// SHA-256 in hex over the canonical JSON of a value.
pub(super) fn hash(value: &impl Serialize) -> String {
    let canonical = serde_json::to_vec(value).expect("text keys and plain values are JSON");
    let digest = Sha256::digest(canonical);
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        hex.push(char::from_digit(u32::from(byte >> 4), 16).expect("four bits are one hex digit"));
        hex.push(char::from_digit(u32::from(byte & 15), 16).expect("four bits are one hex digit"));
        hex
    })
}
