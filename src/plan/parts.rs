//! A container's settings in parts, each with a short hash, so that a replacement can say what changed.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::desired::{Container, Service};

/// The parts of a service's container that differ from an empty container's, each with eight hex digits of its SHA-256.
/// Keys are those of the Compose specification where there is one: `command`, `environment`, `ports` …
pub fn parts(service: &Service) -> BTreeMap<String, String> {
    let plain = sections(&Container::default());
    let mut parts: BTreeMap<String, String> = sections(&service.container)
        .into_iter()
        .filter(|(key, value)| plain.get(key) != Some(value))
        .map(|(key, value)| (key, short_hash(&value)))
        .collect();
    parts.insert("image".to_owned(), short_hash(&Value::from(service.image.reference.as_str())));
    parts
}

/// The parts in which a service and what a container was made from differ, in order.
pub(super) fn differing(service: &Service, made_from: &BTreeMap<String, String>) -> Vec<String> {
    let wanted = parts(service);
    let mut names: Vec<String> = wanted
        .iter()
        .filter(|(key, hash)| made_from.get(*key) != Some(hash))
        .map(|(key, _)| key)
        .chain(made_from.keys().filter(|key| !wanted.contains_key(*key)))
        .cloned()
        .collect();
    names.sort_unstable();
    names
}

/// What differs between them, in words.
pub(super) fn difference(service: &Service, made_from: &BTreeMap<String, String>) -> String {
    match differing(service, made_from).as_slice() {
        [] => "settings changed".to_owned(),
        names => format!("{} changed", names.join(", ")),
    }
}

fn sections(container: &Container) -> BTreeMap<String, Value> {
    let value = serde_json::to_value(container).expect("a container is plain data");
    let Value::Object(mut sections) = value else { unreachable!("a container is a map") };
    let Some(Value::Object(settings)) = sections.remove("settings") else { unreachable!("settings are a map") };
    sections.into_iter().chain(settings).collect()
}

pub(super) fn short_hash(value: &Value) -> String {
    let digest = Sha256::digest(value.to_string().as_bytes());
    format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
}
