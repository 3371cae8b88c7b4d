//! A panel in Grafana's words.

use serde_json::{Map, Value, json};

use super::{datasource, options};
use crate::dashboard::{Panel, PanelKind, Position, Query, Threshold};

pub(super) fn json(panel: &Panel, id: usize, place: Position) -> Value {
    let mut json = json!({
        "id": id,
        "type": kind(&panel.kind),
        "title": panel.title,
        "description": panel.description,
    });
    json["gridPos"] = position(place);
    if panel.kind != PanelKind::Text {
        json["datasource"] = datasource();
        let targets = panel.queries.iter().enumerate().map(|(index, query)| target(query, index, &panel.kind));
        json["targets"] = targets.collect();
    }
    if let Some(seconds) = panel.interval {
        json["interval"] = format!("{seconds}s").into();
    }
    if let Some(transformations) = options::transformations(panel) {
        json["transformations"] = transformations;
    }
    json["options"] = options::options(panel);
    json["fieldConfig"] = json!({ "defaults": null, "overrides": [] });
    json["fieldConfig"]["defaults"] = defaults(panel);
    json
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

pub(super) fn position(place: Position) -> Value {
    json!({ "x": place.x, "y": place.y, "w": place.width, "h": place.height })
}

fn target(query: &Query, index: usize, kind: &PanelKind) -> Value {
    json!({
        "refId": reference(index),
        "datasource": datasource(),
        "expr": query.expression,
        "legendFormat": if query.legend.is_empty() { "__auto" } else { &query.legend },
        "editorMode": "code",
        "range": !query.instant,
        "instant": query.instant,
        "format": if *kind == PanelKind::Table { "table" } else { "time_series" },
    })
}

/// `A`, `B` … `Z`, `A1` …
fn reference(index: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(index % 26).expect("less than 26"));
    if index < 26 { letter.to_string() } else { format!("{letter}{}", index / 26) }
}

fn defaults(panel: &Panel) -> Value {
    let mut defaults = Map::new();
    defaults.insert("unit".to_owned(), panel.unit.id().into());
    if let Some(decimals) = panel.decimals {
        defaults.insert("decimals".to_owned(), decimals.into());
    }
    for (key, bound) in [("min", panel.minimum), ("max", panel.maximum)] {
        if let Some(bound) = bound {
            defaults.insert(key.to_owned(), bound.into());
        }
    }
    // Lines are told apart by colour; a number says by its colour how it stands.
    let by_value = panel.kind != PanelKind::Timeseries && !panel.thresholds.is_empty();
    let mode = if by_value { "thresholds" } else { "palette-classic" };
    defaults.insert("color".to_owned(), json!({ "mode": mode }));
    defaults.insert("thresholds".to_owned(), thresholds(&panel.thresholds));
    defaults.insert("mappings".to_owned(), mappings(panel));
    defaults.insert("custom".to_owned(), options::custom(panel));
    Value::Object(defaults)
}

fn thresholds(thresholds: &[Threshold]) -> Value {
    let mut json = json!({ "mode": "absolute", "steps": [{ "value": null, "color": "green" }] });
    if !thresholds.is_empty() {
        let step = |step: &Threshold| json!({ "value": step.value, "color": step.color.to_string() });
        json["steps"] = thresholds.iter().map(step).collect();
    }
    json
}

/// Words for values.
fn mappings(panel: &Panel) -> Value {
    if panel.mappings.is_empty() {
        return json!([]);
    }
    let options: Map<String, Value> = panel
        .mappings
        .iter()
        .enumerate()
        .map(|(index, (value, text))| {
            let color = panel.color_of(*value).map_or_else(|| "text".to_owned(), ToString::to_string);
            (value.to_string(), json!({ "text": text, "color": color, "index": index }))
        })
        .collect();
    json!([{ "type": "value", "options": options }])
}
