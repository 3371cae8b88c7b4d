//! Which rendered files a plan changes in containers that have another text of them, so that the two can be compared.

use super::{Inputs, Plan, Step};
use crate::desired::{PlacedFile, Service};
use crate::engine::{FileStamp, ObservedContainer};
use crate::render::Files;

/// A rendered file whose text in a container is another one than will be there after the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedFile<'a> {
    /// Place of the step in the plan.
    pub step: usize,
    /// The container that has the old text.
    pub container: &'a ObservedContainer,
    /// Path among the rendered files.
    pub source: &'a str,
    /// Path inside the container.
    pub target: &'a str,
}

impl Plan {
    /// The files of containers that are there, in the order of the steps. One that is gone from its container has no text
    /// to be compared with.
    pub fn changed_files<'a>(&'a self, inputs: Inputs<'a>) -> Vec<ChangedFile<'a>> {
        let found = |id: &str| inputs.observed.containers.iter().find(|container| container.id == id);
        let of_step = |(step, it): (usize, &'a Step)| -> Vec<ChangedFile<'a>> {
            match it {
                Step::WriteFile { id, source, target, .. } => {
                    let container = found(id).filter(|container| has(container, target));
                    container.map(|container| ChangedFile { step, container, source, target }).into_iter().collect()
                }
                Step::ReplaceContainer { id, service, .. } => {
                    let Some(container) = found(id) else { return Vec::new() };
                    let changed = differing(inputs.files, service, container);
                    let known = changed.filter(|file| has(container, &file.target));
                    known
                        .map(|file| ChangedFile { step, container, source: &file.source, target: &file.target })
                        .collect()
                }
                _ => Vec::new(),
            }
        };
        self.steps.iter().enumerate().flat_map(of_step).collect()
    }
}

/// Files whose content in the container is not the rendered one.
pub(super) fn differing<'a>(
    files: &'a Files,
    service: &'a Service,
    container: &'a ObservedContainer,
) -> impl Iterator<Item = &'a PlacedFile> {
    service.container.files.iter().filter(move |file| {
        let wanted = files.0.get(&file.source).map(|text| FileStamp::of(text));
        container.files.get(&file.target).copied().flatten() != wanted
    })
}

fn has(container: &ObservedContainer, path: &str) -> bool {
    matches!(container.files.get(path), Some(Some(_)))
}
