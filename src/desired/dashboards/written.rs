//! Panels of the stack file → a dashboard.

use crate::dashboard::{
    Annotation, COLUMNS, Color, Dashboard, Link, Panel, PanelKind, Query, Row, Stacking, TAG, Threshold, Unit,
    Variable, VariableSource, restarts, uid,
};
use crate::promql::variables;
use crate::stack::{self, PanelType, Stack, ThresholdColor, WrittenDashboard};

/// The dashboard under that name.
pub(super) fn dashboard(name: &str, written: &WrittenDashboard, stack: &Stack) -> Dashboard {
    let annotations = written.annotations.iter().map(|(name, query)| Annotation {
        name: name.clone(),
        expression: query.clone(),
        text: "{{job}} {{instance}}".to_owned(),
        color: Color::Purple,
    });
    let mut annotations: Vec<_> = annotations.collect();
    if annotations.is_empty() {
        annotations.push(restarts("job!=\"\""));
    }
    let links = written.links.iter().filter_map(|link| {
        let other = stack.dashboards.get(link.as_str())?;
        Some(Link::Dashboard { title: other.shown_title(link, stack.name.as_str())?, uid: other.uid(link)? })
    });
    Dashboard {
        uid: uid(name),
        title: name.to_owned(),
        description: written.description.clone().unwrap_or_default(),
        tags: vec![TAG.to_owned()],
        variables: all_variables(written),
        rows: written.rows.iter().map(row).collect(),
        links: links.collect(),
        annotations,
        time: None,
        refresh: None,
    }
}

/// The written ones, and before them `job` and `instance` where a query uses them.
fn all_variables(written: &WrittenDashboard) -> Vec<Variable> {
    let queries: Vec<&str> = written
        .rows
        .iter()
        .flat_map(|row| &row.panels)
        .flat_map(|panel| &panel.queries)
        .chain(written.annotations.values())
        .map(String::as_str)
        .collect();
    let is_used = |name: &str| queries.iter().any(|query| variables(query).iter().any(|used| used == name));
    let is_given = |name: &str| is_used(name) && !written.variables.contains_key(name);
    let instances = if is_used("job") { "up{job=~\"$job\"}" } else { "up" };
    let given = [("job", "Job", "up"), ("instance", "Instance", instances)].into_iter();
    let given = given.filter(|(name, ..)| is_given(name)).map(|(name, label, selector)| {
        let takes_many = takes_many(name, &queries);
        Variable {
            name: name.to_owned(),
            label: label.to_owned(),
            source: VariableSource::LabelValues { selector: selector.to_owned(), label: name.to_owned() },
            multi: takes_many,
            include_all: takes_many,
            all_value: takes_many.then(|| ".*".to_owned()),
            ..Variable::default()
        }
    });
    given.chain(written.variables.iter().map(|(name, values)| variable(name, values, &queries))).collect()
}

/// Whether every query compares the variable with `=~`, so that several values can stand for it.
fn takes_many(name: &str, queries: &[&str]) -> bool {
    let compared_at_once = [format!("=\"${name}\""), format!("=\"${{{name}}}\"")];
    let is_alone = |query: &&str| compared_at_once.iter().any(|compared| query.contains(compared.as_str()));
    !queries.iter().any(is_alone)
}

fn variable(name: &str, values: &[String], queries: &[&str]) -> Variable {
    let variable = Variable::written(name, values);
    let takes_many = matches!(variable.source, VariableSource::LabelValues { .. }) && takes_many(name, queries);
    Variable { multi: takes_many, include_all: takes_many, all_value: takes_many.then(|| ".*".to_owned()), ..variable }
}

fn row(written: &stack::Row) -> Row {
    let usual = usual_size(written);
    Row {
        title: written.title.clone(),
        collapsed: written.collapsed,
        repeat: None,
        panels: written.panels.iter().map(|written| panel(written, usual)).collect(),
    }
}

/// Panels share a row; large numbers alone are not high.
fn usual_size(row: &stack::Row) -> (u8, u8) {
    let width = match row.panels.len() {
        0 | 1 => COLUMNS,
        2 => COLUMNS / 2,
        4 => COLUMNS / 4,
        _ => COLUMNS / 3,
    };
    let only_numbers = row.panels.iter().all(|panel| panel.kind == PanelType::Stat);
    (width, if only_numbers { 4 } else { 8 })
}

fn panel(written: &stack::Panel, (width, height): (u8, u8)) -> Panel {
    let kind = match written.kind {
        PanelType::Timeseries => PanelKind::Timeseries,
        PanelType::Stat => PanelKind::Stat,
        PanelType::Gauge => PanelKind::Gauge,
        PanelType::Bargauge => PanelKind::Bargauge,
        PanelType::Table => PanelKind::Table,
        PanelType::Text => PanelKind::Text,
    };
    let legend = |index: usize| written.legends.get(index).or(written.legends.first()).cloned().unwrap_or_default();
    let queries = written.queries.iter().enumerate().map(|(index, expression)| Query {
        expression: expression.clone(),
        legend: legend(index),
        instant: kind == PanelKind::Table,
    });
    Panel {
        title: written.title.clone(),
        description: written.description.clone().unwrap_or_default(),
        queries: queries.collect(),
        unit: written.unit.as_deref().map(Unit::lenient).unwrap_or_default(),
        decimals: written.decimals,
        minimum: written.min,
        maximum: written.max,
        thresholds: thresholds(&written.thresholds.0),
        mappings: Vec::new(),
        stacking: if written.stacked { Stacking::Normal } else { Stacking::None },
        interval: None,
        repeat: None,
        pinned: Vec::new(),
        text: written.text.clone().unwrap_or_default(),
        width: written.width.unwrap_or(width),
        height: written.height.unwrap_or(height),
        kind,
    }
}

fn thresholds(steps: &[(f64, ThresholdColor)]) -> Vec<Threshold> {
    if steps.is_empty() {
        return Vec::new();
    }
    let base = Threshold { value: None, color: Color::Green };
    let steps = steps.iter().map(|(value, color)| Threshold { value: Some(*value), color: of_stack(*color) });
    std::iter::once(base).chain(steps).collect()
}

fn of_stack(color: ThresholdColor) -> Color {
    match color {
        ThresholdColor::Green => Color::Green,
        ThresholdColor::Yellow => Color::Yellow,
        ThresholdColor::Orange => Color::Orange,
        ThresholdColor::Red => Color::Red,
        ThresholdColor::Blue => Color::Blue,
        ThresholdColor::Purple => Color::Purple,
    }
}
