//! A container that somebody has started, as an app of the stack from now on: it keeps all that it was made with.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::compose;
use super::draft::{Item, Map};
use super::remark::Remarks;
use super::secrets::{self, Secrets};
use crate::catalog::COMPONENTS;
use crate::stack::Environment;

/// What a container was made with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TakenOver {
    /// Its name.
    pub container: String,
    /// Keys of a Compose service, but for mounts and networks.
    pub settings: serde_json::Map<String, Value>,
    /// Volumes: name at the engine, path inside the container, options such as `:ro`.
    pub volumes: Vec<(String, String, String)>,
    /// Folders and files of the host, as the short form of a mount.
    pub binds: Vec<String>,
    /// Networks, each with the names that the container was given there.
    pub networks: BTreeMap<String, Vec<String>>,
}

/// What an app says beside its image, and what it needs in the other sections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppSettings {
    pub(super) keys: Map,
    pub(super) volumes: Map,
    pub(super) networks: Map,
}

impl AppSettings {
    /// What the app needs in other sections.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&'static str, &Map)> {
        [("networks", &self.networks), ("volumes", &self.volumes)].into_iter().filter(|(_, needs)| !needs.is_empty())
    }
}

impl TakenOver {
    /// The settings of an app of that name in a stack file of that folder. `secrets`: variables that stand for passwords,
    /// with their values; those of the container come to them.
    pub fn settings(
        self,
        app: &str,
        folder: &Path,
        environment: &Environment,
        secrets: &mut Vec<(String, String)>,
    ) -> AppSettings {
        let mut keys = Map::default();
        for (key, value) in &self.settings {
            keys.set(key, item(value));
        }
        let mut settings = AppSettings::default();
        let mut mounts: Vec<String> = Vec::new();
        for (name, target, options) in &self.volumes {
            let key = key_of_volume(name, target, app);
            settings.volumes.set(&key, external(name, &key));
            mounts.push(format!("{key}:{target}{options}"));
        }
        mounts.extend(self.binds);
        if !mounts.is_empty() {
            keys.set("volumes", Item::texts(mounts.iter().map(|mount| mount.replace('$', "$$"))));
        }
        for (name, names) in &self.networks {
            let key = if name == "default" { "default-network".to_owned() } else { compose::valid(name) };
            settings.networks.set(&key, external(name, &key));
            let mut joined = Map::default();
            let aliases: Vec<&str> = names.iter().map(String::as_str).filter(|alias| *alias != app).collect();
            if !aliases.is_empty() {
                joined.set("aliases", Item::texts(aliases));
            }
            keys.map("networks").set(&key, Item::Map(joined));
        }
        let set = secrets::known_beside(folder, environment);
        let file = format!("container {}", self.container);
        let mut found = Secrets { set: &set, file: &file, found: std::mem::take(secrets), used: Vec::new() };
        let mut root = Map::default();
        root.map("apps").set(app, Item::Map(keys));
        found.take_out(&mut root, &mut Remarks::default());
        *secrets = found.found;
        settings.keys = std::mem::take(root.map("apps").map(app));
        settings
    }
}

/// A volume that nobody named is called after what is in it, and one that is called as a component's own is not that.
fn key_of_volume(name: &str, target: &str, app: &str) -> String {
    let is_nameless = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut of_components = COMPONENTS.iter().filter_map(|component| component.data.as_ref());
    let is_component = of_components.any(|folder| folder.volume == name);
    match (is_nameless, is_component) {
        (false, false) => compose::valid(name),
        (true, _) => compose::valid(&format!("{app}{}", target.replace('/', "-"))),
        (false, true) => compose::valid(&format!("{app}-{name}")),
    }
}

/// It is there already, and stays whose it is.
fn external(name: &str, key: &str) -> Item {
    let mut settings = Map::default();
    settings.set("external", Item::word("true"));
    settings.set_some("name", (name != key).then(|| Item::text(name)));
    Item::Map(settings)
}

/// A value in which a dollar sign is a dollar sign.
fn item(value: &Value) -> Item {
    match value {
        Value::String(text) => Item::text(text.replace('$', "$$")),
        Value::Array(items) => Item::List(items.iter().map(item).collect()),
        Value::Object(entries) => {
            Item::Map(Map(entries.iter().map(|(key, value)| (key.clone(), item(value).into())).collect()))
        }
        other => Item::word(other.to_string()),
    }
}
