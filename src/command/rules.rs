//! Rules in `up`: what is found of them, more kindly than `verify` finds it.

use super::situation::Situation;
use super::{Failure, panels, prove};
use crate::verify::{self, Finding, Server, Status};

/// What is found of the rules. A metric that nobody has seen yet is a warning here, as an empty panel is: many a metric
/// appears with the first request.
pub(super) async fn look(situation: &Situation) -> Result<Vec<Finding>, Failure> {
    let findings = verify::alerts(&situation.desired, &prove::servers(situation)?).await;
    Ok(findings.into_iter().map(panels::forgiving).collect())
}

/// What is wrong with objectives, where nothing was changed. An `up` that has nothing to do has no time for more.
pub(super) async fn look_at_objectives(situation: &Situation, servers: &[Server]) -> Vec<Finding> {
    let findings = verify::objectives(&situation.desired, servers).await;
    let broken = findings.into_iter().filter(|finding| finding.status != Status::Ok);
    broken.map(panels::forgiving).collect()
}
