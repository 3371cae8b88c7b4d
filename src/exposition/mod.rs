//! What Prometheus reads from a target: the text format 0.0.4 and `OpenMetrics` 1.0.
//!
//! Accepted is what Prometheus accepts when it scrapes, and refused what it refuses; compared with 2.42 on random bodies.
//!
//! Histogram arithmetic is not looked at, because Prometheus does not either.
//! Where versions differ (a comma before `}`, exemplars on any sample, quoted names) the later one is followed.

mod content_type;
mod cursor;
mod library;
mod metadata;
mod sample;

pub use content_type::{ContentType, content_type};
pub use library::library_of;

use std::fmt;

use cursor::Cursor;
use serde::{Deserialize, Serialize};

/// Which grammar a body follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `text/plain`, versions 0.0.4 and 1.0.0.
    Text,
    /// `application/openmetrics-text`.
    OpenMetrics,
}

/// What a body holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Number of samples, which is what `sample_limit` counts.
    pub samples: u64,
    /// Families that have a `# TYPE` line, in order.
    pub families: Vec<Family>,
}

/// One metric family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Name as in the `# TYPE` line.
    pub name: String,
    /// `counter`, `gauge`, `histogram` …
    pub kind: String,
}

/// Why Prometheus would refuse a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParseError {
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Reads a whole body, in time linear in its length.
pub fn parse(text: &str, format: Format) -> Result<Summary, ParseError> {
    let mut summary = Summary::default();
    let mut cursor = Cursor::new(text);
    match format {
        Format::Text => plain_text(&mut cursor, &mut summary)?,
        Format::OpenMetrics => open_metrics(&mut cursor, &mut summary)?,
    }
    Ok(summary)
}

/// Reads a body that may not even be text.
pub fn parse_bytes(body: &[u8], format: Format) -> Result<Summary, ParseError> {
    match std::str::from_utf8(body) {
        Ok(text) => parse(text, format),
        Err(error) => {
            let good = body.get(..error.valid_up_to()).unwrap_or_default();
            let line = good.split(|byte| *byte == b'\n').count();
            Err(ParseError { line, message: "not valid UTF-8".to_owned() })
        }
    }
}

fn plain_text(cursor: &mut Cursor, summary: &mut Summary) -> Result<(), ParseError> {
    loop {
        let blanks = cursor.skip_blanks();
        match cursor.peek() {
            None => return Ok(()),
            Some(b'\n') => cursor.advance(),
            Some(b'#') => summary.families.extend(metadata::plain_text(cursor)?),
            // Prometheus counts them to the name: version 2 refuses it, version 3 stores a name nobody looks for.
            Some(first) if blanks && first != b'{' => return Err(cursor.error("blanks stand before the metric name")),
            Some(_) => {
                sample::plain_text(cursor)?;
                summary.samples += 1;
            }
        }
    }
}

fn open_metrics(cursor: &mut Cursor, summary: &mut Summary) -> Result<(), ParseError> {
    loop {
        match cursor.peek() {
            None => return Err(cursor.error("the body does not end with `# EOF`")),
            Some(b'#') if cursor.eat("# EOF") => {
                cursor.eat("\n");
                return if cursor.peek().is_none() { Ok(()) } else { Err(cursor.error("there is more after `# EOF`")) };
            }
            Some(b'#') => summary.families.extend(metadata::open_metrics(cursor)?),
            Some(_) => {
                sample::open_metrics(cursor)?;
                summary.samples += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
