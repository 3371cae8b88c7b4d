//! Receivers in Alertmanager's words, the files in which they find their secrets, and where they send to.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use super::super::{PlacedSecret, secret};
use crate::catalog::Version;
use crate::catalog::alertmanager::{INTEGRATIONS, Integration, integration};
use crate::stack::{Alertmanager, Receiver, ServiceName, WebhookUrl};

/// A receiver in Alertmanager's words.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiverConfig {
    /// Its name.
    pub name: String,
    /// Its ways, such as `slack_configs`, each with its settings.
    pub ways: IndexMap<String, Vec<Value>>,
}

/// A receiver, and where it sends to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Name of the receiver.
    pub receiver: String,
    /// Its way, such as `slack`.
    pub way: &'static str,
    /// Where to.
    pub destination: Destination,
}

/// Where a receiver sends to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// There.
    At {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// To the URL in this file of the container.
    InFile(String),
}

/// A receiver that a version cannot have as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Name of the receiver.
    pub receiver: String,
    /// What the version cannot do.
    pub reason: String,
    /// The first version that can.
    pub since: Version,
}

/// A receiver of several: all of them are told.
pub(super) fn joint_name(names: &[&str]) -> String {
    names.join("+")
}

/// Every receiver of the file, then those of several, then the one that is told nothing.
pub(super) fn all(section: &Alertmanager, version: Version, nobody: &str) -> Vec<ReceiverConfig> {
    let alone = section.receivers.iter();
    let mut all: Vec<ReceiverConfig> = alone
        .map(|(name, receiver)| ReceiverConfig {
            name: name.to_string(),
            ways: ways(name.as_str(), receiver, version).into_iter().map(|(key, way)| (key, vec![way])).collect(),
        })
        .collect();
    let lists = section.routes.iter().map(|route| &route.receiver).chain([&section.receiver]);
    let joint: IndexSet<Vec<&str>> =
        lists.filter(|list| list.len() > 1).map(|list| list.iter().map(ServiceName::as_str).collect()).collect();
    for names in joint {
        let members = names.iter().filter_map(|name| all.iter().find(|known| known.name == *name));
        let mut ways: IndexMap<String, Vec<Value>> = IndexMap::new();
        for (key, settings) in members.flat_map(|member| &member.ways) {
            ways.entry(key.clone()).or_default().extend(settings.iter().cloned());
        }
        all.push(ReceiverConfig { name: joint_name(&names), ways });
    }
    all.push(ReceiverConfig { name: nobody.to_owned(), ways: IndexMap::new() });
    all
}

/// The one way of a receiver.
fn ways(name: &str, receiver: &Receiver, version: Version) -> Option<(String, Value)> {
    let word = *receiver.ways().first()?;
    let integration = integration(word, version)?;
    let mut settings = settings(name, receiver, integration);
    settings.insert("send_resolved".to_owned(), Value::Bool(receiver.send_resolved.unwrap_or(true)));
    for (key, value) in &receiver.options {
        settings.insert(key.clone(), value.clone());
    }
    Some((integration.key.to_owned(), Value::Object(settings)))
}

fn settings(name: &str, receiver: &Receiver, integration: &Integration) -> Map<String, Value> {
    let mut settings = Map::new();
    let mut set = |key: &str, value: Value| drop(settings.insert(key.to_owned(), value));
    let file = |key: &str| Value::String(secret::path(&secret_name(name, key)));
    if let Some(webhook) = &receiver.webhook {
        match &webhook.url {
            WebhookUrl::Written(url) => set("url", json!(url.as_str())),
            WebhookUrl::Secret(_) => set(integration.file_key, file("url")),
        }
        if webhook.token.is_some() {
            let authorization = json!({ "type": "Bearer", "credentials_file": file("token") });
            set("http_config", json!({ "authorization": authorization }));
        }
        if let Some(most) = webhook.max_alerts {
            set("max_alerts", json!(most));
        }
    } else if let Some(slack) = &receiver.slack {
        set(integration.file_key, file("url"));
        if let Some(channel) = &slack.channel {
            set("channel", json!(channel));
        }
    } else if let Some(email) = &receiver.email {
        set("to", json!(email.to.join(", ")));
        set("from", json!(email.from));
        set("smarthost", json!(email.server.to_string()));
        set("require_tls", json!(email.require_tls.unwrap_or(true)));
        if let Some(username) = &email.username {
            set("auth_username", json!(username));
        }
        if email.password.is_some() {
            set(integration.file_key, file("password"));
        }
    } else if receiver.pagerduty.is_some() {
        set(integration.file_key, file("key"));
    } else if let Some(telegram) = &receiver.telegram {
        set(integration.file_key, file("token"));
        set("chat_id", json!(telegram.chat));
    } else if receiver.teams.is_some() || receiver.discord.is_some() {
        set(integration.file_key, file("url"));
    }
    settings
}

/// Name of a receiver's secret; it lies at `/run/secrets/NAME`.
fn secret_name(receiver: &str, key: &str) -> String {
    format!("alertmanager_{receiver}_{key}")
}

/// The secrets of all receivers.
pub(super) fn secrets(section: &Alertmanager) -> Vec<PlacedSecret> {
    let all = section.receivers.iter().flat_map(|(name, receiver)| {
        let secrets = receiver.secrets().into_iter();
        secrets.map(|([_, key], written)| secret::place(secret_name(name.as_str(), key), written)).collect::<Vec<_>>()
    });
    all.collect()
}

/// Whom the receivers tell, and where.
pub(super) fn told(section: &Alertmanager) -> Vec<Told> {
    let told = section.receivers.iter().filter_map(|(name, receiver)| {
        let way = *receiver.ways().first()?;
        Some(Told { receiver: name.to_string(), way, destination: destination(name.as_str(), receiver, way)? })
    });
    told.collect()
}

fn destination(name: &str, receiver: &Receiver, way: &str) -> Option<Destination> {
    if let Some(email) = &receiver.email {
        let host = email.server.host.trim_matches(['[', ']']).to_owned();
        return Some(Destination::At { host, port: email.server.port });
    }
    if let Some(WebhookUrl::Written(url)) = receiver.webhook.as_ref().map(|webhook| &webhook.url) {
        let (host, port) = url.host_and_port();
        return Some(Destination::At { host, port });
    }
    let usual = INTEGRATIONS.iter().find(|integration| integration.word == way)?.host;
    Some(match usual {
        Some((host, port)) => Destination::At { host: host.to_owned(), port },
        None => Destination::InFile(secret::path(&secret_name(name, "url"))),
    })
}

/// What this version cannot do.
pub(super) fn unfit(section: &Alertmanager, version: Version, shown_version: &str) -> Vec<Unfit> {
    let unfit = section.receivers.iter().filter_map(|(name, receiver)| {
        let word = *receiver.ways().first()?;
        let integration = integration(word, version)?;
        let needs_file = match &receiver.webhook {
            Some(webhook) => matches!(webhook.url, WebhookUrl::Secret(_)),
            None => !receiver.secrets().is_empty(),
        };
        let (reason, since) = if version < integration.since {
            (format!("Alertmanager {shown_version} does not know `{word}`"), integration.since)
        } else if needs_file && version < integration.file_since {
            let reason = format!(
                "Alertmanager {shown_version} reads the secret of `{word}` from no file, and a secret does not belong into alertmanager.yml"
            );
            (reason, integration.file_since)
        } else {
            return None;
        };
        Some(Unfit { receiver: name.to_string(), reason, since })
    });
    unfit.collect()
}
