//! Dashboards.

use super::super::document::Path;
use super::super::{DashboardSource, Panel, PanelType, suggest};
use super::Examination;

/// Presets come from the catalogue.
pub(super) fn presets_are_known(examination: &mut Examination) {
    let known = examination.vocabulary.presets;
    let stack = examination.stack;
    for (name, dashboard) in &stack.dashboards {
        let DashboardSource::Preset(preset) = &dashboard.source else { continue };
        if !known.is_empty() && !known.contains(&preset.as_str()) {
            let add = format!("known are {}", suggest::listed(known));
            let wrong = suggest::unknown_name("preset", preset, known.iter().copied(), add);
            let path = Path::ROOT.key("dashboards");
            examination.wrong(path.key(name.as_str()).key("preset"), wrong);
        }
    }
    if !stack.dashboards.is_empty() && stack.grafana.as_option().is_none() {
        let help = "remove `grafana: off`, or the dashboards";
        examination.warning(Path::ROOT.key("dashboards"), "nobody shows these dashboards: `grafana` is off", help);
    }
}

/// A panel shows queries, or a text.
pub(super) fn panels_can_be_drawn(examination: &mut Examination) {
    let stack = examination.stack;
    for (name, dashboard) in &stack.dashboards {
        let DashboardSource::Rows(rows) = &dashboard.source else { continue };
        let path = Path::ROOT.key("dashboards");
        let path = path.key(name.as_str());
        let list = path.key("rows");
        for (index, row) in rows.iter().enumerate() {
            let path = list.index(index);
            let panels = path.key("panels");
            for (index, panel) in row.panels.iter().enumerate() {
                draw(examination, panels.index(index), panel);
            }
        }
    }
}

fn draw(examination: &mut Examination, path: Path, panel: &Panel) {
    let is_empty = panel.queries.iter().all(|query| query.trim().is_empty());
    match panel.kind {
        PanelType::Text if panel.text.is_none() => {
            examination.missing(path, &["text"], "a text panel without text", "add `text: …`");
        }
        PanelType::Text if !panel.queries.is_empty() => {
            examination.error_at_key(
                path.key("query"),
                "a text panel has no queries",
                "remove `query`, or `type: text`",
            );
        }
        PanelType::Text => {}
        _ if panel.text.is_some() => {
            examination.error_at_key(path.key("text"), "text in a panel that draws queries", "add `type: text`");
        }
        _ if is_empty => {
            examination.missing(path, &["query", "queries"], "a panel without a query", "add `query: PROMQL`");
        }
        _ => {}
    }
}
