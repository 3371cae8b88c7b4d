//! Which steps are not tried, because something they need has failed or somebody else would be harmed; and which are, although
//! somebody wants to stop.

use super::apply::{Run, network_key};
use crate::desired::Service;
use crate::plan::Step;

impl Run<'_> {
    /// Whether what ran ended with a container that was replaced, and cannot run without a replacement of its own; or gave way
    /// to others, one of which may have its port or its name by now.
    pub(super) fn is_owed(&self, step: &Step) -> bool {
        let replaced = self.replaced.lock().expect("no step panics while it holds the set");
        let owner = step.service().and_then(|service| service.container.processes_of.as_ref());
        let has_given_way = || {
            let aside = self.aside.lock().expect("no step panics while it holds the map");
            !replaced.is_empty() && matches!(step, Step::ReplaceContainer { id, .. } if aside.contains_key(id))
        };
        owner.is_some_and(|owner| replaced.contains(owner)) || has_given_way()
    }

    /// Whether it has a container join a network that was to be replaced: where that failed, the network is what it was.
    pub(super) fn joins_what_stays(&self, step: &Step) -> bool {
        let Step::Connect { network: joined, .. } = step else { return false };
        self.plan
            .steps
            .iter()
            .any(|step| matches!(step, Step::ReplaceNetwork { network, .. } if network.name == *joined))
    }

    /// Whether it replaces a container whose processes another one shares that cannot be replaced after it: that one would end
    /// with it, and stay so.
    pub(super) fn would_end_a_sharer(&self, step: &Step, service: &Service) -> bool {
        let Step::ReplaceContainer { container, .. } = step else { return false };
        let replaced = self.plan.steps.iter().filter_map(|step| match step {
            Step::ReplaceContainer { service, .. } => Some(service),
            _ => None,
        });
        let mut sharers = replaced.filter(|sharer| sharer.container.processes_of.as_ref() == Some(container));
        if !sharers.any(|sharer| self.is_held_back(sharer)) {
            return false;
        }
        self.broken.lock().expect("no step panics while it holds the set").insert(service.name.clone());
        self.outcome.lock().expect("no step panics while it holds the outcome").held_back.insert(service.name.clone());
        true
    }

    /// Whether something the service needs has failed. It is then left as it is.
    pub(super) fn is_held_back(&self, service: &Service) -> bool {
        let mut broken = self.broken.lock().expect("no step panics while it holds the set");
        let needs = service.depends_on.iter().map(|dependency| &dependency.service);
        let mut needs = needs.chain([&service.image.reference]);
        let mut networks = service.container.all_networks();
        let is_held_back = needs.any(|need| broken.contains(need))
            || networks.any(|attachment| broken.contains(&network_key(&attachment.network)));
        if !is_held_back {
            return false;
        }
        broken.insert(service.name.clone());
        drop(broken);
        let mut outcome = self.outcome.lock().expect("no step panics while it holds the outcome");
        outcome.held_back.insert(service.name.clone());
        true
    }
}
