//! Durations as Prometheus and Compose write them: `500ms`, `10s`, `1m30s`, `15d`.

use serde::Serialize;

/// A duration in whole milliseconds. A day has 24 hours, a week 7 days, a year 365 days (Prometheus `model.Duration`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Duration(u64);

impl Duration {
    /// A duration of so many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A duration of so many seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1000)
    }

    /// Whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}
