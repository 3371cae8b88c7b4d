//! A `daemon.json` as it stands: its text to the byte, and what it says. Refuses what dockerd would read otherwise than people.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde_json::Value;

use super::members::{Member, members, outermost};

/// What Windows editors put in front of UTF-8. Engines pass over it from 23.0 on.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What is wrong with what goes deeper than `serde_json` reads.
const TOO_DEEP: &str = "it is nested deeper here than stackctl reads (127 levels)";

/// A file's text, valid JSON with an object on top and no key twice; or nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Without the byte order mark. White space alone where the file is empty.
    pub(super) text: String,
    has_mark: bool,
}

/// One setting of a file, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key; empty for the item of a list.
    pub name: String,
    /// What it is set to.
    pub value: Value,
    /// The same as it is written, on one line.
    pub written: String,
    /// Line of the file, from 1.
    pub line: usize,
}

/// Why a text is no `daemon.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Malformed {}

impl Malformed {
    /// It may be right: stackctl does not read that deep.
    pub(super) fn is_too_deep(&self) -> bool {
        self.message == TOO_DEEP
    }
}

impl Document {
    /// Reads the bytes of a file. No file, and one with white space alone, says nothing.
    ///
    /// # Errors
    /// Where it is not JSON, not an object, or has a key twice: dockerd would take the last one without a word.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(bytes).map_err(|error| not_text(bytes, error.valid_up_to()))?;
        let (text, has_mark) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) => (text, true),
            None => (text, false),
        };
        let document = Self { text: text.to_owned(), has_mark };
        if document.is_empty() {
            return Ok(document);
        }
        let value: Value = serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
        if !value.is_object() {
            return Err(at(text, outermost(text).start, "daemon.json has to be an object: `{ … }`".to_owned()));
        }
        match document.first_duplicate() {
            Some(twice) => Err(at(text, twice.key.start, format!("`{}` stands there a second time", twice.name))),
            None => Ok(document),
        }
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> Vec<u8> {
        let mark = if self.has_mark { BYTE_ORDER_MARK } else { "" };
        format!("{mark}{}", self.text).into_bytes()
    }

    /// The text as people see it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// It begins with a byte order mark.
    pub(super) fn has_mark(&self) -> bool {
        self.has_mark
    }

    /// It says nothing: white space alone.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The value of a key at the top.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.value_at(&[key])
    }

    /// A text at the top.
    pub fn get_text(&self, key: &str) -> Option<String> {
        self.get(key)?.as_str().map(str::to_owned)
    }

    /// Every key at the top, in order.
    pub fn settings(&self) -> Vec<Setting> {
        if self.is_empty() { Vec::new() } else { self.settings_in(&outermost(&self.text)) }
    }

    /// What stands in the map or the list that a key at the top has.
    pub(super) fn inside(&self, key: &str) -> Vec<Setting> {
        let member = self.members_at(&[]).unwrap_or_default().into_iter().find(|member| member.name == key);
        let container =
            member.map(|member| member.value).filter(|value| self.text[value.clone()].starts_with(['{', '[']));
        container.map(|container| self.settings_in(&container)).unwrap_or_default()
    }

    fn settings_in(&self, container: &Range<usize>) -> Vec<Setting> {
        let (mut line, mut counted) = (1, 0);
        let settings = members(&self.text, container).into_iter().map(|member| {
            line += self.text[counted..member.key.start].matches('\n').count();
            counted = member.key.start;
            let text = &self.text[member.value];
            let value = serde_json::from_str(text).unwrap_or(Value::Null);
            Setting { name: member.name, value, written: on_one_line(text), line }
        });
        settings.collect()
    }

    /// The value below a path of keys.
    pub(super) fn value_at(&self, path: &[&str]) -> Option<Value> {
        let (last, above) = path.split_last()?;
        let member = self.members_at(above)?.into_iter().find(|member| member.name == *last)?;
        serde_json::from_str(&self.text[member.value]).ok()
    }

    /// The members of the object below a path of keys. `None`: there is no such object.
    pub(super) fn members_at(&self, path: &[&str]) -> Option<Vec<Member>> {
        if self.is_empty() {
            return None;
        }
        let mut range = outermost(&self.text);
        for key in path {
            let member = members(&self.text, &range).into_iter().find(|member| member.name == *key)?;
            range = member.value;
            if !self.text[range.clone()].starts_with('{') {
                return None;
            }
        }
        Some(members(&self.text, &range))
    }

    fn first_duplicate(&self) -> Option<Member> {
        let mut containers = vec![outermost(&self.text)];
        while let Some(container) = containers.pop() {
            let mut seen = BTreeSet::new();
            for member in members(&self.text, &container) {
                if !member.key.is_empty() && !seen.insert(member.name.clone()) {
                    return Some(member);
                }
                if self.text[member.value.clone()].starts_with(['{', '[']) {
                    containers.push(member.value);
                }
            }
        }
        None
    }
}

/// JSON as it is written, without the white space between its parts.
fn on_one_line(text: &str) -> String {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let is_kept = |letter: &char| {
        let is_kept = is_quoted || !letter.is_ascii_whitespace();
        if *letter == '"' && !is_escaped {
            is_quoted = !is_quoted;
        }
        is_escaped = *letter == '\\' && !is_escaped;
        is_kept
    };
    text.chars().filter(is_kept).collect()
}

