//! Remote write and read: in Prometheus' own words, with names, and the files in which it finds the secrets.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::unit::prometheus_duration;
use super::{BasicAuth, Duration, PlacedSecret, SecretSource, secret};
use crate::stack::{Prometheus, Queue, RemoteEnd};

/// Somewhere that samples are sent to, or asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Remote {
    /// Its name: the value of `remote_name` in Prometheus' own metrics of remote writes.
    pub name: String,
    /// The URL.
    pub url: String,
    /// Host of the URL.
    pub host: String,
    /// All of it in Prometheus' own words.
    pub settings: Value,
}

/// Where samples are sent to.
pub(super) fn writes(section: &Prometheus) -> Vec<Remote> {
    let written = section.remote_write.iter();
    named(written.clone().map(RemoteEnd::from).collect())
        .into_iter()
        .zip(written)
        .map(|((name, parts), remote)| {
            let mut settings = parts.settings(&name);
            if !remote.write_relabel_configs.is_empty() {
                settings.insert("write_relabel_configs".to_owned(), json!(remote.write_relabel_configs));
            }
            let queue = queue(&remote.queue_config);
            if !queue.is_empty() {
                settings.insert("queue_config".to_owned(), Value::Object(queue));
            }
            parts.remote(name, settings)
        })
        .collect()
}

/// Where samples are asked for.
pub(super) fn reads(section: &Prometheus) -> Vec<Remote> {
    let written = section.remote_read.iter();
    named(written.clone().map(RemoteEnd::from).collect())
        .into_iter()
        .zip(written)
        .map(|((name, parts), remote)| {
            let mut settings = parts.settings(&name);
            if remote.read_recent {
                settings.insert("read_recent".to_owned(), json!(true));
            }
            if !remote.required_matchers.is_empty() {
                settings.insert("required_matchers".to_owned(), json!(remote.required_matchers));
            }
            parts.remote(name, settings)
        })
        .collect()
}

/// The secrets of all of them.
pub(super) fn secrets(section: &Prometheus) -> Vec<PlacedSecret> {
    let writes = named(section.remote_write.iter().map(RemoteEnd::from).collect());
    let reads = named(section.remote_read.iter().map(RemoteEnd::from).collect());
    writes.into_iter().chain(reads).flat_map(|(name, parts)| parts.secrets(&name)).collect()
}

/// Each with the name that it has: its own, else that of its host, with a number where another has that.
fn named(all: Vec<RemoteEnd>) -> Vec<(String, RemoteEnd)> {
    let mut taken: HashSet<String> = all.iter().filter_map(|parts| Some(parts.name?.to_string())).collect();
    let names: Vec<String> = all
        .iter()
        .map(|parts| {
            if let Some(name) = parts.name {
                return name.to_string();
            }
            let host = parts.url.host_and_port().0.replace(|letter: char| !is_of_name(letter), "-");
            let numbered = (2..).map(|number| format!("{host}-{number}"));
            let mut names = std::iter::once(host.clone()).chain(numbered);
            let free = names.find(|name| taken.insert(name.clone()));
            free.unwrap_or(host)
        })
        .collect();
    names.into_iter().zip(all).collect()
}

/// Names become names of secrets and files.
fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

impl RemoteEnd<'_> {
    fn settings(&self, name: &str) -> Map<String, Value> {
        let mut settings = Map::new();
        let mut set = |key: &str, value: Value| drop(settings.insert(key.to_owned(), value));
        set("name", json!(name));
        set("url", json!(self.url.as_str()));
        if let Some(timeout) = self.timeout {
            set("remote_timeout", json!(prometheus_duration(timeout)));
        }
        if !self.headers.is_empty() {
            set("headers", json!(self.headers));
        }
        if let Some(auth) = self.basic_auth {
            let password_file = secret::path(&self.secret_name(name, "password"));
            set("basic_auth", json!(BasicAuth { username: auth.username.clone(), password_file }));
        }
        if self.token.is_some() {
            let file = secret::path(&self.secret_name(name, "token"));
            set("authorization", json!({ "type": "Bearer", "credentials_file": file }));
        }
        if let Some(tls) = self.tls {
            let mut words = Map::new();
            if tls.ca_file.is_some() {
                words.insert("ca_file".to_owned(), json!(secret::path(&self.secret_name(name, "ca"))));
            }
            if let Some(server_name) = &tls.server_name {
                words.insert("server_name".to_owned(), json!(server_name));
            }
            words.insert("insecure_skip_verify".to_owned(), json!(tls.insecure_skip_verify));
            set("tls_config", Value::Object(words));
        }
        settings
    }

    fn remote(&self, name: String, settings: Map<String, Value>) -> Remote {
        let host = self.url.host_and_port().0;
        Remote { name, url: self.url.as_str().to_owned(), host, settings: Value::Object(settings) }
    }

    fn secrets(&self, name: &str) -> Vec<PlacedSecret> {
        let password = self.basic_auth.map(|auth| secret::place(self.secret_name(name, "password"), &auth.password));
        let token = self.token.map(|token| secret::place(self.secret_name(name, "token"), token));
        let authority = self.tls.and_then(|tls| {
            let source = SecretSource::File(tls.ca_file.clone()?);
            Some(secret::at_usual_place(self.secret_name(name, "ca"), source))
        });
        [password, token, authority].into_iter().flatten().collect()
    }

    /// Name of a secret; it lies at `/run/secrets/NAME`.
    fn secret_name(&self, name: &str, key: &str) -> String {
        format!("{}_{name}_{key}", self.kind)
    }
}

fn queue(queue: &Queue) -> Map<String, Value> {
    let duration = |duration: Option<Duration>| duration.map(|duration| json!(prometheus_duration(duration)));
    let words = [
        ("capacity", queue.capacity.map(Value::from)),
        ("min_shards", queue.min_shards.map(Value::from)),
        ("max_shards", queue.max_shards.map(Value::from)),
        ("max_samples_per_send", queue.max_samples_per_send.map(Value::from)),
        ("batch_send_deadline", duration(queue.batch_send_deadline)),
        ("min_backoff", duration(queue.min_backoff)),
        ("max_backoff", duration(queue.max_backoff)),
        ("retry_on_http_429", queue.retry_on_http_429.then_some(Value::Bool(true))),
    ];
    words.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::RemoteWrite;

    fn names(texts: &[(&str, Option<&str>)]) -> Vec<String> {
        let remotes: Vec<RemoteWrite> = texts
            .iter()
            .map(|(url, name)| serde_json::from_value(json!({ "url": url, "name": name })).expect("a remote write"))
            .collect();
        named(remotes.iter().map(RemoteEnd::from).collect()).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn each_has_a_name_that_no_other_has() {
        let all = [("http://a:1", None), ("http://a:2", None), ("http://b", Some("a-2")), ("http://[::1]:9", None)];
        assert_eq!(names(&all), ["a", "a-3", "a-2", "--1"]);
    }
}
