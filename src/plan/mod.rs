//! Desired × Files × Observed → exactly what will be done, in order, and why.
//!
//! Pure: knows neither bollard nor async, reads nothing, asks nobody. The plan decides everything and does nothing;
//! `stackctl plan` prints the very value that `stackctl up` carries out. No step removes or replaces a volume.

mod batch;
mod changed;
mod containers;
mod display;
mod exchange;
mod leaving;
mod networks;
mod parts;
mod settings;
mod sharing;
mod step;
mod together;
mod volumes;
mod yielding;

pub use batch::{Batch, Sequence};
pub use changed::ChangedFile;
pub use parts::parts;
pub use settings::{network_parts, volume_parts};
pub use step::{Action, Kind, Member, Step};
pub use volumes::{ChangedVolume, changed_volumes};

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
        let networks = networks::steps(inputs);
        let renewed = containers::Renewed {
            images: images.iter().filter_map(Step::image_reference).map(str::to_owned).collect(),
            networks: networks.iter().filter_map(Step::replaced_network).map(str::to_owned).collect(),
        };
        let mut steps = images;
        steps.extend(networks);
        steps.extend(volumes::steps(inputs));
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
