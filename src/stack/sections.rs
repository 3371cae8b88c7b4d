//! The document → the sections of a [`Stack`]. Says what every key at the top means; the rest is said by the types.

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::attach::AppKeys;
use crate::catalog::blackbox::BLACKBOX;

use super::document::{Entry, Node, Path, Reader, Span, Value};
use super::{
    Alertmanager, Alerts, App, Attached, Exporter, Grafana, Probe, Prometheus, Scrape, ServiceName, Stack, StackName,
    Toggle, suggest,
};

/// The keys at the top of a stack file.
const KEYS: [&str; 18] = [
    "name",
    "include",
    "engine",
    "images",
    "prometheus",
    "grafana",
    "alertmanager",
    "apps",
    "exporters",
    "scrape",
    "probes",
    "dashboards",
    "alerts",
    "rules",
    "tests",
    "networks",
    "volumes",
    "secrets",
];

/// Reads the stack; whatever is wrong is recorded, and something harmless stands in for it.
pub(super) fn read(root: &Node, reader: &mut Reader) -> Stack {
    if !matches!(root.value, Value::Mapping(_)) {
        let help = "a first one: `name: hello` and `apps: { web: { image: IMAGE, metrics: {} } }`";
        reader.error(root.span, Path::ROOT, "a stack file is a map of `key: value`", help);
    }
    let mut sections = Sections { root, reader };
    sections.unknown_keys();
    let (apps, attached) = sections.apps();
    let exporters = sections.named("exporters", |entry, path, reader| Some(Exporter::read(entry, path, reader)));
    let probes = sections.named("probes", read_whole);
    Stack {
        name: sections.name(),
        include: sections.one("include"),
        engine: sections.one("engine"),
        images: sections.one("images"),
        prometheus: sections.component("prometheus", Prometheus::read),
        grafana: sections.component("grafana", Grafana::read),
        alertmanager: sections.asked_for("alertmanager", Alertmanager::read),
        apps,
        attached,
        exporters: with_prober(exporters, &probes),
        scrape: sections.named("scrape", |entry, path, reader| Some(Scrape::read(entry, path, reader))),
        probes,
        dashboards: sections.named("dashboards", read_whole),
        alerts: sections.alerts(),
        rules: sections.one("rules"),
        tests: sections.one("tests"),
        networks: sections.named("networks", read_whole),
        volumes: sections.named("volumes", read_whole),
        secrets: sections.named("secrets", read_whole),
    }
}

/// Probes need an exporter that asks: where the file names none, it is there all the same.
fn with_prober(
    mut exporters: IndexMap<ServiceName, Exporter>,
    probes: &IndexMap<ServiceName, Probe>,
) -> IndexMap<ServiceName, Exporter> {
    let name = BLACKBOX.name;
    let is_written = exporters.iter().any(|(key, exporter)| exporter.kind(key.as_str()) == name);
    if !probes.is_empty() && !is_written {
        exporters.insert(ServiceName::unchecked(name), Exporter::default());
    }
    exporters
}

fn read_whole<T: DeserializeOwned>(entry: &Entry, path: Path, reader: &mut Reader) -> Option<T> {
    reader.read(&entry.node, entry.key, path)
}

struct Sections<'n, 'r, 'p> {
    root: &'n Node,
    reader: &'r mut Reader<'p>,
}

impl<'n> Sections<'n, '_, '_> {
    fn unknown_keys(&mut self) {
        let Value::Mapping(entries) = &self.root.value else { return };
        for (key, entry) in entries.iter().filter(|(key, _)| !KEYS.contains(&key.as_str()) && !key.starts_with("x-")) {
            if self.reader.problems.is_full() {
                return;
            }
            let words = suggest::unknown_key(key, &KEYS);
            self.reader.error(entry.key, Path::ROOT.key(key), words.message, words.help);
        }
    }

    fn name(&mut self) -> StackName {
        let help = "add `name: NAME`; containers, networks and volumes are named after it";
        let Value::Mapping(_) = self.root.value else { return StackName::placeholder() };
        match self.entry("name") {
            Some(entry) if !entry.node.is_null() => self.required("name", entry),
            Some(entry) => self.missing_name(entry.key, help),
            None if self.root.entry("name").is_some() => StackName::placeholder(),
            None => self.missing_name(Span::top(self.root.span.source as usize), help),
        }
    }

