//! What of a file is of another type than Grafana writes, so that it is passed over: named with its path.

use serde_json::{Map, Value};

/// What may stand somewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Number,
    Truth,
    List,
    Map,
}

impl Type {
    fn holds(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Truth => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Map => value.is_object(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Truth => "true or false",
            Self::List => "a list",
            Self::Map => "a map",
        }
    }
}

/// Keys of a map, and of what type each has to be where it is there.
type Keys = &'static [(&'static str, &'static [Type])];

use Type::{List, Map as MapType, Number, Text, Truth};

const OF_DASHBOARD: Keys = &[
    ("annotations", &[MapType]),
    ("description", &[Text]),
    ("links", &[List]),
    ("tags", &[List]),
    ("templating", &[MapType]),
    ("uid", &[Text]),
];

const OF_PANEL: Keys = &[
    ("datasource", &[Text, MapType]),
    ("description", &[Text]),
    ("fieldConfig", &[MapType]),
    ("gridPos", &[MapType]),
    ("options", &[MapType]),
    ("panels", &[List]),
    ("repeat", &[Text]),
    ("targets", &[List]),
    ("title", &[Text]),
    ("transformations", &[List]),
    ("type", &[Text]),
];

const OF_GRID: Keys = &[("h", &[Number]), ("w", &[Number]), ("x", &[Number]), ("y", &[Number])];

const OF_TARGET: Keys =
    &[("expr", &[Text]), ("hide", &[Truth]), ("instant", &[Truth]), ("legendFormat", &[Text]), ("range", &[Truth])];

const OF_FIELDS: Keys = &[("defaults", &[MapType]), ("overrides", &[List])];

const OF_DEFAULTS: Keys = &[
    ("custom", &[MapType]),
    ("decimals", &[Number]),
    ("mappings", &[List]),
    ("max", &[Number]),
    ("min", &[Number]),
    ("thresholds", &[MapType]),
    ("unit", &[Text]),
];

const OF_THRESHOLDS: Keys = &[("steps", &[List])];

const OF_TEMPLATING: Keys = &[("list", &[List])];

const OF_VARIABLE: Keys = &[
    ("includeAll", &[Truth]),
    ("multi", &[Truth]),
    ("name", &[Text]),
    ("query", &[Text, MapType]),
    ("regex", &[Text]),
    ("type", &[Text]),
];

/// Everything of a wrong type, in words.
pub(super) fn wrong_types(json: &Map<String, Value>) -> Vec<String> {
    let mut found = Found(Vec::new());
    found.map("", json, OF_DASHBOARD);
    for holder in ["templating", "annotations"] {
        found.below(holder, json.get(holder), OF_TEMPLATING);
    }
    let variables = json.get("templating").and_then(|templating| templating.get("list"));
    found.each("templating.list", variables, |found, path, variable| found.map(path, variable, OF_VARIABLE));
    found.each("rows", json.get("rows"), Found::panel);
    found.each("panels", json.get("panels"), Found::panel);
    found.0
}

struct Found(Vec<String>);

impl Found {
    fn say(&mut self, path: &str, value: &Value, wanted: &[Type]) {
        let is = match value {
            Value::Null => return,
            Value::Bool(_) => Truth.name(),
            Value::Number(_) => Number.name(),
            Value::String(_) => Text.name(),
            Value::Array(_) => List.name(),
            Value::Object(_) => MapType.name(),
        };
        let wanted: Vec<&str> = wanted.iter().map(|wanted| wanted.name()).collect();
        self.0.push(format!("`{path}` is {is}, where {} belongs", wanted.join(" or ")));
    }

    fn map(&mut self, path: &str, map: &Map<String, Value>, keys: Keys) {
        for (key, wanted) in keys {
            let Some(value) = map.get(*key) else { continue };
            if !wanted.iter().any(|wanted| wanted.holds(value)) {
                self.say(&joined(path, key), value, wanted);
            }
        }
    }

    /// The keys of what stands there, where it is a map at all.
    fn below(&mut self, path: &str, value: Option<&Value>, keys: Keys) {
        if let Some(map) = value.and_then(Value::as_object) {
            self.map(path, map, keys);
        }
    }

    /// Each item of a list, which has to be a map.
    fn each(&mut self, path: &str, list: Option<&Value>, mut look: impl FnMut(&mut Self, &str, &Map<String, Value>)) {
        for (index, item) in list.and_then(Value::as_array).into_iter().flatten().enumerate() {
            let path = format!("{path}[{index}]");
            match item {
                Value::Object(map) => look(self, &path, map),
                // Nothing stands for nothing elsewhere; as an item it is one too few.
                Value::Null => self.0.push(format!("`{path}` is null, where a map belongs")),
                other => self.say(&path, other, &[MapType]),
            }
        }
    }

    /// A panel, or a row of them.
    fn panel(&mut self, path: &str, panel: &Map<String, Value>) {
        self.map(path, panel, OF_PANEL);
        self.below(&joined(path, "gridPos"), panel.get("gridPos"), OF_GRID);
        let targets = joined(path, "targets");
        self.each(&targets, panel.get("targets"), |found, path, target| found.map(path, target, OF_TARGET));
        let fields = panel.get("fieldConfig");
        let defaults = fields.and_then(|fields| fields.get("defaults"));
        self.below(&joined(path, "fieldConfig"), fields, OF_FIELDS);
        self.below(&joined(path, "fieldConfig.defaults"), defaults, OF_DEFAULTS);
        let thresholds = defaults.and_then(|defaults| defaults.get("thresholds"));
        self.below(&joined(path, "fieldConfig.defaults.thresholds"), thresholds, OF_THRESHOLDS);
        self.each(&joined(path, "panels"), panel.get("panels"), Self::panel);
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
