//! Where a path of the stack stands in the document.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::super::document::{Node, Path, Segment, Span, Value, shown};

/// Where a path stands in the document.
pub(in super::super) struct Found<'n> {
    /// Its key, or the nearest one above it.
    pub(in super::super) key: Span,
    /// Its value; the key where the value covers no text.
    pub(in super::super) value: Span,
    /// The path as people read it.
    pub(in super::super) path: String,
    /// The node, where there is one.
    pub(in super::super) node: Option<&'n Node>,
}

/// Looks one path up: see [`Places::locate`].
pub(in super::super) fn locate<'n>(root: &'n Node, path: &Path) -> Found<'n> {
    Places::in_document(root).locate(path)
}

/// The places of a document that has been read.
pub(super) struct Places<'n> {
    root: &'n Node,
    /// For each list that was looked into, where its items stand that are right. A list of thousands is looked into for each
    /// of its items, and nobody prunes any more.
    right: RefCell<HashMap<*const Node, Rc<[usize]>>>,
}

impl<'n> Places<'n> {
    /// Those of that document.
    pub(super) fn in_document(root: &'n Node) -> Self {
        Self { root, right: RefCell::default() }
    }

    /// Looks a path up. What the file does not say is found at the nearest key above it. Lists are counted as they were
    /// read: without the items that were found wrong.
    pub(super) fn locate(&self, path: &Path) -> Found<'n> {
        let root = self.root;
        let mut segments = path.segments();
        let mut found = Found { key: root.span, value: root.span, path: String::new(), node: Some(root) };
        for segment in &mut segments {
            let Some(child) = found.node.and_then(|node| self.step(node, segment)) else {
                found.node = None;
                continue;
            };
            let entry = found.node.and_then(|node| node.entry(segment.key()?));
            found.key = entry.map_or(child.span, |entry| entry.key);
            found.value = if child.span.is_empty() { found.key } else { child.span };
            found.node = Some(child);
        }
        if found.node.is_none() {
            found.value = found.key;
        }
        found.path = shown(&segments);
        found
    }

    /// The node below a step; an index among the items that are right becomes the index in the file.
    fn step(&self, node: &'n Node, segment: &mut Segment) -> Option<&'n Node> {
        let (Value::Sequence(items), Segment::Index(index)) = (&node.value, &mut *segment) else {
            return node.child(segment);
        };
        let written = *self.right(node, items).get(*index)?;
        *index = written;
        items.get(written)
    }

    fn right(&self, list: &'n Node, items: &[Node]) -> Rc<[usize]> {
        let mut known = self.right.borrow_mut();
        let right =
            || items.iter().enumerate().filter(|(_, item)| !item.pruned.get()).map(|(index, _)| index).collect();
        Rc::clone(known.entry(std::ptr::from_ref(list)).or_insert_with(right))
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::super::super::collector::Collector;
    use super::super::super::document;
    use super::*;

    #[test]
    fn a_list_is_counted_without_what_was_found_wrong_and_walked_once() {
        let root = document::parse("list: [a, b, c]\n", 0, &mut Collector::default()).expect("YAML");
        let list = &root.entry("list").expect("it is written").node;
        let Value::Sequence(items) = &list.value else { panic!("a list") };
        items[1].pruned.set(true);
        let places = Places::in_document(&root);
        let path = Path::ROOT.key("list");
        let found = places.locate(&path.index(1));
        assert_eq!((found.path.as_str(), found.value), ("list[2]", items[2].span));
        assert!(places.locate(&path.index(2)).node.is_none());
        assert!(Rc::ptr_eq(&places.right(list, items), &places.right(list, items)));
    }
}
