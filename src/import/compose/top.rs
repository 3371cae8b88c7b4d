//! `networks`, `volumes` and `secrets` at the top of a Compose file.

use super::Project;
use super::project::scalar;
use crate::import::draft::{Item, Map};
use crate::import::remark::{Place, Remarks};
use crate::stack::{OutsideEntry, OutsideNode, OutsideValue};

/// Keys that a stack file has too.
const NETWORK_KEYS: [&str; 6] = ["external", "name", "driver", "driver_opts", "internal", "labels"];
const VOLUME_KEYS: [&str; 5] = ["external", "name", "driver", "driver_opts", "labels"];

/// The networks.
pub(in crate::import) fn networks(project: &Project, remarks: &mut Remarks) -> Map {
    let mut networks = Map::default();
    for (name, entry) in project.section("networks") {
        let mut network = settings(project, "networks", name, entry, &NETWORK_KEYS, remarks);
        address_management(project, name, &entry.node, remarks);
        network.set_some("subnet", subnet(&entry.node).map(|subnet| Item::text(project.carry(subnet))));
        if network.get("driver").and_then(Item::as_text) == Some("overlay") {
            network.take("driver");
            let place = Place::at(&project.file, entry.key.line, format!("networks.{name}.driver"));
            remarks.changed(place, "an overlay network needs a Swarm", "nothing: on one host it is a bridge");
        }
        if name != "default" || !network.is_empty() {
            networks.set(name, Item::Map(network));
        }
    }
    networks
}

/// The named volumes.
pub(in crate::import) fn volumes(project: &Project, remarks: &mut Remarks) -> Map {
    let mut volumes = Map::default();
    for (name, entry) in project.section("volumes") {
        volumes.set(name, Item::Map(settings(project, "volumes", name, entry, &VOLUME_KEYS, remarks)));
    }
    volumes
}

/// Says that a stack of another name than the project's has volumes of its own, which are empty.
pub(in crate::import) fn volumes_elsewhere(project: &Project, stack: &str, remarks: &mut Remarks) {
    let called = project_name(project);
    let own = |entry: &OutsideEntry| entry.node.entry("external").is_none() && entry.node.entry("name").is_none();
    let named = project.section("volumes").filter(|(_, entry)| own(entry)).map(|(name, entry)| (name, entry.key.line));
    let Some((name, line)) = named.into_iter().next().filter(|_| called != stack) else { return };
    let message = format!(
        "Compose calls the project `{called}`, and the stack is called `{stack}`: its volumes are others, and begin empty"
    );
    let fix = format!(
        "nothing, where that is meant; to go on with what the project's hold, call the stack `{called}`, or write \
         `volumes: {{ {name}: {{ name: {called}_{name} }} }}`, and never have both write to one"
    );
    remarks.changed(Place::at(&project.file, line, "volumes"), message, fix);
}

/// What Compose calls a project: its `name`, else its folder in small letters without what no name may have
/// (docs.docker.com, "Specify a project name").
fn project_name(project: &Project) -> String {
    let folder = project.rebase.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let written = project.name.as_deref().map(|name| project.filled(name));
    let letters = written.unwrap_or(folder).to_lowercase();
    let known = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    letters.chars().filter(known).skip_while(|letter| matches!(letter, '-' | '_')).collect()
}

/// The secrets that have a place.
pub(in crate::import) fn secrets(project: &Project, remarks: &mut Remarks) -> Map {
    let mut secrets = Map::default();
    for (name, entry) in project.section("secrets") {
        let key = |key: &str| entry.node.entry(key).and_then(|entry| scalar(&entry.node));
        let mut secret = Map::default();
        if let Some(variable) = key("environment") {
            secret.set("env", Item::text(project.carry(variable)));
        } else if let Some(file) = key("file").filter(|file| project.rebase.absolute(&project.filled(file)).is_file()) {
            secret.set("file", Item::text(project.rebase.path(&project.carry(file))));
        } else {
            let place = Place::at(&project.file, entry.key.line, format!("secrets.{name}"));
            let fix =
                format!("write it to a file, add `secrets: {{ {name}: {{ file: PATH }} }}`, and name it in its apps");
            remarks.not_carried(place, "its value is not here: the file is missing, or Swarm keeps it", fix);
            continue;
        }
        secrets.set(name, Item::Map(secret));
    }
    secrets
}

fn settings(
    project: &Project,
    section: &str,
    name: &str,
    entry: &OutsideEntry,
    known: &[&str],
    remarks: &mut Remarks,
) -> Map {
    let mut settings = Map::default();
    let OutsideValue::Mapping(keys) = &entry.node.value else { return settings };
    for (key, value) in keys.iter().filter(|(key, _)| !key.starts_with("x-")) {
        match &value.node.value {
            // The old way to name what is external.
            OutsideValue::Mapping(_) if key == "external" => {
                settings.set("external", Item::word("true"));
                let old = value.node.entry("name").and_then(|entry| scalar(&entry.node));
                settings.set_some("name", old.map(|name| Item::text(project.carry(name))));
            }
            // Compose then calls it after the project, too.
            OutsideValue::Scalar(text) if key == "name" && project.filled(&text.text).is_empty() => {
                let place = Place::at(&project.file, value.key.line, format!("{section}.{name}.name"));
                let message = format!("`{}` is not set: it is named after the stack, as with Compose", text.text);
                remarks.changed(place, message, "set it in `.env` beside the Compose file, or write the name");
            }
            _ if known.contains(&key.as_str()) => {
                settings.set(key, Item::of(&value.node, &|text| project.carry(text)));
            }
            // Swarm's word for networks that single containers may join: on one host every network is such a one.
            _ if matches!(key.as_str(), "attachable" | "ipam") => {}
            _ => {
                let place = Place::at(&project.file, value.key.line, format!("{section}.{name}.{key}"));
                remarks.not_carried(
                    place,
                    "a stack file has no such key",
                    "leave it out, or make it by hand and write `external: true`",
                );
            }
        }
    }
    settings
}

/// What `ipam` says beyond one subnet.
fn address_management(project: &Project, name: &str, network: &OutsideNode, remarks: &mut Remarks) {
    let Some(entry) = network.entry("ipam") else { return };
    let OutsideValue::Mapping(keys) = &entry.node.value else { return };
    let is_usual = |key: &str, value: &OutsideNode| key == "driver" && scalar(value) == Some("default");
    let mut left: Vec<String> = Vec::new();
    left.extend(
        keys.iter().filter(|(key, entry)| *key != "config" && !is_usual(key, &entry.node)).map(|(key, _)| key.clone()),
    );
    let items = match keys.get("config").map(|entry| &entry.node.value) {
        Some(OutsideValue::Sequence(items)) => items.as_slice(),
        _ => &[],
    };
    for (index, item) in items.iter().enumerate() {
        let OutsideValue::Mapping(settings) = &item.value else { continue };
        left.extend(
            settings.keys().filter(|key| index > 0 || *key != "subnet").map(|key| format!("config[{index}].{key}")),
        );
    }
    if !left.is_empty() {
        let place = Place::at(&project.file, entry.key.line, format!("networks.{name}.ipam"));
        let message = format!("of `{}` a stack file has the first `subnet` alone", left.join("`, `"));
        let fix = "leave it out, or make the network by hand and write `external: true`";
        remarks.not_carried(place, message, fix);
    }
}

fn subnet(network: &OutsideNode) -> Option<&str> {
    let config = &network.entry("ipam")?.node.entry("config")?.node.value;
    let OutsideValue::Sequence(items) = config else { return None };
    scalar(&items.first()?.entry("subnet")?.node)
}
