//! Dashboards.

use std::collections::HashMap;

use super::super::document::Path;
use super::super::{DashboardSource, Panel, PanelType, Stack, WrittenDashboard, suggest};
use super::Examination;
use crate::dashboard::{self, Unit, Variable, VariableSource};

/// Variables that a query has without a word in the file.
const GIVEN: [&str; 2] = ["instance", "job"];

/// Presets that show what an exporter of the same name gives.
const OF_EXPORTERS: [&str; 6] = ["cadvisor", "mysql", "nginx", "node", "postgres", "redis"];

/// Presets are stackctl's own.
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
        } else if OF_EXPORTERS.contains(&preset.as_str()) && !may_be_there(stack, preset) {
            let path = Path::ROOT.key("dashboards");
            let message = format!("nothing in this file gives what the preset `{preset}` shows: its panels stay empty");
            let help = format!("add `exporters: {{ {preset}: … }}`, or remove the dashboard");
            examination.warning(path.key(name.as_str()).key("preset"), message, help);
        }
    }
}

/// Whether an exporter of that kind is written, or something that may be one: an app, or a job in Prometheus' words.
fn may_be_there(stack: &Stack, kind: &str) -> bool {
    let is_written = stack.exporters.iter().any(|(name, exporter)| exporter.kind(name.as_str()) == kind);
    let is_run = stack.apps.values().any(|app| app.image.contains("exporter"));
    let prometheus = stack.prometheus.as_option();
    let has_others = prometheus.is_none_or(|it| !it.extra_scrape_configs.is_empty() || !it.remote_read.is_empty());
    is_written || is_run || has_others || !stack.attached.is_empty() || !stack.scrape.is_empty()
}

/// Grafana keeps one dashboard of each uid, and stops reading all of them where there are two.
pub(super) fn dashboards_are_told_apart(examination: &mut Examination) {
    let stack = examination.stack;
    let mut uids: HashMap<String, &str> = HashMap::new();
    let mut titles: HashMap<String, &str> = HashMap::new();
    let top = Path::ROOT.key("dashboards");
    for (name, dashboard) in &stack.dashboards {
        let name = name.as_str();
        let (Some(uid), Some(title)) = (dashboard.uid(name), dashboard.shown_title(name, stack.name.as_str())) else {
            continue;
        };
        if let Some(other) = uids.insert(uid.clone(), name) {
            let message = format!("`{name}` and `{other}` have one uid, `{uid}`, and Grafana would show neither");
            let help = "change the `uid` in one of the files, or the name of one of the two";
            examination.error_at_key(top.key(name), message, help);
        } else if let Some(other) = titles.insert(title.clone(), name) {
            let message = format!("`{name}` and `{other}` have one title, `{title}`, and Grafana would show neither");
            examination.error_at_key(top.key(name), message, "give one of the two another `title`");
        }
    }
}

/// A uid that Grafana does not take is another one there, and addresses that name it lead nowhere.
pub(super) fn uids_are_taken(examination: &mut Examination) {
    for (name, dashboard) in &examination.stack.dashboards {
        let DashboardSource::File { imported: Some(imported), .. } = &dashboard.source else { continue };
        let (own, taken) = (imported.dashboard.uid.as_str(), dashboard.uid(name.as_str()).unwrap_or_default());
        if !own.is_empty() && own != taken {
            let top = Path::ROOT.key("dashboards");
            let path = top.key(name.as_str());
            let message = format!("Grafana takes no such `uid` as the file has: there, the dashboard's is `{taken}`");
            let help = "give it at most 40 letters, digits, `-` and `_` in the file, and in links to it";
            examination.warning(path.key("file"), message, help);
        }
    }
}

/// Each panel can be drawn, and asks what can be asked.
pub(super) fn panels_can_be_drawn(examination: &mut Examination) {
    let stack = examination.stack;
    for (name, dashboard) in &stack.dashboards {
        let DashboardSource::Rows(written) = &dashboard.source else { continue };
        let path = Path::ROOT.key("dashboards");
        let path = path.key(name.as_str());
        parts_make_sense(examination, path, written);
        let shown = variables_of(written);
        panels_of(examination, path, written, |examination, path, panel| {
            draw(examination, path, panel);
            settings_fit(examination, path, panel);
            queries_parse(examination, path, panel, &shown);
        });
    }
}

/// Looks at each panel of a dashboard that is written out, with its path.
pub(super) fn panels_of(
    examination: &mut Examination,
    path: Path,
    written: &WrittenDashboard,
    mut look: impl FnMut(&mut Examination, Path, &Panel),
) {
    let list = path.key("rows");
    for (index, row) in written.rows.iter().enumerate() {
        let path = list.index(index);
        let panels = path.key("panels");
        for (index, panel) in row.panels.iter().enumerate() {
            look(examination, panels.index(index), panel);
        }
    }
}

/// The dashboard with nothing but its variables, against which a query is read.
fn variables_of(written: &WrittenDashboard) -> dashboard::Dashboard {
    let variables = written.variables.iter().map(|(name, values)| Variable::written(name, values));
    dashboard::Dashboard { variables: variables.collect(), ..dashboard::Dashboard::default() }
}

