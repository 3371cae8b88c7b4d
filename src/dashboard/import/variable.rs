//! Variables of a file.

use serde_json::{Map, Value};

use super::{list, text};
use crate::dashboard::{Variable, VariableSource};

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
    let name = text(json, "name");
    let query = query(json);
    let source = match text(json, "type") {
        "query" => of_query(&query),
        "custom" => VariableSource::Values(split(&query)),
        "interval" => VariableSource::Interval(split(&query)),
        "constant" | "textbox" => VariableSource::Text(query),
        "datasource" => VariableSource::Datasource(query),
        other => {
            notes.push(format!("variable `{name}` of the kind `{other}` is for Grafana alone"));
            return None;
        }
    };
    // What was chosen from a query's answers elsewhere means nothing here.
    let keeps_choice = !matches!(
        source,
        VariableSource::LabelValues { .. } | VariableSource::QueryResult(_) | VariableSource::Datasource(_)
    );
    Some(Variable {
        name: name.to_owned(),
        label: text(json, "label").to_owned(),
        multi: flag(json, "multi"),
        include_all: flag(json, "includeAll"),
        default: if keeps_choice { chosen(json) } else { Vec::new() },
        regex: text(json, "regex").to_owned(),
        source,
    })
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
