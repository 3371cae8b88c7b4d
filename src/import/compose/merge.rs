//! One Compose file over another, and a service over the one that it extends, by the rules of the Compose specification.

use indexmap::IndexMap;

use crate::stack::{OutsideEntry, OutsideNode, OutsideScalar, OutsideValue};

/// Lists that are replaced as a whole.
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];

/// Settings that are a map, or a list of `KEY=VALUE`.
const PAIRS: [&str; 7] = ["environment", "labels", "extra_hosts", "sysctls", "annotations", "driver_opts", "args"];

/// Settings that are a map, or a list of names.
const NAMES: [&str; 2] = ["depends_on", "networks"];

/// Lays `above` over `below`; `key` is what both stand under.
pub(super) fn over(key: &str, below: &mut OutsideNode, above: OutsideNode) {
    if PAIRS.contains(&key) || NAMES.contains(&key) {
        as_map(key, below);
    }
    let mut above = above;
    if PAIRS.contains(&key) || NAMES.contains(&key) {
        as_map(key, &mut above);
    }
    let span = above.span;
    match (&mut below.value, above.value) {
        (OutsideValue::Mapping(entries), OutsideValue::Mapping(more)) => {
            for (key, entry) in more {
                match entries.get_mut(&key) {
                    Some(present) => over(&key, &mut present.node, entry.node),
                    None => {
                        entries.insert(key, entry);
                    }
                }
            }
        }
        (OutsideValue::Sequence(items), OutsideValue::Sequence(more)) if !REPLACED.contains(&key) => {
            for item in more {
                let name = identity(key, &item);
                items.retain(|known| identity(key, known) != name);
                items.push(item);
            }
        }
        (_, value) => *below = OutsideNode::new(value, span),
    }
}

/// By what an item of a list is the same as another: a mount by its target, all else by what it says.
fn identity(key: &str, item: &OutsideNode) -> String {
    let text = |node: &OutsideNode| match &node.value {
        OutsideValue::Scalar(scalar) => scalar.text.clone(),
        other => format!("{other:?}"),
    };
    if !matches!(key, "volumes" | "devices") {
        return match &item.value {
            OutsideValue::Mapping(entries) => {
                let pairs: Vec<String> =
                    entries.iter().map(|(key, entry)| format!("{key}={};", text(&entry.node))).collect();
                pairs.concat()
            }
            _ => text(item),
        };
    }
    if let Some(target) = item.entry("target") {
        text(&target.node)
    } else {
        let whole = text(item);
        let parts = split_mount(&whole);
        parts.get(1).or(parts.first()).map_or_else(|| whole.clone(), |part| (*part).to_owned())
    }
}

/// The parts of `SOURCE:TARGET:OPTIONS`; colons inside of `${…}` part nothing.
pub(super) fn split_mount(text: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut depth) = (Vec::new(), 0, 0_usize);
    for (index, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(&text[begin..index]);
                begin = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// Turns a list of `KEY=VALUE` or of names into a map.
pub(in crate::import) fn as_map(key: &str, node: &mut OutsideNode) {
    let OutsideValue::Sequence(items) = &node.value else { return };
    let is_hosts = key == "extra_hosts";
    let mut entries = IndexMap::new();
    for item in items {
        let OutsideValue::Scalar(scalar) = &item.value else { return };
        let pair = scalar.text.split_once('=').or_else(|| if is_hosts { scalar.text.split_once(':') } else { None });
        let (name, value) = match pair {
            Some((name, value)) if PAIRS.contains(&key) => (name.to_owned(), Some(value.to_owned())),
            _ => (scalar.text.clone(), None),
        };
        let value = OutsideScalar { plain: value.is_none(), text: value.unwrap_or_default(), written: None };
        let node = OutsideNode::new(OutsideValue::Scalar(value), item.span);
        entries.insert(name, OutsideEntry { key: item.span, node });
    }
    node.value = OutsideValue::Mapping(entries);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::draft::Item;
    use crate::stack::read_outside;

    fn merged(below: &str, above: &str) -> String {
        let read = |text: &str| read_outside("test", text.as_bytes().to_vec()).unwrap();
        let mut node = read(below);
        over("web", &mut node, read(above));
        let Item::Map(map) = Item::of(&node, &str::to_owned) else { panic!("it is a map") };
        crate::import::write::stack_file(&[], &map)
    }

    #[test]
    fn maps_merge_lists_grow_and_commands_are_replaced() {
        let below =
            "command: [a]\nports: ['80']\nenvironment: [A=1, B=2]\nvolumes: ['./x:/data', './y:/etc']\nimage: one\n";
        let above = "command: [b]\nports: ['81', '80']\nenvironment: {B: 3}\nvolumes: ['./z:/data:ro']\nimage: two\n";
        let expected = "command: [b]\n\nports: [\"81\", \"80\"]\n\nenvironment: { A: \"1\", B: 3 }\n\n\
                        volumes: [./y:/etc, ./z:/data:ro]\n\nimage: two\n";
        assert_eq!(merged(below, above), expected);
    }
}
