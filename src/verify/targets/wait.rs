//! Waits until Prometheus has looked at every replica once, so that a fresh stack is not judged too early.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::container;
use super::evidence::Evidence;
use super::expected::{Expected, Index};
use super::scraped::Scraped;
use crate::client::{Health, Prometheus, Target, Targets};
use crate::desired::Desired;
use crate::engine::Observed;

/// Time between two looks; an answer takes a few milliseconds.
const PAUSE: Duration = Duration::from_millis(250);

/// Waits until every replica that runs is up, or was scraped since and is still not. Starts no probe.
///
/// `false`: `patience` ended first. The longest sensible one is a scrape interval, a timeout and a DNS refresh together.
pub async fn wait_until_scraped(
    desired: &Desired,
    observed: &Observed,
    prometheus: &Prometheus,
    patience: Duration,
) -> bool {
    let deadline = Instant::now() + patience;
    let index = Index::new(desired, observed);
    let expected = index.expected();
    let mut first_seen = FirstSeen::default();
    loop {
        if let Ok(targets) = prometheus.targets().await
            && first_seen.is_settled(&expected, &targets)
        {
            return true;
        }
        if Instant::now() + PAUSE > deadline {
            return false;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// When each target that was down had been scraped last, at first sight. It may have started only after that.
#[derive(Debug, Default)]
pub(super) struct FirstSeen(HashMap<String, String>);

impl FirstSeen {
    /// Nothing more is to be learned by waiting. Replicas that do not run are not waited for.
    pub(super) fn is_settled(&mut self, expected: &[Expected], targets: &Targets) -> bool {
        let scraped = Scraped::new(targets);
        let running = expected.iter().filter(|expected| container::trouble(expected, &Evidence::default()).is_none());
        // Counted and not `all`: each target that is down has to be seen a first time.
        let unsettled = running.filter(|expected| {
            !scraped.target(expected).is_some_and(|target| self.is_target_settled(&expected.key(), target))
        });
        unsettled.count() == 0
    }

    fn is_target_settled(&mut self, key: &str, target: &Target) -> bool {
        match target.health {
            Health::Up => true,
            Health::Unknown => false,
            Health::Down => {
                let first = self.0.entry(key.to_owned()).or_insert_with(|| target.last_scrape.clone());
                *first != target.last_scrape
            }
        }
    }
}
