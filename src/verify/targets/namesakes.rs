//! Containers of others in the stack's own networks that have a name of the stack's there: who asks for it may get them.

use std::collections::BTreeMap;

use super::TARGETS;
use crate::desired::Desired;
use crate::engine::{ObservedStranger, Prober};
use crate::verify::{Cause, Finding, Trouble};

/// Looks who else is in the stack's own networks. One that cannot be looked at is no reason to say anything.
pub(super) async fn ask(desired: &Desired, prober: &Prober) -> Vec<ObservedStranger> {
    let own = desired.networks.iter().filter(|network| !network.external);
    let own: Vec<String> = own.map(|network| network.name.clone()).collect();
    prober.strangers(&own).await.unwrap_or_default()
}

/// A warning for each stranger with a name of the stack's.
pub(super) fn findings(desired: &Desired, strangers: &[ObservedStranger]) -> Vec<Finding> {
    if strangers.is_empty() {
        return Vec::new();
    }
    let names = names(desired);
    strangers.iter().filter_map(|stranger| finding(&names, stranger)).collect()
}

/// All that the services of the stack are called, each name with the service's.
fn names(desired: &Desired) -> BTreeMap<String, &str> {
    let all = desired.services.iter().flat_map(|service| {
        let aliases = service.container.networks.iter().flat_map(|attachment| attachment.aliases.iter().cloned());
        let containers = (1..=service.replicas).map(|replica| service.container_name(&desired.stack, replica));
        let names = aliases.chain(containers).chain([service.name.clone()]);
        names.map(|name| (name, service.name.as_str()))
    });
    all.collect()
}

fn finding(names: &BTreeMap<String, &str>, stranger: &ObservedStranger) -> Option<Finding> {
    let (called, service) = stranger.called.iter().find_map(|called| Some((called, *names.get(called)?)))?;
    let ObservedStranger { name, network, .. } = stranger;
    let message = format!(
        "container `{name}`, which is not the stack's, is called `{called}` in network `{network}`, too: who asks for that name \
         may get an answer of either"
    );
    let fix =
        format!("take it out of there, `docker network disconnect {network} {name}`, or start it without that name");
    let trouble = Trouble::new(Cause::DnsCount, message, fix);
    Some(Finding::fail(TARGETS, service, Some(name), trouble).as_warning())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Status;
    use crate::verify::fixture::{NETWORK, demo};

    #[test]
    fn a_stranger_with_a_name_of_the_stack_is_named_and_any_other_is_not() {
        let stranger = |name: &str, called: &[&str]| ObservedStranger {
            name: name.to_owned(),
            network: NETWORK.to_owned(),
            called: called.iter().map(|word| (*word).to_owned()).collect(),
        };
        let desired = demo(Vec::new());
        let found = findings(&desired, &[stranger("guest", &["guest", "web"]), stranger("shop-api-1", &["api"])]);
        let [finding] = found.as_slice() else { panic!("one is a namesake: {found:?}") };
        assert_eq!((finding.status, finding.cause), (Status::Warn, Some(Cause::DnsCount)));
        assert_eq!((finding.subject.as_str(), finding.instance.as_deref()), ("web", Some("guest")));
        assert!(finding.message.contains("is called `web` in network `demo_default`, too"), "{finding:?}");
        assert!(finding.fix.contains("docker network disconnect demo_default guest"), "{finding:?}");
        assert_eq!(findings(&desired, &[stranger("guest", &["demo-web-2"])]).len(), 1, "a replica's own name");
    }
}
