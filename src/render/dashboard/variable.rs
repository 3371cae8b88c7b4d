//! A variable in Grafana's words.

use serde_json::{Value, json};

use super::datasource;
use crate::dashboard::{Variable, VariableSource};

/// When Grafana asks for the choices again: each time the range of time changes, so that new replicas can be chosen.
const ON_TIME_RANGE: u8 = 2;

pub(super) fn json(variable: &Variable) -> Value {
    let mut json = json!({
        "name": variable.name,
        "label": if variable.label.is_empty() { &variable.name } else { &variable.label },
        "hide": 0,
        "skipUrlSync": false,
        "multi": variable.multi,
        "includeAll": variable.include_all,
    });
    if variable.include_all {
        json["allValue"] = ".*".into();
    }
    match &variable.source {
        VariableSource::LabelValues { selector, label } if selector.is_empty() => {
            asked(&mut json, &format!("label_values({label})"));
        }
        VariableSource::LabelValues { selector, label } => {
            asked(&mut json, &format!("label_values({selector}, {label})"));
        }
        VariableSource::QueryResult(query) => asked(&mut json, &format!("query_result({query})")),
        VariableSource::Metrics(pattern) => asked(&mut json, &format!("metrics({pattern})")),
        VariableSource::LabelNames(metric) => asked(&mut json, &format!("label_names({metric})")),
        VariableSource::Values(values) => listed(&mut json, "custom", values),
        VariableSource::Interval(values) => listed(&mut json, "interval", values),
        VariableSource::Text(text) => {
            json["type"] = "textbox".into();
            json["query"] = text.clone().into();
            json["current"] = json!({ "text": text, "value": text });
        }
        VariableSource::Datasource(kind) => {
            json["type"] = "datasource".into();
            json["query"] = kind.clone().into();
        }
    }
    if !variable.regex.is_empty() {
        json["regex"] = variable.regex.clone().into();
    }
    if variable.include_all && variable.default.is_empty() {
        let (text, value) = (json!("All"), json!("$__all"));
        json["current"] = if variable.multi {
            json!({ "selected": true, "text": [text], "value": [value] })
        } else {
            json!({ "selected": true, "text": text, "value": value })
        };
    }
    json
}

fn asked(json: &mut Value, query: &str) {
    json["type"] = "query".into();
    json["datasource"] = datasource();
    json["query"] = json!({ "query": query, "refId": "StandardVariableQuery" });
    json["definition"] = query.into();
    json["refresh"] = ON_TIME_RANGE.into();
    json["sort"] = 1.into();
    json["regex"] = "".into();
    json["options"] = json!([]);
}

fn listed(json: &mut Value, kind: &str, values: &[String]) {
    json["type"] = kind.into();
    json["query"] = values.join(",").into();
    let options = values
        .iter()
        .enumerate()
        .map(|(index, value)| json!({ "selected": index == 0, "text": value, "value": value }));
    json["options"] = options.collect();
    if let Some(first) = values.first() {
        json["current"] = json!({ "selected": true, "text": first, "value": first });
    }
}