    fn required(&mut self, key: &str, entry: &Entry) -> StackName {
        self.reader.read(&entry.node, entry.key, Path::ROOT.key(key)).unwrap_or_else(StackName::placeholder)
    }

    fn missing_name(&mut self, at: Span, help: &str) -> StackName {
        self.reader.error(at, Path::ROOT.key("name"), "key `name` is missing", help);
        StackName::placeholder()
    }

    /// The entry of a key, unless it was found wrong already.
    fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.root.entry(key).filter(|entry| !entry.node.pruned.get())
    }

    fn one<T: DeserializeOwned + Default>(&mut self, key: &str) -> T {
        let Some(entry) = self.entry(key) else { return T::default() };
        self.reader.read(&entry.node, entry.key, Path::ROOT.key(key)).unwrap_or_default()
    }

    /// `alerts`, where it is written; with nothing after it, it means `alerts: {}`.
    fn alerts(&mut self) -> Alerts {
        let entry = self.entry("alerts")?;
        Some(self.reader.read(&entry.node, entry.key, Path::ROOT.key("alerts")).unwrap_or_default())
    }

    /// A section that is a map of settings, or one word that switches it on or off.
    fn component<T: Default>(&mut self, key: &str, read: impl Fn(&Entry, Path, &mut Reader) -> T) -> Toggle<T> {
        /// Stands in for the settings where there are none.
        #[derive(Default, Deserialize)]
        struct NoSettings {}

        let Some(entry) = self.entry(key) else { return Toggle::default() };
        let path = Path::ROOT.key(key);
        if matches!(entry.node.value, Value::Mapping(_)) {
            return Toggle::On(read(entry, path, self.reader));
        }
        match self.reader.read::<Toggle<NoSettings>>(&entry.node, entry.key, path) {
            Some(Toggle::Off) => Toggle::Off,
            _ => Toggle::default(),
        }
    }

    /// The same for a section that is off where the file says nothing of it.
    fn asked_for<T: Default>(&mut self, key: &str, read: impl Fn(&Entry, Path, &mut Reader) -> T) -> Toggle<T> {
        if self.root.entry(key).is_none() { Toggle::Off } else { self.component(key, read) }
    }

    fn named<T>(
        &mut self,
        section: &str,
        read: impl Fn(&Entry, Path, &mut Reader) -> Option<T>,
    ) -> IndexMap<ServiceName, T> {
        let Some(entry) = self.entry(section) else { return IndexMap::new() };
        let top = Path::ROOT.key(section);
        let Value::Mapping(entries) = &entry.node.value else {
            if !entry.node.is_null() {
                let message = format!("`{section}` is a map from names to settings");
                self.reader.error(entry.key, top, message, "write `NAME:` and below it, indented, its settings");
            }
            return IndexMap::new();
        };
        let mut named = IndexMap::with_capacity(entries.len());
        for (name, entry) in entries.iter().filter(|(_, entry)| !entry.node.pruned.get()) {
            let path = top.key(name);
            let name = self.service_name(name, entry, path);
            if let Some(value) = read(entry, path, self.reader) {
                named.insert(name, value);
            }
        }
        named
    }

    /// The apps to run, and those that run already.
    fn apps(&mut self) -> (IndexMap<ServiceName, App>, IndexMap<ServiceName, Attached>) {
        let (mut apps, mut attached) = (IndexMap::new(), IndexMap::new());
        for (name, app) in self.named("apps", AppKeys::read) {
            match app {
                AppKeys::Run(app) => drop(apps.insert(name, *app)),
                AppKeys::Attached(app) => drop(attached.insert(name, *app)),
            }
        }
        (apps, attached)
    }

    fn service_name(&mut self, name: &str, entry: &Entry, path: Path) -> ServiceName {
        name.parse().unwrap_or_else(|wrong: super::Wrong| {
            self.reader.error(entry.key, path, wrong.message, wrong.help);
            ServiceName::unchecked(name)
        })
    }
}
