//! What has to be known of the world before a choice is made: scales asked for, images to be had, ways to attached apps.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::desired::{self, AttachedContainer, Facts, ImageChoice, ScaleOverride, WantedImage};
use crate::engine::{Engine, Observed, ObservedAttached, is_default_bridge};
use crate::pins::NOT_IN_LOCK;
use crate::stack::{self, Stack};

/// What is known of the world from a look at the stack.
pub(super) fn take_from(facts: &mut Facts, stack: &Stack, observed: &Observed, scale: &[(String, u32)]) {
    facts.attached = attached(observed);
    facts.scale = scales(stack, observed, scale);
    facts.exposed = observed.exposed.clone().into_iter().collect();
    facts.learned_from = observed.learned_from.clone().into_iter().collect();
}

/// What the running stack goes by, for who only tells of it: nothing is chosen anew.
pub(super) fn of_running(stack: &Stack, observed: &Observed) -> Facts {
    let mut facts = Facts::default();
    take_from(&mut facts, stack, observed, &[]);
    let left_out =
        |(component, reason): (&String, &String)| (component.clone(), ImageChoice::LeaveOut { reason: reason.clone() });
    facts.images = observed.left_out.iter().map(left_out).collect();
    facts
}

/// Scales given now, and those the running stack remembers, as far as the stack file still allows them.
fn scales(stack: &Stack, observed: &Observed, given: &[(String, u32)]) -> IndexMap<String, ScaleOverride> {
    let remembered = observed
        .scale
        .iter()
        .filter(|(app_name, remembered)| stack::check_scale(stack, app_name, remembered.replicas).is_ok());
    let mut scales: IndexMap<String, ScaleOverride> =
        remembered.map(|(app_name, remembered)| (app_name.clone(), *remembered)).collect();
    for (app_name, replicas) in given {
        let file = stack.apps.get(app_name.as_str()).and_then(|app| app.scale);
        scales.insert(app_name.clone(), ScaleOverride { replicas: *replicas, file });
    }
    scales
}

/// How Prometheus reaches what is attached.
fn attached(observed: &Observed) -> IndexMap<String, Vec<AttachedContainer>> {
    let mut attached: IndexMap<String, Vec<AttachedContainer>> = IndexMap::new();
    for ObservedAttached { container, on_host_network, port } in &observed.attached {
        // The engine's default bridge knows no names; any other network does.
        let mut networks: Vec<_> = container.addresses.iter().collect();
        networks.sort_by_key(|(name, _)| is_default_bridge(name));
        let joined = networks.first().filter(|_| !on_host_network);
        let address = joined.filter(|(name, _)| is_default_bridge(name)).and_then(|(_, address)| **address);
        attached.entry(container.service.clone()).or_default().push(AttachedContainer {
            name: container.name.clone(),
            network: joined.map(|(name, _)| (*name).clone()),
            address,
            port: *port,
        });
    }
    attached
}

pub(super) async fn choose_images(
    stack: &Stack,
    engine: &Engine,
    mut wanted: Vec<WantedImage>,
    observed: &Observed,
    ask_again: bool,
) -> IndexMap<String, ImageChoice> {
    let mut choices = IndexMap::new();
    if !ask_again {
        wanted.retain(|image| match observed.left_out.get(&image.component) {
            // What a lock says is nothing to who does not go by it.
            Some(reason) if reason != NOT_IN_LOCK => {
                choices.insert(image.component.clone(), ImageChoice::LeaveOut { reason: reason.clone() });
                false
            }
            _ => true,
        });
    }
    choices.extend(engine.choose_images(&wanted, stack.images.from, &observed.images, ask_again).await);
    choices
}

/// Every image that the stack may run from, whatever is chosen: so they can be asked for together with all the rest.
pub(super) fn possible_images(stack: &Stack, wanted: &[WantedImage], own_image: &str) -> Vec<String> {
    let undecided = Facts { own_image: Some(own_image.to_owned()), ..Facts::default() };
    let of_services = desired::image_references(stack, &undecided);
    let of_components = wanted.iter().map(|image| image.reference.clone());
    let from_debian = wanted.iter().filter_map(|image| image.debian).map(|package| package.image.to_owned());
    // Stackctl itself stands in for Grafana.
    let own = std::iter::once(own_image.to_owned());
    let references: BTreeSet<_> = of_services.into_iter().chain(of_components).chain(from_debian).chain(own).collect();
    references.into_iter().collect()
}
