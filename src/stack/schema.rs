//! The JSON Schema of the stack file, derived from the types that read it.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::Stack;

/// The JSON Schema (draft 2020-12) of the stack file.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_rust_defaults));
    let mut schema = settings.into_generator().into_root_schema_for::<Stack>();
    OwnKeys.transform(&mut schema);
    schema.insert("title".to_owned(), json!(format!("{} file", Stack::schema_name().to_lowercase())));
    schema.to_value()
}

/// Rust's defaults are those of the data; people see those of `check --explain`.
fn without_rust_defaults(schema: &mut Schema) {
    schema.remove("default");
    schema.remove("format");
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