/// Why Prometheus would refuse what asks for a variable's choices.
fn why_no_choices(written: &WrittenDashboard, name: &str, values: &[String]) -> Option<String> {
    let asked = match Variable::written(name, values).source {
        VariableSource::LabelValues { selector, .. } => selector,
        VariableSource::QueryResult(query) => query,
        _ => return None,
    };
    (!asked.is_empty()).then(|| variables_of(written).why_no_query(&asked, true)).flatten()
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

fn settings_fit(examination: &mut Examination, path: Path, panel: &Panel) {
    if let Some(unit) = panel.unit.as_deref().filter(|unit| unit.parse::<Unit>().is_err()) {
        let help = match suggest::nearest(unit, Unit::ids()) {
            Some(near) => format!("did you mean `{near}`? For a text of your own write `suffix:{unit}`"),
            None => {
                format!("usual are `bytes`, `s`, `reqps`, `percentunit`; for a text of your own write `suffix:{unit}`")
            }
        };
        examination.warning(
            path.key("unit"),
            format!("stackctl knows no unit `{unit}`: the word itself stands behind each value"),
            help,
        );
    }
    if panel.width.is_some_and(|width| !(1..=dashboard::COLUMNS).contains(&width)) {
        examination.error(path.key("width"), "a panel is 1 to 24 columns wide", "write a number from 1 to 24");
    }
    if panel.height.is_some_and(|height| !(1..=100).contains(&height)) {
        examination.error(
            path.key("height"),
            "a panel is 1 to 100 units high",
            "write a number from 1 to 100; 8 is usual",
        );
    }
    if panel.legends.len() > 1 && panel.legends.len() != panel.queries.len() {
        let message = format!("{} legends for {} queries", panel.legends.len(), panel.queries.len());
        examination.error(path.key("legend"), message, "write one legend for all queries, or one for each");
    }
    if let (Some(min), Some(max)) = (panel.min, panel.max)
        && min >= max
    {
        examination.error(path.key("max"), "`max` is not above `min`", "write `max` above `min`");
    }
}

fn queries_parse(examination: &mut Examination, path: Path, panel: &Panel, shown: &dashboard::Dashboard) {
    let key = path.key(if examination.locate(&path.key("queries")).node.is_some() { "queries" } else { "query" });
    let is_list = examination.locate(&key.index(0)).node.is_some();
    // As the dashboard that is made of it asks.
    let is_instant = panel.kind == PanelType::Table;
    for (index, query) in panel.queries.iter().enumerate().filter(|(_, query)| !query.trim().is_empty()) {
        let place = if is_list { key.index(index) } else { key };
        if let Some(why) = shown.why_no_query(query, is_instant) {
            let help = "try it in Prometheus' own page, or with `stackctl query`";
            examination.error(place, why, help);
            continue;
        }
        if let Some(why) = shown.why_in_vain(query) {
            examination.warning(place, why, "keep it: `sum by (le) (…)`");
        }
        let used = crate::promql::variables(query).into_iter();
        let mut unknown = used.filter(|name| {
            !GIVEN.contains(&name.as_str()) && !shown.variables.iter().any(|variable| variable.name == *name)
        });
        if let Some(name) = unknown.next() {
            let help = format!("add `variables: {{ {name}: … }}` to the dashboard");
            examination.error(place, format!("the dashboard has no variable `{name}`"), help);
        }
    }
}

/// Variables, links and annotations.
fn parts_make_sense(examination: &mut Examination, path: Path, written: &WrittenDashboard) {
    let stack = examination.stack;
    for (name, values) in &written.variables {
        let variables = path.key("variables");
        let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if !is_name || name.starts_with("__") {
            let message = format!("`{name}` cannot be a variable");
            examination.error_at_key(variables.key(name), message, "use letters, digits and `_`");
        } else if values.iter().all(|value| value.trim().is_empty()) {
            let help = "write a list of values, or `label_values(SELECTOR, LABEL)`";
            examination.error_at_key(variables.key(name), "a variable without a value", help);
        } else if let Some(why) = why_no_choices(written, name, values) {
            let help = "write `label_values(SELECTOR, LABEL)`, `query_result(PROMQL)` or a list of values";
            examination.error(variables.key(name), why, help);
        }
    }
    let links = path.key("links");
    for (index, link) in written.links.iter().enumerate() {
        if stack.dashboards.keys().all(|name| name.as_str() != link) {
            let known = stack.dashboards.keys().map(super::super::ServiceName::as_str);
            let wrong = suggest::unknown_name("dashboard", link, known, "name a dashboard of this file".to_owned());
            examination.wrong(examination.item_path(&links, index, link), wrong);
        }
    }
    let shown = variables_of(written);
    for (name, query) in &written.annotations {
        if let Some(why) = shown.why_no_query(query, false) {
            let annotations = path.key("annotations");
            examination.error(annotations.key(name), why, "write a query that marks moments");
        }
    }
}
