//! Containers that share the processes of another one: the kernel ends them with it, so they are made anew after it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Inputs, Step};

/// Adds the containers whose processes end with a container that is replaced, where nothing else happens to them.
pub(super) fn follow(inputs: Inputs, changes: &mut Vec<Step>) {
    let mut replaced: BTreeSet<String> = changes
        .iter()
        .filter_map(|step| match step {
            Step::ReplaceContainer { container, .. } => Some(container.clone()),
            _ => None,
        })
        .collect();
    for service in &inputs.desired.services {
        // In start order: who shares comes after whose processes it shares.
        let Some(owner) = service.container.processes_of.as_ref().filter(|owner| replaced.contains(*owner)) else {
            continue;
        };
        let service = Arc::new(service.clone());
        for replica in 1..=service.replicas {
            let name = service.container_name(&inputs.desired.stack, replica);
            let is_changed = changes.iter().filter_map(Step::starts).any(|(container, _)| container == name);
            let Some(old) = inputs.observed.containers.iter().find(|old| old.name == name && !is_changed) else {
                continue;
            };
            replaced.insert(name.clone());
            changes.push(Step::ReplaceContainer {
                id: old.id.clone(),
                service: Arc::clone(&service),
                replica,
                container: name,
                yields: false,
                group: None,
                reason: format!("shares the processes of `{owner}`"),
            });
        }
    }
}
