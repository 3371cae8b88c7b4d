//! What has to change in a `daemon.json` so that it says what is wanted: the new text, each setting with its reason, the diff.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::keys::key;
use super::{Document, METRICS_KEY, without_credentials};

/// One setting that changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Path of keys, such as `log-opts.max-size`.
    pub path: String,
    /// What it was. `None`: it was not there.
    pub from: Option<Value>,
    /// What it will be. `None`: it will not be there.
    pub to: Option<Value>,
    /// What it is good for, in half a sentence.
    pub why: &'static str,
    /// A reload puts it in force; else only a restart does.
    pub reloads: bool,
}

/// From one text to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The file as it is.
    pub before: Document,
    /// The file as it shall be.
    pub after: Document,
    /// What is different, in order.
    pub edits: Vec<Edit>,
}

impl Change {
    /// Puts settings into a document and takes others out. A map such as `log-opts` is merged key by key, unless its
    /// driver changes: options of another driver would stop the daemon.
    pub fn of(document: &Document, wanted: &Map<String, Value>, unwanted: &[&str]) -> Self {
        let mut change = Self { before: document.clone(), after: document.clone(), edits: Vec::new() };
        let changes_driver = wanted.get("log-driver").is_some_and(|driver| {
            let present = document.get("log-driver").unwrap_or_else(|| "json-file".into());
            present != *driver
        });
        for (name, value) in wanted {
            match value {
                Value::Object(members) if !(name == "log-opts" && changes_driver) => {
                    for (member, value) in members {
                        change.set(&[name, member], value);
                    }
                }
                _ => change.set(&[name], value),
            }
        }
        for name in unwanted {
            change.remove(name);
        }
        change
    }

    /// Nothing has to change.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// A reload of the running daemon puts all of it in force.
    pub fn reloads(&self) -> bool {
        self.edits.iter().all(|edit| edit.reloads)
    }

    /// The change in the form that `diff -u` gives it, credentials aside.
    pub fn diff(&self, name: &str) -> String {
        diff(self.before.text(), self.after.text(), name)
    }

    fn set(&mut self, path: &[&str], value: &Value) {
        let from = self.after.value_at(path);
        if from.as_ref() == Some(value) {
            return;
        }
        self.after = self.after.with(path, value);
        self.edits.push(edit(path, from, Some(value.clone())));
    }

    fn remove(&mut self, name: &str) {
        if let Some(from) = self.after.get(name) {
            self.after = self.after.without(&[name]);
            self.edits.push(edit(&[name], Some(from), None));
        }
    }
}

fn edit(path: &[&str], from: Option<Value>, to: Option<Value>) -> Edit {
    let reloads = key(path[0]).is_some_and(|key| key.reloads);
    Edit { path: path.join("."), why: reason(path[0], to.is_some()), from, to, reloads }
}

/// What a setting is good for.
fn reason(name: &str, is_set: bool) -> &'static str {
    match name {
        METRICS_KEY if is_set => "the engine serves its own metrics there, for Prometheus",
        METRICS_KEY => "the engine stops serving its metrics",
        "experimental" => "up to 19.03 the engine serves its metrics with it only",
        "bip" => "keeps the default bridge where it is now; the next boot would move it away from the metrics' address",
        "host-gateway-ip" => {
            "with live-restore, this release forgets where `host.docker.internal` leads when it restarts under containers"
        }
        "live-restore" => "containers go on running while the engine restarts",
        "log-driver" => "where new containers log to",
        "log-opts" => "keeps the logs of new containers from filling the disk",
        "default-address-pools" => "where new networks get their subnets from",
        _ => "asked for",
    }
}

/// Whether a daemon that runs with one document takes up the other one only when it is restarted. A setting that is there no
/// more stays as it is at a reload (moby `daemon/reload.go`: only what the file sets is taken).
pub fn needs_restart(one: &Document, other: &Document) -> bool {
    let names: BTreeSet<String> =
        one.settings().into_iter().chain(other.settings()).map(|setting| setting.name).collect();
    let differs = |name: &&String| one.get(name) != other.get(name);
    let reloads = |name: &String| other.get(name).is_some() && key(name).is_some_and(|key| key.reloads);
    names.iter().filter(differs).any(|name| !reloads(name))
}

