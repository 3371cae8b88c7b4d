//! What of a file's panels Grafana alone shows: told by what it is, with the panels, and not once for each of them.

use serde_json::{Map, Value};

use super::{below, list, text};

/// Properties of single series that change what is read, and not only how it looks.
const TELLING: &[&str] = &[
    "custom.axisPlacement",
    "custom.hidden",
    "custom.transform",
    "decimals",
    "displayName",
    "mappings",
    "max",
    "min",
    "thresholds",
    "unit",
];

/// A sort of thing that Grafana alone shows: what it is, what is seen elsewhere, and whether a panel has it.
type Sort = (&'static str, &'static str, fn(&Map<String, Value>) -> bool);

const SORTS: &[Sort] = &[
    (
        "what holds for single series or columns (field overrides)",
        "every series is shown as the panel says",
        has_overrides,
    ),
    ("the second axis", "every series stands on the one on the left", has_second_axis),
    ("what is made of the answers (transformations)", "they are shown as Prometheus gives them", has_transformations),
];

/// What Grafana alone shows, in words.
pub(super) fn of_grafana(json: &Map<String, Value>) -> Vec<String> {
    let mut panels = Vec::new();
    walk(json, &mut panels);
    let told = SORTS.iter().filter_map(|(what, elsewhere, has)| {
        let titles: Vec<String> = panels.iter().filter(|panel| has(panel)).map(|panel| title(panel)).collect();
        (!titles.is_empty()).then(|| {
            format!("{what} of {} is for Grafana alone: in `view` and in pictures {elsewhere}", named(&titles))
        })
    });
    told.collect()
}

fn walk<'a>(json: &'a Map<String, Value>, panels: &mut Vec<&'a Map<String, Value>>) {
    for inner in list(json, "rows").iter().chain(list(json, "panels")).filter_map(Value::as_object) {
        panels.push(inner);
        walk(inner, panels);
    }
}

fn title(panel: &Map<String, Value>) -> String {
    let title = text(panel, "title");
    if title.is_empty() { "a panel without a title".to_owned() } else { format!("`{title}`") }
}

/// The first few, and how many more.
fn named(titles: &[String]) -> String {
    const MOST: usize = 3;
    match titles.len().checked_sub(MOST).filter(|rest| *rest > 0) {
        Some(rest) => format!("{} and {rest} more", titles[..MOST].join(", ")),
        None => titles.join(", "),
    }
}

fn overrides(panel: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let of_fields = below(panel, "fieldConfig").map(|config| list(config, "overrides")).unwrap_or_default();
    let properties = of_fields.iter().filter_map(Value::as_object).flat_map(|one| list(one, "properties"));
    properties.filter_map(Value::as_object).map(|property| text(property, "id"))
}

fn has_overrides(panel: &Map<String, Value>) -> bool {
    let of_old = list(panel, "seriesOverrides").iter().filter_map(Value::as_object);
    overrides(panel).any(|property| TELLING.contains(&property) && property != "custom.axisPlacement")
        || of_old.flat_map(Map::keys).any(|key| matches!(key.as_str(), "stack" | "transform"))
}

fn has_second_axis(panel: &Map<String, Value>) -> bool {
    let of_old = list(panel, "seriesOverrides").iter().filter_map(Value::as_object);
    overrides(panel).any(|property| property == "custom.axisPlacement")
        || of_old.filter_map(|one| one.get("yaxis")).any(|axis| axis.as_u64() == Some(2))
}

fn has_transformations(panel: &Map<String, Value>) -> bool {
    !list(panel, "transformations").is_empty()
}
