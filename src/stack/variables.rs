//! Variables in a text, by the rules of Compose: `$NAME`, `${NAME}`, `${NAME:-default}`, `:?`, `:+`, and `$$` for a dollar sign.

use super::template::TEMPLATE_VARIABLES;

/// How deep defaults may stand in defaults.
const DEEPEST: usize = 20;

/// How many mistakes are looked for in one text.
const MOST_MISTAKES: usize = 20;

/// A text with variables filled in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// The text; what was wrong is left out of it.
    pub(super) text: String,
    /// Each value that was filled in, with the `${…}` it stands for.
    pub(super) values: Vec<(String, String)>,
    /// What was wrong.
    pub(super) mistakes: Vec<Mistake>,
}

/// One thing that is wrong in a text with variables.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Byte in the text at which its `$` stands.
    pub(super) offset: usize,
    /// Bytes it takes.
    pub(super) length: usize,
    /// What is wrong.
    pub(super) kind: MistakeKind,
}

/// What can be wrong in a text with variables.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MistakeKind {
    /// No value and no default.
    Unset(String),
    /// `${NAME:?message}`.
    Required {
        /// The variable.
        name: String,
        /// What the file says about it.
        message: String,
    },
    /// A `$` that begins no variable.
    Malformed(&'static str),
}

/// Whether a text ends inside of `{{ … }}`: there, `$labels` and its like are Prometheus' and no variables of the file.
fn is_in_template(before: &str) -> bool {
    before.rfind("{{").is_some_and(|open| !before[open..].contains("}}"))
}

/// Fills the variables of a text.
pub(super) fn fill(text: &str, value_of: &dyn Fn(&str) -> Option<String>) -> Filled {
    let mut filler = Filler { text, value_of, filled: Filled::default() };
    let end = text.len();
    filler.filled.text = filler.between(0, end, 0);
    filler.filled
}

struct Filler<'a> {
    text: &'a str,
    value_of: &'a dyn Fn(&str) -> Option<String>,
    filled: Filled,
}

/// The parts of `${NAME:-argument}`, the argument as a range of bytes.
struct Expression<'a> {
    name: &'a str,
    operator: &'a str,
    argument: (usize, usize),
}

impl<'a> Filler<'a> {
    /// The bytes from `start` to `end`, filled in.
    fn between(&mut self, start: usize, end: usize, depth: usize) -> String {
        let mut out = String::new();
        let mut position = start;
        while let Some(found) = self.text[position..end].find('$') {
            let dollar = position + found;
            out.push_str(&self.text[position..dollar]);
            position = self.dollar(dollar, end, depth, &mut out);
        }
        out.push_str(&self.text[position..end]);
        out
    }

    /// Fills the variable at a `$` and says where to go on.
    fn dollar(&mut self, dollar: usize, end: usize, depth: usize, out: &mut String) -> usize {
        let rest = &self.text[dollar + 1..end];
        if rest.starts_with('$') {
            out.push('$');
            return dollar + 2;
        }
        if rest.starts_with('{') {
            return self.braced(dollar, end, depth, out);
        }
        let name = leading_name(rest);
        let after = dollar + 1 + name.len();
        if name.is_empty() {
            self.mistake(dollar, dollar + 1, MistakeKind::Malformed("a single `$` that begins no variable"));
            return after;
        }
        if TEMPLATE_VARIABLES.contains(&name) && is_in_template(&self.text[..dollar]) {
            out.push_str(&self.text[dollar..after]);
            return after;
        }
        self.value(name, dollar, after, out);
        after
    }

    fn braced(&mut self, dollar: usize, end: usize, depth: usize, out: &mut String) -> usize {
        let Some(close) = closing_brace(&self.text[dollar + 2..end]).map(|found| dollar + 2 + found) else {
            self.mistake(dollar, end, MistakeKind::Malformed("a `${` that is never closed"));
            return end;
        };
        let after = close + 1;
        match self.expression(dollar + 2, close) {
            None => self.mistake(
                dollar,
                after,
                MistakeKind::Malformed("not a variable: expected `${NAME}` or `${NAME:-default}`"),
            ),
            Some(_) if depth >= DEEPEST => {
                self.mistake(dollar, after, MistakeKind::Malformed("too many defaults inside of defaults"));
            }
            Some(expression) => self.apply(&expression, dollar, after, depth, out),
        }
        after
    }

