//! Datasources of elsewhere → the stack's own Prometheus.

use serde_json::{Map, Value, json};

use super::{list, text};

/// Grafana's own sources, which every Grafana has.
const BUILT_IN: &[&str] = &["-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana", "__expr__", "-100"];

/// What the datasources of a file are replaced by.
pub(super) struct Datasources<'a> {
    /// Uid of the stack's Prometheus.
    uid: &'a str,
    /// Names of inputs and variables that stand for something else than a Prometheus, with their kind.
    foreign: Vec<(String, String)>,
    /// Names of variables that let the reader choose a Prometheus.
    choices: Vec<String>,
}

impl<'a> Datasources<'a> {
    /// What the file says of its datasources.
    pub(super) fn of(json: &Map<String, Value>, uid: &'a str) -> Self {
        let inputs = list(json, "__inputs").iter().filter_map(Value::as_object);
        let mut foreign: Vec<_> = inputs
            .filter(|input| {
                text(input, "type") == "datasource" && !matches!(text(input, "pluginId"), "prometheus" | "")
            })
            .map(|input| (text(input, "name").to_owned(), text(input, "pluginId").to_owned()))
            .collect();
        let variables = json.get("templating").and_then(|templating| templating.get("list")).and_then(Value::as_array);
        let mut choices = Vec::new();
        for variable in variables.into_iter().flatten().filter_map(Value::as_object) {
            match (text(variable, "type"), text(variable, "query")) {
                ("datasource", "prometheus") => choices.push(text(variable, "name").to_owned()),
                ("datasource", other) => foreign.push((text(variable, "name").to_owned(), other.to_owned())),
                _ => {}
            }
        }
        Self { uid, foreign, choices }
    }

    /// Replaces every datasource, wherever one is named. What asks something else than a Prometheus is noted.
    pub(super) fn resolve(&self, json: &mut Map<String, Value>, notes: &mut Vec<String>) {
        let owner = text(json, "title").to_owned();
        let mut value = Value::Object(std::mem::take(json));
        self.walk(&mut value, &owner, notes);
        if let Value::Object(resolved) = value {
            *json = resolved;
        }
        notes.dedup();
    }

    /// `owner`: title of the panel that is looked at.
    fn walk(&self, value: &mut Value, owner: &str, notes: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, owner, notes)),
            Value::Object(object) => {
                let own_title = object.get("title").and_then(Value::as_str).filter(|title| !title.is_empty());
                let owner = own_title.unwrap_or(owner).to_owned();
                if text(object, "type") == "datasource" && text(object, "query") == "prometheus" {
                    object.insert("current".to_owned(), json!({ "text": "Prometheus", "value": self.uid }));
                }
                for (key, child) in object.iter_mut() {
                    if key == "datasource" && !child.is_null() {
                        self.replace(child, &owner, notes);
                    } else {
                        self.walk(child, &owner, notes);
                    }
                }
            }
            _ => {}
        }
    }

    fn replace(&self, reference: &mut Value, owner: &str, notes: &mut Vec<String>) {
        let (kind, name) = match &*reference {
            Value::Object(object) => (text(object, "type").to_owned(), text(object, "uid").to_owned()),
            Value::String(name) => (String::new(), name.clone()),
            _ => return,
        };
        let variable = variable(&name);
        if BUILT_IN.contains(&name.as_str()) || matches!(kind.as_str(), "grafana" | "datasource" | "__expr__") {
            return;
        }
        let foreign = variable.and_then(|variable| self.foreign.iter().find(|(known, _)| known == variable));
        let other = foreign.map(|(_, kind)| kind.as_str()).or(Some(kind.as_str()).filter(|kind| !is_prometheus(kind)));
        if let Some(other) = other {
            notes.push(format!("`{owner}` asks a datasource of the kind `{other}`, which the stack does not have"));
            return;
        }
        if !variable.is_some_and(|variable| self.choices.iter().any(|choice| choice == variable)) {
            *reference = json!({ "type": "prometheus", "uid": self.uid });
        }
    }
}

fn is_prometheus(kind: &str) -> bool {
    matches!(kind, "" | "prometheus")
}

/// The variable that a name is: `$name`, `${name}`, `[[name]]`.
fn variable(name: &str) -> Option<&str> {
    let braced = name.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    braced
        .or_else(|| name.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")))
        .or_else(|| name.strip_prefix('$'))
}

/// Writes the constants that the file asks for at import, such as `${VAR_PREFIX}`, where they stand.
pub(super) fn fill_inputs(json: &mut Map<String, Value>) {
    let inputs = list(json, "__inputs").iter().filter_map(Value::as_object);
    let constants: Vec<(String, String)> = inputs
        .filter(|input| text(input, "type") == "constant")
        .map(|input| (format!("${{{}}}", text(input, "name")), text(input, "value").to_owned()))
        .collect();
    if !constants.is_empty() {
        json.values_mut().for_each(|value| fill(value, &constants));
    }
}

fn fill(value: &mut Value, constants: &[(String, String)]) {
    match value {
        Value::String(text) => {
            for (reference, constant) in constants {
                *text = text.replace(reference, constant);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, constants)),
        Value::Object(object) => object.values_mut().for_each(|value| fill(value, constants)),
        _ => {}
    }
}
