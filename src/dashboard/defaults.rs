//! What Grafana writes into a dashboard on its own when somebody saves it: keys that say its default, which holds
//! without them, too. A file that did not have them does not get them, so that an edit shows as that edit alone.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::order::counterpart;

/// By key, wherever it stands: the values that say nothing.
static DEFAULTS: LazyLock<BTreeMap<&str, Vec<Value>>> = LazyLock::new(|| {
    let groups = [of_dashboards(), of_panels(), of_lines(), of_numbers(), of_queries(), of_variables()];
    let mut defaults: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (key, value) in groups.into_iter().flatten() {
        defaults.entry(key).or_default().push(value);
    }
    defaults
});

type Pairs = Vec<(&'static str, Value)>;

fn of_dashboards() -> Pairs {
    vec![
        ("asDropdown", json!(false)),
        ("editable", json!(true)),
        ("fiscalYearStartMonth", json!(0)),
        ("graphTooltip", json!(0)),
        ("icon", json!("external link")),
        ("includeVars", json!(false)),
        ("keepTime", json!(false)),
        ("liveNow", json!(false)),
        ("preload", json!(false)),
        ("refresh", json!("")),
        ("style", json!("dark")),
        ("targetBlank", json!(false)),
        ("time", json!({ "from": "now-6h", "to": "now" })),
        ("timezone", json!("browser")),
        ("timezone", json!("")),
        ("weekStart", json!("")),
    ]
}

fn of_panels() -> Pairs {
    let steps = |first: Value| json!([{ "color": "green", "value": first }, { "color": "red", "value": 80 }]);
    let thresholds = |first: Value| json!({ "mode": "absolute", "steps": steps(first) });
    vec![
        ("collapsed", json!(false)),
        ("color", json!({ "mode": "palette-classic" })),
        ("color", json!({ "mode": "thresholds" })),
        ("description", json!("")),
        ("fieldMinMax", json!(false)),
        ("hideTimeOverride", json!(false)),
        ("mode", json!("absolute")),
        ("repeatDirection", json!("h")),
        ("thresholds", thresholds(Value::Null)),
        ("thresholds", thresholds(json!(0))),
        ("transparent", json!(false)),
    ]
}

/// `fieldConfig.defaults.custom` and `options` of panels with lines.
fn of_lines() -> Pairs {
    vec![
        ("axisBorderShow", json!(false)),
        ("axisCenteredZero", json!(false)),
        ("axisColorMode", json!("text")),
        ("axisLabel", json!("")),
        ("axisPlacement", json!("auto")),
        ("barAlignment", json!(0)),
        ("barWidthFactor", json!(0.6)),
        ("displayMode", json!("list")),
        ("drawStyle", json!("line")),
        ("fillOpacity", json!(0)),
        ("gradientMode", json!("none")),
        ("hideFrom", json!({ "legend": false, "tooltip": false, "viz": false })),
        ("hideZeros", json!(false)),
        ("insertNulls", json!(false)),
        ("lineInterpolation", json!("linear")),
        ("lineWidth", json!(1)),
        ("placement", json!("bottom")),
        ("pointSize", json!(5)),
        ("scaleDistribution", json!({ "type": "linear" })),
        ("showLegend", json!(true)),
        ("showPoints", json!("auto")),
        ("showValues", json!(false)),
        ("sort", json!("none")),
        ("spanNulls", json!(false)),
        ("stacking", json!({ "group": "A", "mode": "none" })),
        ("thresholdsStyle", json!({ "mode": "off" })),
        ("tooltip", json!({ "mode": "single", "sort": "none" })),
        ("tooltip", json!({ "hideZeros": false, "mode": "single", "sort": "none" })),
    ]
}

/// Options of large numbers, dials, bars, tables and words.
fn of_numbers() -> Pairs {
    vec![
        ("align", json!("auto")),
        ("cellHeight", json!("sm")),
        ("cellOptions", json!({ "type": "auto" })),
        ("code", json!({ "language": "plaintext", "showLineNumbers": false, "showMiniMap": false })),
        ("colorMode", json!("value")),
        ("filterable", json!(false)),
        ("footer", json!({ "countRows": false, "fields": "", "reducer": ["sum"], "show": false })),
        ("graphMode", json!("area")),
        ("inspect", json!(false)),
        ("justifyMode", json!("auto")),
        ("maxVizHeight", json!(300)),
        ("minVizHeight", json!(75)),
        ("minVizHeight", json!(16)),
        ("minVizWidth", json!(75)),
        ("minVizWidth", json!(8)),
        ("namePlacement", json!("auto")),
        ("orientation", json!("auto")),
        ("percentChangeColorMode", json!("standard")),
        ("reduceOptions", json!({ "calcs": ["lastNotNull"], "fields": "", "values": false })),
        ("showHeader", json!(true)),
        ("showPercentChange", json!(false)),
        ("showThresholdLabels", json!(false)),
        ("showThresholdMarkers", json!(true)),
        ("showUnfilled", json!(true)),
        ("sizing", json!("auto")),
        ("textMode", json!("auto")),
        ("valueMode", json!("color")),
        ("wideLayout", json!(true)),
    ]
}

fn of_queries() -> Pairs {
    vec![
        ("disableTextWrap", json!(false)),
        ("editorMode", json!("code")),
        ("exemplar", json!(false)),
        ("format", json!("time_series")),
        ("fullMetaSearch", json!(false)),
        ("hide", json!(false)),
        ("includeNullMetadata", json!(true)),
        ("instant", json!(false)),
        ("interval", json!("")),
        ("intervalFactor", json!(1)),
        ("legendFormat", json!("__auto")),
        ("range", json!(true)),
        ("useBackend", json!(false)),
    ]
}

fn of_variables() -> Pairs {
    vec![
        ("allowCustomValue", json!(true)),
        ("auto", json!(false)),
        ("auto_count", json!(30)),
        ("auto_min", json!("10s")),
        ("hide", json!(0)),
        ("includeAll", json!(false)),
        ("multi", json!(false)),
        ("refresh", json!(1)),
        ("regex", json!("")),
        ("skipUrlSync", json!(false)),
        ("sort", json!(0)),
    ]
}

/// The value without what says nothing and was not in `before`.
pub(super) fn without_defaults(before: Option<&Value>, value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.into_iter().filter_map(|(key, value)| {
                let old = before.and_then(|before| before.get(&key));
                if old.is_none() && says_nothing(&key, &value, before) {
                    return None;
                }
                let value = without_defaults(old, value);
                (old.is_some() || !says_nothing(&key, &value, before)).then_some((key, value))
            });
            Value::Object(kept.collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let before = before.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let is_new = |item: &Value| !before.iter().any(|old| old.get("builtIn").is_some() && same(old, item));
            let items = items.into_iter().filter(|item| item.get("builtIn") != Some(&json!(1)) || !is_new(item));
            let items = items.enumerate().map(|(at, item)| without_defaults(counterpart(before, at, &item), item));
            Value::Array(items.collect())
        }
        other => other,
    }
}

