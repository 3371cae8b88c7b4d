//! Parser events → nodes. Bounded in size, depth and number of nodes, whatever the text.

use std::borrow::Cow;
use std::collections::HashMap;

use indexmap::IndexMap;
use indexmap::map::Entry as Slot;
use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, Span as EventSpan, Tag};

use super::super::collector::Collector;
use super::{DEPTH_LIMIT, Entry, NODE_LIMIT, Node, Scalar, Segment, Span, Value, narrow, shown, syntax};

/// What to write where there is nothing yet.
const FIRST_STACK: &str = "a first one: `name: hello` and `apps: { web: { image: IMAGE, metrics: {} } }`";

/// The one document of a source, or `None` where there is none to speak of. Whatever is wrong is in `problems`.
pub(in crate::stack) fn parse(text: &str, source: usize, problems: &mut Collector) -> Option<Node> {
    parse_as(text, source, FIRST_STACK, problems)
}

/// The same of a file that is no stack file: `first` says how it begins, in case it is empty.
pub(in crate::stack) fn parse_as(text: &str, source: usize, first: &str, problems: &mut Collector) -> Option<Node> {
    let mut options = serde_yaml::granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEPTH_LIMIT,
        block_nesting_limit: DEPTH_LIMIT,
    };
    options.set_emit_comments(false);
    let mut builder = Builder::new(source, problems);
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                if builder.take(event, span).is_err() {
                    return None;
                }
            }
            Err(error) => {
                syntax::report(&error, text, source, builder.problems);
                return None;
            }
        }
    }
    builder.finish(first)
}

/// A list or map that has begun and not ended yet.
enum Frame {
    Sequence { items: Vec<Node>, anchor: usize, span: Span },
    Mapping { entries: IndexMap<String, Entry>, key: Option<(Option<String>, Span)>, anchor: usize, span: Span },
}

/// A node that aliases can refer to, with what a copy of it costs.
struct Anchored {
    node: Node,
    size: usize,
    height: usize,
}

/// There is no use in reading on.
struct Stop;

struct Builder<'p> {
    source: usize,
    problems: &'p mut Collector,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

impl<'p> Builder<'p> {
    fn new(source: usize, problems: &'p mut Collector) -> Self {
        Self { source, problems, frames: Vec::new(), anchors: HashMap::new(), nodes: 0, documents: 0, root: None }
    }

    fn take(&mut self, event: Event, span: EventSpan) -> Result<(), Stop> {
        let at = self.span(span);
        match event {
            Event::DocumentStart(..) => self.begin_document(at),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !self.is_text(tag.as_deref(), at);
                let scalar = Scalar { text: text.into_owned(), plain, written: None };
                self.place(Node::new(Value::Scalar(scalar), at), anchor, 1, 1)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.is_text(tag.as_deref(), at);
                self.open(Frame::Sequence { items: Vec::new(), anchor, span: at }, at)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.is_text(tag.as_deref(), at);
                self.open(Frame::Mapping { entries: IndexMap::new(), key: None, anchor, span: at }, at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(at),
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::UnresolvedAlias(name) => self.unknown_alias(&name, at),
            _ => Ok(()),
        }
    }

    fn begin_document(&mut self, at: Span) -> Result<(), Stop> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let help = "keep one document in a file; to lay one over the other, use two files: `-f a.yml -f b.yml`";
        self.problems.error(at, "", "a second YAML document begins here", help);
        Err(Stop)
    }

    fn open(&mut self, frame: Frame, at: Span) -> Result<(), Stop> {
        self.count(1, at)?;
        self.frames.push(frame);
        if self.frames.len() > DEPTH_LIMIT { self.too_deep(at) } else { Ok(()) }
    }

    fn close(&mut self, end: Span) -> Result<(), Stop> {
        let (value, anchor, mut span) = match self.frames.pop() {
            Some(Frame::Sequence { items, anchor, span }) => (Value::Sequence(items), anchor, span),
            Some(Frame::Mapping { entries, anchor, span, .. }) => {
                let entries = super::merge::merge_keys(entries, self.problems);
                (Value::Mapping(entries), anchor, span)
            }
            None => return Err(Stop),
        };
        if !span.is_empty() {
            span.end = end.end;
        }
        let (size, height) = if anchor == 0 { (0, 0) } else { measure(&value) };
        self.nodes -= 1; // `place` counts it again
        self.place(Node::new(value, span), anchor, size, height)
    }

