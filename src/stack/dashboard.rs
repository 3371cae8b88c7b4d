//! `dashboards.NAME`: from rows of panels, from a preset or from a file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::shape::{one_or_many, one_or_many_schema};
use super::wrong::Wrong;

/// One dashboard. Exactly one of `rows`, `preset` and `file` says what is on it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "DashboardKeys")]
#[schemars(with = "DashboardKeys")]
pub struct Dashboard {
    /// Title; left out: the name.
    pub title: Option<String>,
    /// What is on it.
    pub source: DashboardSource,
}

/// What a dashboard is made from.
#[derive(Debug, Clone, PartialEq)]
pub enum DashboardSource {
    /// Rows of panels.
    Rows(Vec<Row>),
    /// A preset of the catalogue, such as `node`.
    Preset(String),
    /// A JSON file exported from Grafana. Absolute once loaded; relative to the stack file as written.
    File(String),
}

/// A row of panels.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Row {
    /// Title over the row.
    pub title: Option<String>,
    /// Panels, from left to right.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Panel {
    /// Title over the panel.
    pub title: String,
    /// `PromQL`, one query or a list; each query is one set of lines.
    #[serde(rename = "query", alias = "queries", deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub queries: Vec<String>,
    /// How it is drawn.
    #[serde(rename = "type")]
    pub kind: PanelType,
    /// Grafana unit id, such as `bytes`, `s`, `reqps`, `percentunit`.
    pub unit: Option<String>,
    /// Legend template, such as `{{instance}}`.
    pub legend: Option<String>,
    /// Text of a `text` panel, in Markdown.
    pub text: Option<String>,
}

/// How a panel is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PanelType {
    /// Lines over time.
    #[default]
    Timeseries,
    /// One large number.
    Stat,
    /// A dial.
    Gauge,
    /// One bar for each series.
    Bargauge,
    /// A table.
    Table,
    /// Words.
    Text,
}

/// One dashboard. Exactly one of `rows`, `preset` and `file` says what is on it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DashboardKeys {
    /// Title; left out: the name.
    #[serde(default)]
    title: Option<String>,
    /// Rows of panels.
    #[serde(default)]
    rows: Option<Vec<Row>>,
    /// A preset of the catalogue, such as `node`.
    #[serde(default)]
    preset: Option<String>,
    /// A JSON file exported from Grafana, relative to the stack file.
    #[serde(default)]
    file: Option<String>,
}

impl TryFrom<DashboardKeys> for Dashboard {
    type Error = Wrong;

    fn try_from(keys: DashboardKeys) -> Result<Self, Wrong> {
        let source = match (keys.rows, keys.preset, keys.file) {
            (Some(rows), None, None) => DashboardSource::Rows(rows),
            (None, Some(preset), None) => DashboardSource::Preset(preset),
            (None, None, Some(file)) => DashboardSource::File(file),
            (None, None, None) => {
                return Err(Wrong::new("an empty dashboard", "add `rows`, `preset: NAME` or `file: PATH`"));
            }
            _ => return Err(Wrong::new("more than one of `rows`, `preset` and `file`", "keep one of them")),
        };
        Ok(Self { title: keys.title, source })
    }
}
