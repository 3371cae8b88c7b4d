//! `include`: Compose files that stay the source of their services. Who can read Compose files is told from outside.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path as FilePath, PathBuf};

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::collector::Collector;
use super::document::{self, Entry, Node, Path, Reader, Span, Value};
use super::problem::{Problems, Severity};
use super::shape::one_or_many;
use super::{Environment, suggest};

/// One Compose project whose services are apps of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Include {
    /// Compose files, later ones laid over earlier ones; or a folder, of which is taken what `docker compose` takes.
    pub path: Vec<String>,
    /// Services that are left out.
    pub without: Vec<String>,
    /// Profiles whose services run.
    pub profiles: Vec<String>,
}

/// What a stack file includes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Includes(#[serde(deserialize_with = "one_or_many")] pub Vec<Include>);

/// The keys of an entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    #[serde(deserialize_with = "one_or_many")]
    path: Vec<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    without: Vec<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    profiles: Vec<String>,
}

impl<'de> Deserialize<'de> for Include {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(IncludeVisitor)
    }
}

struct IncludeVisitor;

impl<'de> Visitor<'de> for IncludeVisitor {
    type Value = Include;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("the path of a Compose file, or `{ path: [FILE, OVERRIDE], without: [SERVICE] }`")
    }

    fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<Include, E> {
        Ok(Include { path: vec![path.to_owned()], ..Include::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Include, A::Error> {
        let Keys { path, without, profiles } = Keys::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Include { path, without, profiles })
    }
}

impl JsonSchema for Includes {
    fn schema_name() -> Cow<'static, str> {
        "Includes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let texts =
            json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] });
        let with = |description: &str| {
            let mut schema = texts.clone();
            schema.insert("description".to_owned(), description.into());
            schema
        };
        let path = "Compose files, later ones laid over earlier ones; or a folder, of which is taken what `docker compose` takes.";
        let entry = json_schema!({
            "type": "object",
            "properties": {
                "path": with(path),
                "without": with("Services that are left out."),
                "profiles": with("Profiles whose services run."),
            },
            "required": ["path"],
            "additionalProperties": false,
        });
        json_schema!({ "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "anyOf": [{ "type": "string" }, entry] } },
        ] })
    }
}

/// What is asked of whoever reads Compose files.
#[derive(Debug)]
pub struct Inclusion<'a> {
    /// Files or one folder, from the working directory on.
    pub paths: Vec<PathBuf>,
    /// Services that are left out.
    pub without: &'a [String],
    /// Profiles whose services run.
    pub profiles: &'a [String],
    /// Folder of the stack file.
    pub folder: &'a FilePath,
    /// Name of the stack.
    pub stack: &'a str,
    /// The variables of this process.
    pub environment: &'a Environment,
}

/// What Compose files come to: `apps`, `networks`, `volumes` and `secrets` as they would stand in a stack file, each
/// value with the place in the Compose file that it comes from, and with its variables still to be filled in.
#[derive(Debug)]
pub struct Included {
    pub(crate) root: Node,
    /// Name and text of every file; places count them in this order.
    pub(crate) sources: Vec<(String, String)>,
    /// What is to be said about them.
    pub(crate) notes: Vec<Note>,
    /// The variables of the process and of `.env` beside the Compose file.
    pub(crate) environment: Environment,
}

/// Something that cannot be carried as it is.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) severity: Severity,
    pub(crate) at: Span,
    pub(crate) path: String,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Reads Compose files.
pub type ReadCompose = fn(&Inclusion) -> Result<Included, Problems>;

/// What joining needs to know.
pub(super) struct Joint<'a> {
    /// Folder of the stack file, as it was named.
    pub(super) folder: &'a FilePath,
    /// The variables of this process, without those of `.env` beside the stack file.
    pub(super) of_process: &'a Environment,
    /// Who reads Compose files.
    pub(super) compose: Option<ReadCompose>,
}

/// Services that stackctl runs itself.
const OWN: [&str; 2] = ["prometheus", "grafana"];

/// Lays the stack file over what it includes.
pub(super) fn join(root: Node, joint: &Joint, environment: &mut Environment, problems: &mut Collector) -> Node {
    let Some(entry) = root.entry("include") else { return root };
    let top = Path::ROOT.key("include");
    let Includes(entries) = Reader::new(problems).read(&entry.node, entry.key, top).unwrap_or_default();
    let mut below = Node::new(Value::Mapping(IndexMap::new()), root.span);
    for (index, include) in entries.iter().enumerate() {
        let at = place_of(&entry.node, index);
        let at = if at.is_empty() { entry.key } else { at };
        let path = document::shown(&top.index(index).segments());
        let Some(included) = ask(include, &root, joint, (at, &path), problems) else { continue };
        let next = placed(included, environment, problems);
        add(&mut below, next, problems);
    }
    refuse_apps_of_nobody(&root, &below, problems);
    document::overlay(&mut below, root);
    below
}

