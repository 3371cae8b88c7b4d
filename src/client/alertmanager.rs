//! Alertmanager's HTTP API, version 2: what a proof and silences need.

use std::collections::BTreeMap;

use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Error;
use super::connection;
use super::error::innermost;

/// Who is asked here.
const SERVICE: &str = "Alertmanager";

/// One Alertmanager.
#[derive(Debug, Clone)]
pub struct Alertmanager {
    client: reqwest::Client,
    base: String,
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertmanagerStatus {
    /// Version, such as `0.33.1`.
    pub version: String,
    /// The configuration in force, as YAML with every default written out and secrets hidden.
    pub config: String,
    /// `ready`, `settling`, or `disabled` for one that stands alone.
    pub cluster: String,
    /// How many make the cluster, itself among them.
    pub peers: usize,
}

/// An alert that it knows of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownAlert {
    /// What stands for its labels.
    #[serde(default)]
    pub fingerprint: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether people are told of it.
    #[serde(default)]
    pub status: KnownStatus,
}

impl KnownAlert {
    /// The silences that keep an alert of these labels back.
    pub fn silences_of<'a>(known: &'a [Self], labels: &BTreeMap<String, String>) -> &'a [String] {
        Self::of(known, labels).map_or(&[], |known| &known.status.silenced_by)
    }

    /// The alerts that mute one of these labels: their names, else what stands for their labels.
    pub fn muted_by<'a>(known: &'a [Self], labels: &BTreeMap<String, String>) -> Vec<&'a str> {
        let by = Self::of(known, labels).into_iter().flat_map(|known| &known.status.inhibited_by);
        let name = |fingerprint: &'a String| {
            let source = known.iter().find(|known| known.fingerprint == *fingerprint);
            source.and_then(|source| source.labels.get("alertname")).unwrap_or(fingerprint).as_str()
        };
        by.map(name).collect()
    }

    /// The one of these labels. Alertmanager may know it with external labels beside its own.
    fn of<'a>(known: &'a [Self], labels: &BTreeMap<String, String>) -> Option<&'a Self> {
        known.iter().find(|known| labels.iter().all(|(label, value)| known.labels.get(label) == Some(value)))
    }
}

/// Whether people are told of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KnownStatus {
    /// Ids of the silences that keep it back.
    pub silenced_by: Vec<String>,
    /// The alerts that mute it, by what stands for their labels.
    pub inhibited_by: Vec<String>,
}

/// A silence: of alerts with these labels nobody is told for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Silence {
    /// Its id; none yet where it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the labels have to be, all of them.
    pub matchers: Vec<SilenceMatcher>,
    /// From when, RFC 3339.
    pub starts_at: String,
    /// Until when, RFC 3339.
    pub ends_at: String,
    /// Who made it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// How it stands; none yet where it is new.
    #[serde(default, skip_serializing)]
    pub status: Option<SilenceStatus>,
}

/// How a silence stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SilenceStatus {
    /// `active`, `pending` or `expired`.
    pub state: String,
}

/// What a label has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SilenceMatcher {
    /// Name of the label.
    pub name: String,
    /// Value or regular expression.
    pub value: String,
    /// Whether it is a regular expression.
    pub is_regex: bool,
    /// Whether the label has to have it, or must not.
    #[serde(default = "has_to")]
    pub is_equal: bool,
}

fn has_to() -> bool {
    true
}

impl Alertmanager {
    /// An Alertmanager by its base URL, such as `http://127.0.0.1:9093`. Nothing is sent yet.
    pub fn new(base_url: &str) -> Result<Self, Error> {
        let (client, base) = connection::client(SERVICE, base_url)?;
        Ok(Self { client, base })
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// How it stands, and by which configuration it works.
    pub async fn status(&self) -> Result<AlertmanagerStatus, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            cluster: WireCluster,
            config: WireConfig,
            version_info: WireVersion,
        }
        #[derive(Deserialize)]
        struct WireCluster {
            status: String,
            #[serde(default)]
            peers: Option<Vec<Value>>,
        }
        #[derive(Deserialize)]
        struct WireConfig {
            original: String,
        }
        #[derive(Deserialize)]
        struct WireVersion {
            version: String,
        }
        let what = "its status";
        let wire: Wire = self.read(what, self.client.get(self.path("api/v2/status"))).await?;
        Ok(AlertmanagerStatus {
            version: wire.version_info.version,
            config: wire.config.original,
            cluster: wire.cluster.status,
            peers: wire.cluster.peers.map_or(0, |peers| peers.len()),
        })
    }

    /// Has it read its configuration again. A refusal is an error with its words.
    pub async fn reload(&self) -> Result<(), Error> {
        self.send("a reload", self.client.post(self.path("-/reload"))).await.map(drop)
    }

    /// Alerts that it knows of, those that nobody is told of, too.
    pub async fn alerts(&self) -> Result<Vec<KnownAlert>, Error> {
        self.read("alerts", self.client.get(self.path("api/v2/alerts"))).await
    }

    /// Every silence, expired ones too.
    pub async fn silences(&self) -> Result<Vec<Silence>, Error> {
        self.read("silences", self.client.get(self.path("api/v2/silences"))).await
    }

    /// Makes a silence and gives its id.
    pub async fn add_silence(&self, silence: &Silence) -> Result<String, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            #[serde(rename = "silenceID")]
            silence_id: String,
        }
        let request = self.client.post(self.path("api/v2/silences")).json(silence);
        self.read::<Wire>("a silence", request).await.map(|made| made.silence_id)
    }

    /// Ends a silence.
    pub async fn end_silence(&self, id: &str) -> Result<(), Error> {
        let what = "the end of a silence";
        let mut url = Url::parse(&self.base).map_err(|error| self.failed(what, error.to_string(), false))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v2", "silence", id]);
        }
        self.send(what, self.client.delete(url)).await.map(drop)
    }

    fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    async fn read<T: for<'de> Deserialize<'de>>(&self, what: &str, request: RequestBuilder) -> Result<T, Error> {
        let response = self.send(what, request).await?;
        let body = response.bytes().await.map_err(|error| self.failed(what, innermost(&error), false))?;
        serde_json::from_slice(&body)
            .map_err(|error| self.failed(what, format!("its answer cannot be read: {error}"), false))
    }

    async fn send(&self, what: &str, request: RequestBuilder) -> Result<Response, Error> {
        let response = request.send().await.map_err(|error| self.failed(what, innermost(&error), false))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        let words = serde_json::from_str::<Value>(&text).ok();
        let words = words.as_ref().and_then(|words| words.as_str().or_else(|| words.get("message")?.as_str()));
        let words = words.unwrap_or(text.trim());
        let cause = match status {
            StatusCode::NOT_FOUND if words.is_empty() => "it knows no such thing".to_owned(),
            _ if words.is_empty() => format!("it answers {status}"),
            _ => words.to_owned(),
        };
        Err(self.failed(what, cause, true))
    }

    fn failed(&self, what: &str, cause: String, answered: bool) -> Error {
        Error { service: SERVICE, url: self.base.clone(), what: what.to_owned(), cause, answered }
    }
}
