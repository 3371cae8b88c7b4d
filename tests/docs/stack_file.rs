//! `docs/reference/stack-file.md`: every key with its type and meaning, from the schema of the types that read it.

use std::collections::VecDeque;
use std::fmt::Write as _;

use serde_json::Value;

/// The page.
pub(crate) fn page() -> String {
    let schema = stackctl::stack::schema();
    let mut page =
        Page { schema: &schema, text: String::new(), waiting: VecDeque::new(), known: Vec::new(), at_top: Vec::new() };
    page.find_at_top();
    page.text.push_str(
        "# The stack file\n\nMade of the types that read it. `stackctl schema` gives the same to editors; `stacks/full.yml` shows every key \
         with its default.\nVariables (`${VAR}`, `${VAR:-default}`, `${VAR:?message}`) stand in any value; keys that begin with `x-` are yours.\n\n",
    );
    page.table(&schema);
    for (key, section) in schema["properties"].as_object().expect("a map") {
        page.section(key, section);
    }
    while let Some(name) = page.waiting.pop_front() {
        let definition = page.definition(&name).clone();
        page.heading(&words(&name), &definition);
        page.table(&definition);
    }
    page.defaults();
    page.text
}

struct Page<'s> {
    schema: &'s Value,
    text: String,
    waiting: VecDeque<String>,
    known: Vec<String>,
    /// Types that are described under a key at the top, and the heading there.
    at_top: Vec<(String, String)>,
}

