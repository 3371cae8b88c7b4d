//! What an app ran from when it was learned what it exposes: with another program, that may be something else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fingerprint;

/// Letters of a hash that tell one program of a stack from the others.
const LETTERS: usize = 16;

/// What an app ran from. Hashes, because a stack remembers it where others may read, and a command may hold what is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnedFrom {
    /// Of the image's name, without tag and digest: versions of one program have it in common.
    pub image: String,
    /// Of that name, and of the entrypoint and the command that the stack file gave its container.
    pub program: String,
    /// The engine's id of the image.
    pub image_id: String,
    /// Seconds since 1970: what was scraped under the app's name before that is of another program. `None`: nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
}

impl LearnedFrom {
    /// `image_name`: without tag and digest. `parts`: those that its container was made from; empty for what somebody else runs.
    pub fn new(image_name: &str, image_id: &str, parts: &BTreeMap<String, String>) -> Self {
        Self {
            image: short(&image_name),
            program: short(&(image_name, parts.get("entrypoint"), parts.get("command"))),
            image_id: image_id.to_owned(),
            since: None,
        }
    }
}

fn short(value: &impl Serialize) -> String {
    let mut hash = fingerprint::hash(value);
    hash.truncate(LETTERS);
    hash
}
