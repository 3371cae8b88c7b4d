//! `depends_on` of a Compose service: what starts first, and what has to be true of it.

use super::merge;
use super::project::scalar;
use super::service::Service;
use crate::import::draft::{Item, Map};
use crate::stack::{OutsideNode, OutsideValue};

impl Service<'_> {
    pub(super) fn dependencies(&mut self, node: &OutsideNode) {
        let mut node = node.clone();
        merge::as_map("depends_on", &mut node);
        let OutsideValue::Mapping(entries) = &node.value else { return };
        let mut dependencies = Map::default();
        let all = self.all;
        for (name, entry) in entries.iter().filter(|(name, _)| all.project.services.contains_key(*name)) {
            let condition =
                entry.node.entry("condition").and_then(|entry| scalar(&entry.node)).unwrap_or("service_started");
            self.beyond_the_start(name, &entry.node);
            let mut settings = Map::default();
            settings.set("condition", Item::text(condition));
            dependencies.set(all.names.new_name(name), Item::Map(settings));
        }
        self.set_dependencies(&dependencies);
    }

    /// Names alone, where nothing waits for more than a start.
    pub(super) fn set_dependencies(&mut self, dependencies: &Map) {
        let started = |item: &Item| match item {
            Item::Map(map) => map.get("condition").and_then(Item::as_text) == Some("service_started"),
            _ => true,
        };
        if dependencies.0.values().all(|entry| started(&entry.item)) {
            self.app.set("depends_on", Item::texts(dependencies.0.keys().cloned()));
        } else {
            self.app.set("depends_on", Item::Map(dependencies.clone()));
        }
    }

    /// What a dependency says beyond the first start.
    fn beyond_the_start(&mut self, name: &str, settings: &OutsideNode) {
        let again = format!("it is not restarted when `{name}` is made anew");
        let always = format!("it waits for `{name}` in any case");
        for (key, value, message, fix) in [
            ("restart", "true", again, "nothing, where its program connects again by itself"),
            ("required", "false", always, "remove the dependency, where its program can do without"),
        ] {
            if let Some(found) = settings.entry(key).filter(|found| scalar(&found.node) == Some(value)) {
                let place = self.place(found.key.line, &format!("depends_on.{name}.{key}"));
                self.remarks.not_carried(place, message, fix);
            }
        }
    }
}
