//! Replicas that nothing scrapes. Nobody asks them for metrics, but they shall stand all the same.

use std::collections::HashSet;

use super::TARGETS;
use super::container;
use super::evidence::Evidence;
use super::expected::Index;
use crate::desired::Service;
use crate::engine::{ContainerState, ObservedContainer};
use crate::verify::Finding;

/// A replica of a service without a job of its own.
pub(super) struct Unwatched<'a> {
    service: &'a Service,
    instance: String,
    pub(super) container: Option<&'a ObservedContainer>,
}

/// Every replica that no job expects, without those that have done their work.
pub(super) fn unwatched<'a>(index: &Index<'a>) -> Vec<Unwatched<'a>> {
    let watched: HashSet<&str> =
        index.expected().iter().filter_map(|expected| Some(expected.service?.name.as_str())).collect();
    let one_shots = index.desired.one_shots();
    let has_ended_well = |container: &ObservedContainer| {
        container.state == ContainerState::Exited
            && container.exit_code == Some(0)
            && one_shots.contains(container.service.as_str())
    };
    let services = index.desired.services.iter().filter(|service| !watched.contains(service.name.as_str()));
    services
        .flat_map(|service| (1..=service.replicas).map(move |replica| (service, replica)))
        .map(|(service, replica)| Unwatched {
            service,
            instance: service.container_name(&index.desired.stack, replica),
            container: index.container(service, replica),
        })
        .filter(|unwatched| !unwatched.container.is_some_and(has_ended_well))
        .collect()
}

/// A finding for each that does not stand. One that stands has no target, so there is nothing to say of it.
pub(super) fn findings(index: &Index, evidence: &Evidence) -> Vec<Finding> {
    let judge = |unwatched: &Unwatched| {
        let trouble =
            container::trouble_of(&unwatched.service.name, &unwatched.instance, unwatched.container, evidence)?;
        Some(Finding::fail(TARGETS, &unwatched.service.name, Some(&unwatched.instance), trouble))
    };
    unwatched(index).iter().filter_map(judge).collect()
}
