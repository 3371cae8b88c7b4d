//! When a container goes that the stack file has no service for.

use std::collections::BTreeSet;

use super::Step;
use super::yielding::{ports_of, wanted_ports};
use crate::desired::MountSource;
use crate::engine::ObservedContainer;

/// What the containers that start need for themselves.
pub(super) struct Needs {
    ports: BTreeSet<String>,
    names: BTreeSet<String>,
    mounts: BTreeSet<String>,
}

impl Needs {
    /// Of the steps that start containers.
    pub(super) fn of(changes: &[Step]) -> Self {
        let mut needs = Self { ports: BTreeSet::new(), names: BTreeSet::new(), mounts: BTreeSet::new() };
        for (container, service) in changes.iter().filter_map(Step::starts) {
            needs.ports.extend(wanted_ports(service));
            needs.names.insert(container.to_owned());
            let aliases = service.container.all_networks().flat_map(|attachment| &attachment.aliases);
            needs.names.extend(aliases.cloned());
            needs.mounts.extend(service.container.mounts.iter().filter_map(|mount| match &mount.source {
                MountSource::Volume { name, .. } => Some(name.clone()),
                MountSource::Bind { path, .. } => Some(path.clone()),
                MountSource::Anonymous | MountSource::Tmpfs { .. } => None,
            }));
        }
        needs
    }

    /// Whether a container has what another one needs: it has to go before that one comes.
    ///
    /// Any other one goes when Prometheus has read that it is no target any more. A job that leaves the configuration gets no
    /// stale marker (the pool of its scrapes ends at once, `scrape.go` of Prometheus), so that its last sample stands for five
    /// minutes: `up == 0` would tell people of what was taken away on purpose.
    pub(super) fn anything_of(&self, leaving: &ObservedContainer) -> bool {
        ports_of(leaving).any(|port| self.ports.contains(&port))
            || self.names.contains(&leaving.name)
            || leaving.aliases.values().flatten().any(|alias| self.names.contains(alias))
            || leaving.mounts.iter().any(|mount| self.mounts.contains(mount))
    }
}
