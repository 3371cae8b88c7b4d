//! `<<` merge keys inside a file, and overlays of one file over another.

use indexmap::IndexMap;

use super::super::collector::Collector;
use super::{Entry, Node, Value};

/// The entries with those of `<<` added; what is written out wins over what is merged in.
pub(super) fn merge_keys(mut entries: IndexMap<String, Entry>, problems: &mut Collector) -> IndexMap<String, Entry> {
    let Some(merge) = entries.shift_remove("<<") else { return entries };
    let sources = match merge.node.value {
        Value::Sequence(items) => items,
        _ => vec![merge.node],
    };
    for source in sources {
        let Value::Mapping(more) = source.value else {
            problems.error(
                merge.key,
                "",
                "`<<` merges maps only",
                "write `<<: *anchor`, where the anchor stands at a map",
            );
            continue;
        };
        for (key, entry) in more {
            entries.entry(key).or_insert(entry);
        }
    }
    entries
}

/// Lays one document over another: maps merge, everything else is replaced. A section with nothing in it, such as `apps:`
/// above entries that are all commented out, says nothing, and takes nothing away.
pub(in crate::stack) fn overlay(below: &mut Node, mut above: Node) {
    if let (Value::Mapping(sections), Value::Mapping(more)) = (&below.value, &mut above.value) {
        more.retain(|key, entry| !(entry.node.is_null() && sections.contains_key(key)));
    }
    lay(below, above);
}

fn lay(below: &mut Node, above: Node) {
    match (&mut below.value, above.value) {
        (Value::Mapping(entries), Value::Mapping(more)) => {
            for (key, entry) in more {
                match entries.get_mut(&key) {
                    Some(present) => overlay_entry(present, entry),
                    None => {
                        entries.insert(key, entry);
                    }
                }
            }
        }
        (_, value) => *below = Node::new(value, above.span),
    }
}

fn overlay_entry(present: &mut Entry, entry: Entry) {
    let replaces = !matches!((&present.node.value, &entry.node.value), (Value::Mapping(_), Value::Mapping(_)));
    lay(&mut present.node, entry.node);
    if replaces {
        present.key = entry.key;
    }
}
