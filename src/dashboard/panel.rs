//! One panel: its queries and how their answer is drawn.

use serde::{Deserialize, Serialize};

use super::{Color, Unit};

/// One panel.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Panel {
    /// Title over the panel.
    pub title: String,
    /// What it shows and how to read it; empty: nothing is said.
    pub description: String,
    /// How it is drawn.
    pub kind: PanelKind,
    /// What is asked. Empty for a text.
    pub queries: Vec<Query>,
    /// Unit of every value.
    pub unit: Unit,
    /// Digits after the point; `None`: as many as the value needs.
    pub decimals: Option<u8>,
    /// Lower end of the axis or the dial; `None`: as the values lie.
    pub minimum: Option<f64>,
    /// Upper end of the axis or the dial; `None`: as the values lie.
    pub maximum: Option<f64>,
    /// From which value on which colour holds, in rising order.
    pub thresholds: Vec<Threshold>,
    /// Words for values, such as `0` → `down`, in order.
    pub mappings: Vec<(f64, String)>,
    /// Whether series are drawn on top of each other.
    pub stacking: Stacking,
    /// Shortest time between two points, in seconds; `None`: the scrape interval of the whole stack.
    pub interval: Option<f64>,
    /// Markdown of a text panel; empty for every other.
    pub text: String,
    /// Drawn once for each value that is chosen of a variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// Variables that have a value of this panel's own, as it stands in a query, whatever is chosen for the dashboard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<(String, String)>,
    /// Width in columns, of which a dashboard has [`COLUMNS`](super::COLUMNS): 1 to 24.
    pub width: u8,
    /// Height in Grafana's units of about 38 pixels.
    pub height: u8,
}

/// One question of a panel; each series of its answer is one line, bar, number or row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Query {
    /// `PromQL`, with Grafana's macros (`$__rate_interval`) and the dashboard's variables (`$job`).
    pub expression: String,
    /// What a series is called, with `{{label}}` filled in; empty: its labels are written out.
    pub legend: String,
    /// Ask for the last moment alone: tables, and what else has no course over time.
    pub instant: bool,
}

/// A panel that is drawn once for each value that is chosen of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// Name of the variable.
    pub variable: String,
    /// So many stand in a line at most, and share its width; `None`: each keeps its own.
    pub per_line: Option<u8>,
}

/// How a panel is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PanelKind {
    /// Lines over time.
    #[default]
    Timeseries,
    /// One large number for each series.
    Stat,
    /// A dial for each series.
    Gauge,
    /// A bar for each series.
    Bargauge,
    /// A table: one row for each series, its labels and values as columns.
    Table,
    /// Markdown.
    Text,
    /// Colours over time and buckets.
    Heatmap,
    /// Shares of a whole.
    Piechart,
    /// One of Grafana's other kinds, by its name there. Only Grafana draws it.
    Other(String),
}

/// Whether series are drawn on top of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Stacking {
    /// Each from the axis.
    #[default]
    None,
    /// On top of each other.
    Normal,
    /// On top of each other, as shares of the whole.
    Percent,
}

/// From which value on which colour holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Lowest value, in the panel's unit; `None`: from minus infinity on.
    pub value: Option<f64>,
    /// The colour.
    pub color: Color,
}

impl Panel {
    /// The colour in which a value is to be shown; `None`: no threshold holds.
    pub fn color_of(&self, value: f64) -> Option<&Color> {
        let holds = |threshold: &&Threshold| threshold.value.is_none_or(|least| value >= least);
        self.thresholds.iter().rev().find(holds).map(|threshold| &threshold.color)
    }
}
