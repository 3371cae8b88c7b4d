//! What is wrong with text that is not YAML, in words that help.

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use super::super::collector::Collector;
use super::{DEPTH_LIMIT, Span, narrow};

/// What to do about a document that is too deep.
pub(super) const TOO_DEEP_HELP: &str = "a stack file needs about ten levels; look for brackets that are never closed";

/// The message for a document that is too deep.
pub(super) fn too_deep() -> String {
    format!("more than {DEPTH_LIMIT} levels of maps and lists in each other")
}

/// Records a parser's error.
pub(super) fn report(error: &ScanError, text: &str, source: usize, problems: &mut Collector) {
    let at = tab(error, text, source).unwrap_or_else(|| position(error, text, source));
    let (message, help) = words(error.kind());
    problems.error(at, "", message, help);
}

fn position(error: &ScanError, text: &str, source: usize) -> Span {
    let marker = error.marker();
    let start = marker.byte_offset().unwrap_or(0).min(text.len());
    let width = text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Span {
        source: narrow(source),
        line: narrow(marker.line().max(1)),
        column: narrow(marker.col() + 1),
        start: narrow(start),
        end: narrow(start + width),
    }
}

/// The tab in a line's indentation. The parser marks what stands behind it, or the value of a line before, which it takes to
/// go on here. `None`: the error is not about such a tab.
fn tab(error: &ScanError, text: &str, source: usize) -> Option<Span> {
    let marked = error.marker().line().max(1);
    let lines = match error.kind() {
        ErrorKind::TabInIndentation | ErrorKind::TabInBlockIndentation | ErrorKind::TabNotAllowed => marked..=marked,
        ErrorKind::TabInPlainScalar | ErrorKind::TabAtBlockScalarStart => marked + 1..=usize::MAX,
        _ => return None,
    };
    let mut start = 0;
    for (line, written) in (1..).zip(text.split_inclusive('\n')) {
        let content = written.trim_start_matches([' ', '\t']);
        let indentation = &written[..written.len() - content.len()];
        if let Some(column) = indentation.find('\t').filter(|_| lines.contains(&line) && !content.trim().is_empty()) {
            let start = start + column;
            let (line, column) = (narrow(line), narrow(column + 1));
            return Some(Span { source: narrow(source), line, column, start: narrow(start), end: narrow(start + 1) });
        }
        start += written.len();
    }
    None
}

fn words(kind: &ErrorKind) -> (String, &'static str) {
    let (message, help) = match kind {
        ErrorKind::RecursionLimitExceeded => return (too_deep(), TOO_DEEP_HELP),
        ErrorKind::TabInIndentation
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => ("a tab where only spaces can stand", "indent with spaces"),
        ErrorKind::UnclosedQuotedScalar => ("a quote is never closed", "close it on the same line"),
        ErrorKind::MappingValueNotAllowed => {
            ("a `: ` inside a value, or a key that is indented too far", "put quotes around a value that holds `: `")
        }
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping => {
            ("a bracket is never closed", "close every `[` with `]`, every `{` with `}`")
        }
        ErrorKind::InvalidColonPlacement => (
            "a `:` where none can stand",
            "close the `[` or `{` before it, or put quotes around a text that holds `: `",
        ),
        ErrorKind::InvalidQuotedScalarIndent => {
            ("a quoted text goes on here with too little indentation", "close the quote on the line where it begins")
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::ExpectedBlockMappingKey => {
            ("a key was expected here", "write `key: value`, indented like its neighbours")
        }
        ErrorKind::ExpectedBlockSequenceEntry => ("a list item was expected here", "begin it with `- `"),
        ErrorKind::UnexpectedCharacter { character } => {
            let message = format!("not YAML: a value cannot begin with `{}`", character.escape_debug());
            return (message, "put quotes around the value");
        }
        other => return (format!("not YAML: {other}"), "look at quotes, brackets and indentation here and just above"),
    };
    (message.to_owned(), help)
}
