//! A panel in Grafana's words.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use super::options::{self, Custom, Options};
use super::{Datasource, PROMETHEUS, Place};
use crate::dashboard::{self, PanelKind, Position, Query};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Panel<'a> {
    id: usize,
    #[serde(rename = "type")]
    kind: &'a str,
    title: &'a str,
    description: &'a str,
    grid_pos: Place,
    /// `None`, as the targets: a text asks nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    datasource: Option<Datasource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    targets: Option<Vec<Target<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transformations: Option<Value>,
    options: Options<'a>,
    field_config: FieldConfig<'a>,
}

#[derive(Serialize)]
struct FieldConfig<'a> {
    defaults: Defaults<'a>,
    overrides: [(); 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Target<'a> {
    ref_id: String,
    datasource: Datasource,
    expr: &'a str,
    legend_format: &'a str,
    editor_mode: &'static str,
    range: bool,
    instant: bool,
    format: &'static str,
}

#[derive(Serialize)]
struct Defaults<'a> {
    unit: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    decimals: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    color: Color,
    thresholds: Thresholds<'a>,
    mappings: Vec<Mapping<'a>>,
    custom: Custom,
}

#[derive(Serialize)]
struct Color {
    mode: &'static str,
}

#[derive(Serialize)]
struct Thresholds<'a> {
    mode: &'static str,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    value: Option<f64>,
    color: &'a str,
}

/// Words for values.
#[derive(Serialize)]
struct Mapping<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    options: IndexMap<String, Word<'a>>,
}

#[derive(Serialize)]
struct Word<'a> {
    text: &'a str,
    color: &'a str,
    index: usize,
}

impl<'a> Panel<'a> {
    pub(super) fn of(panel: &'a dashboard::Panel, id: usize, position: Position) -> Self {
        let asks = panel.kind != PanelKind::Text;
        let target = |(index, query)| Target::of(query, index, &panel.kind);
        Self {
            id,
            kind: kind(&panel.kind),
            title: &panel.title,
            description: &panel.description,
            grid_pos: Place::of(position),
            datasource: asks.then_some(PROMETHEUS),
            targets: asks.then(|| panel.queries.iter().enumerate().map(target).collect()),
            interval: panel.interval.map(|seconds| format!("{seconds}s")),
            transformations: options::transformations(panel),
            options: Options::of(panel),
            field_config: FieldConfig { defaults: Defaults::of(panel), overrides: [] },
        }
    }
}

/// Grafana's name of a kind.
fn kind(kind: &PanelKind) -> &str {
    match kind {
        PanelKind::Timeseries => "timeseries",
        PanelKind::Stat => "stat",
        PanelKind::Gauge => "gauge",
        PanelKind::Bargauge => "bargauge",
        PanelKind::Table => "table",
        PanelKind::Text => "text",
        PanelKind::Heatmap => "heatmap",
        PanelKind::Piechart => "piechart",
        PanelKind::Other(name) => name,
    }
}

impl<'a> Target<'a> {
    fn of(query: &'a Query, index: usize, kind: &PanelKind) -> Self {
        Self {
            ref_id: reference(index),
            datasource: PROMETHEUS,
            expr: &query.expression,
            legend_format: if query.legend.is_empty() { "__auto" } else { &query.legend },
            editor_mode: "code",
            range: !query.instant,
            instant: query.instant,
            format: if *kind == PanelKind::Table { "table" } else { "time_series" },
        }
    }
}

/// `A`, `B` … `Z`, `A1` …
fn reference(index: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(index % 26).expect("less than 26"));
    if index < 26 { letter.to_string() } else { format!("{letter}{}", index / 26) }
}

impl<'a> Defaults<'a> {
    fn of(panel: &'a dashboard::Panel) -> Self {
        // Lines are told apart by colour; a number says by its colour how it stands.
        let by_value = panel.kind != PanelKind::Timeseries && !panel.thresholds.is_empty();
        Self {
            unit: panel.unit.id(),
            decimals: panel.decimals,
            min: panel.minimum,
            max: panel.maximum,
            color: Color { mode: if by_value { "thresholds" } else { "palette-classic" } },
            thresholds: Thresholds { mode: "absolute", steps: steps(&panel.thresholds) },
            mappings: mappings(panel),
            custom: Custom::of(panel),
        }
    }
}

fn steps(thresholds: &[dashboard::Threshold]) -> Vec<Step<'_>> {
    if thresholds.is_empty() {
        return vec![Step { value: None, color: "green" }];
    }
    thresholds.iter().map(|threshold| Step { value: threshold.value, color: threshold.color.name() }).collect()
}

fn mappings(panel: &dashboard::Panel) -> Vec<Mapping<'_>> {
    if panel.mappings.is_empty() {
        return Vec::new();
    }
    let words = panel.mappings.iter().enumerate().map(|(index, (value, text))| {
        let color = panel.color_of(*value).map_or("text", dashboard::Color::name);
        (value.to_string(), Word { text, color, index })
    });
    vec![Mapping { kind: "value", options: words.collect() }]
}