    fn expression(&self, start: usize, end: usize) -> Option<Expression<'a>> {
        let inside = &self.text[start..end];
        let name = leading_name(inside);
        let rest = &inside[name.len()..];
        let operator = [":-", ":?", ":+", "-", "?", "+"].into_iter().find(|operator| rest.starts_with(operator));
        if name.is_empty() || (operator.is_none() && !rest.is_empty()) {
            return None;
        }
        let operator = operator.unwrap_or("");
        Some(Expression { name, operator, argument: (start + name.len() + operator.len(), end) })
    }

    fn apply(&mut self, expression: &Expression<'a>, dollar: usize, after: usize, depth: usize, out: &mut String) {
        let present = (self.value_of)(expression.name);
        let counts = present.as_ref().is_some_and(|value| !expression.operator.starts_with(':') || !value.is_empty());
        let (start, end) = expression.argument;
        match (expression.operator.trim_start_matches(':'), counts) {
            ("" | "-" | "?", true) => self.value(expression.name, dollar, after, out),
            ("-", false) | ("+", true) => {
                let argument = self.between(start, end, depth + 1);
                out.push_str(&argument);
            }
            ("+", false) => {}
            ("?", false) => {
                let message = self.text[start..end].to_owned();
                let kind = MistakeKind::Required { name: expression.name.to_owned(), message };
                self.mistake(dollar, after, kind);
            }
            _ => self.mistake(dollar, after, MistakeKind::Unset(expression.name.to_owned())),
        }
    }

    fn value(&mut self, name: &str, dollar: usize, after: usize, out: &mut String) {
        match (self.value_of)(name) {
            None => self.mistake(dollar, after, MistakeKind::Unset(name.to_owned())),
            Some(value) => {
                out.push_str(&value);
                self.filled.values.push((value, self.text[dollar..after].to_owned()));
            }
        }
    }

    fn mistake(&mut self, offset: usize, end: usize, kind: MistakeKind) {
        if self.filled.mistakes.len() >= MOST_MISTAKES {
            return;
        }
        self.filled.mistakes.push(Mistake { offset, length: end - offset, kind });
    }
}

/// The name that a text begins with; empty where it begins with none.
fn leading_name(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).unwrap_or(text.len());
    if text.starts_with(|letter: char| letter.is_ascii_digit()) { "" } else { &text[..end] }
}

/// Where the brace is that closes the one before the text; `${…}` inside is passed over.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    let mut previous = ' ';
    for (position, letter) in text.char_indices() {
        match letter {
            '{' if previous == '$' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(position);
        }
        previous = letter;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(name: &str) -> Option<String> {
        match name {
            "A" => Some("one".to_owned()),
            "EMPTY" => Some(String::new()),
            "DOLLAR" => Some("$A".to_owned()),
            _ => None,
        }
    }

    fn filled(text: &str) -> String {
        let filled = fill(text, &value_of);
        assert_eq!(filled.mistakes, [], "{text}");
        filled.text
    }

    fn mistake(text: &str) -> Mistake {
        fill(text, &value_of).mistakes.remove(0)
    }

    #[test]
    fn every_form_of_compose_is_filled_in() {
        for (text, expected) in [
            ("$A ${A} x${A}y $A-b", "one one xoney one-b"),
            ("${EMPTY} ${EMPTY-d} ${EMPTY:-d}", "  d"),
            ("${NONE-d} ${NONE:-d} ${NONE:-} ${NONE-}", "d d  "),
            ("${A?m} ${A:?m} ${EMPTY?m}", "one one "),
            ("${A+alt} ${A:+alt} ${EMPTY+alt} ${EMPTY:+alt} ${NONE+alt}", "alt alt alt  "),
            ("${NONE:-${A}} ${NONE:-${NO:-x}} ${NONE:-$A!}", "one x one!"),
            ("$$A $${A} $$$A 5$$", "$A ${A} $one 5$"),
            ("${DOLLAR}", "$A"),
            ("no variable at all: { } %", "no variable at all: { } %"),
            ("{{ $labels.job }} {{$value}} $A", "{{ $labels.job }} {{$value}} one"),
            ("{{ $$labels.job }} {{ $A }} ${A}", "{{ $labels.job }} {{ one }} one"),
        ] {
            assert_eq!(filled(text), expected, "{text}");
        }
    }

    #[test]
    fn what_has_no_value_is_told_with_its_place() {
        let expected = Mistake { offset: 2, length: 7, kind: MistakeKind::Unset("NONE".to_owned()) };
        assert_eq!(mistake("a ${NONE}"), expected);
        assert_eq!(mistake("ü $NONE").offset, 3);
        let required = MistakeKind::Required { name: "NONE".to_owned(), message: "say it".to_owned() };
        assert_eq!(mistake("${NONE:?say it}").kind, required);
    }

    #[test]
    fn what_is_no_variable_is_a_mistake() {
        for text in ["$", "5$", "$1", "${", "${}", "${A", "${1}", "${A B}", "${A:}", "${A!x}", "$-", "web$|api"] {
            assert!(matches!(mistake(text).kind, MistakeKind::Malformed(_)), "{text}");
        }
    }

    #[test]
    fn an_unused_default_may_name_what_is_not_set() {
        assert_eq!(filled("${A:-${NONE}}"), "one");
        assert_eq!(filled("${EMPTY:+${NONE}}"), "");
    }
}
