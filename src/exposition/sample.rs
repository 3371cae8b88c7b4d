//! One sample: name, labels, value, timestamp and, in `OpenMetrics`, exemplar.

use super::ParseError;
use super::cursor::{Cursor, is_blank};

/// How an exemplar begins.
const EXEMPLAR: &str = " # {";

/// One sample of the text format, with its newline. Blanks may stand almost anywhere.
pub(super) fn plain_text(cursor: &mut Cursor) -> Result<(), ParseError> {
    let name = cursor.bare_name(true);
    cursor.skip_blanks();
    series(cursor, name, Blanks::Skipped)?;
    cursor.skip_blanks();
    value(cursor, |byte| !is_blank(byte) && byte != b'\n' && byte != b'{')?;
    cursor.skip_blanks();
    let timestamp = cursor.take_while(|byte| byte.is_ascii_digit());
    if !timestamp.is_empty() && timestamp.parse::<i64>().is_err() {
        return Err(cursor.error(format!("timestamp `{timestamp}` is too large")));
    }
    cursor.skip_blanks();
    if cursor.eat("\n") || cursor.peek().is_none() {
        return Ok(());
    }
    Err(cursor.expected("a timestamp or the end of the line"))
}

/// One sample of `OpenMetrics`, with its newline. Exactly one space between its parts, none elsewhere.
pub(super) fn open_metrics(cursor: &mut Cursor) -> Result<(), ParseError> {
    let name = cursor.bare_name(true);
    series(cursor, name, Blanks::Refused)?;
    spaced_value(cursor, "a space and a value")?;
    if cursor.eat(EXEMPLAR) {
        return exemplar(cursor);
    }
    if cursor.peek() == Some(b' ') {
        timestamp(cursor)?;
    }
    if cursor.eat(EXEMPLAR) { exemplar(cursor) } else { line_end(cursor) }
}

/// What stands between `{` and the end of the line in an exemplar.
fn exemplar(cursor: &mut Cursor) -> Result<(), ParseError> {
    labels(cursor, Some("exemplar"), Blanks::Refused)?;
    spaced_value(cursor, "a space and the exemplar's value")?;
    if cursor.peek() == Some(b' ') {
        timestamp(cursor)?;
    }
    line_end(cursor)
}

fn line_end(cursor: &mut Cursor) -> Result<(), ParseError> {
    match cursor.peek() {
        Some(b'\n') => cursor.advance(),
        None => return Err(cursor.error("the body does not end with `# EOF`")),
        Some(_) => return Err(cursor.expected("the end of the line")),
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Blanks {
    Skipped,
    Refused,
}

impl Blanks {
    fn pass(self, cursor: &mut Cursor) {
        if self == Self::Skipped {
            cursor.skip_blanks();
        }
    }
}

/// The labels of a sample whose name, if it stands before the brace, was read already.
fn series<'text>(cursor: &mut Cursor<'text>, name: &'text str, blanks: Blanks) -> Result<(), ParseError> {
    if cursor.eat("{") {
        labels(cursor, (!name.is_empty()).then_some(name), blanks)
    } else if name.is_empty() {
        Err(cursor.expected("a metric name"))
    } else {
        Ok(())
    }
}

/// Labels up to and with the closing brace. Without a `name` so far, a lone quoted string is the metric's name.
fn labels<'text>(cursor: &mut Cursor<'text>, name: Option<&'text str>, blanks: Blanks) -> Result<(), ParseError> {
    let mut metric_name = name;
    let mut label_names = Vec::new();
    loop {
        blanks.pass(cursor);
        if cursor.eat("}") {
            break;
        }
        let quoted = cursor.peek() == Some(b'"');
        let label_name = if quoted { cursor.quoted(true)? } else { cursor.bare_name(false) };
        if label_name.is_empty() {
            return Err(cursor.expected("a label name or `}`"));
        }
        blanks.pass(cursor);
        if quoted && metric_name.is_none() && matches!(cursor.peek(), Some(b',' | b'}')) {
            metric_name = Some(label_name);
            cursor.eat(",");
            continue;
        }
        label_value(cursor, label_name, blanks)?;
        label_names.push(label_name);
        blanks.pass(cursor);
        if !cursor.eat(",") && blanks == Blanks::Refused && cursor.peek() != Some(b'}') {
            return Err(cursor.expected("`,` or `}` after a label"));
        }
    }
    if metric_name.is_none() {
        return Err(cursor.error("the sample has no metric name"));
    }
    unique(cursor, label_names)
}

fn label_value(cursor: &mut Cursor, label_name: &str, blanks: Blanks) -> Result<(), ParseError> {
    if !cursor.eat("=") {
        return Err(cursor.expected(&format!("`=` after the label name `{label_name}`")));
    }
    blanks.pass(cursor);
    if cursor.peek() != Some(b'"') {
        return Err(cursor.expected(&format!("a quoted value for the label `{label_name}`")));
    }
    cursor.quoted(blanks == Blanks::Skipped).map(drop)
}

/// Prometheus refuses a sample with one label twice when it stores it, and the whole scrape with it.
fn unique(cursor: &Cursor, mut label_names: Vec<&str>) -> Result<(), ParseError> {
    label_names.sort_unstable();
    let twice = label_names.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first().copied());
    match twice.or_else(|| label_names.iter().copied().find(|label_name| *label_name == "__name__")) {
        Some(label_name) => Err(cursor.error(format!("label `{label_name}` stands twice"))),
        None => Ok(()),
    }
}

fn spaced_value(cursor: &mut Cursor, what: &str) -> Result<(), ParseError> {
    if cursor.eat(" ") { value(cursor, |byte| byte != b' ' && byte != b'\n') } else { Err(cursor.expected(what)) }
}

fn value(cursor: &mut Cursor, wanted: fn(u8) -> bool) -> Result<(), ParseError> {
    if cursor.peek().is_none_or(|byte| !wanted(byte)) {
        return Err(cursor.expected("a value"));
    }
    let text = cursor.take_while(wanted);
    number(text).map(drop).ok_or_else(|| not_a_number(cursor, text))
}

/// A timestamp of `OpenMetrics`, in seconds, behind its space.
fn timestamp(cursor: &mut Cursor) -> Result<(), ParseError> {
    cursor.eat(" ");
    let text = cursor.take_while(|byte| byte != b' ' && byte != b'\n');
    match number(text) {
        Some(seconds) if seconds.is_finite() => Ok(()),
        _ => Err(not_a_number(cursor, text)),
    }
}

fn not_a_number(cursor: &Cursor, text: &str) -> ParseError {
    cursor.error(format!("`{}` is not a number", text.chars().take(40).collect::<String>().escape_debug()))
}

/// A number as Go's `ParseFloat` reads it, without the forms that Prometheus refuses.
/// Rust's own differs in two points: it takes a signed NaN, and turns what is too large into infinity.
fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let signed_nan = number.is_nan() && text.len() != 3;
    let too_large = number.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit());
    (!signed_nan && !too_large).then_some(number)
}
