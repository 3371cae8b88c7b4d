//! `dashboards.NAME`: from rows of panels, from a preset or from a file.

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::shape::{one_or_many, one_or_many_schema};
use super::wrong::Wrong;
use crate::dashboard::{Imported, PRESETS, preset};

/// One dashboard. Exactly one of `rows`, `preset` and `file` says what is on it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "DashboardKeys")]
#[schemars(with = "DashboardKeys")]
pub struct Dashboard {
    /// Title; left out: the preset's, the file's, or the name.
    pub title: Option<String>,
    /// What is on it.
    pub source: DashboardSource,
}

impl Dashboard {
    /// Identity in Grafana, for the dashboard under that name: a file's own, else the name. `None`: the file could not be read.
    pub fn uid(&self, name: &str) -> Option<String> {
        let of_file = match &self.source {
            DashboardSource::File { imported, .. } => Some(imported.as_ref()?.dashboard.uid.as_str()),
            _ => None,
        };
        Some(crate::dashboard::uid(of_file.filter(|uid| !uid.is_empty()).unwrap_or(name)))
    }

    /// Title, for the dashboard under that name in that stack. `None`: the file could not be read.
    pub fn shown_title(&self, name: &str, stack_name: &str) -> Option<String> {
        if let Some(title) = &self.title {
            return Some(title.clone());
        }
        match &self.source {
            DashboardSource::Preset(known) if PRESETS.contains(&known.as_str()) => {
                preset(known, stack_name, &[]).map(|preset| preset.title)
            }
            DashboardSource::Rows(_) | DashboardSource::Preset(_) => Some(name.to_owned()),
            DashboardSource::File { imported, .. } => Some(imported.as_ref()?.dashboard.title.clone()),
        }
    }
}

/// What a dashboard is made from.
#[derive(Debug, Clone, PartialEq)]
pub enum DashboardSource {
    /// Rows of panels, and what goes with them.
    Rows(WrittenDashboard),
    /// One of stackctl's own, such as `node`.
    Preset(String),
    /// JSON exported from Grafana.
    File {
        /// Absolute once loaded; relative to the stack file as written.
        path: String,
        /// What it says. `None`: it could not be read, and who can do without goes on without the dashboard.
        imported: Option<Box<Imported>>,
    },
}

/// A dashboard whose panels stand in the stack file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WrittenDashboard {
    /// What it is for.
    pub description: Option<String>,
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
    /// Variable → a list of its values, or the one text `label_values(SELECTOR, LABEL)`.
    pub variables: IndexMap<String, Vec<String>>,
    /// Names of other dashboards of the stack file.
    pub links: Vec<String>,
    /// What is marked along the time axis: name → query.
    pub annotations: IndexMap<String, String>,
}

/// A row of panels.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Row {
    /// Title over the row.
    pub title: Option<String>,
    /// Folded at first.
    pub collapsed: bool,
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
    /// Legend template, such as `{{instance}}`: one for all queries, or one for each.
    #[serde(rename = "legend", deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub legends: Vec<String>,
    /// From which value on which colour: `{ 0.8: orange, 0.9: red }`. Below the first it is green.
    pub thresholds: Thresholds,
    /// Lower end of the axis or dial.
    pub min: Option<f64>,
    /// Upper end of the axis or dial.
    pub max: Option<f64>,
    /// Digits after the point.
    pub decimals: Option<u8>,
    /// Series on top of each other.
    pub stacked: bool,
    /// What it shows and how to read it.
    pub description: Option<String>,
    /// Width in columns, of which there are 24.
    #[schemars(range(min = 1, max = 24))]
    pub width: Option<u8>,
    /// Height in units of about 38 pixels.
    #[schemars(range(min = 1, max = 100))]
    pub height: Option<u8>,
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

/// From which value on which colour holds, in rising order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thresholds(pub Vec<(f64, ThresholdColor)>);

/// A colour of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each colour says itself")]
pub enum ThresholdColor {
    Green,
    Yellow,
    Orange,
    Red,
    Blue,
    Purple,
}

impl<'de> Deserialize<'de> for Thresholds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = IndexMap::<String, ThresholdColor>::deserialize(deserializer)?;
        let step = |(value, color): (String, ThresholdColor)| match value.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok((value, color)),
            _ => Err(serde::de::Error::custom(Wrong::new(
                format!("`{value}` is not a number"),
                "write `VALUE: COLOUR`, such as `0.9: red`",
            ))),
        };
        let mut steps = written.into_iter().map(step).collect::<Result<Vec<_>, D::Error>>()?;
        steps.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Ok(Self(steps))
    }
}

impl JsonSchema for Thresholds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Thresholds".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let color = generator.subschema_for::<ThresholdColor>();
        json_schema!({ "type": "object", "additionalProperties": color, "propertyNames": { "pattern": r"^-?[0-9.]+(e-?[0-9]+)?$" } })
    }
}

/// Variable → one text or a list.
fn variables<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IndexMap<String, Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    struct Values(#[serde(deserialize_with = "one_or_many")] Vec<String>);
    let written = IndexMap::<String, Values>::deserialize(deserializer)?;
    Ok(written.into_iter().map(|(name, Values(values))| (name, values)).collect())
}

fn variables_schema(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": one_or_many_schema(generator) })
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
    /// What it is for. With `rows`.
    #[serde(default)]
    description: Option<String>,
    /// What can be chosen above the panels, with `rows`: a list of values, or `label_values(SELECTOR, LABEL)`. A query
    /// that uses `$job` or `$instance` has that variable without a word here.
    #[serde(default, deserialize_with = "variables")]
    #[schemars(schema_with = "variables_schema")]
    variables: IndexMap<String, Vec<String>>,
    /// Names of other dashboards to link to, with `rows`.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    links: Vec<String>,
    /// What is marked along the time axis, with `rows`: name → query. Left out: restarts.
    #[serde(default)]
    annotations: IndexMap<String, String>,
}

impl TryFrom<DashboardKeys> for Dashboard {
    type Error = Wrong;

    fn try_from(keys: DashboardKeys) -> Result<Self, Wrong> {
        let DashboardKeys { title, rows, preset, file, description, variables, links, annotations } = keys;
        let goes_with_rows = [
            ("description", description.is_some()),
            ("variables", !variables.is_empty()),
            ("links", !links.is_empty()),
            ("annotations", !annotations.is_empty()),
        ];
        let source = match (rows, preset, file) {
            (Some(rows), None, None) => {
                DashboardSource::Rows(WrittenDashboard { description, rows, variables, links, annotations })
            }
            (None, Some(preset), None) => DashboardSource::Preset(preset),
            (None, None, Some(path)) => DashboardSource::File { path, imported: None },
            (None, None, None) => {
                return Err(Wrong::new("an empty dashboard", "add `rows`, `preset: NAME` or `file: PATH`"));
            }
            _ => return Err(Wrong::new("more than one of `rows`, `preset` and `file`", "keep one of them")),
        };
        let lost = goes_with_rows.into_iter().find(|(_, is_written)| *is_written).map(|(key, _)| key);
        match (lost, &source) {
            (None, _) | (_, DashboardSource::Rows(_)) => Ok(Self { title, source }),
            (Some(key), _) => {
                Err(Wrong::new(format!("`{key}` goes with `rows` only"), format!("remove `{key}`, or write `rows`")))
            }
        }
    }
}
