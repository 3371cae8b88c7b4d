//! A dashboard from JSON that was exported from Grafana: of any age, shared or copied, with the datasources of elsewhere.
//!
//! Two things come of it: the value, and the JSON for the stack's own Grafana. What cannot be carried over is said.

mod alone;
mod datasource;
mod encoding;
mod old;
mod panel;
mod position;
mod types;
mod variable;

use std::fmt;

use serde_json::{Map, Value};

use super::{Annotation, Color, Dashboard, Link, Span};
use datasource::Datasources;
pub use encoding::text_of;
pub(super) use old::FOREIGN_KEYS;
pub(super) use variable::{of_query as source_of_query, value_and_text};

/// A dashboard that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// What it shows. Its uid is empty where the file has none.
    pub dashboard: Dashboard,
    /// The JSON for the stack's Grafana: datasources resolved, what belongs to another Grafana's database dropped.
    pub json: Value,
    /// What could not be carried over, in words.
    pub notes: Vec<String>,
    /// Queries that Prometheus would refuse.
    pub wrong_queries: Vec<WrongQuery>,
    /// Queries that Prometheus takes, and that can have no answer.
    pub vain_queries: Vec<WrongQuery>,
}

/// Why a text is not a dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// Line in the file, from 1; 0 where no line is to blame.
    pub line: usize,
    /// Column in the file, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

/// A query of a dashboard's file that cannot be asked, or not with any answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongQuery {
    /// Title of the panel.
    pub panel: String,
    /// The query as written.
    pub query: String,
    /// Line in the file, from 1; 0 where it is not found there word for word.
    pub line: usize,
    /// Column in the file, from 1.
    pub column: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ImportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => formatter.write_str(&self.message),
            line => write!(formatter, "line {line}, column {}: {}", self.column, self.message),
        }
    }
}

impl std::error::Error for ImportError {}

/// Reads a dashboard. `datasource_uid` is that of the stack's Prometheus, which takes the place of every Prometheus that
/// the file names.
pub fn import(text: &str, datasource_uid: &str) -> Result<Imported, ImportError> {
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| ImportError {
        line: error.line(),
        column: error.column(),
        message: format!("not JSON: {}", without_place(&error.to_string())),
        help: "export the dashboard as JSON from Grafana",
    })?;
    let mut json = unwrapped(value)?;
    require_title(&json)?;
    require_panels(&json)?;
    let mut notes = types::wrong_types(&json);
    datasource::fill_inputs(&mut json);
    let datasources = Datasources::of(&json, datasource_uid);
    datasources.resolve(&mut json, &mut notes);
    old::drop_foreign_keys(&mut json);
    let dashboard = dashboard(&json, &mut notes);
    notes.extend(alone::of_grafana(&json));
    notes.extend(repeated_for_nothing(&dashboard, &json));
    let known = variable::names(&json);
    let wrong_queries = position::wrong_queries(&dashboard, &known, text);
    let vain_queries = position::vain_queries(&dashboard, text);
    Ok(Imported { dashboard, json: Value::Object(json), notes, wrong_queries, vain_queries })
}

