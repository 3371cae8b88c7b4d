//! `scrape.NAME`: a job for things that run elsewhere.

use super::Metrics;

/// One job with a fixed list of targets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scrape {
    /// `HOST:PORT` each, without scheme or path.
    pub targets: Vec<String>,
    /// Path, interval, labels …; `port` and `discovery` do not belong here.
    pub metrics: Metrics,
}
