//! Variables of a file.

use serde_json::{Map, Value};

use super::{list, text};
use crate::dashboard::{AutoInterval, Sorting, SortingKey, Variable, VariableSource};

/// Every variable that stands in queries.
pub(super) fn all(templating: &Map<String, Value>, notes: &mut Vec<String>) -> Vec<Variable> {
    list(templating, "list").iter().filter_map(Value::as_object).filter_map(|json| variable(json, notes)).collect()
}

/// The names of all, also of those that are for Grafana alone.
pub(super) fn names(json: &Map<String, Value>) -> Vec<String> {
    let templating = json.get("templating").and_then(Value::as_object);
    let written = templating.map(|templating| list(templating, "list")).unwrap_or_default();
    written.iter().filter_map(Value::as_object).map(|variable| text(variable, "name").to_owned()).collect()
}

fn variable(json: &Map<String, Value>, notes: &mut Vec<String>) -> Option<Variable> {
    let (name, kind) = (text(json, "name"), text(json, "type"));
    let query = query(json);
    let mut texts = Vec::new();
    let mut auto = None;
    let source = match kind {
        "query" => of_query(&query),
        "custom" => {
            let choices = choices(&query);
            texts.extend(choices.iter().filter(|(value, text)| value != text).cloned());
            VariableSource::Values(choices.into_iter().map(|(value, _)| value).collect())
        }
        "interval" => {
            let (own, lengths): (Vec<_>, Vec<_>) = split(&query).into_iter().partition(|value| is_auto(value));
            let is_chosen = chosen(json).iter().any(|value| is_auto(value));
            auto = (flag(json, "auto") || is_chosen || !own.is_empty()).then(|| auto_interval(json));
            VariableSource::Interval(lengths)
        }
        "constant" | "textbox" => VariableSource::Text(query),
        "datasource" => VariableSource::Datasource(query),
        other => {
            notes.push(format!("variable `{name}` of the kind `{other}` is for Grafana alone"));
            return None;
        }
    };
    // Datasources have other names here.
    let keeps_choice = !matches!(source, VariableSource::Datasource(_));
    Some(Variable {
        name: name.to_owned(),
        label: text(json, "label").to_owned(),
        multi: flag(json, "multi"),
        include_all: flag(json, "includeAll"),
        default: if keeps_choice { chosen(json) } else { Vec::new() },
        regex: text(json, "regex").to_owned(),
        all_value: Some(text(json, "allValue")).filter(|value| !value.is_empty()).map(str::to_owned),
        hidden: kind == "constant" || json.get("hide").and_then(Value::as_u64) == Some(2),
        sorting: sorting(json),
        texts,
        auto,
        source,
    })
}

/// Grafana's own word for a length of time that it chooses.
fn is_auto(value: &str) -> bool {
    value == "auto" || value.starts_with("$__auto")
}

fn auto_interval(json: &Map<String, Value>) -> AutoInterval {
    let usual = AutoInterval::default();
    let count = json.get("auto_count").and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
    let shortest = AutoInterval::milliseconds(text(json, "auto_min"));
    AutoInterval { count: count.unwrap_or(usual.count), shortest: shortest.unwrap_or(usual.shortest) }
}

/// Grafana counts the orders, each up and down.
fn sorting(json: &Map<String, Value>) -> Sorting {
    let number = json.get("sort").and_then(Value::as_u64).unwrap_or(0);
    let by = match number {
        1 | 2 => SortingKey::Letters,
        3 | 4 => SortingKey::Number,
        5 | 6 => SortingKey::LettersOfAnySize,
        7 | 8 => SortingKey::Natural,
        _ => return Sorting::default(),
    };
    Sorting { by, is_reversed: number.is_multiple_of(2) }
}

/// Value and text of each choice: `1m,The first : a,b\\,c`. A comma behind a backslash divides nothing.
fn choices(written: &str) -> Vec<(String, String)> {
    let divided = written.replace("\\,", "\0");
    split(&divided).into_iter().map(|choice| value_and_text(&choice.replace('\0', ","))).collect()
}

/// Value and text of one choice: `The first : a`.
pub(in crate::dashboard) fn value_and_text(choice: &str) -> (String, String) {
    match choice.rsplit_once(" : ") {
        Some((text, value)) if !text.trim().is_empty() && !value.trim().is_empty() => {
            (value.trim().to_owned(), text.trim().to_owned())
        }
        _ => (choice.to_owned(), choice.to_owned()),
    }
}

/// The query: a text, or since Grafana 7 a map that holds one.
fn query(json: &Map<String, Value>) -> String {
    match json.get("query") {
        Some(Value::String(query)) => query.clone(),
        Some(Value::Object(query)) => text(query, "query").to_owned(),
        _ => String::new(),
    }
}

/// `label_values(selector, label)` and its kin.
pub(in crate::dashboard) fn of_query(query: &str) -> VariableSource {
    let argument = |function: &str| {
        let rest = query.trim().strip_prefix(function)?.trim_start().strip_prefix('(')?;
        Some(rest.trim_end().strip_suffix(')')?.trim().to_owned())
    };
    if let Some(arguments) = argument("label_values") {
        // The label is the last part: a selector has commas, too.
        let (selector, label) = arguments.rsplit_once(',').unwrap_or(("", &arguments));
        return VariableSource::LabelValues { selector: selector.trim().to_owned(), label: label.trim().to_owned() };
    }
    if let Some(pattern) = argument("metrics") {
        return VariableSource::Metrics(pattern);
    }
    if let Some(metric) = argument("label_names") {
        return VariableSource::LabelNames(metric);
    }
    VariableSource::QueryResult(argument("query_result").unwrap_or_else(|| query.to_owned()))
}

fn split(values: &str) -> Vec<String> {
    values.split(',').map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}

fn flag(json: &Map<String, Value>, key: &str) -> bool {
    json.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn chosen(json: &Map<String, Value>) -> Vec<String> {
    let value = json.get("current").and_then(|current| current.get("value"));
    let values = match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    values.into_iter().filter(|value| value != "$__all").collect()
}