/// serde's message without the place, which is told apart.
fn without_place(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

/// The dashboard itself: out of the envelope of Grafana's API or of a resource.
fn unwrapped(value: Value) -> Result<Map<String, Value>, ImportError> {
    let no_dashboard = |message: &str, help| ImportError { line: 0, column: 0, message: message.to_owned(), help };
    let Value::Object(mut object) = value else {
        return Err(no_dashboard(
            "a dashboard is a map, and this is none",
            "export the dashboard as JSON from Grafana",
        ));
    };
    let is_bare = object.contains_key("panels") || object.contains_key("rows");
    if !is_bare && matches!(object.get("dashboard"), Some(Value::Object(_))) {
        return unwrapped(object.remove("dashboard").expect("it is there"));
    }
    if !is_bare && object.contains_key("spec") && object.contains_key("apiVersion") {
        let uid = object.get("metadata").and_then(|metadata| metadata.get("name")).cloned();
        let mut spec = unwrapped(object.remove("spec").expect("it is there"))?;
        if spec.contains_key("elements") {
            let help = "export it again as a classic dashboard: in Grafana, Export, Model: Classic";
            return Err(no_dashboard("a dashboard in Grafana's newer format (v2), which stackctl does not read", help));
        }
        if let (Some(uid), false) = (uid, spec.contains_key("uid")) {
            spec.insert("uid".to_owned(), uid);
        }
        return Ok(spec);
    }
    Ok(object)
}

fn require_title(json: &Map<String, Value>) -> Result<(), ImportError> {
    if text(json, "title").trim().is_empty() {
        return Err(ImportError {
            line: 0,
            column: 0,
            message: "the dashboard has no title, and Grafana takes none without".to_owned(),
            help: "add `\"title\": \"…\"` to the file",
        });
    }
    Ok(())
}

/// Other JSON has no panels. A dashboard on which nothing was put yet has an empty list of them, or null.
fn require_panels(json: &Map<String, Value>) -> Result<(), ImportError> {
    let message = match ["panels", "rows"].into_iter().find_map(|key| Some((key, json.get(key)?))) {
        Some((_, Value::Array(_) | Value::Null)) => return Ok(()),
        Some((key, _)) => format!("its `{key}` are no list"),
        None => "it has no panels".to_owned(),
    };
    Err(ImportError { line: 0, column: 0, message, help: "export the dashboard as JSON from Grafana" })
}

/// Panels and rows that are to be repeated for a variable that is not there.
fn repeated_for_nothing(dashboard: &Dashboard, json: &Map<String, Value>) -> Vec<String> {
    let known = variable::names(json);
    let rows = dashboard.rows.iter();
    let rows = rows.filter_map(|row| Some(("row", row.title.as_deref().unwrap_or_default(), row.repeat.as_deref()?)));
    let panels =
        dashboard.panels().filter_map(|panel| Some(("panel", panel.title.as_str(), &*panel.repeat.as_ref()?.variable)));
    let lost = rows.chain(panels).filter(|(.., variable)| !known.iter().any(|name| name == variable));
    let told = lost.map(|(what, title, variable)| {
        let name = if title.is_empty() { format!("a {what} without a title") } else { format!("{what} `{title}`") };
        format!("{name} is repeated for the variable `{variable}`, which the dashboard does not have")
    });
    told.collect()
}

fn dashboard(json: &Map<String, Value>, notes: &mut Vec<String>) -> Dashboard {
    Dashboard {
        uid: text(json, "uid").to_owned(),
        title: text(json, "title").to_owned(),
        description: text(json, "description").to_owned(),
        tags: list(json, "tags").iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
        variables: below(json, "templating").map(|templating| variable::all(templating, notes)).unwrap_or_default(),
        rows: panel::rows(json, notes),
        links: list(json, "links").iter().filter_map(link).collect(),
        annotations: below(json, "annotations").map(annotations).unwrap_or_default(),
        time: below(json, "time").and_then(span),
        refresh: refresh(json),
    }
}

/// Both ends. A file may have them as numbers: milliseconds since 1970.
fn span(time: &Map<String, Value>) -> Option<Span> {
    let end = |key: &str| match time.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(milliseconds) => Some(milliseconds.to_string()),
        _ => None,
    };
    Some(Span { from: end("from")?, to: end("to")? })
}

/// `false` of older files is never, and `auto` is left to whoever shows it.
fn refresh(json: &Map<String, Value>) -> Option<String> {
    match json.get("refresh")? {
        Value::String(text) if text != "auto" => Some(text.clone()),
        Value::Bool(false) => Some(String::new()),
        _ => None,
    }
}

fn link(value: &Value) -> Option<Link> {
    let link = value.as_object()?;
    let title = text(link, "title").to_owned();
    let tag = list(link, "tags").iter().find_map(Value::as_str);
    match (text(link, "type"), tag) {
        ("dashboards", Some(tag)) => Some(Link::Tag { title, tag: tag.to_owned() }),
        ("link", _) => Some(Link::Address { title, url: text(link, "url").to_owned() }),
        _ => None,
    }
}

fn annotations(annotations: &Map<String, Value>) -> Vec<Annotation> {
    let written = list(annotations, "list").iter().filter_map(Value::as_object);
    let asking = written.filter(|annotation| !text(annotation, "expr").is_empty());
    asking
        .map(|annotation| Annotation {
            name: text(annotation, "name").to_owned(),
            expression: text(annotation, "expr").to_owned(),
            text: text(annotation, "textFormat").to_owned(),
            color: Color::parse(text(annotation, "iconColor")),
        })
        .collect()
}

/// The text of that key; empty where there is none.
fn text<'a>(json: &'a Map<String, Value>, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The list of that key; empty where there is none.
fn list<'a>(json: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    json.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The map of that key.
fn below<'a>(json: &'a Map<String, Value>, key: &str) -> Option<&'a Map<String, Value>> {
    json.get(key).and_then(Value::as_object)
}

#[cfg(test)]
mod tests;
