//! `grafana/dashboards/*.json`: a dashboard in Grafana's words. Nothing is left to Grafana's defaults that its schema asks for.

mod options;
mod panel;
mod variable;

use std::borrow::Cow;

use serde_json::{Value, json};

use super::side_by_side;
use crate::dashboard::{Annotation, DATASOURCE_UID, Dashboard, Link, Placed, Position, Row};
use crate::desired::{Desired, StackDashboard};

/// Number of the JSON's form. Every Grafana from 10.4 on reads it, and writes a newer one when somebody saves.
const SCHEMA_VERSION: u32 = 41;

/// Every dashboard's file, where there is a Grafana to read it.
pub(super) fn files(desired: &Desired) -> Vec<(String, String)> {
    if desired.grafana.is_none() {
        return Vec::new();
    }
    let file = |dashboard: &StackDashboard| {
        let path = format!("grafana/dashboards/{}.json", dashboard.name);
        (path, super::memory::pretty(&json_of(dashboard)))
    };
    side_by_side::map(&desired.dashboards, file)
}

/// The JSON for Grafana: a file's own, or one that is made.
fn json_of(dashboard: &StackDashboard) -> Cow<'_, Value> {
    match &dashboard.carried {
        Some(carried) => Cow::Borrowed(&carried.json),
        None => Cow::Owned(made(&dashboard.dashboard)),
    }
}

fn made(dashboard: &Dashboard) -> Value {
    let annotations = std::iter::once(built_in()).chain(dashboard.annotations.iter().map(annotation));
    let mut json = json!({
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": dashboard.tags,
        "schemaVersion": SCHEMA_VERSION,
        "editable": true,
        "graphTooltip": 1,
        "timezone": "browser",
        "time": { "from": "now-30m", "to": "now" },
        "refresh": "10s",
        "templating": { "list": [] },
        "annotations": { "list": [] },
    });
    // Moved in, because `json!` copies what it is given value by value.
    json["templating"]["list"] = dashboard.variables.iter().map(variable::json).collect();
    json["annotations"]["list"] = annotations.collect();
    json["links"] = dashboard.links.iter().map(link).collect();
    json["panels"] = panels(dashboard).into();
    json
}

/// The stack's Prometheus.
fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": DATASOURCE_UID })
}

/// Rows and panels, numbered from top to bottom. A folded row holds its panels itself.
fn panels(dashboard: &Dashboard) -> Vec<Value> {
    let mut panels: Vec<Value> = Vec::new();
    let mut folded: Option<usize> = None;
    for (index, placed) in dashboard.layout().into_iter().enumerate() {
        let id = index + 1;
        match placed {
            Placed::Title(row, position) => {
                folded = row.collapsed.then_some(panels.len());
                panels.push(title(row, id, position));
            }
            Placed::Panel(shown, position) => {
                let made = panel::json(shown, id, position);
                match folded {
                    Some(row) => panels[row]["panels"].as_array_mut().expect("a row has panels").push(made),
                    None => panels.push(made),
                }
            }
        }
    }
    panels
}

fn title(row: &Row, id: usize, place: Position) -> Value {
    json!({
        "id": id,
        "type": "row",
        "title": row.title,
        "collapsed": row.collapsed,
        "gridPos": panel::position(place),
        "panels": [],
    })
}

/// Grafana's own marks, which every dashboard has.
fn built_in() -> Value {
    json!({
        "name": "Annotations & Alerts",
        "type": "dashboard",
        "builtIn": 1,
        "datasource": { "type": "grafana", "uid": "-- Grafana --" },
        "enable": true,
        "hide": true,
        "iconColor": "rgba(0, 211, 255, 1)",
    })
}

fn annotation(annotation: &Annotation) -> Value {
    json!({
        "name": annotation.name,
        "datasource": datasource(),
        "enable": true,
        "hide": false,
        "iconColor": annotation.color.to_string(),
        "expr": annotation.expression,
    })
}

fn link(link: &Link) -> Value {
    let json = |title: &str, kind: &str, url: Option<String>, tags: &[&String]| {
        let mut json = json!({
            "title": title,
            "type": kind,
            "icon": if kind == "link" { "external link" } else { "" },
            "tooltip": "",
            "tags": tags,
            "asDropdown": kind == "dashboards",
            "targetBlank": false,
            "includeVars": false,
            "keepTime": true,
        });
        if let Some(url) = url {
            json["url"] = url.into();
        }
        json
    };
    match link {
        Link::Dashboard { title, uid } => json(title, "link", Some(format!("/d/{uid}")), &[]),
        Link::Tag { title, tag } => json(title, "dashboards", None, &[tag]),
        Link::Address { title, url } => json(title, "link", Some(url.clone()), &[]),
    }
}
