//! The YAML text as a tree of nodes, each of which knows where it was written. Knows YAML, knows no key of the stack file.

mod deserializer;
mod error;
mod interpolate;
mod merge;
mod parse;
mod path;
mod reader;
mod syntax;

pub(super) use error::shortened;
pub(super) use interpolate::interpolate;
pub(super) use merge::overlay;
pub(super) use parse::{parse, parse_as};
pub(super) use path::{Path, Segment, shown};
pub(super) use reader::Reader;

use std::cell::Cell;

use indexmap::IndexMap;

/// How deep maps and lists may stand in each other, aliases followed.
pub(super) const DEPTH_LIMIT: usize = 64;
/// How many nodes a file may have, aliases followed.
pub(super) const NODE_LIMIT: usize = 500_000;
/// How many bytes a file may have.
pub(super) const SIZE_LIMIT: usize = 4 * 1024 * 1024;

/// Where something stands: which source, line and column (both from 1, columns in characters) and which bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    /// Index of the source.
    pub(crate) source: u32,
    /// Line, from 1.
    pub(crate) line: u32,
    /// Column in characters, from 1.
    pub(crate) column: u32,
    /// First byte.
    pub(crate) start: u32,
    /// Byte after the last.
    pub(crate) end: u32,
}

impl Span {
    /// The top of a source.
    pub(super) fn top(source: usize) -> Self {
        Self { source: narrow(source), line: 1, column: 1, start: 0, end: 0 }
    }

    /// Whether it covers no text, as a block map or list does.
    pub(super) fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A position as `u32`; sources are far smaller than 4 GiB.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// A scalar, list or map, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) value: Value,
    /// Where it stands.
    pub(crate) span: Span,
    /// It was found wrong and reported: readers pass over it.
    pub(super) pruned: Cell<bool>,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// One word, number or text.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A map; keys keep the order of the file.
    Mapping(IndexMap<String, Entry>),
}

/// One entry of a map.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Where the key stands.
    pub(crate) key: Span,
    /// The value.
    pub(crate) node: Node,
}

/// One word, number or text.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    /// The text, variables filled in.
    pub(crate) text: String,
    /// Written without quotes, so that it may be a number, a boolean or null.
    pub(crate) plain: bool,
    /// The text as it was written, where variables were filled in.
    pub(crate) written: Option<String>,
}

impl Scalar {
    /// Whether it stands for nothing: empty, `~` or `null`. What variables were filled into is a text, whatever they hold:
    /// Compose, too, fills them in after it has read the YAML.
    pub(crate) fn is_null(&self) -> bool {
        self.plain && self.written.is_none() && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Whether it says nothing where no text is wanted: it is null, or variables without a value stand there alone.
    pub(super) fn says_nothing(&self) -> bool {
        self.is_null() || (self.plain && self.text.is_empty())
    }

    /// The text as it was written, before variables were filled in.
    pub(super) fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.text)
    }
}

impl Node {
    /// A node that nobody has looked at yet.
    pub(crate) fn new(value: Value, span: Span) -> Self {
        Self { value, span, pruned: Cell::new(false) }
    }

    /// A text that no file holds, such as the value of a variable that is passed through.
    pub(super) fn text(text: String, written: Option<String>, span: Span) -> Self {
        Self::new(Value::Scalar(Scalar { text, plain: false, written }), span)
    }

    /// Counts the sources of all places in it from another number on.
    pub(crate) fn move_sources(&mut self, from: u32) {
        self.span.source += from;
        match &mut self.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.move_sources(from)),
            Value::Mapping(entries) => entries.values_mut().for_each(|entry| {
                entry.key.source += from;
                entry.node.move_sources(from);
            }),
        }
    }

    /// Whether it is a scalar that stands for nothing.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.is_null())
    }

    /// Whether it is a scalar that says nothing where no text is wanted.
    pub(super) fn says_nothing(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.says_nothing())
    }

    /// The entry of that key, where this is a map that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Mapping(entries) => entries.get(key),
            _ => None,
        }
    }

    /// The node below that key or index.
    pub(super) fn child(&self, segment: &Segment) -> Option<&Node> {
        match (&self.value, segment) {
            (Value::Mapping(entries), Segment::Key(key)) => entries.get(key.as_ref()).map(|entry| &entry.node),
            (Value::Sequence(items), Segment::Index(index)) => items.get(*index),
            _ => None,
        }
    }

    /// The node below that key, to be changed.
    pub(super) fn child_mut(&mut self, key: &str) -> Option<&mut Node> {
        match &mut self.value {
            Value::Mapping(entries) => entries.get_mut(key).map(|entry| &mut entry.node),
            _ => None,
        }
    }
}
