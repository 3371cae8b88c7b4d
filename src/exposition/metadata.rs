//! The lines that begin with `#`: `HELP`, `TYPE`, `UNIT` and comments.

use super::cursor::{Cursor, is_blank};
use super::{Family, ParseError};

const TEXT_KINDS: [&str; 5] = ["counter", "gauge", "histogram", "summary", "untyped"];
const OPEN_METRICS_KINDS: [&str; 8] =
    ["counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown"];

/// One `#` line of the text format, up to its end. What is neither `HELP` nor `TYPE` is a comment.
pub(super) fn plain_text(cursor: &mut Cursor) -> Result<Option<Family>, ParseError> {
    cursor.advance();
    if !cursor.skip_blanks() {
        cursor.rest_of_line();
        return Ok(None);
    }
    let word = cursor.take_while(|byte| !is_blank(byte) && byte != b'\n');
    if !matches!(word, "HELP" | "TYPE") || !cursor.skip_blanks() {
        cursor.rest_of_line();
        return Ok(None);
    }
    let name = metric_name(cursor, word)?;
    let text = separated_text(cursor);
    if word == "HELP" {
        return Ok(None);
    }
    family(cursor, name, text, &TEXT_KINDS).map(Some)
}

/// One `#` line of `OpenMetrics`, with its newline. There are no comments.
pub(super) fn open_metrics(cursor: &mut Cursor) -> Result<Option<Family>, ParseError> {
    let Some(word) = ["HELP", "TYPE", "UNIT"].into_iter().find(|word| cursor.eat(&format!("# {word} "))) else {
        return Err(cursor.expected("`# HELP`, `# TYPE`, `# UNIT`, `# EOF` or a sample"));
    };
    let name = metric_name(cursor, word)?;
    if cursor.peek() != Some(b' ') {
        return Err(cursor.expected(&format!("a space and text after the name in `# {word}`")));
    }
    let text = separated_text(cursor);
    let family = match word {
        "TYPE" => Some(family(cursor, name, text, &OPEN_METRICS_KINDS)?),
        "UNIT" if !is_unit_of(text, name) => {
            return Err(cursor.error(format!("unit `{text}` is not the end of the name `{name}`")));
        }
        _ => None,
    };
    if cursor.eat("\n") { Ok(family) } else { Err(cursor.error("the body does not end with `# EOF`")) }
}

fn metric_name<'text>(cursor: &mut Cursor<'text>, word: &str) -> Result<&'text str, ParseError> {
    let name = if cursor.peek() == Some(b'"') { cursor.quoted(true)? } else { cursor.bare_name(true) };
    if name.is_empty() { Err(cursor.expected(&format!("a metric name after `# {word}`"))) } else { Ok(name) }
}

/// The rest of the line after the one byte that separates it from the name.
fn separated_text<'text>(cursor: &mut Cursor<'text>) -> &'text str {
    let rest = cursor.rest_of_line();
    let mut characters = rest.chars();
    characters.next();
    characters.as_str()
}

fn family(cursor: &Cursor, name: &str, kind: &str, known: &[&str]) -> Result<Family, ParseError> {
    if known.contains(&kind) {
        return Ok(Family { name: name.to_owned(), kind: kind.to_owned() });
    }
    Err(cursor.error(format!("`{}` is not a metric type", kind.chars().take(40).collect::<String>().escape_debug())))
}

fn is_unit_of(unit: &str, name: &str) -> bool {
    unit.is_empty() || name.strip_suffix(unit).is_some_and(|stem| stem.ends_with('_'))
}
