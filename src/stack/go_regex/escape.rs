//! Classes of letters, and what a backslash stands for.

use super::Reader;
use super::names::{CATEGORIES, POSIX_CLASSES, SCRIPTS, has};
use super::part::Part;

impl Reader<'_> {
    /// `[…]`
    pub(super) fn class(&mut self) -> Result<(), String> {
        let whole = self.rest;
        self.rest = &self.rest[1..];
        self.rest = self.rest.strip_prefix('^').unwrap_or(self.rest);
        let mut is_first = true;
        while is_first || !self.rest.starts_with(']') {
            is_first = false;
            if self.rest.is_empty() {
                return Err("missing closing ]".to_owned());
            }
            if self.rest.starts_with("[:")
                && let Some(end) = self.rest[2..].find(":]")
            {
                let written = &self.rest[..end + 4];
                let name = written[2..end + 2].trim_start_matches('^');
                if !has(POSIX_CLASSES, name) || written[2..].starts_with("^^") {
                    return Err(format!("invalid character class range: `{written}`"));
                }
                self.rest = &self.rest[end + 4..];
                continue;
            }
            if self.unicode_class()? || self.perl_class() {
                continue;
            }
            let start = self.rest;
            let low = self.class_letter(whole)?;
            let mut high = low;
            if self.rest.len() >= 2 && self.rest.starts_with('-') && !self.rest[1..].starts_with(']') {
                self.rest = &self.rest[1..];
                high = self.class_letter(whole)?;
            }
            if high < low {
                let written = &start[..start.len() - self.rest.len()];
                return Err(format!("invalid character class range: `{written}`"));
            }
        }
        self.rest = &self.rest[1..];
        Ok(())
    }

    fn class_letter(&mut self, whole: &str) -> Result<u32, String> {
        match self.rest.chars().next() {
            None => Err(format!("missing closing ]: `{whole}`")),
            Some('\\') => self.escape(),
            Some(letter) => {
                self.rest = &self.rest[letter.len_utf8()..];
                Ok(u32::from(letter))
            }
        }
    }

    /// `\p{Greek}`, `\PN`; false: something else stands here.
    fn unicode_class(&mut self) -> Result<bool, String> {
        let Some(after) = self.rest.strip_prefix("\\p").or_else(|| self.rest.strip_prefix("\\P")) else {
            return Ok(false);
        };
        let bad = |written: &str| Err(format!("invalid character class range: `{written}`"));
        let (name, length) = if let Some(braced) = after.strip_prefix('{') {
            let Some(end) = braced.find('}') else { return bad(self.rest) };
            (&braced[..end], end + 4)
        } else {
            let length = after.chars().next().map_or(0, char::len_utf8);
            (&after[..length], length + 2)
        };
        let plain = name.strip_prefix('^').unwrap_or(name);
        if plain != "Any" && !has(CATEGORIES, plain) && !has(SCRIPTS, plain) {
            return bad(&self.rest[..length]);
        }
        self.rest = &self.rest[length..];
        Ok(true)
    }

    /// `\d`, `\S` and their like; false: something else stands here.
    fn perl_class(&mut self) -> bool {
        let is_one = ["\\d", "\\D", "\\s", "\\S", "\\w", "\\W"].iter().any(|class| self.rest.starts_with(class));
        if is_one {
            self.rest = &self.rest[2..];
        }
        is_one
    }

    /// A backslash outside of a class, and what belongs to it.
    pub(super) fn escaped(&mut self) -> Result<(), String> {
        match self.rest[1..].chars().next() {
            Some('A' | 'b' | 'B' | 'z') => self.rest = &self.rest[2..],
            Some('C') => return Err("invalid escape sequence: `\\C`".to_owned()),
            Some('Q') => {
                let text = &self.rest[2..];
                let (text, rest) = text.split_once("\\E").unwrap_or((text, ""));
                text.chars().for_each(|_| self.push(Part::ONE));
                self.rest = rest;
                return Ok(());
            }
            _ => {
                if !self.unicode_class()? && !self.perl_class() {
                    self.escape()?;
                }
            }
        }
        self.push(Part::ONE);
        Ok(())
    }

    /// A backslash that stands for one letter.
    fn escape(&mut self) -> Result<u32, String> {
        let start = self.rest;
        let mut letters = self.rest[1..].chars();
        let Some(letter) = letters.next() else { return Err("trailing backslash at end of expression".to_owned()) };
        let bad = |rest: &str| {
            let length = (start.len() - rest.len()).max(1 + letter.len_utf8());
            Err(format!("invalid escape sequence: `{}`", &start[..length]))
        };
        let code = match letter {
            '0'..='7' => {
                let mut code = u32::from(letter) - u32::from('0');
                let mut count = 0;
                while let Some(digit) = letters.clone().next().and_then(|next| next.to_digit(8)).filter(|_| count < 2) {
                    (code, count) = (code * 8 + digit, count + 1);
                    letters.next();
                }
                // A single digit would refer to a group, which is not supported.
                if letter != '0' && count == 0 {
                    return bad(letters.as_str());
                }
                code
            }
            'x' => match hexadecimal(&mut letters) {
                Some(code) => code,
                None => return bad(letters.as_str()),
            },
            'a' => 7,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => u32::from(other),
            _ => return bad(letters.as_str()),
        };
        self.rest = letters.as_str();
        Ok(code)
    }
}

/// `\x7F` or `\x{10FFFF}`, after the `x`.
fn hexadecimal(letters: &mut std::str::Chars) -> Option<u32> {
    let first = letters.next()?;
    if first != '{' {
        return Some(first.to_digit(16)? * 16 + letters.next()?.to_digit(16)?);
    }
    let (mut code, mut count) = (0_u32, 0);
    loop {
        let letter = letters.next()?;
        if letter == '}' {
            return (count > 0).then_some(code);
        }
        code = code * 16 + letter.to_digit(16)?;
        count += 1;
        if code > u32::from(char::MAX) {
            return None;
        }
    }
}
