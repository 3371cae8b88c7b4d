//! A variable in Grafana's words.

use serde::Serialize;

use super::{Datasource, PROMETHEUS};
use crate::dashboard::{self, VariableSource};

/// When Grafana asks for the choices again: each time the range of time changes, so that new replicas can be chosen.
const ON_TIME_RANGE: u8 = 2;

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variable<'a> {
    name: &'a str,
    label: &'a str,
    hide: u8,
    skip_url_sync: bool,
    multi: bool,
    include_all: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_value: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    datasource: Option<Datasource>,
    query: Query<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<Choice<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Choice<'a>>,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Query<'a> {
    Asked { query: String, ref_id: &'static str },
    Written(&'a str),
    Listed(String),
}

impl Default for Query<'_> {
    fn default() -> Self {
        Self::Written("")
    }
}

/// What can be chosen, or is.
#[derive(Serialize)]
struct Choice<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    selected: Option<bool>,
    text: OneOrMany<'a>,
    value: OneOrMany<'a>,
}

/// A variable of which more than one value may be chosen has a list of them.
#[derive(Serialize)]
#[serde(untagged)]
enum OneOrMany<'a> {
    One(&'a str),
    Many([&'a str; 1]),
}

impl<'a> Variable<'a> {
    pub(super) fn of(variable: &'a dashboard::Variable) -> Self {
        let mut made = Self::from(&variable.source);
        made.name = &variable.name;
        made.label = if variable.label.is_empty() { &variable.name } else { &variable.label };
        made.multi = variable.multi;
        made.include_all = variable.include_all;
        made.all_value = variable.all_value.as_deref();
        if !variable.regex.is_empty() {
            made.regex = Some(&variable.regex);
        }
        if variable.include_all && variable.default.is_empty() {
            let chosen = |word| if variable.multi { OneOrMany::Many([word]) } else { OneOrMany::One(word) };
            made.current = Some(Choice { selected: Some(true), text: chosen("All"), value: chosen("$__all") });
        }
        made
    }

    fn asked(query: String) -> Self {
        Self {
            kind: "query",
            datasource: Some(PROMETHEUS),
            definition: Some(query.clone()),
            query: Query::Asked { query, ref_id: "StandardVariableQuery" },
            refresh: Some(ON_TIME_RANGE),
            sort: Some(1),
            regex: Some(""),
            options: Some(Vec::new()),
            ..Self::default()
        }
    }

    fn listed(kind: &'static str, values: &'a [String]) -> Self {
        let choice = |(index, value): (usize, &'a String)| Choice::of(value, Some(index == 0));
        Self {
            kind,
            query: Query::Listed(values.join(",")),
            options: Some(values.iter().enumerate().map(choice).collect()),
            current: values.first().map(|first| Choice::of(first, Some(true))),
            ..Self::default()
        }
    }
}

/// What says where the choices come from.
impl<'a> From<&'a VariableSource> for Variable<'a> {
    fn from(source: &'a VariableSource) -> Self {
        match source {
            VariableSource::LabelValues { selector, label } if selector.is_empty() => {
                Self::asked(format!("label_values({label})"))
            }
            VariableSource::LabelValues { selector, label } => {
                Self::asked(format!("label_values({selector}, {label})"))
            }
            VariableSource::QueryResult(query) => Self::asked(format!("query_result({query})")),
            VariableSource::Metrics(pattern) => Self::asked(format!("metrics({pattern})")),
            VariableSource::LabelNames(metric) => Self::asked(format!("label_names({metric})")),
            VariableSource::Values(values) => Self::listed("custom", values),
            VariableSource::Interval(values) => Self::listed("interval", values),
            VariableSource::Text(text) => Self {
                kind: "textbox",
                query: Query::Written(text),
                current: Some(Choice::of(text, None)),
                ..Self::default()
            },
            VariableSource::Datasource(kind) => {
                Self { kind: "datasource", query: Query::Written(kind), ..Self::default() }
            }
        }
    }
}

impl<'a> Choice<'a> {
    fn of(value: &'a str, selected: Option<bool>) -> Self {
        Self { selected, text: OneOrMany::One(value), value: OneOrMany::One(value) }
    }
}
