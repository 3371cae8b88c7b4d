//! A stack file from nothing but answers: what `init` writes where there is nothing to import.

use std::path::Path;

use indexmap::IndexMap;

use super::draft::{Item, Map};
use super::stack::NOT_WATCHED;
use super::{AppSettings, Carried, Remark, write};
use crate::catalog;
use crate::stack::{self, Environment, Problems, Snippet, Vocabulary};

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fresh {
    /// Name of the stack.
    pub name: String,
    /// A Compose project whose services are apps.
    pub include: Option<FreshInclude>,
    /// Apps, in order.
    pub apps: Vec<FreshApp>,
    /// Exporters of the catalogue.
    pub exporters: Vec<FreshExporter>,
    /// Whether the engine's own metrics are scraped.
    pub engine_metrics: bool,
    /// Whether Grafana runs.
    pub grafana: bool,
    /// What the included project's own Prometheus, Grafana and Alertmanager say.
    pub watched: Watched,
}

/// What the Prometheus, Grafana and Alertmanager of an included project say, in the words of a stack file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watched {
    /// Services that stackctl runs itself.
    pub own: Vec<String>,
    /// Whole sections.
    pub(super) sections: Map,
    /// `metrics` of services.
    pub(super) metrics: IndexMap<String, Item>,
    /// What there is to say about it.
    pub remarks: Vec<Remark>,
    /// How many scrape jobs were carried.
    pub jobs: Carried,
    /// Variables that stand for passwords in it, and their values.
    pub secrets: Vec<(String, String)>,
    /// The file beside the stack file into which these belong.
    pub secrets_file: &'static str,
}

impl Watched {
    /// Whether it says where the metrics of a service are.
    pub fn scrapes(&self, service: &str) -> bool {
        self.metrics.contains_key(service)
    }
}

/// An exporter of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FreshExporter {
    /// Its name.
    pub name: String,
    /// Its name in the catalogue, where that is another.
    pub kind: Option<String>,
    /// The app that it watches, as `APP` or `APP:PORT`.
    pub watched: Option<String>,
}

impl FreshExporter {
    /// Whether that is the app which it watches.
    pub fn watches(&self, app_name: &str) -> bool {
        self.watched.as_ref().and_then(|watched| watched.split(':').next()) == Some(app_name)
    }
}

/// A Compose project that is included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FreshInclude {
    /// Its files, as the stack file writes them.
    pub paths: Vec<String>,
    /// Services that are left out, because stackctl runs its own.
    pub without: Vec<String>,
    /// Services of which nobody knows whether they tell their metrics.
    pub unwatched: Vec<String>,
}

/// Where an app comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// It is a service of the included project.
    #[default]
    Included,
    /// It runs this image.
    Image(String),
    /// Somebody else runs it: a container, or `PROJECT/SERVICE`.
    Attached(String),
}

/// Where metrics are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshMetrics {
    /// The port; `None`: the first one of the container.
    pub port: Option<u16>,
    /// The path.
    pub path: String,
}

/// One app.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FreshApp {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Published ports, as the stack file writes them.
    pub ports: Vec<String>,
    /// What it runs in place of the image's own command, as one text.
    pub command: Option<String>,
    /// Where its metrics are; `None`: not scraped, or where stackctl looks for them by itself.
    pub metrics: Option<FreshMetrics>,
    /// What else it says.
    pub settings: AppSettings,
    /// Lines of comment above it.
    pub notes: Vec<String>,
}

impl FreshMetrics {
    /// Where a program of this image tells its metrics without being told to.
    pub fn of_image(image: &str) -> Option<Self> {
        let (port, path) = catalog::metrics_of(image)?;
        Some(Self { port: Some(port), path: path.to_owned() })
    }

    pub(super) fn draft(&self) -> Item {
        let mut metrics = Map::default();
        metrics.set_some("port", self.port.map(|port| Item::word(port.to_string())));
        if self.path != "/metrics" {
            metrics.set("path", Item::text(&self.path));
        }
        Item::Map(metrics)
    }
}

impl Fresh {
    /// The stack file, read once to be sure of it.
    ///
    /// # Errors
    /// Where the answers make no stack: two apps of one name, a name that DNS does not take, an image that is none.
    pub fn text(&self, folder: &Path, environment: &Environment, vocabulary: &Vocabulary) -> Result<String, Problems> {
        let text = write::stack_file(&self.header(), &self.draft());
        stack::parse("the new stack file", &text, folder, environment, vocabulary).map(|_| text)
    }

    fn header(&self) -> Vec<String> {
        let mut header = vec![
            "One file for apps, exporters and dashboards. `stackctl up` starts it and proves that all is scraped."
                .to_owned(),
            "`stackctl check --explain` shows every default; `stackctl schema` helps editors.".to_owned(),
        ];
        if self.apps.is_empty() && self.include.is_none() {
            header.push("An app: `apps: { web: { image: NAME:TAG, ports: [\"8080:80\"], metrics: {} } }`".to_owned());
        }
        header
    }

