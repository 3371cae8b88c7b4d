//! Panels of a file: new ones on a grid, old ones in rows.

use serde_json::{Map, Value};

use super::{below, list, old, text};
use crate::dashboard::{COLUMNS, Color, Panel, PanelKind, Query, Repeat, Row, Stacking, Threshold, Unit};

/// Rows from top to bottom.
pub(super) fn rows(json: &Map<String, Value>, notes: &mut Vec<String>) -> Vec<Row> {
    if !list(json, "panels").is_empty() {
        return from_grid(list(json, "panels"), notes);
    }
    list(json, "rows").iter().filter_map(Value::as_object).map(|row| old_row(row, notes)).collect()
}

/// Panels that lie on a grid. One of the kind `row` begins a row; a folded one holds its panels itself.
fn from_grid(panels: &[Value], notes: &mut Vec<String>) -> Vec<Row> {
    let mut panels: Vec<_> = panels.iter().filter_map(Value::as_object).collect();
    panels.sort_by_key(|panel| (place(panel, "y"), place(panel, "x")));
    let mut rows: Vec<Row> = Vec::new();
    for json in panels {
        if text(json, "type") == "row" {
            let inner = list(json, "panels").iter().filter_map(Value::as_object);
            rows.push(Row {
                title: Some(text(json, "title").to_owned()),
                collapsed: json.get("collapsed").and_then(Value::as_bool).unwrap_or(false),
                repeat: repeated(json),
                panels: inner.filter_map(|inner| panel(inner, 0, notes)).collect(),
            });
        } else if let Some(panel) = panel(json, 0, notes) {
            // What follows a folded row is none of its own.
            if rows.last().is_none_or(|row| row.collapsed) {
                rows.push(Row::default());
            }
            rows.last_mut().expect("there is one").panels.push(panel);
        }
    }
    rows
}

/// A row as it was before Grafana 5: its panels are so many twelfths wide and all of one height.
fn old_row(row: &Map<String, Value>, notes: &mut Vec<String>) -> Row {
    let height = match row.get("height") {
        Some(Value::Number(pixels)) => pixels.as_f64(),
        Some(Value::String(pixels)) => pixels.trim_end_matches("px").parse().ok(),
        _ => None,
    };
    let height = height.map_or(7, |pixels| small(pixels / 38.0).max(2));
    let is_titled = row.get("showTitle").and_then(Value::as_bool).unwrap_or(false);
    Row {
        title: is_titled.then(|| text(row, "title").to_owned()),
        collapsed: row.get("collapse").and_then(Value::as_bool).unwrap_or(false),
        repeat: repeated(row),
        panels: list(row, "panels")
            .iter()
            .filter_map(Value::as_object)
            .filter_map(|json| panel(json, height, notes))
            .collect(),
    }
}

fn place(panel: &Map<String, Value>, key: &str) -> u64 {
    panel.get("gridPos").and_then(|place| place.get(key)).and_then(Value::as_u64).unwrap_or_default()
}

/// One panel. `row_height`: of the row it stands in, in old files.
fn panel(json: &Map<String, Value>, row_height: u8, notes: &mut Vec<String>) -> Option<Panel> {
    // A copy that Grafana has made of a repeated panel: it comes of that one again.
    if json.contains_key("repeatPanelId") {
        return None;
    }
    let title = text(json, "title").to_owned();
    let name = if title.is_empty() { "a panel without a title" } else { &title };
    if json.contains_key("libraryPanel") {
        notes.push(format!("`{name}` is a library panel, whose content is not in the file"));
        return None;
    }
    let (kind, is_known) = old::kind(text(json, "type"), json);
    match text(json, "type") {
        // One of a wrong type is named as such.
        "" if matches!(json.get("type"), None | Some(Value::Null | Value::String(_))) => {
            notes.push(format!("`{name}` does not say of which kind it is: it has no `type`"));
        }
        "" => {}
        other if !is_known => notes.push(format!("`{name}` is of the kind `{other}`, which needs a plugin")),
        _ => {}
    }
    let queries: Vec<Query> = list(json, "targets").iter().filter_map(Value::as_object).filter_map(query).collect();
    if queries.is_empty()
        && matches!(kind, PanelKind::Timeseries | PanelKind::Stat | PanelKind::Gauge | PanelKind::Table)
    {
        notes.push(format!("`{name}` asks nothing of a Prometheus"));
    }
    let defaults = below(json, "fieldConfig").and_then(|config| below(config, "defaults"));
    let of = |key: &str| defaults.and_then(|defaults| defaults.get(key)).and_then(Value::as_f64);
    Some(Panel {
        title,
        description: text(json, "description").to_owned(),
        unit: unit(json, defaults),
        decimals: of("decimals").or_else(|| json.get("decimals").and_then(Value::as_f64)).map(small),
        minimum: of("min"),
        maximum: of("max"),
        thresholds: thresholds(json, defaults),
        mappings: old::mappings(json, defaults),
        stacking: stacking(json, defaults),
        interval: None,
        repeat: repeat(json),
        pinned: Vec::new(),
        text: body(json).to_owned(),
        width: width(json),
        height: Some(place(json, "h"))
            .filter(|height| *height > 0)
            .map_or(row_height.max(1), |height| u8::try_from(height).unwrap_or(u8::MAX)),
        kind,
        queries,
    })
}

