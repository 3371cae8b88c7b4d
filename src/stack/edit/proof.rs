//! The proof of a change: the whole document says what it said before, but for the one thing that was to be changed.

use std::borrow::Cow;

use crate::stack::collector::Collector;
use crate::stack::document::{self, Node, Segment, Value, shown};

/// What was to be changed, and how it is to be.
pub(super) struct Goal<'a> {
    /// The keys that lead to it.
    pub(super) path: &'a [&'a str],
    /// How it is to be.
    pub(super) is: State<'a>,
}

/// How something is.
pub(super) enum State<'a> {
    /// It is there.
    There,
    /// It is not there.
    Gone,
    /// It is this scalar.
    Saying(&'a str),
}

/// Reads the changed text and holds it against the document before.
///
/// # Errors
/// Why the change is none that was asked for.
pub(super) fn look(before: &Node, text: &str, goal: &Goal) -> Result<(), String> {
    let mut problems = Collector::default();
    let source = problems.add_source(String::new(), text.to_owned());
    let after = document::parse(text, source, &mut problems);
    let Some(after) = after.filter(|_| !problems.has_errors()) else {
        let found = problems.finish();
        // What an alias stands for is said first: without that, what it is part of is wrong, too.
        let alias = found.iter().find(|problem| problem.message.starts_with("alias"));
        let why = alias.or(found.iter().next()).map(|problem| problem.message.clone()).unwrap_or_default();
        return Err(format!("with the change the file could not be read: {why}"));
    };
    if let Some(path) = stray(before, &after, &mut Vec::new(), goal.path) {
        return Err(format!(
            "with the change `{path}` would say something else, too: an anchor (`&`), an alias (`*`) or the way it is \
             written ties it to that"
        ));
    }
    if is_so(&after, goal) { Ok(()) } else { Err("the file is written in a way that no command changes".to_owned()) }
}

fn is_so(after: &Node, goal: &Goal) -> bool {
    let mut found = Some(after);
    for key in goal.path {
        found = found.and_then(|node| node.entry(key)).map(|entry| &entry.node);
    }
    match (&goal.is, found.map(|node| &node.value)) {
        (State::There, found) => found.is_some(),
        (State::Gone, found) => found.is_none(),
        (State::Saying(value), Some(Value::Scalar(scalar))) => scalar.text == *value,
        (State::Saying(_), _) => false,
    }
}

/// The first place at which two documents differ, but for what lies at `goal`. Maps on the way there may come or go with it.
fn stray<'n>(before: &'n Node, after: &'n Node, at: &mut Vec<Segment<'n>>, goal: &[&str]) -> Option<String> {
    match (&before.value, &after.value) {
        (Value::Mapping(old), Value::Mapping(new)) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            old.keys().chain(added).find_map(|key| {
                at.push(Segment::Key(Cow::Borrowed(key)));
                let found = match (old.get(key), new.get(key)) {
                    _ if leads(at, goal).is_some_and(<[_]>::is_empty) => None,
                    (Some(old), Some(new)) => stray(&old.node, &new.node, at, goal),
                    (one, other) => one.or(other).and_then(|entry| differs(&entry.node, at, goal)),
                };
                at.pop();
                found
            })
        }
        (Value::Sequence(old), Value::Sequence(new)) if old.len() == new.len() => {
            old.iter().zip(new).enumerate().find_map(|(index, (old, new))| {
                at.push(Segment::Index(index));
                let found = stray(old, new, at, goal);
                at.pop();
                found
            })
        }
        (Value::Scalar(old), Value::Scalar(new)) if old.text == new.text && old.plain == new.plain => None,
        (Value::Mapping(_), _) if after.is_null() => differs(before, at, goal),
        (_, Value::Mapping(_)) if before.is_null() => differs(after, at, goal),
        _ => Some(shown(at)),
    }
}

/// Where something is on one side alone: fine where nothing is in it but what leads to the goal.
fn differs(node: &Node, at: &[Segment], goal: &[&str]) -> Option<String> {
    let is_on_the_way = match (leads(at, goal), &node.value) {
        (Some([next, ..]), Value::Mapping(entries)) => entries.keys().all(|key| key == next),
        (Some([_, ..]), _) => node.is_null(),
        _ => false,
    };
    if is_on_the_way { None } else { Some(shown(at)) }
}

/// What is left of the goal below a place. `None`: it does not lie there.
fn leads<'g>(at: &[Segment], goal: &'g [&'g str]) -> Option<&'g [&'g str]> {
    let (way, rest) = goal.split_at_checked(at.len())?;
    at.iter().zip(way).all(|(segment, key)| segment.key() == Some(key)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stray_in(before: &str, after: &str, goal: &[&str]) -> Option<String> {
        let read = |text: &str| {
            let mut problems = Collector::default();
            document::parse(text, 0, &mut problems).expect("it is YAML")
        };
        stray(&read(before), &read(after), &mut Vec::new(), goal)
    }

    #[test]
    fn whatever_else_changes_is_found() {
        let goal = ["apps", "web", "scale"];
        for (before, after, expected) in [
            ("apps: { web: { scale: 1 } }", "apps: { web: { scale: 2 } }", None),
            ("apps: { web: {} }", "apps: { web: { scale: 2 } }", None),
            ("a: b\napps:", "a: b\napps: { web: { scale: 2 } }", None),
            ("a: b\napps: { web: { scale: 2 } }", "a: b", None),
            ("apps: { web: { scale: &n 1 }, b: *n }", "apps: { web: { scale: &n 2 }, b: *n }", Some("apps.b")),
            ("apps: { web: { scale: 1, p: [1, 2] } }", "apps: { web: { p: [1, 3] } }", Some("apps.web.p[1]")),
            ("a: '1'\napps: {}", "a: 1\napps: {}", Some("a")),
            ("a: |+\n  x\n\n\nb: c", "a: |+\n  x\nb: c", Some("a")),
            ("a: b\napps: { web: { scale: 2 }, api: {} }", "a: b", Some("apps")),
            ("a: b", "a: b\nc:", Some("c")),
        ] {
            assert_eq!(stray_in(before, after, &goal).as_deref(), expected, "{before} → {after}");
        }
    }
}
