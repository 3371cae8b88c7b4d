//! Variables of a Compose file in the stack file: Compose takes an unset one for nothing, a stack file refuses it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

/// How a variable is carried that has neither value nor default, and how one whose default is empty.
const LEFT_EMPTY: &str = ":-";

/// The same where no person sees it: it tells what has no default from what has an empty one.
const TOLD_APART: &str = "-";

/// Which variables have a value beside the Compose file, in its `.env`.
pub(super) struct Variables {
    /// Names of variables that `.env` sets.
    known: HashSet<String>,
    /// What stands behind the name of a variable without value and default.
    operator: &'static str,
    /// Variables that were carried without value and default.
    bare: RefCell<BTreeSet<String>>,
    /// Variables that were carried with an empty default.
    with_default: RefCell<BTreeSet<String>>,
}

impl Variables {
    /// Variables of which these have a value.
    pub(super) fn new(known: HashSet<String>) -> Self {
        Self { known, operator: LEFT_EMPTY, bare: RefCell::default(), with_default: RefCell::default() }
    }

    /// The same for a text that is filled in at once: [`left_empty`] finds there what has no default.
    pub(super) fn tell_apart(&mut self) {
        self.operator = TOLD_APART;
    }

    /// Whether any has a value.
    pub(super) fn has_values(&self) -> bool {
        !self.known.is_empty()
    }

    /// The variables that may be empty wherever they were carried.
    pub(super) fn may_all_be_empty(&self) -> BTreeSet<String> {
        self.with_default.borrow().difference(&self.bare.borrow()).cloned().collect()
    }

    /// The text as the stack file needs it: `$X` and `${X}` without a value become `${X:-}`, a `$` that begins no
    /// variable becomes `$$`. `${PWD}` is the folder of the Compose file.
    pub(super) fn carry(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = self.dollar(&rest[at + 1..], &mut out);
        }
        out.push_str(rest);
        out
    }

    /// Carries what stands behind a `$`, and gives what comes after it.
    fn dollar<'t>(&self, rest: &'t str, out: &mut String) -> &'t str {
        if let Some(rest) = rest.strip_prefix('$') {
            out.push_str("$$");
            return rest;
        }
        if let Some(inside) = rest.strip_prefix('{')
            && let Some(close) = closing_brace(inside)
        {
            self.braced(&inside[..close], out);
            return &inside[close + 1..];
        }
        let name = leading_name(rest);
        if name.is_empty() {
            out.push_str("$$");
        } else {
            self.plain(name, out);
        }
        &rest[name.len()..]
    }

    fn braced(&self, inside: &str, out: &mut String) {
        let name = leading_name(inside);
        let rest = &inside[name.len()..];
        if name.is_empty() {
            write!(out, "$${{{inside}}}").expect("a String takes everything");
            return;
        }
        if rest.is_empty() {
            self.plain(name, out);
            return;
        }
        let operator = [":-", ":?", ":+", "-", "?", "+"].into_iter().find(|operator| rest.starts_with(operator));
        match operator {
            Some(operator) => {
                let argument = self.carry(&rest[operator.len()..]);
                let is_empty = argument.is_empty() && operator.ends_with('-');
                if is_empty {
                    self.with_default.borrow_mut().insert(name.to_owned());
                }
                let operator = if is_empty && operator == TOLD_APART { LEFT_EMPTY } else { operator };
                write!(out, "${{{name}{operator}{argument}}}").expect("a String takes everything");
            }
            None => write!(out, "$${{{inside}}}").expect("a String takes everything"),
        }
    }

    fn plain(&self, name: &str, out: &mut String) {
        match name {
            "PWD" => out.push('.'),
            _ if self.known.contains(name) => write!(out, "${{{name}}}").expect("a String takes everything"),
            _ => {
                self.bare.borrow_mut().insert(name.to_owned());
                write!(out, "${{{name}{}}}", self.operator).expect("a String takes everything");
            }
        }
    }
}

/// The name that a text begins with.
fn leading_name(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).unwrap_or(text.len());
    if text.starts_with(|first: char| first.is_ascii_digit()) { "" } else { &text[..end] }
}

/// Where the brace closes that was opened before the text.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(index),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A carried variable that stands alone, with what Compose takes where its value is empty.
pub(super) fn or_default(carried: &str, default: &str) -> String {
    let alone = carried.strip_prefix("${").and_then(|rest| rest.strip_suffix("-}"));
    let alone = alone.map(|name| name.strip_suffix(':').unwrap_or(name));
    match alone.filter(|name| leading_name(name).len() == name.len()) {
        Some(name) => format!("${{{name}:-{default}}}"),
        None => carried.to_owned(),
    }
}

/// The variables that a carried text leaves empty where they have no value.
pub(super) fn may_be_empty(carried: &str) -> Vec<&str> {
    names_before(carried, ":-}")
}

/// The variables without value and default in a text in which they were told apart.
pub(super) fn left_empty(carried: &str) -> Vec<&str> {
    names_before(carried, "-}")
}

fn names_before<'t>(carried: &'t str, end: &str) -> Vec<&'t str> {
    carried
        .split("${")
        .skip(1)
        .filter_map(|part| part.split_once(end).map(|(name, _)| name))
        .filter(|name| leading_name(name).len() == name.len())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carry(text: &str) -> String {
        Variables::new(HashSet::from(["TAG".to_owned()])).carry(text)
    }

    #[test]
    fn variables_mean_what_they_meant_to_compose() {
        for (compose, stack) in [
            ("plain", "plain"),
            ("web:${TAG}", "web:${TAG}"),
            ("$TAG", "${TAG}"),
            ("$OTHER:/x", "${OTHER:-}:/x"),
            ("${OTHER}", "${OTHER:-}"),
            ("${OTHER-x}${OTHER:?say $TAG}", "${OTHER-x}${OTHER:?say ${TAG}}"),
            ("${HASH:-$2a$14$x}", "${HASH:-$$2a$$14${x:-}}"),
            ("100$", "100$$"),
            ("$$HOME", "$$HOME"),
            ("${PWD}/x", "./x"),
            ("${not closed", "$${not closed"),
            ("${a b}", "$${a b}"),
            ("${A:-${B}}", "${A:-${B:-}}"),
        ] {
            assert_eq!(carry(compose), stack, "{compose}");
        }
    }

    #[test]
    fn variables_that_are_left_empty_are_known() {
        assert_eq!(may_be_empty(&carry("${A}:${TAG}/$B-${C:-d}")), ["A", "B"]);
        let mut variables = Variables::new(HashSet::new());
        variables.tell_apart();
        let carried = variables.carry("${A}${B:-}${C-}$D${E:-x}");
        assert_eq!(carried, "${A-}${B:-}${C:-}${D-}${E:-x}");
        assert_eq!(left_empty(&carried), ["A", "D"]);
        assert_eq!(variables.may_all_be_empty(), ["B", "C"].map(str::to_owned).into());
        assert_eq!((or_default("${A-}", "no").as_str(), or_default("${A:-}", "no").as_str()), ("${A:-no}", "${A:-no}"));
    }
}
