//! `dashboards.NAME`: from rows of panels, from a preset or from a file.

/// One dashboard. Exactly one of `rows`, `preset` and `file` says what is on it.
#[derive(Debug, Clone, PartialEq)]
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
    /// A JSON file exported from Grafana, relative to the stack file.
    File(String),
}

/// A row of panels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Title over the row.
    pub title: Option<String>,
    /// Panels, from left to right.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Panel {
    /// Title over the panel.
    pub title: String,
    /// `PromQL`; each query is one set of lines.
    pub queries: Vec<String>,
    /// How it is drawn.
    pub kind: PanelType,
    /// Grafana unit id, such as `bytes`, `s`, `reqps`, `percentunit`.
    pub unit: Option<String>,
    /// Legend template, such as `{{instance}}`.
    pub legend: Option<String>,
    /// Text of a `text` panel, in Markdown.
    pub text: Option<String>,
}

/// How a panel is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