    fn alias(&mut self, anchor: usize, at: Span) -> Result<(), Stop> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            self.problems.error(at, "", "an alias inside of what it stands for", "write the part out instead");
            return Err(Stop);
        };
        let (size, height) = (anchored.size, anchored.height);
        self.count(size, at)?;
        if self.frames.len() + height > DEPTH_LIMIT {
            return self.too_deep(at);
        }
        let node = self.anchors[&anchor].node.clone();
        self.nodes -= 1; // `place` counts the top of it again
        self.place(node, 0, size, height)
    }

    fn unknown_alias(&mut self, name: &str, at: Span) -> Result<(), Stop> {
        let message = format!("alias `*{name}` stands for nothing: no `&{name}` before it");
        let help = "put quotes around a text that begins with `*`, or define the anchor first";
        self.problems.error(at, &self.path(None), message, help);
        let node = Node::text(format!("*{name}"), None, at);
        node.pruned.set(true);
        self.place(node, 0, 1, 1)
    }

    /// Puts a finished node where it belongs: a key, a value, an item or the root.
    fn place(&mut self, node: Node, anchor: usize, size: usize, height: usize) -> Result<(), Stop> {
        self.count(1, node.span)?;
        if anchor != 0 {
            self.count(size, node.span)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, height });
        }
        let mut twice = None;
        match self.frames.last_mut() {
            None => self.root = Some(node),
            Some(Frame::Sequence { items, .. }) => items.push(node),
            Some(Frame::Mapping { entries, key, .. }) => match key.take() {
                None => *key = Some((key_text(&node, self.problems), node.span)),
                Some((Some(name), at)) => twice = insert(entries, name, Entry { key: at, node }),
                Some((None, _)) => {}
            },
        }
        if let Some(twice) = twice {
            self.report_twice(&twice);
        }
        Ok(())
    }

    fn report_twice(&mut self, twice: &Twice) {
        let message = format!("key `{}` is here twice: the first is on line {}", twice.name, twice.first.line);
        let path = self.path(Some(&twice.name));
        self.problems.error(twice.second, &path, message, "remove one of the two");
    }

    /// The path of what is being read, with one more key where there is one.
    fn path(&self, key: Option<&str>) -> String {
        let steps = self.frames.iter().filter_map(|frame| match frame {
            Frame::Sequence { items, .. } => Some(Segment::Index(items.len())),
            Frame::Mapping { key, .. } => Some(Segment::Key(Cow::Borrowed(key.as_ref()?.0.as_deref()?))),
        });
        shown(&steps.chain(key.map(|key| Segment::Key(Cow::Borrowed(key)))).collect::<Vec<_>>())
    }

    fn count(&mut self, more: usize, at: Span) -> Result<(), Stop> {
        self.nodes += more;
        if self.nodes <= NODE_LIMIT {
            return Ok(());
        }
        let message = format!("more than {NODE_LIMIT} values, aliases followed");
        self.problems.error(at, "", message, "split the stack into several files and stacks");
        Err(Stop)
    }

    fn too_deep(&mut self, at: Span) -> Result<(), Stop> {
        self.problems.error(at, "", syntax::too_deep(), syntax::TOO_DEEP_HELP);
        Err(Stop)
    }

    /// Whether a tag makes a text of a plain scalar. Tags that mean something else are refused.
    fn is_text(&mut self, tag: Option<&Tag>, at: Span) -> bool {
        match tag {
            None => false,
            Some(tag) if tag.core_suffix().is_some() => tag.core_suffix() == Some("str"),
            Some(tag) => {
                let tag = tag.original();
                let (message, help) = match tag.as_str() {
                    "!reset" => (
                        format!("`{tag}`, with which Compose takes away what a file below says, is not applied here"),
                        "take the key out of the file below, or name files that do without it",
                    ),
                    "!override" => (
                        format!("`{tag}`, with which Compose replaces what a file below says, is not applied here"),
                        "take the key out of the file below, and write all of it in this one",
                    ),
                    _ => (format!("tag `{tag}` means nothing here"), "remove the tag"),
                };
                self.problems.error(at, "", message, help);
                false
            }
        }
    }

    fn finish(self, first: &str) -> Option<Node> {
        if self.root.as_ref().is_some_and(|root| !root.is_null()) {
            return self.root;
        }
        self.problems.error(Span::top(self.source), "", "the file is empty", first);
        None
    }

    fn span(&self, span: EventSpan) -> Span {
        let start = span.start.byte_offset().unwrap_or(0);
        Span {
            source: narrow(self.source),
            line: narrow(span.start.line()),
            column: narrow(span.start.col() + 1),
            start: narrow(start),
            end: narrow(span.end.byte_offset().unwrap_or(start).max(start)),
        }
    }
}

/// The text of a key. Lists and maps cannot be keys.
fn key_text(node: &Node, problems: &mut Collector) -> Option<String> {
    if let Value::Scalar(scalar) = &node.value {
        return Some(scalar.text.clone());
    }
    problems.error(
        node.span,
        "",
        "a list or map cannot be a key",
        "put quotes around a key that begins with `[` or `{`",
    );
    None
}

/// A key that is in one map twice.
struct Twice {
    name: String,
    first: Span,
    second: Span,
}

/// Adds an entry, unless there is one of that name.
fn insert(entries: &mut IndexMap<String, Entry>, name: String, entry: Entry) -> Option<Twice> {
    match entries.entry(name) {
        Slot::Vacant(slot) => {
            slot.insert(entry);
            None
        }
        Slot::Occupied(slot) => Some(Twice { name: slot.key().clone(), first: slot.get().key, second: entry.key }),
    }
}

/// Number of nodes, and of levels, of a value.
fn measure(value: &Value) -> (usize, usize) {
    let children: Vec<(usize, usize)> = match value {
        Value::Scalar(_) => Vec::new(),
        Value::Sequence(items) => items.iter().map(|node| measure(&node.value)).collect(),
        Value::Mapping(entries) => entries.values().map(|entry| measure(&entry.node.value)).collect(),
    };
    let size = children.iter().map(|(size, _)| size).sum::<usize>();
    (size + 1, children.iter().map(|(_, height)| *height).max().unwrap_or(0) + 1)
}
