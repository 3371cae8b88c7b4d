//! `deploy`: what it says about a container stands beside `image` in a stack file; the rest is Swarm's.

use super::Project;
use super::project::scalar;
use crate::import::draft::{Item, Map};
use crate::stack::{OutsideEntry, OutsideNode, OutsideValue};

/// Takes what a stack file can say, and gives the keys that are left.
pub(super) fn carry(project: &Project, node: &OutsideNode, app: &mut Map) -> Vec<String> {
    let at = |path: &[&str]| {
        let found = path.iter().try_fold(node, |node, key| node.entry(key).map(|entry| &entry.node));
        found.and_then(scalar).map(|text| project.carry(text))
    };
    let set = |app: &mut Map, key: &str, value: Option<String>| {
        if let (None, Some(value)) = (app.get(key), value) {
            app.set(key, Item::word(value));
        }
    };
    set(app, "scale", at(&["replicas"]));
    set(app, "cpus", at(&["resources", "limits", "cpus"]));
    set(app, "mem_limit", at(&["resources", "limits", "memory"]));
    set(app, "pids_limit", at(&["resources", "limits", "pids"]));
    set(app, "mem_reservation", at(&["resources", "reservations", "memory"]));
    let attempts = at(&["restart_policy", "max_attempts"]);
    set(
        app,
        "restart",
        restart(at(&["restart_policy", "condition"]).as_deref(), node.entry("restart_policy").is_some(), attempts),
    );
    left_over(node)
}

/// Swarm's words for a restart policy.
fn restart(condition: Option<&str>, is_written: bool, attempts: Option<String>) -> Option<String> {
    match condition {
        Some("none") => Some("no".to_owned()),
        Some("on-failure") => {
            Some(attempts.map_or_else(|| "on-failure".to_owned(), |attempts| format!("on-failure:{attempts}")))
        }
        Some("any") => Some("always".to_owned()),
        None if is_written => Some("always".to_owned()),
        _ => None,
    }
}

/// Keys that a stack file cannot say. Swarm places, updates and finds services; on one host there is nothing to do.
fn left_over(node: &OutsideNode) -> Vec<String> {
    let OutsideValue::Mapping(entries) = &node.value else { return Vec::new() };
    let carried = ["replicas", "resources", "restart_policy"];
    let mut left: Vec<String> = entries.keys().filter(|key| !carried.contains(&key.as_str())).cloned().collect();
    let carried = ["limits.cpus", "limits.memory", "limits.pids", "reservations.memory", "reservations.devices"];
    for kind in ["limits", "reservations"] {
        let keys = node.entry("resources").and_then(|entry| entry.node.entry(kind)).map(|entry| &entry.node.value);
        let Some(OutsideValue::Mapping(keys)) = keys else { continue };
        let keys = keys.keys().map(|key| format!("{kind}.{key}")).filter(|key| !carried.contains(&key.as_str()));
        left.extend(keys.map(|key| format!("resources.{key}")));
    }
    left
}

/// Devices that Compose asks the engine for, such as GPUs, and a stack file cannot.
pub(super) fn devices(node: &OutsideNode) -> Option<&OutsideEntry> {
    node.entry("resources")?.node.entry("reservations")?.node.entry("devices")
}