impl Page<'_> {
    fn find_at_top(&mut self) {
        for (key, section) in self.schema["properties"].as_object().expect("a map") {
            let entries = &section["additionalProperties"];
            let (heading, schema) =
                if entries.is_object() { (format!("{key}NAME"), entries) } else { (key.clone(), section) };
            let schema = if schema["properties"].is_null() { self.choices(schema) } else { vec![schema.clone()] };
            for name in schema.iter().filter_map(reference) {
                self.at_top.push((name.to_owned(), heading.to_lowercase()));
            }
        }
    }

    /// The schema, and what it is a choice of.
    fn choices(&self, schema: &Value) -> Vec<Value> {
        let below = reference(schema).map_or(schema, |name| self.definition(name));
        let below = below["anyOf"].as_array().into_iter().flatten().cloned();
        std::iter::once(schema.clone()).chain(below).collect()
    }

    fn definition(&self, name: &str) -> &Value {
        &self.schema["$defs"][name]
    }

    fn heading(&mut self, heading: &str, schema: &Value) {
        write!(self.text, "\n## {heading}\n\n").expect("a String takes everything");
        if let Some(description) = schema["description"].as_str() {
            write!(self.text, "{}\n\n", one_line(description)).expect("a String takes everything");
        }
    }

    /// A key at the top: its own keys, or those of its entries.
    fn section(&mut self, key: &str, schema: &Value) {
        let schema = self.resolved(schema);
        let (heading, shapes) = match &schema["additionalProperties"] {
            Value::Object(_) => (format!("{key}.NAME"), self.shapes(&schema["additionalProperties"])),
            _ => (key.to_owned(), self.shapes(&schema)),
        };
        let shapes: Vec<Value> = shapes.into_iter().filter(|shape| shape["properties"].is_object()).collect();
        if shapes.is_empty() {
            return;
        }
        self.heading(&heading, &schema);
        for (index, shape) in shapes.iter().enumerate() {
            if index > 0 {
                let what = shape["description"].as_str().map_or("Or:".to_owned(), |text| {
                    format!("Or, {}", lower_first(one_line(text).trim_end_matches('.')))
                });
                write!(self.text, "\n{what}:\n\n").expect("a String takes everything");
            }
            self.table(shape);
        }
    }

    /// What may stand there: the schema itself, or each of its choices, lists seen through.
    fn shapes(&self, schema: &Value) -> Vec<Value> {
        let schema = self.resolved(schema);
        if let Some(choices) = schema["anyOf"].as_array() {
            return choices.iter().flat_map(|choice| self.shapes(choice)).collect();
        }
        if schema["items"].is_object() {
            return self.shapes(&schema["items"]);
        }
        vec![schema]
    }

    /// The schema with its reference followed; a description of its own counts more.
    fn resolved(&self, schema: &Value) -> Value {
        let Some(name) = reference(schema) else { return schema.clone() };
        let mut definition = self.definition(name).clone();
        if let Some(description) = schema.get("description") {
            definition["description"] = description.clone();
        }
        definition
    }

    fn table(&mut self, schema: &Value) {
        let Some(properties) = schema["properties"].as_object() else { return };
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        self.text.push_str("| key | is | means |\n|---|---|---|\n");
        for (key, value) in properties {
            let kind = self.kind(value).replace('|', "\\|");
            let description =
                self.resolved(value)["description"].as_str().map(one_line).unwrap_or_default().replace('|', "\\|");
            let needed = if required.contains(&key.as_str()) { " Needed." } else { "" };
            writeln!(self.text, "| `{key}` | {kind} | {description}{needed} |").expect("a String takes everything");
        }
    }

    /// The type in words; types with keys of their own get a heading and a link.
    fn kind(&mut self, schema: &Value) -> String {
        if let Some(name) = reference(schema) {
            let definition = self.definition(name).clone();
            if definition["properties"].is_object() && definition["anyOf"].is_null() {
                if let Some((_, anchor)) = self.at_top.iter().find(|(known, _)| known == name) {
                    return format!("[{}](#{anchor})", words(name));
                }
                if !self.known.iter().any(|known| known == name) {
                    self.known.push(name.to_owned());
                    self.waiting.push_back(name.to_owned());
                }
                let words = words(name);
                return format!("[{words}](#{})", words.to_lowercase().replace(' ', "-"));
            }
            return self.kind(&definition);
        }
        for choices in ["anyOf", "oneOf"] {
            if let Some(choices) = schema[choices].as_array() {
                let mut kinds: Vec<String> =
                    choices.iter().map(|choice| self.kind(choice)).filter(|kind| !kind.is_empty()).collect();
                kinds.dedup();
                return kinds.join(" or ");
            }
        }
        if let Some(values) = schema["enum"].as_array() {
            let shown = values.iter().filter_map(Value::as_str).map(|value| format!("`{value}`"));
            return shown.collect::<Vec<_>>().join(", ");
        }
        if let Some(value) = schema["const"].as_str() {
            return format!("`{value}`");
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => return "anything".to_owned(),
        };
        let has = |name: &str| types.contains(&name);
        if has("array") {
            return format!("list of {}", self.kind(&schema["items"]));
        }
        if has("object") {
            return match &schema["additionalProperties"] {
                Value::Object(_) => format!("map: name → {}", self.kind(&schema["additionalProperties"])),
                _ if schema["properties"].is_object() => inline(schema),
                _ => "map".to_owned(),
            };
        }
        // A pattern stands at the text that is allowed for the sake of variables.
        let is_text = has("string") && !schema["pattern"].is_string();
        let word = match () {
            () if is_text && has("integer") => "number or text",
            () if is_text => "text",
            () if has("integer") || has("number") => "number",
            () if has("boolean") => "true or false",
            () if has("string") => "text",
            () => "",
        };
        word.to_owned()
    }

    fn defaults(&mut self) {
        self.text.push_str("\n## Defaults\n\n| key | default |\n|---|---|\n");
        for (path, value) in stackctl::stack::defaults_table() {
            writeln!(self.text, "| `{path}` | {} |", value.replace('|', "\\|")).expect("a String takes everything");
        }
    }
}

/// A small map without a name of its own.
fn inline(schema: &Value) -> String {
    let keys = schema["properties"].as_object().expect("it was looked at").keys();
    format!("`{{ {} }}`", keys.map(|key| format!("{key}: …")).collect::<Vec<_>>().join(", "))
}

fn reference(schema: &Value) -> Option<&str> {
    let own = schema["$ref"].as_str();
    let only = schema["allOf"].as_array().filter(|all| all.len() == 1).and_then(|all| all[0]["$ref"].as_str());
    // `X` or nothing.
    let optional = schema["anyOf"].as_array().filter(|choices| choices.len() == 2 && choices[1]["type"] == "null");
    own.or(only).or_else(|| optional?[0]["$ref"].as_str())?.strip_prefix("#/$defs/")
}

/// `WrittenDashboard` → `Written dashboard`
fn words(name: &str) -> String {
    let mut words = String::new();
    for (index, letter) in name.chars().enumerate() {
        if index > 0 && letter.is_uppercase() {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
