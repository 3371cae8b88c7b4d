//! `apps.NAME.attach`: something that runs already, started by somebody else.

use std::fmt;
use std::str::FromStr;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::alert::alerts;
use super::document::{Entry, Path, Reader, Value};
use super::wrong::Wrong;
use super::{Alert, Alerts, App, Discovery, Metrics, Objectives, Signals, Toggle};

/// An app that is watched and not run.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    /// What runs already: the name of a container, or `PROJECT/SERVICE` of Compose.
    #[schemars(with = "String")]
    pub attach: Attach,
    /// How it is scraped. Default: at `/metrics` of the first port that the container exposes.
    #[serde(default)]
    pub metrics: Metrics,
    /// What the golden signals of this app are called.
    #[serde(default)]
    pub signals: Option<Signals>,
    /// What somebody wants to be told of this app.
    #[serde(default, deserialize_with = "alerts")]
    #[schemars(with = "Option<Toggle<IndexMap<String, Alert>>>")]
    pub alerts: Alerts,
    /// What this app promises.
    #[serde(default)]
    pub slo: Option<Objectives>,
}

/// What may stand under `apps`.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum AppKeys {
    Run(Box<App>),
    Attached(Box<Attached>),
}

impl AppKeys {
    /// Reads an app; whatever is wrong with it is recorded.
    pub(super) fn read(entry: &Entry, path: Path, reader: &mut Reader) -> Option<Self> {
        if entry.node.entry("attach").is_some() {
            return Attached::read(entry, path, reader).map(Box::new).map(Self::Attached);
        }
        Some(Self::Run(Box::new(App::read(entry, path, reader))))
    }
}

impl Attached {
    fn read(entry: &Entry, path: Path, reader: &mut Reader) -> Option<Self> {
        let Value::Mapping(keys) = &entry.node.value else { return None };
        for (key, setting) in keys {
            if !["attach", "metrics", "signals", "alerts", "slo"].contains(&key.as_str()) && !key.starts_with("x-") {
                let help = "remove it, or remove `attach` and name an `image`";
                let message = format!("`{key}` cannot be set: an attached app is somebody else's, and only watched");
                reader.error(setting.key, path.key(key), message, help);
                setting.node.pruned.set(true);
            }
        }
        let attached: Self = reader.read(&entry.node, entry.key, path)?;
        if attached.metrics.discovery == Discovery::Dns {
            let help = "leave `discovery` out: each container is written out by its name";
            let at = entry.node.entry("metrics").map_or(entry.key, |metrics| metrics.key);
            reader.error(at, path.key("metrics"), "an attached app has no name of its own to look up", help);
        }
        Some(attached)
    }
}

/// What is attached. It is watched, and never started, stopped or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attach {
    /// The container of this name.
    Container(String),
    /// Every container of a service of a Compose project.
    Service {
        /// Name of the project.
        project: String,
        /// Name of the service.
        service: String,
    },
}

impl FromStr for Attach {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let wrong = || {
            Wrong::new(
                format!("`{}` names nothing that runs", text.escape_debug()),
                "write the name of a container, as `docker ps` shows it, or `PROJECT/SERVICE` of Compose",
            )
        };
        // The engine's own rule for names of containers (moby, `daemon/names`).
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_alphanumeric())
                && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-'))
        };
        match text.split_once('/') {
            None if is_name(text) => Ok(Self::Container(text.to_owned())),
            Some((project, service)) if is_name(project) && is_name(service) => {
                Ok(Self::Service { project: project.to_owned(), service: service.to_owned() })
            }
            _ => Err(wrong()),
        }
    }
}

impl<'de> Deserialize<'de> for Attach {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Attach {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Container(name) => formatter.write_str(name),
            Self::Service { project, service } => write!(formatter, "{project}/{service}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Attach;

    #[test]
    fn a_container_or_a_service_of_a_project_is_named() {
        assert_eq!("shop-web-1".parse(), Ok(Attach::Container("shop-web-1".to_owned())));
        let service = Attach::Service { project: "shop".to_owned(), service: "web".to_owned() };
        assert_eq!("shop/web".parse(), Ok(service));
        for text in ["", "/web", "shop/", "a/b/c", "-x", "a b"] {
            assert!(text.parse::<Attach>().is_err(), "{text}");
        }
    }
}
