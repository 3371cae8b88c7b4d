//! `stacks/full.yml`: every key that there is, at every place, each with the default that it says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stackctl::command::VOCABULARY;
use stackctl::desired::{Desired, Facts};
use stackctl::render;
use stackctl::stack::{Stack, parse, schema};

use super::{as_json, environment};

/// A key of the file by the maps and lists around it, counted from 0 in lists.
type Keys = Vec<String>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks")
}

fn text() -> String {
    fs::read_to_string(folder().join("full.yml")).expect("it comes with stackctl")
}

fn read(text: &str) -> Result<Stack, String> {
    let loaded = parse("full.yml", text, &folder(), &environment(), &VOCABULARY);
    loaded.map(|loaded| loaded.stack).map_err(|problems| problems.render(false))
}

/// Sections of which the file says in words that the keys of an app stand there, too.
const LIKE_APPS: [&str; 4] = ["prometheus.", "grafana.", "alertmanager.", "exporters.*."];

/// A property: its path, where `*` stands for a name and `[]` for an item; and where the schema tells of it, which may be
/// one place for many paths.
type Property = (String, *const Value);

#[test]
fn it_shows_every_key_of_the_schema_at_its_place() {
    let schema = schema();
    let mut wanted = BTreeSet::new();
    known(&schema, &schema, "", &mut Vec::new(), &mut wanted);
    let mut shown = BTreeSet::new();
    written(&schema, &schema, &as_json(&text()), "", &mut shown);
    assert!(wanted.len() > 500 && shown.len() > 250, "{} {}", wanted.len(), shown.len());
    let paths: BTreeSet<&str> = shown.iter().map(|(path, _)| path.as_str()).collect();
    // A secret is written in one of its ways here and in another there.
    let meant: BTreeSet<*const Value> = shown.iter().map(|(_, property)| *property).collect();
    let by_words = |path: &str| {
        let app = LIKE_APPS.iter().find_map(|section| path.strip_prefix(section));
        let app = app.map(|rest| format!("apps.*.{rest}"));
        let metrics = path.split_once("metrics.").map(|(_, rest)| format!("scrape.*.{rest}"));
        let scrape = path.strip_prefix("scrape.*.").map(|rest| format!("apps.*.metrics.{rest}"));
        [app, metrics, scrape].into_iter().flatten().any(|path| paths.contains(&*path))
    };
    let is_shown = |path: &str, property| paths.contains(path) || meant.contains(&property) || by_words(path);
    let missing: Vec<_> = wanted.iter().filter(|(path, property)| !is_shown(path, *property)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The schemas that a schema is made of, without references.
fn branches<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let referred = schema["$ref"].as_str().and_then(|reference| root.pointer(reference.trim_start_matches('#')));
    let alternatives = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    let below = referred.into_iter().chain(alternatives).flat_map(|below| branches(root, below));
    std::iter::once(schema).chain(below).collect()
}

/// Every property below a schema.
fn known<'a>(
    root: &'a Value,
    schema: &'a Value,
    path: &str,
    around: &mut Vec<*const Value>,
    found: &mut BTreeSet<Property>,
) {
    for branch in branches(root, schema) {
        let at = std::ptr::from_ref(branch);
        if around.contains(&at) {
            continue;
        }
        around.push(at);
        for (key, below) in branch["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}{key}");
            known(root, below, &format!("{path}."), around, found);
            found.insert((path, std::ptr::from_ref(below)));
        }
        for (key, step) in [("additionalProperties", "*."), ("items", "[].")] {
            if branch[key].is_object() {
                known(root, &branch[key], &format!("{path}{step}"), around, found);
            }
        }
        around.pop();
    }
}

/// Every property that a document has, in the words of [`known`].
fn written(root: &Value, schema: &Value, document: &Value, path: &str, found: &mut BTreeSet<Property>) {
    for branch in branches(root, schema) {
        for (key, value) in document.as_object().into_iter().flatten() {
            match branch["properties"].get(key) {
                Some(below) => {
                    let path = format!("{path}{key}");
                    written(root, below, value, &format!("{path}."), found);
                    found.insert((path, std::ptr::from_ref(below)));
                }
                None if branch["additionalProperties"].is_object() => {
                    written(root, &branch["additionalProperties"], value, &format!("{path}*."), found);
                }
                None => {}
            }
        }
        for item in document.as_array().into_iter().flatten() {
            written(root, &branch["items"], item, &format!("{path}[]."), found);
        }
    }
}