/// Whether two annotations are one.
fn same(one: &Value, other: &Value) -> bool {
    one.get("name") == other.get("name")
}

fn says_nothing(key: &str, value: &Value, owner: Option<&Value>) -> bool {
    let is_default = || DEFAULTS.get(key).is_some_and(|defaults| defaults.contains(value));
    match (key, value) {
        // A number for what was there without one.
        ("id", Value::Number(_)) => owner.is_some_and(Value::is_object),
        // The least of a threshold.
        ("value", Value::Null) => false,
        // The plugin that saved it.
        ("pluginVersion", _) | (_, Value::Null) => true,
        (_, Value::Array(items)) => items.is_empty(),
        (_, Value::Object(object)) => object.is_empty() || is_default(),
        _ => is_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grafana_adds_by_itself_is_left_out_and_what_somebody_wrote_stays() {
        let before = json!({ "title": "A", "editable": true, "panels": [
            { "id": 1, "type": "timeseries", "options": { "tooltip": { "mode": "multi" } }, "targets": [{ "expr": "up" }] },
            { "type": "stat", "title": "No number" },
        ]});
        let kept = json!({ "title": "A", "editable": true, "fiscalYearStartMonth": 0, "templating": { "list": [] },
        "annotations": { "list": [{ "builtIn": 1, "name": "Annotations & Alerts", "type": "dashboard" }] },
        "panels": [
            { "id": 1, "type": "timeseries", "pluginVersion": "12.0.0",
              "fieldConfig": { "defaults": { "custom": { "lineWidth": 1, "fillOpacity": 20, "stacking": { "group": "A", "mode": "none" } },
                                             "thresholds": { "mode": "absolute", "steps": [{ "color": "green", "value": null }, { "color": "red", "value": 80 }] } },
                               "overrides": [] },
              "options": { "tooltip": { "mode": "multi", "hideZeros": false, "sort": "none" }, "legend": { "calcs": [], "displayMode": "list" } },
              "targets": [{ "expr": "up", "editorMode": "code", "range": true, "legendFormat": "{{job}}" }] },
            { "id": 2, "type": "stat", "title": "No number" },
            { "id": 3, "type": "text", "title": "New" },
        ]});
        let expected = json!({ "title": "A", "editable": true, "panels": [
            { "id": 1, "type": "timeseries", "fieldConfig": { "defaults": { "custom": { "fillOpacity": 20 } } },
              "options": { "tooltip": { "mode": "multi" } }, "targets": [{ "expr": "up", "legendFormat": "{{job}}" }] },
            { "type": "stat", "title": "No number" },
            { "id": 3, "type": "text", "title": "New" },
        ]});
        assert_eq!(without_defaults(Some(&before), kept), expected);
    }

    #[test]
    fn a_default_that_the_file_says_or_that_was_chosen_anew_is_kept() {
        let before = json!({ "refresh": "30s", "options": { "sort": "desc" } });
        let kept = json!({ "refresh": "", "options": { "sort": "none" }, "graphTooltip": 1 });
        assert_eq!(without_defaults(Some(&before), kept.clone()), kept);
    }
}
