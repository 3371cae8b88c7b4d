//! Reads typed values out of a document and goes on after a mistake, so that all mistakes are found in one run.

use std::cell::RefCell;

use serde::de::DeserializeOwned;

use super::super::collector::Collector;
use super::super::suggest;
use super::deserializer::NodeDeserializer;
use super::error::{Kind, ReadError};
use super::{Entry, Node, Path, Segment, Span, Value, shown};

/// How many mistakes are looked for in one value.
const MOST_PASSES: usize = 100;

/// Reads typed values and records what is wrong.
pub(in crate::stack) struct Reader<'p> {
    /// Where problems go.
    pub(in crate::stack) problems: &'p mut Collector,
}

impl<'p> Reader<'p> {
    /// A reader that records into that list.
    pub(in crate::stack) fn new(problems: &'p mut Collector) -> Self {
        Self { problems }
    }

    /// The node as a `T`; `None` where it cannot be one. `key` is where the node's key stands.
    pub(in crate::stack) fn read<T: DeserializeOwned>(&mut self, node: &Node, key: Span, path: Path) -> Option<T> {
        self.attempt(node, key, path, || T::deserialize(NodeDeserializer::new(node)))
    }

    /// A map whose keys belong to several structs.
    pub(in crate::stack) fn parts<'n, 'r>(
        &'r mut self,
        node: &'n Node,
        key: Span,
        path: Path<'n>,
    ) -> Parts<'n, 'r, 'p> {
        Parts { reader: self, node, key, path, known: RefCell::new(Vec::new()) }
    }

    /// Records an error.
    pub(in crate::stack) fn error(
        &mut self,
        at: Span,
        path: Path,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.error(at, &shown(&path.segments()), message, help);
    }

    /// Records that a key is missing, unless it is there and something else is wrong with it, or there is no map for it.
    pub(in crate::stack) fn missing(&mut self, key: &str, entry: &Entry, path: Path, help: &str) {
        let is_no_map = !matches!(entry.node.value, Value::Mapping(_)) && !entry.node.says_nothing();
        let is_said_already = is_no_map
            || entry.node.pruned.get()
            || entry.node.entry(key).is_some_and(|found| match &found.node.value {
                _ if found.node.pruned.get() => true,
                Value::Scalar(scalar) => !scalar.says_nothing(),
                Value::Sequence(items) => !items.is_empty(),
                Value::Mapping(_) => true,
            });
        if !is_said_already {
            self.error(entry.key, path, format!("key `{key}` is missing"), help);
        }
    }

    fn attempt<T>(&mut self, node: &Node, key: Span, path: Path, read: impl Fn() -> Result<T, ReadError>) -> Option<T> {
        for _ in 0..MOST_PASSES {
            if self.problems.is_full() {
                return None;
            }
            match read() {
                Ok(value) => return Some(value),
                Err(error) => {
                    let wrong = self.record(node, key, path, error)?;
                    wrong.pruned.set(true);
                }
            }
        }
        None
    }

    /// Records the error and gives the node to prune: none where the whole value is wrong.
    fn record<'n>(&mut self, node: &'n Node, key: Span, path: Path, mut error: ReadError) -> Option<&'n Node> {
        error.path.reverse();
        let (wrong, at) = locate(node, key, &error);
        let is_root = error.path.is_empty();
        if matches!(error.kind, Kind::MissingKey(_) | Kind::Wrong(_)) && has_pruned_entry(wrong) {
            return if is_root { None } else { Some(wrong) }; // wrong only for want of what was found wrong before
        }
        let words = error.words(Some(wrong));
        let mut segments = path.segments();
        segments.extend(error.path);
        self.problems.error(at, &shown(&segments), words.message, words.help);
        if is_root { None } else { Some(wrong) }
    }
}

/// Whether an entry of this map was found wrong before.
fn has_pruned_entry(node: &Node) -> bool {
    matches!(&node.value, Value::Mapping(entries) if entries.values().any(|entry| entry.node.pruned.get()))
}

/// The node that is wrong, and the place to show.
fn locate<'n>(node: &'n Node, key: Span, error: &ReadError) -> (&'n Node, Span) {
    let mut current = node;
    let mut current_key = key;
    for segment in &error.path {
        let Some(child) = current.child(segment) else { break };
        current_key = match segment {
            Segment::Key(name) => current.entry(name).map_or(child.span, |entry| entry.key),
            Segment::Index(_) => child.span,
        };
        current = child;
    }
    let at_key = matches!(error.kind, Kind::UnknownKey { .. } | Kind::MissingKey(_)) || current.span.is_empty();
    (current, if at_key { current_key } else { current.span })
}

/// One map, read as several structs. [`Parts::finish`] reports the keys that none of them knows.
pub(in crate::stack) struct Parts<'n, 'r, 'p> {
    reader: &'r mut Reader<'p>,
    node: &'n Node,
    key: Span,
    path: Path<'n>,
    known: RefCell<Vec<&'static str>>,
}

impl Parts<'_, '_, '_> {
    /// The keys of `T`; its default where they cannot be read.
    pub(in crate::stack) fn read<T: DeserializeOwned + Default>(&mut self) -> T {
        let (node, known) = (self.node, &self.known);
        let part = || T::deserialize(NodeDeserializer::part(node, known));
        self.reader.attempt(node, self.key, self.path, part).unwrap_or_default()
    }

    /// Reports every key that no struct knows; keys that begin with `x-` are the writer's own.
    pub(in crate::stack) fn finish(self) {
        let Value::Mapping(entries) = &self.node.value else { return };
        let known = self.known.into_inner();
        let unknown = entries.iter().filter(|(key, _)| !known.contains(&key.as_str()) && !key.starts_with("x-"));
        for (key, entry) in unknown {
            if self.reader.problems.is_full() {
                return;
            }
            let words = suggest::unknown_key(key, &known);
            let path = shown(&self.path.key(key).segments());
            self.reader.problems.error(entry.key, &path, words.message, words.help);
        }
    }
}
