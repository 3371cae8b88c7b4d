//! The JSON Schema of the stack file, derived from the types that read it.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::Stack;

/// The JSON Schema (draft 2020-12) of the stack file.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(as_people_write));
    let mut schema = settings.into_generator().into_root_schema_for::<Stack>();
    OwnKeys.transform(&mut schema);
    schema.insert("title".to_owned(), json!(format!("{} file", Stack::schema_name().to_lowercase())));
    let mut schema = schema.to_value();
    let has_image = json!({ "anyOf": [{ "type": "null" }, { "required": ["image"] }, { "required": ["attach"] }] });
    schema["$defs"]["App"]["required"] = json!([]);
    // An app without an image may be a service of a Compose file that is included.
    schema["if"] = json!({ "not": { "required": ["include"] } });
    schema["then"] = json!({ "properties": { "apps": { "additionalProperties": has_image } } });
    schema
}

/// Drops what only Rust cares about (people see the defaults of `check --explain`), and allows what the loader reads:
/// numbers where a text is wanted, variables anywhere, nothing in place of an empty map or list.
fn as_people_write(schema: &mut Schema) {
    schema.remove("default");
    schema.remove("format");
    if schema.get("enum").is_some() || schema.get("const").is_some() {
        return;
    }
    let Some(mut types) = types_of(schema) else { return };
    let has = |name: &str| types.iter().any(|one| one == name);
    let (is_text, is_number, is_boolean) = (has("string"), has("integer") || has("number"), has("boolean"));
    if is_text && !is_number && schema.get("pattern").is_none() {
        types.push("number".to_owned());
    }
    if !is_text && (is_number || is_boolean) {
        types.push("string".to_owned());
        schema.insert("pattern".to_owned(), json!(if is_number { r"[$]|^-?[0-9.]+$" } else { "[$]" }));
    }
    if has_any(&types, &["object", "array"]) && !has_any(&types, &["null"]) && schema.get("$schema").is_none() {
        types.push("null".to_owned());
    }
    schema.insert("type".to_owned(), json!(types));
}

fn has_any(types: &[String], names: &[&str]) -> bool {
    types.iter().any(|one| names.contains(&one.as_str()))
}

/// The types that a schema allows, where it says so.
fn types_of(schema: &Schema) -> Option<Vec<String>> {
    match schema.get("type")? {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => Some(many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()),
        _ => None,
    }
}

/// Keys that begin with `x-` are the writer's own, at the top and in services.
#[derive(Debug, Clone)]
struct OwnKeys;

impl Transform for OwnKeys {
    fn transform(&mut self, schema: &mut Schema) {
        let has = |key: &str| schema.get("properties").is_some_and(|properties| properties.get(key).is_some());
        if has("apps") || has("depends_on") {
            schema.insert("patternProperties".to_owned(), json!({ "^x-": true }));
            schema.insert("additionalProperties".to_owned(), json!(false));
        }
        transform_subschemas(self, schema);
    }
}
