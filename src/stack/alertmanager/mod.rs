//! `alertmanager`: who is told of alerts, how they are grouped, and what mutes what.

mod matcher;
mod receiver;
mod route;
mod url;

pub use matcher::Matcher;
pub use receiver::{Email, Pagerduty, Receiver, SecretUrl, Slack, Telegram, Webhook, WebhookUrl};
pub use route::{Inhibition, Route, Timing};
pub use url::{HostPort, WebUrl};

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::document::{Entry, Path, Reader};
use super::shape::{one_or_many, one_or_many_schema};
use super::{ContainerSettings, Publish, ServiceName, Wiring};

/// Alertmanager's settings. The container settings of an app stand here too.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Alertmanager {
    /// Tag of the catalogue's image.
    pub version: Option<String>,
    /// Replaces the catalogue's image.
    pub image: Option<String>,
    /// Where it is published: `PORT`, `ADDRESS:PORT` or `off`. Default 127.0.0.1:9093.
    pub port: Publish,
    /// How many Alertmanagers run, as one cluster. Default 1.
    pub replicas: Option<u32>,
    /// Where people reach it: what the links in messages begin with.
    pub external_url: Option<WebUrl>,
    /// Whom to tell, by name. Each has one way (`webhook`, `slack`, `email` …); one without any is told nothing.
    pub receivers: IndexMap<ServiceName, Receiver>,
    /// Who gets what no route takes. Default: the first of `receivers`.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub receiver: Vec<ServiceName>,
    /// Which alerts go to whom. The first one that fits is taken.
    pub routes: Vec<Route>,
    /// How alerts become messages, where a route does not say otherwise.
    #[serde(skip)]
    #[schemars(flatten, !skip)]
    pub timing: Timing,
    /// Which alerts mute which, beside stackctl's own: critical mutes warning, a target that is down mutes its alerts.
    pub inhibit: Vec<Inhibition>,
    /// Files of message templates, relative to the stack file.
    pub templates: Vec<TemplateFile>,
    /// More flags, as they are.
    pub extra_flags: Vec<String>,
    /// Adds to the catalogue's container settings.
    #[serde(skip)]
    #[schemars(flatten, !skip)]
    pub container: ContainerSettings,
    /// Volumes, networks and secrets of its container.
    #[serde(skip)]
    #[schemars(flatten, !skip)]
    pub wiring: Wiring,
}

impl Alertmanager {
    /// Reads the section; whatever is wrong with it is recorded.
    pub(super) fn read(entry: &Entry, path: Path, reader: &mut Reader) -> Self {
        let mut parts = reader.parts(&entry.node, entry.key, path);
        let mut alertmanager: Self = parts.read();
        alertmanager.timing = parts.read();
        alertmanager.container = parts.read();
        alertmanager.wiring = parts.read();
        parts.finish();
        alertmanager
    }

    /// Names of those who get what no route takes: as written, else the first receiver, else nobody.
    pub fn usual_receivers(&self) -> Vec<&ServiceName> {
        if self.receiver.is_empty() { self.receivers.keys().take(1).collect() } else { self.receiver.iter().collect() }
    }
}

/// A file of message templates in Go's template language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateFile {
    /// Where it lies. Absolute once loaded; relative to the stack file as written.
    pub path: String,
    /// What it says; empty until the stack is loaded.
    pub text: String,
}

impl TemplateFile {
    /// The last part of the path: its name inside the Alertmanager container, too.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for TemplateFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|path| Self { path, text: String::new() })
    }
}

impl JsonSchema for TemplateFile {
    fn schema_name() -> Cow<'static, str> {
        "TemplateFile".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A file of message templates, relative to the stack file." })
    }
}