fn not_text(bytes: &[u8], bad: usize) -> Malformed {
    let before = String::from_utf8_lossy(&bytes[..bad]).into_owned();
    let message = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "this is UTF-16; save the file as UTF-8",
        _ => "this byte is not UTF-8 text",
    };
    at(&before, before.len(), message.to_owned())
}

fn not_json(text: &str, error: &serde_json::Error) -> Malformed {
    let said = error.to_string();
    // The position stands in fields of its own; serde_json repeats it at the end of its sentence.
    let message = match said.rsplit_once(" at line ").map_or(said.as_str(), |(message, _)| message) {
        "recursion limit exceeded" => TOO_DEEP.to_owned(),
        message if is_comment(text, error) => format!("{message}; daemon.json has no comments: take this one out"),
        message => message.to_owned(),
    };
    Malformed { line: error.line().max(1), column: error.column().max(1), message }
}

/// Whether what is wrong is a comment, as JSON has none.
fn is_comment(text: &str, error: &serde_json::Error) -> bool {
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let rest = line.as_bytes().get(error.column().saturating_sub(1)..).unwrap_or_default();
    rest.starts_with(b"//") || rest.starts_with(b"/*") || rest.starts_with(b"#")
}

fn at(text: &str, byte: usize, message: String) -> Malformed {
    let before = &text[..byte];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Malformed { line, column, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Document::parse(text.as_bytes()).expect_err(text).to_string()
    }

    #[test]
    fn what_cannot_be_parsed_is_refused_with_line_and_column() {
        assert_eq!(refused("{\n  \"debug\": true\n  \"mtu\": 1\n}"), "line 3, column 3: expected `,` or `}`");
        assert_eq!(refused("{ \"a\": 1, }"), "line 1, column 11: trailing comma");
        let no_comments = "daemon.json has no comments: take this one out";
        assert_eq!(refused("// note\n{}"), format!("line 1, column 1: expected value; {no_comments}"));
        for text in ["{\n  # note\n}", "{ \"a\": 1 /* note */ }", "{ \"a\": 1, // note\n \"b\": 2 }"] {
            assert!(refused(text).ends_with(no_comments), "{}", refused(text));
        }
        assert_eq!(refused("\n [1]"), "line 2, column 2: daemon.json has to be an object: `{ … }`");
        assert!(refused(&"[".repeat(100_000)).contains("deeper here than stackctl reads"));
    }

    #[test]
    fn a_key_that_stands_there_twice_is_refused_at_any_depth() {
        assert_eq!(refused("{\"a\": 1,\n \"a\": 2}"), "line 2, column 2: `a` stands there a second time");
        assert_eq!(
            refused("{\"pools\": [{\"size\": 1, \"size\": 2}]}"),
            "line 1, column 24: `size` stands there a second time"
        );
        assert_eq!(refused("{\"a\":1,\"\\u0061\":1}"), "line 1, column 8: `a` stands there a second time");
    }

    #[test]
    fn other_encodings_are_refused_with_words() {
        let utf16 = Document::parse(&[0xff, 0xfe, b'{', 0, b'}', 0]).expect_err("UTF-16");
        assert!(utf16.message.contains("UTF-16"), "{utf16}");
        let broken = Document::parse(b"{\n \"\xff\": 1}").expect_err("not UTF-8");
        assert_eq!((broken.line, broken.column), (2, 3));
    }

    #[test]
    fn an_empty_file_says_nothing_and_keeps_its_bytes() {
        for text in ["", " \n", "\u{feff}\n"] {
            let document = Document::parse(text.as_bytes()).expect(text);
            assert!(document.is_empty() && document.settings().is_empty());
            assert_eq!(document.bytes(), text.as_bytes());
        }
    }

    #[test]
    fn settings_are_told_as_they_are_written() {
        let text = r#"{"mtu": 3.0e0, "labels": [ 1.50, "a \" b" ], "log-opts": { "max-file":  1E1 }}"#;
        let document = Document::parse(text.as_bytes()).expect("valid");
        let written: Vec<_> = document.settings().into_iter().map(|setting| setting.written).collect();
        assert_eq!(written, ["3.0e0", r#"[1.50,"a \" b"]"#, r#"{"max-file":1E1}"#]);
        let inside = |key| document.inside(key).into_iter().map(|part| (part.name, part.written)).collect::<Vec<_>>();
        assert_eq!(inside("log-opts"), [("max-file".to_owned(), "1E1".to_owned())]);
        assert_eq!(inside("labels")[0], (String::new(), "1.50".to_owned()));
        assert_eq!((inside("mtu"), inside("nothing")), (vec![], vec![]));
    }

    #[test]
    fn settings_are_told_with_their_lines() {
        let document = Document::parse(b"{\n\"bip\": \"10.0.0.1/24\",\n\n\"debug\": true }").expect("an object");
        let told: Vec<_> = document.settings().into_iter().map(|setting| (setting.name, setting.line)).collect();
        assert_eq!(told, [("bip".to_owned(), 2), ("debug".to_owned(), 4)]);
        assert_eq!(document.get_text("bip").as_deref(), Some("10.0.0.1/24"));
        assert_eq!(document.get("nothing"), None);
    }
}
