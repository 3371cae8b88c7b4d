//! A place in a text, and the few moves that both grammars need.

use super::ParseError;

/// A place in a text. Every cut is made beside an ASCII byte, so that each part is text again.
pub(super) struct Cursor<'text> {
    text: &'text str,
    at: usize,
}

impl<'text> Cursor<'text> {
    pub(super) fn new(text: &'text str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// Steps over `expected`, if that is what comes next.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected.as_bytes());
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Steps over spaces and tabs; says whether there were any.
    pub(super) fn skip_blanks(&mut self) -> bool {
        !self.take_while(is_blank).is_empty()
    }

    pub(super) fn take_while(&mut self, wanted: fn(u8) -> bool) -> &'text str {
        let start = self.at;
        let length = self.rest().iter().position(|byte| !wanted(*byte)).unwrap_or(self.rest().len());
        self.at += length;
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn rest_of_line(&mut self) -> &'text str {
        self.take_while(|byte| byte != b'\n')
    }

    /// A metric or label name without quotes; empty where none stands here.
    pub(super) fn bare_name(&mut self, colon_allowed: bool) -> &'text str {
        match self.peek() {
            Some(first) if first.is_ascii_digit() => "",
            _ if colon_allowed => self.take_while(|byte| is_name_byte(byte) || byte == b':'),
            _ => self.take_while(is_name_byte),
        }
    }

    /// The raw inside of a quoted string whose opening quote comes next.
    pub(super) fn quoted(&mut self, newline_allowed: bool) -> Result<&'text str, ParseError> {
        let opening = self.at;
        self.advance();
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') if !matches!(self.text.as_bytes().get(self.at + 1), None | Some(b'\n')) => self.at += 2,
                Some(b'\n') if newline_allowed => self.advance(),
                None | Some(b'\n' | b'\\') => {
                    return Err(self.error_at(opening, "a quoted string has no end".to_owned()));
                }
                Some(_) => self.advance(),
            }
        }
        self.advance();
        Ok(self.text.get(opening + 1..self.at - 1).unwrap_or_default())
    }

    /// An error about the line the cursor stands on.
    pub(super) fn error(&self, message: impl Into<String>) -> ParseError {
        self.error_at(self.at, message.into())
    }

    /// An error that says what was expected and quotes what stands here instead.
    pub(super) fn expected(&self, what: &str) -> ParseError {
        self.error(format!("expected {what}, found {}", self.excerpt()))
    }

    fn error_at(&self, position: usize, message: String) -> ParseError {
        let before = self.text.as_bytes().get(..position).unwrap_or(self.text.as_bytes());
        ParseError { line: before.split(|byte| *byte == b'\n').count(), message }
    }

    fn excerpt(&self) -> String {
        let rest = self.text.get(self.at..).unwrap_or_default();
        match rest.lines().next() {
            None => "the end of the body".to_owned(),
            Some("") => "the end of the line".to_owned(),
            Some(line) => format!("`{}`", line.chars().take(40).collect::<String>()),
        }
    }

    fn rest(&self) -> &'text [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
