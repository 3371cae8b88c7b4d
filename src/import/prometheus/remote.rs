//! `remote_write` and `remote_read` of prometheus.yml → those of the stack file, where it can say all of it.

use super::files::Mounted;
use crate::import::compose::project::scalar;
use crate::import::draft::{Item, Map};
use crate::import::paths::Rebase;
use crate::stack::{OutsideEntry, OutsideNode, OutsideValue, ServiceName, WebUrl};

/// Keys whose values mean the same, but for the name of the first.
const SAME: [(&str, &str); 7] = [
    ("name", "name"),
    ("remote_timeout", "timeout"),
    ("headers", "headers"),
    ("write_relabel_configs", "write_relabel_configs"),
    ("queue_config", "queue_config"),
    ("read_recent", "read_recent"),
    ("required_matchers", "required_matchers"),
];

/// Keys of `queue_config`.
const QUEUE: [&str; 8] = [
    "capacity",
    "min_shards",
    "max_shards",
    "max_samples_per_send",
    "batch_send_deadline",
    "min_backoff",
    "max_backoff",
    "retry_on_http_429",
];

/// Every item. `None`: one of them says more than a stack file can, so that the whole stays in Prometheus' own words.
pub(super) fn carried(entry: &OutsideEntry, mounted: &Mounted, rebase: &Rebase) -> Option<Item> {
    let OutsideValue::Sequence(items) = &entry.node.value else { return None };
    let items: Option<Vec<Item>> = items.iter().map(|item| one(item, mounted, rebase).map(Item::Map)).collect();
    items.filter(|items| !items.is_empty()).map(Item::List)
}

fn one(node: &OutsideNode, mounted: &Mounted, rebase: &Rebase) -> Option<Map> {
    let OutsideValue::Mapping(entries) = &node.value else { return None };
    let known = ["url", "basic_auth", "authorization", "bearer_token", "bearer_token_file", "tls_config"];
    let is_known = |key: &String| known.contains(&key.as_str()) || SAME.iter().any(|(from, _)| from == key);
    if !entries.keys().all(is_known) {
        return None;
    }
    let text = |key: &str| entries.get(key).and_then(|entry| scalar(&entry.node));
    let url = text("url")?;
    let host = url.parse::<WebUrl>().ok()?.host_and_port().0;
    // What Prometheus reaches there is its own container, which a stack file refuses.
    if matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1" | "0.0.0.0") {
        return None;
    }
    if text("name").is_some_and(|name| name.parse::<ServiceName>().is_err()) {
        return None;
    }
    let mut remote = Map::default();
    remote.set("url", Item::text(url.replace('$', "$$")));
    for (from, to) in SAME {
        remote.set_some(to, entries.get(from).map(|entry| Item::of_literal(&entry.node)));
    }
    if let Some(Item::Map(queue)) = remote.get("queue_config")
        && !queue.0.keys().all(|key| QUEUE.contains(&key.as_str()))
    {
        return None;
    }
    let secret = |node: &OutsideNode, value: &str, file: &str| {
        let text = |key: &str| node.entry(key).and_then(|entry| scalar(&entry.node));
        match (text(value), text(file)) {
            (Some(value), None) => Some(Item::text(value.replace('$', "$$"))),
            (None, Some(path)) => {
                let found = mounted.host(path).filter(|found| found.is_file())?;
                let mut secret = Map::default();
                secret.set("file", Item::text(rebase.file(&found).replace('$', "$$")));
                Some(Item::Map(secret))
            }
            _ => None,
        }
    };
    if let Some(entry) = entries.get("basic_auth") {
        let mut auth = Map::default();
        auth.set("username", Item::text(scalar(&entry.node.entry("username")?.node)?.replace('$', "$$")));
        auth.set("password", secret(&entry.node, "password", "password_file")?);
        remote.set("basic_auth", Item::Map(auth));
    }
    if let Some(entry) = entries.get("authorization") {
        let kind = entry.node.entry("type").and_then(|entry| scalar(&entry.node)).unwrap_or("Bearer");
        if kind != "Bearer" {
            return None;
        }
        remote.set("token", secret(&entry.node, "credentials", "credentials_file")?);
    } else if text("bearer_token").is_some() || text("bearer_token_file").is_some() {
        remote.set("token", secret(node, "bearer_token", "bearer_token_file")?);
    }
    if let Some(entry) = entries.get("tls_config") {
        let OutsideValue::Mapping(keys) = &entry.node.value else { return None };
        let known = ["ca_file", "server_name", "insecure_skip_verify"];
        let mut tls = Map::default();
        for (key, entry) in keys {
            let value = match key.as_str() {
                "ca_file" => {
                    let found = mounted.host(scalar(&entry.node)?).filter(|found| found.is_file())?;
                    Item::text(rebase.file(&found).replace('$', "$$"))
                }
                _ if known.contains(&key.as_str()) => Item::of_literal(&entry.node),
                _ => return None,
            };
            tls.set(key, value);
        }
        remote.set("tls", Item::Map(tls));
    }
    Some(remote)
}