#[test]
fn what_is_no_example_is_the_default() {
    let whole = as_json(&text());
    let stack = read(&text()).expect("it comes with stackctl");
    let rendered = rendered(&stack);
    let comments = comments(&text());
    let mut proven = 0;
    let mut wrong = Vec::new();
    for leaf in leaves(&whole, &mut Vec::new()) {
        if is_example(&leaf, &comments) {
            continue;
        }
        let mut without = whole.clone();
        remove(&mut without, &leaf);
        let same = read(&without.to_string()).map(|other| other == stack || self::rendered(&other) == rendered);
        match same {
            Ok(true) => proven += 1,
            Ok(false) => wrong.push(format!("{}: the default is another", leaf.join("."))),
            Err(problems) => wrong.push(format!("{}: it has no default: {problems}", leaf.join("."))),
        }
    }
    assert!(wrong.is_empty(), "neither the default nor marked as an example:\n{}", wrong.join("\n"));
    assert!(proven >= 40, "{proven}");
}

fn rendered(stack: &Stack) -> BTreeMap<String, String> {
    render::all(&Desired::of(stack, &Facts::default())).0.into_iter().collect()
}

/// Whether the file marks a key, or a map around it, as an example, or as one whose default it tells in words.
fn is_example(leaf: &[String], comments: &BTreeMap<Keys, String>) -> bool {
    let mut around = (1..=leaf.len()).filter_map(|length| comments.get(&leaf[..length]));
    around.any(|comment| {
        comment.starts_with("example") || comment.contains("default: ") || comment.contains("no default")
    })
}

/// Every key whose value is no map, nor a list of maps.
fn leaves(value: &Value, path: &mut Keys) -> Vec<Keys> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(map) if !map.is_empty() => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => return vec![path.clone()],
    };
    let mut found = Vec::new();
    for (key, value) in below {
        path.push(key);
        found.extend(leaves(value, path));
        path.pop();
    }
    found
}

/// Takes a key away, and no map around it.
fn remove(document: &mut Value, path: &[String]) {
    let (last, around) = path.split_last().expect("a leaf has a key");
    let mut at = document;
    for key in around {
        at = match at {
            Value::Array(items) => &mut items[key.parse::<usize>().expect("an index")],
            map => &mut map[key.as_str()],
        };
    }
    match at {
        Value::Array(items) => drop(items.remove(last.parse().expect("an index"))),
        Value::Object(map) => drop(map.remove(last)),
        _ => unreachable!("a leaf lies in a map or a list"),
    }
}

/// The comment behind each key that has a line of its own.
fn comments(text: &str) -> BTreeMap<Keys, String> {
    let mut found = BTreeMap::new();
    let mut around: Vec<(usize, String)> = Vec::new();
    let mut items: BTreeMap<Keys, usize> = BTreeMap::new();
    let path = |around: &[(usize, String)]| around.iter().map(|(_, key)| key.clone()).collect::<Keys>();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        let (code, comment) = line.split_once(" # ").unwrap_or((line, ""));
        let mut rest = code.trim();
        let mut indent = line.len() - line.trim_start().len();
        around.retain(|(column, _)| *column < indent);
        while let Some(item) = rest.strip_prefix("- ") {
            let number = items.entry(path(&around)).or_default();
            around.push((indent, number.to_string()));
            *number += 1;
            indent += 2;
            rest = item.trim_start();
        }
        let key = rest.strip_suffix(':').or_else(|| Some(rest.split_once(": ")?.0));
        if let Some(key) = key.filter(|key| !key.starts_with(['{', '[', '"', '\''])) {
            around.push((indent, key.to_owned()));
        }
        if !comment.is_empty() {
            found.insert(path(&around), comment.trim().to_owned());
        }
    }
    found
}
