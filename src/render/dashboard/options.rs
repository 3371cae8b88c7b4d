//! How each kind of panel is drawn, in Grafana's words: `options` and `fieldConfig.defaults.custom`.

use serde_json::{Value, json};

use crate::dashboard::{Panel, PanelKind, Stacking};

/// `options`.
pub(super) fn options(panel: &Panel) -> Value {
    match &panel.kind {
        PanelKind::Timeseries => json!({
            "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": [] },
            "tooltip": { "mode": "multi", "sort": "desc" },
        }),
        PanelKind::Stat => json!({
            "graphMode": "area",
            "colorMode": if panel.thresholds.is_empty() { "none" } else { "value" },
            "justifyMode": "auto",
            "textMode": "auto",
            "wideLayout": true,
            "showPercentChange": false,
            "percentChangeColorMode": "standard",
            "reduceOptions": last(),
            "orientation": "auto",
        }),
        PanelKind::Gauge => json!({
            "showThresholdLabels": false,
            "showThresholdMarkers": true,
            "sizing": "auto",
            "minVizWidth": 75,
            "minVizHeight": 75,
            "reduceOptions": last(),
            "orientation": "auto",
        }),
        PanelKind::Bargauge => json!({
            "displayMode": "basic",
            "valueMode": "color",
            "namePlacement": "auto",
            "showUnfilled": true,
            "sizing": "auto",
            "minVizWidth": 8,
            "minVizHeight": 16,
            "maxVizHeight": 300,
            "legend": { "displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": [] },
            "reduceOptions": last(),
            "orientation": "horizontal",
        }),
        PanelKind::Table => json!({ "frameIndex": 0, "showHeader": true }),
        PanelKind::Text => json!({ "mode": "markdown", "content": panel.text }),
        PanelKind::Heatmap | PanelKind::Piechart | PanelKind::Other(_) => json!({}),
    }
}

/// The last number of each series.
fn last() -> Value {
    json!({ "calcs": ["lastNotNull"], "fields": "", "values": false })
}

/// `fieldConfig.defaults.custom`: of lines, the only kind that has any here.
pub(super) fn custom(panel: &Panel) -> Value {
    if panel.kind != PanelKind::Timeseries {
        return json!({});
    }
    let (mode, fill) = match panel.stacking {
        Stacking::None => ("none", 10),
        Stacking::Normal => ("normal", 30),
        Stacking::Percent => ("percent", 30),
    };
    json!({
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": fill,
        "showPoints": "auto",
        "spanNulls": false,
        "stacking": { "mode": mode, "group": "A" },
        "thresholdsStyle": { "mode": "off" },
    })
}

/// What makes a table of an instant answer: one row for each series, without what is the same in all of them.
pub(super) fn transformations(panel: &Panel) -> Option<Value> {
    let hidden = json!({ "Time": true, "__name__": true });
    (panel.kind == PanelKind::Table).then(
        || json!([{ "id": "organize", "options": { "excludeByName": hidden, "indexByName": {}, "renameByName": {} } }]),
    )
}
