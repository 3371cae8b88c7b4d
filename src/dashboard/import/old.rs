//! What files carry along from another Grafana: keys of its database, and panels of its old kinds.

use serde_json::{Map, Value};

use super::{below, list, text};
use crate::dashboard::PanelKind;

/// Keys that mean something only to the Grafana that wrote them.
pub(in crate::dashboard) const FOREIGN_KEYS: &[&str] =
    &["__elements", "__inputs", "__requires", "gnetId", "id", "iteration", "version"];

/// Drops them.
pub(super) fn drop_foreign_keys(json: &mut Map<String, Value>) {
    for key in FOREIGN_KEYS {
        json.shift_remove(*key);
    }
}

/// The kind of a panel by Grafana's name, old names included; the second: Grafana still has it.
pub(super) fn kind(name: &str, panel: &Map<String, Value>) -> (PanelKind, bool) {
    let kind = match name {
        "timeseries" | "graph" => PanelKind::Timeseries,
        "singlestat" if is_dial(panel) => PanelKind::Gauge,
        "stat" | "singlestat" | "grafana-singlestat-panel" => PanelKind::Stat,
        "gauge" => PanelKind::Gauge,
        "bargauge" => PanelKind::Bargauge,
        "table" | "table-old" => PanelKind::Table,
        "text" => PanelKind::Text,
        "heatmap" => PanelKind::Heatmap,
        "piechart" | "grafana-piechart-panel" => PanelKind::Piechart,
        other => return (PanelKind::Other(other.to_owned()), GRAFANAS_OWN.contains(&other)),
    };
    (kind, true)
}

/// Words for values, in each of the three ways in which Grafana has written them. What stands for a stretch of values or
/// for none has no place here.
pub(super) fn mappings(panel: &Map<String, Value>, defaults: Option<&Map<String, Value>>) -> Vec<(f64, String)> {
    let pair = |value: &str, word: &Value| Some((value.trim().parse().ok()?, word.as_str()?.to_owned()));
    let mut mappings: Vec<(f64, String)> = Vec::new();
    let written = defaults.map(|defaults| list(defaults, "mappings")).unwrap_or_default();
    for mapping in written.iter().chain(list(panel, "valueMaps")).filter_map(Value::as_object) {
        match (text(mapping, "type"), below(mapping, "options")) {
            ("value", Some(options)) => {
                mappings.extend(options.iter().filter_map(|(value, shown)| pair(value, shown.get("text")?)));
            }
            _ => mappings.extend(mapping.get("text").and_then(|word| pair(text(mapping, "value"), word))),
        }
    }
    mappings
}

/// Kinds that come with Grafana and that only Grafana draws.
const GRAFANAS_OWN: &[&str] = &[
    "alertlist",
    "annolist",
    "barchart",
    "candlestick",
    "canvas",
    "dashlist",
    "datagrid",
    "debug",
    "flamegraph",
    "geomap",
    "grafana-worldmap-panel",
    "histogram",
    "live",
    "logs",
    "news",
    "nodeGraph",
    "row",
    "state-timeline",
    "status-history",
    "traces",
    "trend",
    "welcome",
    "xychart",
];

/// An old single number with a dial around it.
fn is_dial(panel: &Map<String, Value>) -> bool {
    panel.get("gauge").and_then(|gauge| gauge.get("show")).and_then(Value::as_bool).unwrap_or(false)
}
