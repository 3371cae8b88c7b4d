//! Desired × Files × Observed → exactly what will be done, in order, and why.
//!
//! Pure: knows neither bollard nor async, reads nothing, asks nobody. The plan decides everything and does nothing;
//! `stackctl plan` prints the very value that `stackctl up` carries out. No step removes or replaces a volume.

mod batch;
mod changed;
mod containers;
mod display;
mod parts;
mod sharing;
mod step;
mod yielding;

pub use batch::{Batch, Sequence};
pub use changed::ChangedFile;
pub use parts::parts;
pub use step::{Action, Kind, Step};

use std::collections::BTreeMap;

use crate::desired::{Desired, ImageOrigin, PullPolicy};
use crate::engine::{Observed, Secrets};
use crate::render::Files;

/// Exactly what `up` will do. An empty plan means: what runs is what the file says.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Name of the stack.
    pub stack: String,
    /// Steps, in order: images, networks, volumes, what is in the way, containers wave by wave, files, what is left over.
    pub steps: Vec<Step>,
}

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// What shall be.
    pub desired: &'a Desired,
    /// The rendered files, which some containers carry.
    pub files: &'a Files,
    /// The secrets whose values are known now, by where they lie. One that is not known is not compared.
    pub secrets: &'a Secrets,
    /// What is.
    pub observed: &'a Observed,
}

impl Plan {
    /// The plan that leads from what is to what shall be.
    pub fn of(inputs: Inputs) -> Self {
        let images = image_steps(inputs);
        let renewed = images.iter().filter_map(Step::image_reference).map(str::to_owned).collect();
        let mut steps = images;
        steps.extend(second_networks(inputs));
        steps.extend(network_steps(inputs));
        steps.extend(volume_steps(inputs));
        steps.extend(containers::steps(inputs, &renewed));
        Self { stack: inputs.desired.stack.clone(), steps }
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The plan as the JSON contract has it: `{"stack", "steps": [{"action", "kind", "name", "reason"}]}`.
    pub fn to_json(&self) -> serde_json::Value {
        let steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| {
                serde_json::json!({
                    "action": step.action(),
                    "kind": step.kind(),
                    "name": step.name(),
                    "reason": step.reason(),
                })
            })
            .collect();
        serde_json::json!({ "stack": self.stack, "steps": steps })
    }
}

fn image_steps(inputs: Inputs) -> Vec<Step> {
    let mut wanted = BTreeMap::new();
    // An image that no replica runs need not be had.
    for service in inputs.desired.services.iter().filter(|service| service.replicas > 0) {
        wanted.entry(service.image.reference.as_str()).or_insert(&service.image);
    }
    wanted
        .into_values()
        .filter_map(|image| {
            let reason = image_reason(inputs, image)?;
            Some(Step::GetImage { image: image.clone(), reason })
        })
        .collect()
}

fn image_reason(inputs: Inputs, image: &crate::desired::Image) -> Option<String> {
    if !inputs.observed.images.contains_key(&image.reference) {
        // An image of our own making is never pulled, but it is made.
        let can_be_had = image.pull_policy != PullPolicy::Never || image.origin != ImageOrigin::Registry;
        return can_be_had.then(|| "missing".to_owned());
    }
    (image.pull_policy == PullPolicy::Always).then(|| "pull_policy is always".to_owned())
}

/// Networks that share their name with another one of ours, as two `up` that were killed or raced can leave them: the
/// engine starts no container while a name is ambiguous. The one in use stays.
fn second_networks(inputs: Inputs) -> impl Iterator<Item = Step> {
    let mut ours: Vec<_> = inputs.observed.networks.iter().filter(|network| network.ours).collect();
    ours.sort_by_key(|network| (&network.name, !network.in_use, &network.id));
    let seconds = ours.windows(2).filter(|pair| pair[0].name == pair[1].name).map(|pair| pair[1].clone());
    seconds.collect::<Vec<_>>().into_iter().map(|network| Step::RemoveNetwork {
        id: network.id,
        network: network.name,
        reason: "a second network of this name".to_owned(),
    })
}

fn network_steps(inputs: Inputs) -> impl Iterator<Item = Step> {
    let observed = inputs.observed;
    inputs
        .desired
        .networks
        .iter()
        .filter(|network| !network.external && !observed.networks.iter().any(|found| found.name == network.name))
        .map(|network| Step::CreateNetwork { network: network.clone(), reason: "missing".to_owned() })
}

fn volume_steps(inputs: Inputs) -> impl Iterator<Item = Step> {
    let observed = inputs.observed;
    inputs
        .desired
        .volumes
        .iter()
        .filter(|volume| !volume.external && !observed.volumes.iter().any(|found| found.name == volume.name))
        .map(|volume| Step::CreateVolume { volume: volume.clone(), reason: "missing".to_owned() })
}