/// The variable that a panel or a row is repeated for.
fn repeated(json: &Map<String, Value>) -> Option<String> {
    Some(text(json, "repeat").to_owned()).filter(|variable| !variable.is_empty())
}

fn repeat(json: &Map<String, Value>) -> Option<Repeat> {
    /// Grafana's own.
    const PER_LINE: u8 = 4;
    let most = json.get("maxPerRow").and_then(Value::as_f64).map_or(PER_LINE, small).clamp(1, COLUMNS);
    let per_line = (text(json, "repeatDirection") != "v").then_some(most);
    repeated(json).map(|variable| Repeat { variable, per_line })
}

fn query(json: &Map<String, Value>) -> Option<Query> {
    let is_hidden = json.get("hide").and_then(Value::as_bool).unwrap_or(false);
    let expression = text(json, "expr").trim();
    let of_prometheus = match json.get("datasource") {
        Some(Value::Object(datasource)) => matches!(text(datasource, "type"), "" | "prometheus"),
        _ => true,
    };
    let flag = |key: &str| json.get(key).and_then(Value::as_bool).unwrap_or(false);
    (!is_hidden && of_prometheus && !expression.is_empty()).then(|| Query {
        expression: expression.to_owned(),
        legend: text(json, "legendFormat").replace("__auto", ""),
        instant: flag("instant") && !flag("range"),
    })
}

fn width(json: &Map<String, Value>) -> u8 {
    let on_grid = Some(place(json, "w")).filter(|width| *width > 0);
    let spans = json.get("span").and_then(Value::as_f64).map(|span| u64::from(small(span * 2.0)));
    on_grid.or(spans).map_or(COLUMNS, |width| u8::try_from(width).unwrap_or(COLUMNS)).clamp(1, COLUMNS)
}

fn unit(json: &Map<String, Value>, defaults: Option<&Map<String, Value>>) -> Unit {
    let new = defaults.map(|defaults| text(defaults, "unit"));
    let of_axis = list(json, "yaxes").first().and_then(|axis| axis.get("format")).and_then(Value::as_str);
    // Heatmaps.
    let of_options = below(json, "options").and_then(|options| below(options, "yAxis")).map(|axis| text(axis, "unit"));
    let of_heatmap = below(json, "yAxis").map(|axis| text(axis, "format"));
    let candidates = [of_options, new, of_axis, of_heatmap, Some(text(json, "format"))];
    candidates.into_iter().flatten().find(|id| !id.is_empty()).map(Unit::lenient).unwrap_or_default()
}

/// Steps of today, or the `50,80` with three colours of an old single number.
fn thresholds(json: &Map<String, Value>, defaults: Option<&Map<String, Value>>) -> Vec<Threshold> {
    let steps = defaults.and_then(|defaults| below(defaults, "thresholds")).map(|thresholds| list(thresholds, "steps"));
    if let Some(steps) = steps {
        let steps = steps.iter().filter_map(Value::as_object);
        return steps
            .map(|step| Threshold {
                value: step.get("value").and_then(Value::as_f64),
                color: Color::parse(text(step, "color")),
            })
            .collect();
    }
    let values = text(json, "thresholds").split(',').filter_map(|value| value.trim().parse().ok()).map(Some);
    let colors = list(json, "colors").iter().filter_map(Value::as_str).map(Color::parse);
    let is_colored = ["colorValue", "colorBackground"].iter().any(|key| json.get(*key) == Some(&Value::Bool(true)));
    let steps = std::iter::once(None).chain(values).zip(colors);
    if is_colored { steps.map(|(value, color)| Threshold { value, color }).collect() } else { Vec::new() }
}

fn stacking(json: &Map<String, Value>, defaults: Option<&Map<String, Value>>) -> Stacking {
    let custom = defaults.and_then(|defaults| below(defaults, "custom")).and_then(|custom| below(custom, "stacking"));
    match custom.map(|stacking| text(stacking, "mode")) {
        Some("normal") => Stacking::Normal,
        Some("percent") => Stacking::Percent,
        _ if json.get("percentage") == Some(&Value::Bool(true)) => Stacking::Percent,
        _ if json.get("stack") == Some(&Value::Bool(true)) => Stacking::Normal,
        _ => Stacking::None,
    }
}

/// Markdown of a text panel.
fn body(json: &Map<String, Value>) -> &str {
    let new = below(json, "options").map(|options| text(options, "content"));
    new.filter(|content| !content.is_empty()).unwrap_or_else(|| text(json, "content"))
}

/// A number of a file that has to be small: what is not is cut.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is cut to what a u8 holds first")]
fn small(number: f64) -> u8 {
    number.round().clamp(0.0, 255.0) as u8
}
