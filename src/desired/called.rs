//! What those of the stack call each other: the one rule for every address that stackctl writes.

use super::{ContainerSettings, HOST};
use crate::stack::Stack;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// Prometheus, which joins the networks of attached apps, too.
    Prometheus,
    /// Any other one, which stands in networks of the stack file alone.
    Other,
}

/// A service that is asked.
pub(super) struct Asked<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Settings of its container.
    pub(super) settings: &'a ContainerSettings,
    /// How many replicas it has.
    pub(super) replicas: u32,
}

impl Asked<'_> {
    /// The name of one replica, counted from 1, that is no other's; the host's for one in the host's network.
    ///
    /// A lone one is called like its service, but not where who asks may stand in a network of others: somebody there may have
    /// the same name, and would be asked in its place.
    pub(super) fn host(&self, stack: &Stack, replica: u32, asker: Asker) -> String {
        if self.settings.network_mode.as_deref() == Some("host") {
            return HOST.to_owned();
        }
        match &self.settings.container_name {
            Some(fixed) => fixed.clone(),
            None if self.replicas == 1 && !is_among_others(stack, asker) => self.name.to_owned(),
            None => format!("{}-{}-{replica}", stack.name, self.name),
        }
    }
}

fn is_among_others(stack: &Stack, asker: Asker) -> bool {
    let visits = asker == Asker::Prometheus && !stack.attached.is_empty();
    visits || stack.networks.values().any(|network| network.external)
}
