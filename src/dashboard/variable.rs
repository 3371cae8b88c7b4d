//! What can be chosen above the panels of a dashboard.

/// A variable: `$name` in a query stands for what was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// Where the choices of a variable come from.
#[derive(Debug, Clone, PartialEq, Eq)]
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
