//! Which networks are made, replaced and taken away.

use std::sync::Arc;

use super::{Inputs, Member, Step};
use super::{exchange, settings};
use crate::desired::Network;
use crate::engine::{ContainerState, ObservedContainer, ObservedNetwork};

/// Steps for the networks, in order.
pub(super) fn steps(inputs: Inputs) -> Vec<Step> {
    let seconds = seconds(inputs);
    let going: Vec<&str> = seconds.iter().map(|network| network.id.as_str()).collect();
    let wanted = inputs.desired.networks.iter().filter(|network| !network.external);
    let steps = wanted.filter_map(|network| step(inputs, network, &going)).collect();
    seconds.iter().map(|second| remove(second)).chain(exchange::arranged(steps)).collect()
}

fn step(inputs: Inputs, network: &Network, going: &[&str]) -> Option<Step> {
    let mut found = inputs.observed.networks.iter().filter(|found| found.name == network.name).peekable();
    if found.peek().is_none() {
        return Some(Step::CreateNetwork { network: network.clone(), reason: "missing".to_owned() });
    }
    let ours = found.find(|found| found.ours && !going.contains(&found.id.as_str()))?;
    let differences = settings::of_networks(network, ours);
    (!differences.is_empty()).then(|| replace(inputs, network, ours, &settings::words(&differences, inputs.secrets)))
}

fn replace(inputs: Inputs, network: &Network, old: &ObservedNetwork, why: &str) -> Step {
    let containers = inputs.observed.containers.iter();
    let members: Vec<Member> =
        containers.filter(|container| is_in(container, network)).map(|found| member(inputs, network, found)).collect();
    let joining = members.iter().filter(|member| member.service.is_some()).count();
    let reason = match joining {
        0 => why.to_owned(),
        1 => format!("{why}; 1 container of the stack moves over"),
        joining => format!("{why}; {joining} containers of the stack move over"),
    };
    let (network, frees) = (network.clone(), old.subnets.clone());
    Step::ReplaceNetwork { id: old.id.clone(), network, members, frees, reason }
}

fn is_in(container: &ObservedContainer, network: &Network) -> bool {
    let is_alive = !matches!(container.state, ContainerState::Dead | ContainerState::Removing);
    is_alive && container.addresses.contains_key(&network.name)
}

/// One that shall not be in the network any more only leaves it.
fn member(inputs: Inputs, network: &Network, container: &ObservedContainer) -> Member {
    let service = inputs.desired.service(&container.service);
    let stays = service.filter(|service| service.container.networks.iter().any(|own| own.network == network.name));
    Member {
        id: container.id.clone(),
        container: container.name.clone(),
        service: stays.map(|service| Arc::new(service.clone())),
        stops: container.ends_again(),
    }
}

/// Networks that share their name with another one of ours, as two `up` that were killed or raced can leave them: the
/// engine starts no container while a name is ambiguous. The one in use stays.
fn seconds(inputs: Inputs<'_>) -> Vec<&ObservedNetwork> {
    let mut ours: Vec<_> = inputs.observed.networks.iter().filter(|network| network.ours).collect();
    ours.sort_by_key(|network| (&network.name, !network.in_use, &network.id));
    ours.windows(2).filter(|pair| pair[0].name == pair[1].name).map(|pair| pair[1]).collect()
}

fn remove(second: &ObservedNetwork) -> Step {
    Step::RemoveNetwork {
        id: second.id.clone(),
        network: second.name.clone(),
        reason: "a second network of this name".to_owned(),
    }
}
