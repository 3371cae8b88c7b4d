//! A port of the host, or a name, that goes from one container of the stack to another: it has to be given up before it can
//! be taken, whichever of the two comes first otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::Step;
use crate::desired::{Port, Service};
use crate::engine::{ContainerState, ObservedContainer};

/// Marks the containers to be replaced whose port or name another container of the plan gets; gives back who gives to whom.
pub(super) fn mark(changes: &mut [Step], observed: &[ObservedContainer]) -> Vec<(String, String)> {
    let mut gifts = Vec::new();
    let wanted: BTreeMap<String, String> = changes.iter().flat_map(wanted).collect();
    let names: BTreeSet<String> =
        changes.iter().filter_map(Step::starts).map(|(container, _)| container.to_owned()).collect();
    for step in changes {
        let Step::ReplaceContainer { id, container, yields, reason, .. } = step else { continue };
        let Some(old) = observed.iter().find(|old| old.id == *id) else { continue };
        let mut ports = ports_of(old);
        let taker = ports.find_map(|port| wanted.get(&port).filter(|taker| *taker != container));
        if let Some(taker) = taker {
            *reason = format!("{reason}; stops first, because `{taker}` gets its port");
            *yields = true;
            gifts.push((container.clone(), taker.clone()));
        } else if old.name != *container && names.contains(&old.name) {
            *reason = format!("{reason}; stops first, because another one gets its name");
            *yields = true;
            gifts.push((container.clone(), old.name.clone()));
        }
    }
    gifts
}

/// Ports that a step's container takes, each with its name.
fn wanted(step: &Step) -> Vec<(String, String)> {
    let Some((container, service)) = step.starts() else { return Vec::new() };
    wanted_ports(service).map(|port| (port, container.to_owned())).collect()
}

/// Ports of the host that a service takes: `8010/tcp`.
pub(super) fn wanted_ports(service: &Service) -> impl Iterator<Item = String> {
    let key = |port: &Port| Some(format!("{}/{}", port.fixed_host_port()?, port.protocol));
    service.container.settings.ports.0.iter().filter_map(key)
}

/// Ports that a container has, or gets as soon as it joins a network that is none of the internal ones.
pub(super) fn ports_of(old: &ObservedContainer) -> impl Iterator<Item = String> {
    let may_take = matches!(old.state, ContainerState::Running | ContainerState::Paused | ContainerState::Restarting);
    let made_for = old.host_ports.iter().filter(move |_| may_take).cloned();
    old.ports.iter().filter_map(|port| port_of(port)).chain(made_for)
}

/// `8010/tcp` of `127.0.0.1:8010->80/tcp`. Whatever the address: what stops a moment early does no harm.
fn port_of(published: &str) -> Option<String> {
    let (place, inside) = published.split_once("->")?;
    Some(format!("{}/{}", place.rsplit_once(':')?.1, inside.split_once('/')?.1))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_port_of_the_host_is_read_from_what_the_engine_lists() {
        assert_eq!(super::port_of("127.0.0.1:8010->80/tcp").as_deref(), Some("8010/tcp"));
        assert_eq!(super::port_of(":::53->5353/udp").as_deref(), Some("53/udp"));
        assert_eq!(super::port_of("80/tcp"), None);
    }
}