    fn draft(&self) -> Map {
        let mut root = Map::default();
        root.set("name", Item::text(&self.name));
        if let Some(include) = &self.include {
            root.set("include", include.draft());
            root.note(
                "include",
                "The services of this project are apps. Its files stay the source; below stands what is added.",
            );
            if !include.unwatched.is_empty() {
                let names = include.unwatched.join(", ");
                let line = format!(
                    "Not scraped: {names}. Where one tells its metrics: `apps: {{ {}: {{ metrics: {{ port: PORT }} }} }}`",
                    include.unwatched[0]
                );
                root.note("include", line);
            }
        }
        if self.engine_metrics {
            root.map("engine").set("metrics", Item::text("gateway"));
            root.note(
                "engine",
                "The Docker engine's own metrics, on the bridge's gateway: containers reach them, the LAN does not.",
            );
        }
        for (section, entry) in &self.watched.sections.0 {
            root.0.insert(section.clone(), entry.clone());
        }
        if !self.grafana {
            root.set("grafana", Item::word("off"));
        }
        for (name, metrics) in &self.watched.metrics {
            if self.apps.iter().all(|app| app.name != *name) {
                let mut app = Map::default();
                app.set("metrics", metrics.clone());
                root.map("apps").set(name, Item::Map(app));
            }
        }
        for app in &self.apps {
            let apps = root.map("apps");
            apps.set(&app.name, Item::Map(app.draft()));
            app.notes.iter().for_each(|note| apps.note(&app.name, note.as_str()));
        }
        for exporter in &self.exporters {
            root.map("exporters").set(&exporter.name, Item::Map(exporter.draft()));
        }
        for (section, needs) in self.apps.iter().flat_map(|app| app.settings.sections()) {
            for (key, entry) in &needs.0 {
                root.map(section).set(key, entry.item.clone());
            }
        }
        root
    }
}

impl FreshExporter {
    /// The exporter as an entry of `exporters`.
    pub fn snippet(&self) -> Snippet {
        write::snippet(&self.name, self.draft())
    }

    fn draft(&self) -> Map {
        let mut exporter = Map::default();
        exporter.set_some("kind", self.kind.as_ref().map(Item::text));
        exporter.set_some("for", self.watched.as_ref().map(Item::text));
        exporter
    }
}

/// An entry of a section with these keys, all of them texts.
pub fn entry_snippet(name: &str, keys: &[(&str, &str)]) -> Snippet {
    let mut entry = Map::default();
    for (key, value) in keys {
        entry.set(key, Item::text(value.replace('$', "$$")));
    }
    write::snippet(name, entry)
}

impl FreshInclude {
    fn draft(&self) -> Item {
        let paths = || self.paths.iter().map(|path| path.replace('$', "$$"));
        if self.without.is_empty() && self.paths.len() == 1 {
            return Item::texts(paths());
        }
        let mut entry = Map::default();
        entry.set("path", Item::texts(paths()));
        if !self.without.is_empty() {
            entry.set("without", Item::texts(self.without.iter().map(String::as_str)));
        }
        Item::List(vec![Item::Map(entry)])
    }
}

impl FreshApp {
    /// The app as an entry of `apps`.
    pub fn snippet(&self) -> Snippet {
        write::snippet(&self.name, self.draft())
    }

    fn draft(&self) -> Map {
        let mut app = Map::default();
        match &self.origin {
            Origin::Included => {}
            Origin::Image(image) => app.set("image", Item::text(image.replace('$', "$$"))),
            Origin::Attached(attached) => app.set("attach", Item::text(attached)),
        }
        app.set_some("command", self.command.as_ref().map(|command| Item::text(command.replace('$', "$$"))));
        if !self.ports.is_empty() {
            app.set("ports", Item::texts(self.ports.clone()));
        }
        for (key, entry) in &self.settings.keys.0 {
            app.set(key, entry.item.clone());
        }
        match (&self.metrics, &self.origin) {
            (Some(metrics), _) => app.set("metrics", metrics.draft()),
            (None, Origin::Image(image)) if catalog::exporter_for(image).is_none() => app.note("image", NOT_WATCHED),
            (None, _) => {}
        }
        app
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_a_stack_file_with_comments() {
        let web = FreshApp {
            name: "web".to_owned(),
            origin: Origin::Image("acme/web:1".to_owned()),
            ports: vec!["8080:80".to_owned()],
            command: Some("serve --port $PORT".to_owned()),
            metrics: Some(FreshMetrics { port: Some(80), path: "/q/metrics".to_owned() }),
            settings: AppSettings::default(),
            notes: vec!["Runs already as `web-1`".to_owned()],
        };
        let fresh = Fresh {
            name: "shop".to_owned(),
            include: None,
            apps: vec![web],
            exporters: vec![
                FreshExporter { name: "node".to_owned(), ..FreshExporter::default() },
                FreshExporter { name: "nginx".to_owned(), watched: Some("web".to_owned()), ..FreshExporter::default() },
            ],
            engine_metrics: true,
            grafana: false,
            watched: Watched::default(),
        };
        let text = fresh.text(Path::new("/"), &Environment::default(), &Vocabulary::default()).unwrap();
        let (_, below) = text.split_once("name: shop\n").unwrap();
        assert_eq!(
            below,
            "\n# The Docker engine's own metrics, on the bridge's gateway: containers reach them, the LAN does not.\n\
             engine: { metrics: gateway }\n\ngrafana: off\n\napps:\n  # Runs already as `web-1`\n  web:\n    image: acme/web:1\n    \
             command: serve --port $$PORT\n    ports: [\"8080:80\"]\n    metrics: { port: 80, path: /q/metrics }\n\nexporters:\n  node: {}\n\n  nginx: { for: web }\n"
        );
    }
}
