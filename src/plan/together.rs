//! Replacements that stand or fall together: one gets the port or the name of the other, or runs in its processes. Where one of
//! them fails, what it needs to be what it was is the other's by then, so that only all of them can be.

use std::collections::BTreeMap;

use super::Step;

/// Gives those the same number that stand or fall together. `gifts`: containers that give up what another one gets.
pub(super) fn mark(changes: &mut [Step], gifts: Vec<(String, String)>) {
    let shared = changes.iter().filter_map(|step| match step {
        Step::ReplaceContainer { service, container, .. } => {
            Some((container.clone(), service.container.processes_of.clone()?))
        }
        _ => None,
    });
    let pairs: Vec<(String, String)> = gifts.into_iter().chain(shared).collect();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for (number, (one, other)) in pairs
        .iter()
        .enumerate()
        .filter(|(_, (one, other))| [one, other].iter().all(|name| changes.iter().any(|step| replaces(step, name))))
    {
        let known: Vec<usize> = [one, other].iter().filter_map(|name| numbers.get(*name).copied()).collect();
        numbers.extend([one, other].map(|name| (name.clone(), number)));
        numbers.values_mut().filter(|earlier| known.contains(earlier)).for_each(|earlier| *earlier = number);
    }
    for step in changes {
        if let Step::ReplaceContainer { container, group, .. } = step {
            *group = numbers.get(container).copied();
        }
    }
}

fn replaces(step: &Step, name: &str) -> bool {
    matches!(step, Step::ReplaceContainer { container, .. } if container == name)
}
