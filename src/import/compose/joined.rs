//! Where a Compose service stands: networks, other names, links.

use indexmap::IndexMap;

use super::merge;
use super::project::scalar;
use super::service::Service;
use crate::import::draft::{Item, Map};
use crate::stack::{OutsideNode, OutsideValue};

/// `SERVICE[:ALIAS]` of `links`.
pub(super) fn links(service: &OutsideNode) -> Vec<(&str, &str)> {
    let items = service.entry("links").map(|entry| &entry.node.value);
    let Some(OutsideValue::Sequence(items)) = items else { return Vec::new() };
    items.iter().filter_map(scalar).map(|link| link.split_once(':').unwrap_or((link, link))).collect()
}

impl Service<'_> {
    /// The network that the service stands in, and under which names.
    pub(super) fn mode(&mut self, aliases: &[String]) {
        let service = &self.entry.node;
        let mode = service.entry("network_mode").and_then(|entry| Some((entry, scalar(&entry.node)?)));
        match mode {
            Some((_, mode @ ("host" | "none"))) => {
                self.app.set("network_mode", Item::text(mode));
                for key in ["ports", "links"] {
                    if self.app.take(key).is_some() {
                        let place = self.place(self.entry.key.line, key);
                        let message = format!("under `network_mode: {mode}` nothing is published");
                        self.remarks.changed(place, message, "nothing: Compose leaves it out, too");
                    }
                }
                return;
            }
            Some((entry, "bridge")) => {
                let message = "it stands in the stack's own network, where services find each other by name";
                self.remarks.changed(self.place(entry.key.line, "network_mode"), message, "nothing");
            }
            Some((entry, _)) => {
                self.keep(
                    "network_mode",
                    entry,
                    "stackctl cannot share another container's network",
                    "let them meet in a network",
                );
            }
            None => {}
        }
        self.networks(aliases);
        self.links();
    }

    fn networks(&mut self, aliases: &[String]) {
        let mut networks: IndexMap<String, Vec<String>> = IndexMap::new();
        if let Some(entry) = self.entry.node.entry("networks") {
            let mut node = entry.node.clone();
            merge::as_map("networks", &mut node);
            if let OutsideValue::Mapping(entries) = &node.value {
                for (name, entry) in entries {
                    networks.insert(name.clone(), self.network_aliases(name, &entry.node));
                }
            }
        }
        if networks.is_empty() && !aliases.is_empty() {
            networks.insert("default".to_owned(), Vec::new());
        }
        for known in networks.values_mut() {
            known.extend(aliases.iter().filter(|alias| !known.contains(alias)).cloned().collect::<Vec<_>>());
        }
        if networks.values().all(Vec::is_empty) {
            let names: Vec<String> = networks.into_keys().collect();
            if !names.is_empty() && names != ["default"] {
                self.app.set("networks", Item::texts(names));
            }
            return;
        }
        for (name, aliases) in networks {
            let mut settings = Map::default();
            if !aliases.is_empty() {
                settings.set("aliases", Item::texts(aliases));
            }
            self.app.map("networks").set(&name, Item::Map(settings));
        }
    }

    fn network_aliases(&mut self, network: &str, settings: &OutsideNode) -> Vec<String> {
        let OutsideValue::Mapping(keys) = &settings.value else { return Vec::new() };
        for (key, entry) in keys.iter().filter(|(key, _)| *key != "aliases") {
            let place = self.place(entry.key.line, &format!("networks.{network}.{key}"));
            self.remarks.not_carried(place, "a stack file has no such key", "services find each other by name");
        }
        let Some(OutsideValue::Sequence(items)) = keys.get("aliases").map(|entry| &entry.node.value) else {
            return Vec::new();
        };
        items.iter().filter_map(scalar).map(|alias| self.all.project.carry(alias)).collect()
    }

    /// `links` also say what starts first.
    fn links(&mut self) {
        let known = self.app.get("depends_on").cloned();
        let mut dependencies = match known {
            Some(Item::Map(map)) => map,
            Some(Item::List(items)) => {
                let mut map = Map::default();
                items.iter().filter_map(Item::as_text).for_each(|name| map.set(name, Item::word("")));
                map
            }
            _ => Map::default(),
        };
        let before = dependencies.0.len();
        for (target, _) in links(&self.entry.node) {
            let target = self.all.names.new_name(target);
            if dependencies.get(target).is_none() {
                dependencies.set(target, Item::word(""));
            }
        }
        if dependencies.0.len() > before {
            self.set_dependencies(&dependencies);
        }
    }
}
