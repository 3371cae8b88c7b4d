//! Whom to tell, and by which way. Addresses that are secrets, passwords and keys come from files or the environment.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::Secret;
use super::super::shape::{one_or_many, one_or_many_schema};
use super::{HostPort, WebUrl};

/// Somebody who is told, by one way. Without any: nobody.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Receiver {
    /// An HTTP POST with the alerts as JSON: a URL, or `{ url: … }`.
    pub webhook: Option<Webhook>,
    /// A Slack channel.
    pub slack: Option<Slack>,
    /// Mail.
    pub email: Option<Email>,
    /// A service of `PagerDuty`, over its Events API v2.
    pub pagerduty: Option<Pagerduty>,
    /// Microsoft Teams.
    pub teams: Option<SecretUrl>,
    /// A Discord channel.
    pub discord: Option<SecretUrl>,
    /// A Telegram chat.
    pub telegram: Option<Telegram>,
    /// Tell when an alert is over, too. Default: true.
    pub send_resolved: Option<bool>,
    /// More keys of the way, in Alertmanager's own words, such as `title` and `text`. No secrets.
    pub options: IndexMap<String, serde_json::Value>,
}

impl Receiver {
    /// The words of the ways that are written.
    pub fn ways(&self) -> Vec<&'static str> {
        let written = [
            ("webhook", self.webhook.is_some()),
            ("slack", self.slack.is_some()),
            ("email", self.email.is_some()),
            ("pagerduty", self.pagerduty.is_some()),
            ("teams", self.teams.is_some()),
            ("discord", self.discord.is_some()),
            ("telegram", self.telegram.is_some()),
        ];
        written.into_iter().filter(|(_, is_written)| *is_written).map(|(word, _)| word).collect()
    }

    /// The secrets of its ways, each with its path below the receiver.
    pub fn secrets(&self) -> Vec<([&'static str; 2], &Secret)> {
        let of_webhook = self.webhook.iter().flat_map(|webhook| {
            let url = match &webhook.url {
                WebhookUrl::Secret(secret) => Some((["webhook", "url"], secret)),
                WebhookUrl::Written(_) => None,
            };
            url.into_iter().chain(webhook.token.iter().map(|secret| (["webhook", "token"], secret)))
        });
        let password = self.email.as_ref().and_then(|email| email.password.as_ref());
        let of_others = [
            self.slack.as_ref().map(|slack| (["slack", "url"], &slack.url)),
            password.map(|secret| (["email", "password"], secret)),
            self.pagerduty.as_ref().map(|pagerduty| (["pagerduty", "key"], &pagerduty.key)),
            self.teams.as_ref().map(|teams| (["teams", "url"], &teams.url)),
            self.discord.as_ref().map(|discord| (["discord", "url"], &discord.url)),
            self.telegram.as_ref().map(|telegram| (["telegram", "token"], &telegram.token)),
        ];
        of_webhook.chain(of_others.into_iter().flatten()).collect()
    }

    /// Gives each secret of its ways to a function, which may put another in its place.
    pub fn each_secret(&mut self, mut change: impl FnMut([&'static str; 2], &mut Secret)) {
        if let Some(webhook) = &mut self.webhook {
            if let WebhookUrl::Secret(secret) = &mut webhook.url {
                change(["webhook", "url"], secret);
            }
            if let Some(secret) = &mut webhook.token {
                change(["webhook", "token"], secret);
            }
        }
        let password = self.email.as_mut().and_then(|email| email.password.as_mut());
        let of_others = [
            (["slack", "url"], self.slack.as_mut().map(|slack| &mut slack.url)),
            (["email", "password"], password),
            (["pagerduty", "key"], self.pagerduty.as_mut().map(|pagerduty| &mut pagerduty.key)),
            (["teams", "url"], self.teams.as_mut().map(|teams| &mut teams.url)),
            (["discord", "url"], self.discord.as_mut().map(|discord| &mut discord.url)),
            (["telegram", "token"], self.telegram.as_mut().map(|telegram| &mut telegram.token)),
        ];
        for (place, secret) in of_others {
            if let Some(secret) = secret {
                change(place, secret);
            }
        }
    }
}

/// A URL that is no secret, or one that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookUrl {
    /// As it stands in the file.
    Written(WebUrl),
    /// Where it lies.
    Secret(Secret),
}

impl<'de> Deserialize<'de> for WebhookUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WebhookUrlVisitor;
        impl<'de> Visitor<'de> for WebhookUrlVisitor {
            type Value = WebhookUrl;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a URL, `{ file: PATH }` or `{ env: NAME }`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<WebhookUrl, E> {
                text.parse().map(WebhookUrl::Written).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WebhookUrl, A::Error> {
                Secret::deserialize(MapAccessDeserializer::new(map)).map(WebhookUrl::Secret)
            }
        }
        deserializer.deserialize_str(WebhookUrlVisitor)
    }
}

impl JsonSchema for WebhookUrl {
    fn schema_name() -> Cow<'static, str> {
        "WebhookUrl".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (url, secret) = (generator.subschema_for::<WebUrl>(), generator.subschema_for::<Secret>());
        json_schema!({ "anyOf": [url, secret] })
    }
}

/// An HTTP POST with the alerts as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where to.
    pub url: WebhookUrl,
    /// Sent as bearer token.
    pub token: Option<Secret>,
    /// No more alerts than this in one message. 0: all.
    pub max_alerts: Option<u32>,
}

/// The keys of a webhook that is not just a URL.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WebhookKeys {
    /// Where to: a URL, or a secret that holds it.
    url: WebhookUrl,
    /// Sent as bearer token.
    token: Option<Secret>,
    /// No more alerts than this in one message. 0: all.
    max_alerts: Option<u32>,
}

impl<'de> Deserialize<'de> for Webhook {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WebhookVisitor;
        impl<'de> Visitor<'de> for WebhookVisitor {
            type Value = Webhook;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a URL or `{ url: … }`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Webhook, E> {
                let url = text.parse().map(WebhookUrl::Written).map_err(E::custom)?;
                Ok(Webhook { url, token: None, max_alerts: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Webhook, A::Error> {
                let keys = WebhookKeys::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Webhook { url: keys.url, token: keys.token, max_alerts: keys.max_alerts })
            }
        }
        deserializer.deserialize_str(WebhookVisitor)
    }
}

impl JsonSchema for Webhook {
    fn schema_name() -> Cow<'static, str> {
        "Webhook".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (url, keys) = (generator.subschema_for::<WebUrl>(), generator.subschema_for::<WebhookKeys>());
        json_schema!({ "anyOf": [url, keys] })
    }
}

/// A Slack channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// The incoming webhook's URL, which is a secret.
    pub url: Secret,
    /// Channel. Default: the webhook's own.
    pub channel: Option<String>,
}

/// Mail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// To whom.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub to: Vec<String>,
    /// From whom.
    pub from: String,
    /// The server that takes it: `HOST:PORT`.
    pub server: HostPort,
    /// Who says so to the server.
    pub username: Option<String>,
    /// The password to it.
    pub password: Option<Secret>,
    /// Only over TLS. Default: true.
    pub require_tls: Option<bool>,
}

/// A service of `PagerDuty`, over its Events API v2.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pagerduty {
    /// The integration's key.
    pub key: Secret,
}

/// A way that is one URL, which is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretUrl {
    /// The webhook's URL.
    pub url: Secret,
}

/// A Telegram chat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    /// The bot's token.
    pub token: Secret,
    /// Number of the chat; of a group it is below zero.
    pub chat: i64,
}
