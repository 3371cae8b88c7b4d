//! What an app exposes, as far as it decides what its dashboard shows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The metrics that an app is known to expose, of those that stackctl knows, each with those of its labels that hold an
/// HTTP status.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Exposed(pub BTreeMap<String, BTreeSet<String>>);

impl Exposed {
    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the metric is there.
    pub fn has(&self, metric: &str) -> bool {
        self.0.contains_key(metric)
    }

    /// Whether the metric is there with that label.
    pub fn has_label(&self, metric: &str, label: &str) -> bool {
        self.0.get(metric).is_some_and(|labels| labels.contains(label))
    }

    /// Whether every one of the metrics is there.
    pub(super) fn has_all(&self, metrics: &[&str]) -> bool {
        metrics.iter().all(|metric| self.has(metric))
    }
}
