//! What can be chosen above the panels of a dashboard.

use serde::{Deserialize, Serialize};

use super::AutoInterval;
use super::import::{source_of_query, value_and_text};

/// A variable: `$name` in a query stands for what was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Variable {
    /// Name, without the dollar sign.
    pub name: String,
    /// What is read before the choice; empty: the name.
    pub label: String,
    /// Where the choices come from.
    pub source: VariableSource,
    /// More than one value may be chosen; a query takes them with `=~`.
    pub multi: bool,
    /// "All" may be chosen.
    pub include_all: bool,
    /// What is chosen at first; empty: everything where that may be chosen, else the first.
    pub default: Vec<String>,
    /// Which of the choices there are, and what of them: `/node_id="([^"]+)"/`, as Grafana writes it; empty: all, whole.
    #[serde(default)]
    pub regex: String,
    /// What stands for "all" in a query, as it is; `None`: every choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_value: Option<String>,
    /// The reader is not asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// In which order the choices stand.
    #[serde(default)]
    pub sorting: Sorting,
    /// Value and what is read in its place, of those where the two differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<(String, String)>,
    /// A length of time may be chosen that fits to what is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto: Option<AutoInterval>,
}

/// In which order choices stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sorting {
    /// By what.
    pub by: SortingKey,
    /// The last comes first.
    pub is_reversed: bool,
}

/// What choices are put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SortingKey {
    /// Nothing: as they come.
    #[default]
    Given,
    /// Letters.
    Letters,
    /// The first number in each.
    Number,
    /// Letters, large and small ones alike.
    LettersOfAnySize,
    /// Letters, and numbers within as numbers: `web-2` before `web-10`.
    Natural,
}

impl VariableSource {
    /// The source that a query of Grafana's is: `label_values(up, job)`, `query_result(…)`, `metrics(…)`.
    pub fn of_query(query: &str) -> Self {
        source_of_query(query)
    }
}

impl Variable {
    /// The variable that somebody wrote: a list of values, each with the text before it that is read in its place
    /// (`low : 0.5`, as in Grafana), or the one query of Grafana's.
    pub fn written(name: &str, values: &[String]) -> Self {
        let named = Self { name: name.to_owned(), ..Self::default() };
        match values {
            [query] if query.contains('(') => Self { source: VariableSource::of_query(query), ..named },
            values => {
                let choices: Vec<_> = values.iter().map(|choice| value_and_text(choice)).collect();
                let texts = choices.iter().filter(|(value, text)| value != text).cloned().collect();
                let values = choices.into_iter().map(|(value, _)| value).collect();
                Self { source: VariableSource::Values(values), texts, ..named }
            }
        }
    }

    /// Has the choices come from a query: a Prometheus that reads from others knows the series of these, and not what values
    /// their labels have (`storage/remote/read.go`: `LabelValues` is not implemented).
    pub fn ask_by_query(&mut self) {
        let VariableSource::LabelValues { selector, label } = &self.source else { return };
        if !self.regex.is_empty() {
            return;
        }
        self.regex = format!("/{label}=\"([^\"]*)\"/");
        let selector = if selector.is_empty() { format!("{{{label}!=\"\"}}") } else { selector.clone() };
        self.source = VariableSource::QueryResult(format!("group by ({label}) ({selector})"));
    }

    /// What a person reads in a value's place.
    pub fn text_of<'a>(&'a self, value: &'a str) -> &'a str {
        self.texts.iter().find(|(known, _)| known == value).map_or(value, |(_, text)| text)
    }

    /// A value that it may have, as far as that is known without a Prometheus; `.*` stands for all.
    pub fn first_value(&self) -> Option<String> {
        let of_list = || match &self.source {
            VariableSource::Values(values) | VariableSource::Interval(values) => values.first().cloned(),
            VariableSource::Text(text) => Some(text.clone()),
            _ => None,
        };
        // What was chosen elsewhere from a query's answers may be any text: it says nothing of how a query reads.
        let is_asked = matches!(self.source, VariableSource::LabelValues { .. } | VariableSource::QueryResult(_));
        let default = self.default.first().filter(|_| !is_asked).cloned();
        let fixed = default.or_else(|| if self.include_all { None } else { of_list() });
        // Grafana's own word for an interval that it chooses.
        let fixed = fixed.filter(|value| !value.starts_with("$__auto") && value != "auto");
        fixed.or_else(|| self.include_all.then(|| ".*".to_owned()))
    }
}

/// Where the choices of a variable come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum VariableSource {
    /// The values of a label on the series that a selector finds.
    LabelValues {
        /// A selector such as `up{job="web"}`, with earlier variables; empty: every series.
        selector: String,
        /// The label.
        label: String,
    },
    /// The series that a query answers with, as text; Grafana's `query_result(…)`.
    QueryResult(String),
    /// The names of metrics that match.
    Metrics(String),
    /// The names of labels that a metric has.
    LabelNames(String),
    /// A list.
    Values(Vec<String>),
    /// A length of time for `rate` and its kin.
    Interval(Vec<String>),
    /// Typed in by the reader.
    Text(String),
    /// A datasource of Grafana's, by the kind of it.
    Datasource(String),
}

impl Default for VariableSource {
    fn default() -> Self {
        Self::Values(Vec::new())
    }
}
