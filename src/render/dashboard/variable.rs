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
        let mut made = match &variable.source {
            VariableSource::Values(values) => {
                let choice = |value: &'a String| (variable.text_of(value), value.as_str());
                Self::custom(&values.iter().map(choice).collect::<Vec<_>>())
            }
            source => Self::from(source),
        };
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

    /// Of texts and values: `low : 0.5,a\,b`, as Grafana divides them.
    fn custom(choices: &[(&'a str, &'a str)]) -> Self {
        let written = choices.iter().map(|(text, value)| {
            let choice = if text == value { (*value).to_owned() } else { format!("{text} : {value}") };
            choice.replace(',', "\\,")
        });
        Self::listed("custom", written.collect::<Vec<_>>().join(","), choices)
    }

    fn listed(kind: &'static str, query: String, choices: &[(&'a str, &'a str)]) -> Self {
        let choice = |(text, value): (&'a str, &'a str), selected| Choice {
            selected: Some(selected),
            text: OneOrMany::One(text),
            value: OneOrMany::One(value),
        };
        Self {
            kind,
            query: Query::Listed(query),
            options: Some(choices.iter().enumerate().map(|(index, one)| choice(*one, index == 0)).collect()),
            current: choices.first().map(|first| choice(*first, true)),
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
            VariableSource::Values(values) => Self::custom(&alike(values)),
            VariableSource::Interval(values) => Self::listed("interval", values.join(","), &alike(values)),
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

/// Choices that are read as they are.
fn alike(values: &[String]) -> Vec<(&str, &str)> {
    values.iter().map(|value| (value.as_str(), value.as_str())).collect()
}

impl<'a> Choice<'a> {
    fn of(value: &'a str, selected: Option<bool>) -> Self {
        Self { selected, text: OneOrMany::One(value), value: OneOrMany::One(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::Variable;
    use crate::dashboard;

    #[test]
    fn a_list_that_somebody_wrote_means_to_grafana_what_it_means_to_the_page() {
        let variable = dashboard::Variable::written("p", &["low : 0.5".to_owned(), "a,b".to_owned()]);
        assert_eq!((variable.first_value().as_deref(), variable.text_of("0.5")), (Some("0.5"), "low"));
        let json = serde_json::to_value(Variable::of(&variable)).expect("it can be written");
        assert_eq!(json["query"], "low : 0.5,a\\,b");
        assert_eq!((&json["options"][0]["text"], &json["options"][0]["value"]), (&"low".into(), &"0.5".into()));
        assert_eq!((&json["current"]["value"], &json["options"][1]["value"]), (&"0.5".into(), &"a,b".into()));
    }
}
