//! `grafana/dashboards/*.json`: a dashboard in Grafana's words. Nothing is left to Grafana's defaults that its schema asks for.
//!
//! Each object of the JSON is a type, whose fields stand in the order of the file: a thousand dashboards are written without
//! a thousand trees of values in memory.

#![expect(
    clippy::struct_field_names,
    clippy::struct_excessive_bools,
    reason = "the types have the fields that Grafana's JSON has"
)]

mod options;
mod panel;
mod variable;

use serde::Serialize;

use super::memory::pretty;
use super::side_by_side;
use crate::dashboard::{self, Annotation, DATASOURCE_UID, Placed, Position, Row};
use crate::desired::{Desired, StackDashboard};
use panel::Panel;
use variable::Variable;

/// Number of the JSON's form. Every Grafana from 10.4 on reads it, and writes a newer one when somebody saves.
const SCHEMA_VERSION: u32 = 41;

/// Shown at first where a dashboard says nothing of it.
const USUAL_TIME: TimeRange = TimeRange { from: "now-30m", to: "now" };

/// The stack's Prometheus.
const PROMETHEUS: Datasource = Datasource { kind: "prometheus", uid: DATASOURCE_UID };

/// Every dashboard's file, where there is a Grafana to read it.
pub(super) fn files(desired: &Desired) -> Vec<(String, String)> {
    if desired.grafana.is_none() {
        return Vec::new();
    }
    let file = |dashboard: &StackDashboard| {
        let path = format!("grafana/dashboards/{}.json", dashboard.name);
        // A file's own JSON, or one that is made.
        let text = match &dashboard.carried {
            Some(carried) => pretty(&carried.json),
            None => pretty(&Dashboard::of(&dashboard.dashboard)),
        };
        (path, text)
    };
    side_by_side::map(&desired.dashboards, file)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dashboard<'a> {
    uid: &'a str,
    title: &'a str,
    description: &'a str,
    tags: &'a [String],
    schema_version: u32,
    editable: bool,
    graph_tooltip: u8,
    timezone: &'static str,
    time: TimeRange<'a>,
    refresh: &'a str,
    templating: List<Variable<'a>>,
    annotations: List<Marks<'a>>,
    links: Vec<Link<'a>>,
    panels: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct TimeRange<'a> {
    from: &'a str,
    to: &'a str,
}

#[derive(Serialize)]
struct List<Entry> {
    list: Vec<Entry>,
}

#[derive(Serialize)]
struct Datasource {
    #[serde(rename = "type")]
    kind: &'static str,
    uid: &'static str,
}

impl<'a> Dashboard<'a> {
    fn of(dashboard: &'a dashboard::Dashboard) -> Self {
        let marks = std::iter::once(Marks::built_in()).chain(dashboard.annotations.iter().map(Marks::of));
        Self {
            uid: &dashboard.uid,
            title: &dashboard.title,
            description: &dashboard.description,
            tags: &dashboard.tags,
            schema_version: SCHEMA_VERSION,
            editable: true,
            graph_tooltip: 1,
            timezone: "browser",
            time: dashboard.time.as_ref().map_or(USUAL_TIME, |time| TimeRange { from: &time.from, to: &time.to }),
            refresh: dashboard.refresh.as_deref().unwrap_or("10s"),
            templating: List { list: dashboard.variables.iter().map(Variable::of).collect() },
            annotations: List { list: marks.collect() },
            links: dashboard.links.iter().map(Link::of).collect(),
            panels: items(dashboard),
        }
    }
}

/// What lies in the grid.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Title(Title<'a>),
    Panel(Box<Panel<'a>>),
}

/// The title line of a row.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Title<'a> {
    id: usize,
    #[serde(rename = "type")]
    kind: &'static str,
    title: Option<&'a str>,
    collapsed: bool,
    grid_pos: Place,
    /// Those of a folded row; the others lie beside it.
    panels: Vec<Panel<'a>>,
}

#[derive(Serialize)]
struct Place {
    x: u8,
    y: u32,
    w: u8,
    h: u8,
}

/// Rows and panels, numbered from top to bottom. A folded row holds its panels itself.
fn items(dashboard: &dashboard::Dashboard) -> Vec<Item<'_>> {
    let mut items: Vec<Item> = Vec::new();
    for (index, placed) in dashboard.layout().into_iter().enumerate() {
        let id = index + 1;
        match placed {
            Placed::Title(row, position) => items.push(Item::Title(Title::of(row, id, position))),
            Placed::Panel(shown, position) => {
                let panel = Panel::of(shown, id, position);
                match items.last_mut() {
                    Some(Item::Title(row)) if row.collapsed => row.panels.push(panel),
                    _ => items.push(Item::Panel(Box::new(panel))),
                }
            }
        }
    }
    items
}

impl<'a> Title<'a> {
    fn of(row: &'a Row, id: usize, position: Position) -> Self {
        Self {
            id,
            kind: "row",
            title: row.title.as_deref(),
            collapsed: row.collapsed,
            grid_pos: Place::of(position),
            panels: Vec::new(),
        }
    }
}

impl Place {
    fn of(Position { x, y, width, height }: Position) -> Self {
        Self { x, y, w: width, h: height }
    }
}

/// What is marked along the time axis.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Marks<'a> {
    name: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    built_in: Option<u8>,
    datasource: Datasource,
    enable: bool,
    hide: bool,
    icon_color: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expr: Option<&'a str>,
}

impl<'a> Marks<'a> {
    /// Grafana's own marks, which every dashboard has.
    fn built_in() -> Self {
        Self {
            name: "Annotations & Alerts",
            kind: Some("dashboard"),
            built_in: Some(1),
            datasource: Datasource { kind: "grafana", uid: "-- Grafana --" },
            enable: true,
            hide: true,
            icon_color: "rgba(0, 211, 255, 1)",
            expr: None,
        }
    }

    fn of(annotation: &'a Annotation) -> Self {
        Self {
            name: &annotation.name,
            kind: None,
            built_in: None,
            datasource: PROMETHEUS,
            enable: true,
            hide: false,
            icon_color: annotation.color.name(),
            expr: Some(&annotation.expression),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Link<'a> {
    title: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    icon: &'static str,
    tooltip: &'static str,
    tags: Vec<&'a str>,
    as_dropdown: bool,
    target_blank: bool,
    include_vars: bool,
    keep_time: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl<'a> Link<'a> {
    fn of(link: &'a dashboard::Link) -> Self {
        match link {
            dashboard::Link::Dashboard { title, uid } => Self::to_address(title, format!("/d/{uid}")),
            dashboard::Link::Address { title, url } => Self::to_address(title, url.clone()),
            dashboard::Link::Tag { title, tag } => Self {
                kind: "dashboards",
                icon: "",
                tags: vec![tag],
                as_dropdown: true,
                url: None,
                ..Self::to_address(title, String::new())
            },
        }
    }

    fn to_address(title: &'a str, url: String) -> Self {
        Self {
            title,
            kind: "link",
            icon: "external link",
            tooltip: "",
            tags: Vec::new(),
            as_dropdown: false,
            target_blank: false,
            include_vars: false,
            keep_time: true,
            url: Some(url),
        }
    }
}