/// Where an entry of `include` stands.
fn place_of(list: &Node, index: usize) -> Span {
    match &list.value {
        Value::Sequence(items) => items.get(index).map_or(list.span, |item| {
            item.entry("path")
                .map_or(item.span, |path| if path.node.span.is_empty() { path.key } else { path.node.span })
        }),
        _ => list.span,
    }
}

/// What an entry comes to. What is wrong with it is recorded.
fn ask(
    include: &Include,
    root: &Node,
    joint: &Joint,
    (at, path): (Span, &str),
    problems: &mut Collector,
) -> Option<Included> {
    let Some(read) = joint.compose else {
        problems.error(at, path, "nothing can be included here", "write the services under `apps`");
        return None;
    };
    let paths: Vec<PathBuf> = include.path.iter().map(|path| joint.folder.join(path)).collect();
    if let Some(missing) = paths.iter().position(|path| !path.exists()) {
        let message = format!("cannot include `{}`: there is no such file", include.path[missing]);
        problems.error(at, path, message, "paths are relative to the folder of the stack file");
        return None;
    }
    let name = match root.entry("name").map(|entry| &entry.node.value) {
        Some(Value::Scalar(name)) => name.text.as_str(),
        _ => "stack",
    };
    let inclusion = Inclusion {
        paths,
        without: &include.without,
        profiles: &include.profiles,
        folder: joint.folder,
        stack: name,
        environment: joint.of_process,
    };
    read(&inclusion).map_err(|found| problems.absorb(found)).ok()
}

/// The document with its places among those of all sources and its variables filled in.
fn placed(included: Included, environment: &mut Environment, problems: &mut Collector) -> Node {
    let Included { mut root, sources, notes, environment: its_own } = included;
    let first = problems.add_included(sources);
    root.move_sources(first);
    for note in notes {
        let at = Span { source: note.at.source + first, ..note.at };
        match note.severity {
            Severity::Error => problems.error(at, &note.path, note.message, note.help),
            Severity::Warning => problems.warning(at, &note.path, note.message, note.help),
        }
    }
    document::interpolate(&mut root, &its_own, true, problems);
    let more: Vec<(String, String)> =
        its_own.names().filter_map(|name| Some((name.to_owned(), its_own.get(name)?))).collect();
    environment.add_missing(more);
    root
}

/// Adds what one entry comes to. One service in two entries would be two services of one name.
fn add(below: &mut Node, next: Node, problems: &mut Collector) {
    if let Some(Value::Mapping(apps)) = next.entry("apps").map(|entry| &entry.node.value) {
        for (name, entry) in apps {
            let path = format!("apps.{name}");
            if OWN.contains(&name.to_ascii_lowercase().as_str()) {
                let message = format!("`{name}` is a service of stackctl's own");
                let help = format!(
                    "leave it out, and stackctl's is run: `include: [{{ path: FILE, without: [{name}] }}]`; or \
                     `stackctl import` carries its settings"
                );
                problems.error(entry.key, &path, message, help);
                entry.node.pruned.set(true);
            } else if below.entry("apps").is_some_and(|apps| apps.node.entry(name).is_some()) {
                let message = format!("service `{name}` is in two included projects");
                let help = "lay one file over the other: `include: [{ path: [FILE, OVERRIDE] }]`; or rename one";
                problems.error(entry.key, &path, message, help);
            }
        }
    }
    document::overlay(below, next);
}

/// An app that says only what to watch has to be an included service.
fn refuse_apps_of_nobody(root: &Node, below: &Node, problems: &mut Collector) {
    let Some(Value::Mapping(apps)) = root.entry("apps").map(|entry| &entry.node.value) else { return };
    let services: Vec<&str> = match below.entry("apps").map(|entry| &entry.node.value) {
        Some(Value::Mapping(services)) => services.keys().map(String::as_str).collect(),
        _ => return,
    };
    let runs = |entry: &Entry| ["image", "attach"].iter().any(|key| entry.node.entry(key).is_some());
    for (name, entry) in apps.iter().filter(|(name, entry)| !services.contains(&name.as_str()) && !runs(entry)) {
        let help = match suggest::nearest(name, services.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("included are {}; or add `image: NAME:TAG`", suggest::listed(&services)),
        };
        let message = format!("`{name}` has no image, and no included file has such a service");
        problems.error(entry.key, &format!("apps.{name}"), message, help);
        entry.node.pruned.set(true);
    }
}
