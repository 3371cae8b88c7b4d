//! Which volumes are made, and which are there with other settings than the file's. None is ever replaced or taken away.

use super::settings;
use super::{Inputs, Step};

/// A volume of the stack that has other settings than the file's. What is in it is worth more than they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedVolume {
    /// Its name at the engine.
    pub name: String,
    /// What differs, in words, without values that are secret.
    pub differences: String,
    /// It is labels alone: what is in it lies where the file wants it.
    pub only_labels: bool,
}

/// Steps for the volumes.
pub(super) fn steps(inputs: Inputs) -> impl Iterator<Item = Step> {
    let observed = inputs.observed;
    let volumes = inputs.desired.volumes.iter();
    volumes
        .filter(|volume| !volume.external && !observed.volumes.iter().any(|found| found.name == volume.name))
        .map(|volume| Step::CreateVolume { volume: volume.clone(), reason: "missing".to_owned() })
}

/// The stack's volumes that have other settings than the file's.
pub fn changed_volumes(inputs: Inputs) -> Vec<ChangedVolume> {
    let wanted = inputs.desired.volumes.iter().filter(|volume| !volume.external);
    wanted
        .filter_map(|volume| {
            let mut found = inputs.observed.volumes.iter();
            let found = found.find(|found| found.name == volume.name && found.ours)?;
            let differences = settings::of_volumes(volume, found);
            let words = settings::words(&differences, inputs.secrets);
            let only_labels = differences.iter().all(settings::Difference::is_label);
            let changed = ChangedVolume { name: volume.name.clone(), differences: words, only_labels };
            (!differences.is_empty()).then_some(changed)
        })
        .collect()
}
