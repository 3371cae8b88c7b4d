//! Which steps may be carried out together.

use super::{Plan, Step, exchange};

/// Steps that follow each other, all on one container; networks that exchange subnets; or a single step on anything else.
pub type Sequence<'a> = Vec<&'a Step>;

/// Sequences that may be carried out at the same time.
pub type Batch<'a> = Vec<Sequence<'a>>;

impl Plan {
    /// The steps in batches: each batch waits for the one before it, the sequences inside one do not wait for each other.
    pub fn batches(&self) -> Vec<Batch<'_>> {
        let mut batches: Vec<(Phase, Batch)> = Vec::new();
        for (step, group) in self.steps.iter().zip(exchange::groups(&self.steps)) {
            let phase = group.map_or_else(|| phase(step), Phase::Renewal);
            match batches.last_mut() {
                Some((Phase::Renewal(last), batch)) if Some(*last) == group => batch[0].push(step),
                Some((last, batch)) if *last == phase => add(batch, step),
                _ => batches.push((phase, vec![vec![step]])),
            }
        }
        batches.into_iter().map(|(_, batch)| batch).collect()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Images,
    Networks,
    /// One at a time, or several that exchange subnets: a container may be in all of them.
    Renewal(usize),
    Volumes,
    Removal,
    Wave(usize),
    Files,
}

fn phase(step: &Step) -> Phase {
    match step {
        Step::GetImage { .. } => Phase::Images,
        Step::CreateNetwork { .. } | Step::RemoveNetwork { .. } | Step::ReplaceNetwork { .. } => Phase::Networks,
        Step::CreateVolume { .. } => Phase::Volumes,
        Step::RemoveContainer { .. } => Phase::Removal,
        Step::CreateContainer { service, .. }
        | Step::ReplaceContainer { service, .. }
        | Step::StartContainer { service, .. }
        | Step::Connect { service, .. }
        | Step::WriteFile { service, live: false, .. } => Phase::Wave(service.wave),
        Step::WriteFile { .. } | Step::Reload { .. } => Phase::Files,
    }
}

/// Adds a step to its container's sequence, or as a sequence of its own. Steps of one container stand side by side.
fn add<'a>(batch: &mut Batch<'a>, step: &'a Step) {
    match batch.last_mut() {
        Some(last)
            if step.service().is_some() && last[0].service().is_some() && container(last[0]) == container(step) =>
        {
            last.push(step);
        }
        _ => batch.push(vec![step]),
    }
}

fn container(step: &Step) -> &str {
    match step {
        Step::WriteFile { container, .. } => container,
        other => other.name(),
    }
}
