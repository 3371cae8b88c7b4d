//! The proof of a stack in which nothing was to be done: every question at once. Where something was changed, one has to wait
//! for the answer to another.

use super::learn;
use super::learned::Knowledge;
use super::situation::Situation;
use super::{Failure, prove, rules, wait};
use crate::verify::{self, Finding};

/// What is seen where every target is scraped.
pub(super) struct Glance {
    /// Of the targets.
    pub(super) scraped: Vec<Finding>,
    /// What apps expose.
    pub(super) seen: Option<Knowledge>,
    /// Of the configuration.
    pub(super) config: Vec<Finding>,
    /// What is wrong with objectives.
    pub(super) objectives: Vec<Finding>,
}

/// Asks everything once. `None`: not every target is well, and what was answered meanwhile may not last.
pub(super) async fn glance(situation: &Situation) -> Result<Option<Glance>, Failure> {
    let servers = prove::servers(situation)?;
    let prober = prove::prober(situation);
    let (desired, files, observed) = (&situation.desired, &situation.files, &situation.observed);
    let (scraped, seen, config, objectives) = tokio::join!(
        wait::all_scraped(situation, &servers),
        learn::look(situation, prove::first_whole(&servers)),
        verify::config(desired, files, observed, &servers, Some(&prober)),
        rules::look_at_objectives(situation, &servers),
    );
    Ok(scraped.map(|scraped| Glance { scraped, seen, config, objectives }))
}