/// Two texts compared line by line, without the credentials in them. Empty where they are the same.
pub fn diff(before: &str, after: &str, name: &str) -> String {
    let diff = similar::TextDiff::from_lines(before, after);
    without_credentials(&diff.unified_diff().header(name, &format!("{name} (new)")).to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(text: &str, wanted: &Value, unwanted: &[&str]) -> Change {
        let wanted = wanted.as_object().expect("a map");
        Change::of(&Document::parse(text.as_bytes()).expect(text), wanted, unwanted)
    }

    #[test]
    fn other_settings_stay_as_they_are_and_where_they_are() {
        let text =
            "{\n  \"debug\": true,\n  \"log-opts\": { \"tag\": \"x\",  \"max-size\": \"1g\" },\n  \"mtu\": 1400\n}";
        let wanted = json!({ "metrics-addr": "172.17.0.1:9323", "log-opts": { "max-size": "10m" } });
        let change = change(text, &wanted, &[]);
        assert_eq!(
            change.after.text(),
            "{\n  \"debug\": true,\n  \"log-opts\": { \"tag\": \"x\",  \"max-size\": \"10m\" },\n  \"mtu\": 1400,\n  \
             \"metrics-addr\": \"172.17.0.1:9323\"\n}"
        );
        let edited: Vec<_> = change.edits.iter().map(|edit| edit.path.as_str()).collect();
        assert_eq!(edited, ["metrics-addr", "log-opts.max-size"]);
        assert_eq!(change.edits[1].from, Some("1g".into()));
    }

    #[test]
    fn options_of_another_log_driver_go_with_it() {
        let text = "{\"log-driver\": \"syslog\", \"log-opts\": {\"syslog-address\": \"udp://x\"}}";
        let wanted = json!({ "log-driver": "local", "log-opts": { "max-size": "10m" } });
        let after = change(text, &wanted, &[]).after;
        assert_eq!(after.get("log-opts"), Some(json!({ "max-size": "10m" })));
    }

    #[test]
    fn what_is_there_already_is_no_change() {
        let text = "{\"live-restore\":true,\"log-opts\":{\"max-file\":\"3\"}}";
        let change = change(text, &json!({ "live-restore": true, "log-opts": { "max-file": "3" } }), &["metrics-addr"]);
        assert!(change.is_empty() && change.diff("daemon.json").is_empty());
        assert_eq!(change.after.text(), text);
    }

    #[test]
    fn a_reload_will_do_where_the_daemon_takes_all_of_it() {
        assert!(change("", &json!({ "live-restore": true }), &[]).reloads());
        assert!(!change("", &json!({ "live-restore": true, "metrics-addr": "1.2.3.4:5" }), &[]).reloads());
    }

    #[test]
    fn what_is_different_of_two_documents_tells_whether_a_restart_is_needed() {
        let needs = |one: &str, other: &str| {
            let read = |text: &str| Document::parse(text.as_bytes()).expect(text);
            needs_restart(&read(one), &read(other))
        };
        assert!(needs("{}", "{\"log-driver\": \"local\"}") && needs("{\"log-driver\": \"local\"}", ""));
        assert!(!needs("{\"mtu\": 1, \"debug\": true}", "{\"debug\": false, \"mtu\":1}"), "a reload does");
        assert!(needs("{\"debug\": true}", "{}"), "a reload leaves it as it is");
        assert!(!needs("", "{}"));
    }

    #[test]
    fn the_diff_is_what_diff_would_print() {
        let change = change("{\n  \"a\": 1\n}\n", &json!({ "metrics-addr": "1.2.3.4:5" }), &[]);
        assert_eq!(
            change.diff("daemon.json"),
            "--- daemon.json\n+++ daemon.json (new)\n@@ -1,3 +1,4 @@\n {\n-  \"a\": 1\n+  \"a\": 1,\n+  \"metrics-addr\": \
             \"1.2.3.4:5\"\n }\n"
        );
    }
}
