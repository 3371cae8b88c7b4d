//! The stack's networks, and who joins which.

use indexmap::{IndexMap, IndexSet};

use super::lookup::find;
use super::{Attachment, DEFAULT_NETWORK, Network, Service};
use crate::stack::{ServiceName, ServiceNetwork, Stack};

/// The networks that any service joins, `default` first.
pub(super) fn used(stack: &Stack, services: &[Service]) -> Vec<Network> {
    let attachments = services.iter().flat_map(|service| &service.container.networks);
    let joined: IndexSet<&str> = attachments.map(|attachment| attachment.key.as_str()).collect();
    let own = find(&stack.networks, DEFAULT_NETWORK).is_none().then_some(DEFAULT_NETWORK);
    let declared = stack.networks.keys().map(ServiceName::as_str);
    let mut networks: Vec<Network> =
        own.into_iter().chain(declared).filter(|key| joined.contains(key)).map(|key| network(stack, key)).collect();
    networks.sort_by_key(|network| network.key != DEFAULT_NETWORK);
    networks
}

/// How a service stands in the networks it names, or in `default` where it names none.
pub(super) fn attachments(
    stack: &Stack,
    service_name: &str,
    networks: &IndexMap<ServiceName, ServiceNetwork>,
) -> Vec<Attachment> {
    if networks.is_empty() {
        return vec![attachment(stack, DEFAULT_NETWORK, service_name, &[])];
    }
    let named = networks.iter().map(|(key, joined)| attachment(stack, key.as_str(), service_name, &joined.aliases));
    in_order(named.collect())
}

/// How a component stands in the networks it names, and in `default`, where the other component finds it.
pub(super) fn with_default(
    stack: &Stack,
    service_name: &str,
    networks: &IndexMap<ServiceName, ServiceNetwork>,
) -> Vec<Attachment> {
    let mut attachments = attachments(stack, service_name, networks);
    if attachments.iter().all(|attachment| attachment.key != DEFAULT_NETWORK) {
        attachments.push(attachment(stack, DEFAULT_NETWORK, service_name, &[]));
    }
    in_order(attachments)
}

/// `default` first, then by key: the order of the file shall not matter.
pub(super) fn in_order(mut attachments: Vec<Attachment>) -> Vec<Attachment> {
    attachments.sort_by(|left, right| {
        (left.key != DEFAULT_NETWORK).cmp(&(right.key != DEFAULT_NETWORK)).then_with(|| left.key.cmp(&right.key))
    });
    attachments
}

/// One service in one network.
pub(super) fn attachment(stack: &Stack, key: &str, service_name: &str, aliases: &[String]) -> Attachment {
    let mut names = vec![service_name.to_owned()];
    names.extend(aliases.iter().filter(|alias| *alias != service_name).cloned());
    Attachment { key: key.to_owned(), network: engine_name(stack, key), aliases: names }
}

/// One service in a network that nobody has named for it. In one of others it stands under its container's name alone, so
/// that it takes nobody's place.
pub(super) fn visiting(stack: &Stack, key: &str, service_name: &str) -> Attachment {
    let mut attachment = attachment(stack, key, service_name, &[]);
    if is_of_others(stack, key) {
        attachment.aliases.clear();
    }
    attachment
}

/// Whether somebody else made it, and may stand in it.
pub(super) fn is_of_others(stack: &Stack, key: &str) -> bool {
    find(&stack.networks, key).is_some_and(|network| network.external)
}

fn network(stack: &Stack, key: &str) -> Network {
    let settings = find(&stack.networks, key).cloned().unwrap_or_default();
    Network {
        key: key.to_owned(),
        name: engine_name(stack, key),
        external: settings.external,
        driver: settings.driver.unwrap_or_else(|| "bridge".to_owned()),
        driver_opts: settings.driver_opts,
        internal: settings.internal,
        subnet: settings.subnet,
        labels: settings.labels,
    }
}

fn engine_name(stack: &Stack, key: &str) -> String {
    match find(&stack.networks, key) {
        Some(crate::stack::Network { name: Some(name), .. }) => name.clone(),
        Some(network) if network.external => key.to_owned(),
        _ => format!("{}_{key}", stack.name),
    }
}
