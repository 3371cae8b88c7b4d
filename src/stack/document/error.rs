//! What serde found wrong, with the path to it. Becomes a problem in [`Reader`](super::Reader).

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::super::wrong::Wrong;
use super::{Node, Segment, Value};

/// What serde found wrong in a node.
#[derive(Debug)]
pub(in crate::stack) struct ReadError {
    /// What it is.
    pub(super) kind: Kind,
    /// Where, from the innermost step outwards.
    pub(super) path: Vec<Segment<'static>>,
}

/// The kinds of mistakes serde can find.
#[derive(Debug)]
pub(super) enum Kind {
    UnknownKey { key: String, known: &'static [&'static str] },
    MissingKey(&'static str),
    Mismatch { expected: String },
    UnknownWord { known: &'static [&'static str] },
    Wrong(Wrong),
}

impl ReadError {
    fn new(kind: Kind) -> Self {
        Self { kind, path: Vec::new() }
    }

    /// The same error, seen from one level up.
    pub(super) fn below(mut self, segment: Segment<'static>) -> Self {
        self.path.push(segment);
        self
    }

    /// Message and help, the node's own text as it was written.
    pub(super) fn words(&self, node: Option<&Node>) -> Wrong {
        let found = node.map_or_else(|| "this".to_owned(), describe);
        match &self.kind {
            Kind::UnknownKey { key, known } => super::super::suggest::unknown_key(key, known),
            Kind::MissingKey(key) => Wrong::new(format!("key `{key}` is missing"), format!("add `{key}: …` here")),
            Kind::Mismatch { expected } => {
                Wrong::new(format!("{found} cannot stand here: expected {expected}"), format!("write {expected}"))
            }
            Kind::UnknownWord { known } => super::super::suggest::unknown_word(&found, node.and_then(text), known),
            Kind::Wrong(wrong) if wrong.help.is_empty() => {
                Wrong::new(format!("{found} cannot stand here: {}", wrong.message), "look at the value")
            }
            Kind::Wrong(wrong) => wrong.clone(),
        }
    }
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) if scalar.written.is_none() => Some(&scalar.text),
        _ => None,
    }
}

/// A node in words, never with the value of a variable.
fn describe(node: &Node) -> String {
    match &node.value {
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "a map".to_owned(),
        Value::Scalar(scalar) if scalar.is_null() => "an empty value".to_owned(),
        Value::Scalar(scalar) => format!("`{}`", shortened(scalar.written())),
    }
}

/// The first words of a long text.
pub(in crate::stack) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= LONGEST && line.len() == text.len() {
        return line.to_owned();
    }
    line.chars().take(LONGEST).chain(['…']).collect()
}

/// serde's word for a type, in words for people.
fn expectation(expected: &dyn Expected) -> String {
    let words = expected.to_string();
    let plain = match words.as_str() {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number, not negative",
        "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" => "a text",
        "a sequence" => "a list",
        "a map" => "a map of `key: value`",
        other if other.starts_with("struct ") => "a map of `key: value`",
        other if other.starts_with("enum ") => "one word",
        other => other,
    };
    plain.to_owned()
}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let text = message.to_string();
        // The message may quote a value of several lines; the help is one line.
        let (message, help) = text.rsplit_once('\n').unwrap_or((&text, ""));
        Self::new(Kind::Wrong(Wrong::new(message, help)))
    }

    fn invalid_type(_found: Unexpected, expected: &dyn Expected) -> Self {
        Self::new(Kind::Mismatch { expected: expectation(expected) })
    }

    fn invalid_value(_found: Unexpected, expected: &dyn Expected) -> Self {
        Self::new(Kind::Mismatch { expected: expectation(expected) })
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey { key: field.to_owned(), known: expected })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Kind::MissingKey(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        let help = "keep one of the two";
        Self::new(Kind::Wrong(Wrong::new(format!("`{field}` is said twice, under two names"), help)))
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownWord { known: expected })
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}", self.words(None))
    }
}

impl std::error::Error for ReadError {}
