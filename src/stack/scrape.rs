//! `scrape.NAME`: a job for things that run elsewhere.

use schemars::{JsonSchema, Schema};
use serde::Deserialize;

use super::Metrics;
use super::document::{Entry, Path, Reader};
use super::shape::{one_or_many, one_or_many_schema};

/// One job with a fixed list of targets.
#[derive(Debug, Clone, PartialEq, Default, JsonSchema)]
#[schemars(deny_unknown_fields, transform = without_replicas)]
pub struct Scrape {
    /// `HOST:PORT` each, without scheme or path.
    #[schemars(schema_with = "one_or_many_schema")]
    pub targets: Vec<String>,
    /// Path, interval, labels …; `job`, `port` and `discovery` do not belong here.
    #[schemars(flatten)]
    pub metrics: Metrics,
}

/// The keys that only such a job has.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ScrapeKeys {
    #[serde(deserialize_with = "one_or_many")]
    targets: Vec<String>,
}

/// The keys of `metrics` that concern replicas of an app.
pub(super) const REPLICA_KEYS: [(&str, &str); 3] = [
    ("job", "remove it: the job is named after the key above"),
    ("port", "write the port into each target: `HOST:PORT`"),
    ("discovery", "remove it: the targets of such a job are written out"),
];

fn without_replicas(schema: &mut Schema) {
    if let Some(properties) = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
        properties.retain(|name, _| REPLICA_KEYS.iter().all(|(key, _)| key != name));
    }
}

impl Scrape {
    /// Reads a job; whatever is wrong with it is recorded.
    pub(super) fn read(entry: &Entry, path: Path, reader: &mut Reader) -> Self {
        let mut parts = reader.parts(&entry.node, entry.key, path);
        let keys: ScrapeKeys = parts.read();
        let metrics = parts.read();
        parts.finish();
        if keys.targets.is_empty() {
            reader.missing("targets", entry, path, "add `targets: [\"HOST:PORT\"]`");
        }
        for (key, help) in REPLICA_KEYS {
            if let Some(found) = entry.node.entry(key) {
                let message = format!("`{key}` does not belong to a job with written-out targets");
                reader.error(found.key, path.key(key), message, help);
            }
        }
        Self { targets: keys.targets, metrics }
    }
}
