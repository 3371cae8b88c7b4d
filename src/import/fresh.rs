//! A stack file from nothing but answers: what `init` writes where there is nothing to import.

use std::path::Path;

use super::draft::{Item, Map};
use super::write;
use crate::stack::{self, Environment, Problems, Snippet, Vocabulary};

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fresh {
    /// Name of the stack.
    pub name: String,
    /// Apps, in order.
    pub apps: Vec<FreshApp>,
    /// Exporters of the catalogue.
    pub exporters: Vec<String>,
    /// Whether the engine's own metrics are scraped.
    pub engine_metrics: bool,
    /// Whether Grafana runs.
    pub grafana: bool,
}

/// One app.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FreshApp {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Published ports, as the stack file writes them.
    pub ports: Vec<String>,
    /// Port and path of its metrics.
    pub metrics: Option<(u16, String)>,
    /// A line of comment above it.
    pub note: Option<String>,
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
        if self.apps.is_empty() {
            header.push("An app: `apps: { web: { image: NAME:TAG, ports: [\"8080:80\"], metrics: {} } }`".to_owned());
        }
        header
    }

    fn draft(&self) -> Map {
        let mut root = Map::default();
        root.set("name", Item::text(&self.name));
        if self.engine_metrics {
            root.map("engine").set("metrics", Item::text("gateway"));
            root.note(
                "engine",
                "The Docker engine's own metrics, on the bridge's gateway: containers reach them, the LAN does not.",
            );
        }
        if !self.grafana {
            root.set("grafana", Item::word("off"));
        }
        for app in &self.apps {
            let apps = root.map("apps");
            apps.set(&app.name, Item::Map(app.draft()));
            if let Some(note) = &app.note {
                apps.note(&app.name, note.as_str());
            }
        }
        for exporter in &self.exporters {
            root.map("exporters").set(exporter, Item::Map(Map::default()));
        }
        root
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

impl FreshApp {
    /// The app as an entry of `apps`.
    pub fn snippet(&self) -> Snippet {
        write::snippet(&self.name, self.draft())
    }

    fn draft(&self) -> Map {
        let mut app = Map::default();
        app.set("image", Item::text(self.image.replace('$', "$$")));
        if !self.ports.is_empty() {
            app.set("ports", Item::texts(self.ports.clone()));
        }
        if let Some((port, path)) = &self.metrics {
            let mut metrics = Map::default();
            metrics.set("port", Item::word(port.to_string()));
            if path != "/metrics" {
                metrics.set("path", Item::text(path));
            }
            app.set("metrics", Item::Map(metrics));
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
            image: "acme/web:1".to_owned(),
            ports: vec!["8080:80".to_owned()],
            metrics: Some((80, "/q/metrics".to_owned())),
            note: Some("Runs already as `web-1`".to_owned()),
        };
        let fresh = Fresh {
            name: "shop".to_owned(),
            apps: vec![web],
            exporters: vec!["node".to_owned()],
            engine_metrics: true,
            grafana: false,
        };
        let text = fresh.text(Path::new("/"), &Environment::default(), &Vocabulary::default()).unwrap();
        let (_, below) = text.split_once("name: shop\n").unwrap();
        assert_eq!(
            below,
            "\n# The Docker engine's own metrics, on the bridge's gateway: containers reach them, the LAN does not.\n\
             engine: { metrics: gateway }\n\ngrafana: off\n\napps:\n  # Runs already as `web-1`\n  web:\n    image: acme/web:1\n    \
             ports: [\"8080:80\"]\n    metrics: { port: 80, path: /q/metrics }\n\nexporters: { node: {} }\n"
        );
    }
}
