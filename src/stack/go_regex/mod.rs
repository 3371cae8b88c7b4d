//! Regular expressions as Go reads them (`regexp/syntax/parse.go`): what Prometheus takes, and in Go's words why it refuses
//! the rest. Nothing is matched.

mod escape;
mod names;
mod part;

use part::{Group, MOST_REPEATS, Part, repeated, within_limits};

/// Why Prometheus refuses a regular expression of relabelling, which it reads as a whole: `^(?:…)$`. `None`: it does not.
pub(super) fn fault(expression: &str) -> Option<String> {
    let whole = format!("^(?:{expression})$");
    Reader { rest: &whole, groups: vec![Group::default()] }.read().err()
}

struct Reader<'a> {
    rest: &'a str,
    groups: Vec<Group>,
}

impl Reader<'_> {
    fn read(mut self) -> Result<(), String> {
        let mut was_repetition = false;
        while let Some(letter) = self.rest.chars().next() {
            let is_repetition = self.token(letter, was_repetition)?;
            was_repetition = is_repetition;
        }
        if self.groups.len() > 1 {
            return Err("missing closing )".to_owned());
        }
        let whole = self.groups.pop().map(Group::part).unwrap_or_default();
        within_limits(whole).map(drop)
    }

    /// Reads one token; true: it was a repetition.
    fn token(&mut self, letter: char, was_repetition: bool) -> Result<bool, String> {
        match letter {
            '(' if self.rest.starts_with("(?") => self.flags()?,
            '(' => self.open(1, true),
            ')' => self.close()?,
            '|' => {
                self.rest = &self.rest[1..];
                self.group().end_alternative();
            }
            '[' => {
                self.class()?;
                self.push(Part::ONE);
            }
            '*' | '+' | '?' => {
                let start = self.rest;
                self.rest = &self.rest[1..];
                self.repetition(start, was_repetition)?;
                self.repeat(|part| Ok(part.around(1)))?;
                return Ok(true);
            }
            '{' => {
                if let Some((least, most, after)) = counts(self.rest) {
                    let start = self.rest;
                    self.rest = after;
                    let bad = |number: Option<u32>| number.is_some_and(|number| number > MOST_REPEATS);
                    let written = &start[..start.len() - after.len()];
                    if bad(Some(least)) || bad(most) || most.is_some_and(|most| least > most) {
                        return Err(format!("invalid repeat count: `{written}`"));
                    }
                    self.repetition(start, was_repetition)?;
                    self.repeat(|part| repeated(part, least, most, written))?;
                    return Ok(true);
                }
                self.literal(letter);
            }
            '\\' => self.escaped()?,
            _ => self.literal(letter),
        }
        Ok(false)
    }

    fn group(&mut self) -> &mut Group {
        self.groups.last_mut().expect("the outermost one stays")
    }

    fn push(&mut self, part: Part) {
        self.group().push(part);
    }

    fn literal(&mut self, letter: char) {
        self.rest = &self.rest[letter.len_utf8()..];
        self.push(Part::ONE);
    }

    fn open(&mut self, length: usize, is_captured: bool) {
        self.rest = &self.rest[length..];
        self.groups.push(Group { is_captured, ..Group::default() });
    }

    fn close(&mut self) -> Result<(), String> {
        if self.groups.len() == 1 {
            return Err("unexpected )".to_owned());
        }
        self.rest = &self.rest[1..];
        let part = self.groups.pop().map(Group::part).unwrap_or_default();
        self.push(within_limits(part)?);
        Ok(())
    }

    /// What may follow a repetition's sign: a `?`, and no further repetition.
    fn repetition(&mut self, start: &str, was_repetition: bool) -> Result<(), String> {
        self.rest = self.rest.strip_prefix('?').unwrap_or(self.rest);
        let written = &start[..start.len() - self.rest.len()];
        if was_repetition {
            return Err(format!("invalid nested repetition operator: `{written}`"));
        }
        if self.group().last.is_none() {
            return Err(format!("missing argument to repetition operator: `{written}`"));
        }
        Ok(())
    }

    fn repeat(&mut self, repeated: impl Fn(Part) -> Result<Part, String>) -> Result<(), String> {
        let Some(last) = self.group().last.take() else { return Ok(()) };
        let part = within_limits(repeated(last)?)?;
        self.group().last = Some(part);
        Ok(())
    }

    /// `(?P<name>…)`, `(?flags)` or `(?flags:…)`.
    fn flags(&mut self) -> Result<(), String> {
        if let Some(named) = self.rest.strip_prefix("(?P<") {
            let end = named.find('>').ok_or_else(|| format!("invalid named capture: `{}`", self.rest))?;
            let (name, length) = (&named[..end], end + 5);
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !is_name {
                let written = &self.rest[..length];
                return Err(format!("invalid named capture: `{written}`"));
            }
            self.open(length, true);
            return Ok(());
        }
        let (mut is_negative, mut has_flag) = (false, false);
        for (at, letter) in self.rest.char_indices().skip(2) {
            match letter {
                'i' | 'm' | 's' | 'U' => has_flag = true,
                '-' if !is_negative => (is_negative, has_flag) = (true, false),
                ':' | ')' if !is_negative || has_flag => {
                    if letter == ':' {
                        self.open(at + 1, false);
                    } else {
                        self.rest = &self.rest[at + 1..];
                    }
                    return Ok(());
                }
                _ => {
                    let written = &self.rest[..at + letter.len_utf8()];
                    return Err(format!("invalid or unsupported Perl syntax: `{written}`"));
                }
            }
        }
        Err("missing closing )".to_owned())
    }
}

/// `{n}`, `{n,}` or `{n,m}` at the begin of a text, and what follows. `None`: the bracket is a letter like others.
fn counts(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let (least, rest) = count(text.strip_prefix('{')?)?;
    let (most, rest) = match rest.strip_prefix(',') {
        None => (Some(least), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => {
            let (most, rest) = count(rest)?;
            (Some(most), rest)
        }
    };
    Some((least, most, rest.strip_prefix('}')?))
}

/// A number without zeros in front; too large a one is larger than any that is allowed.
fn count(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let digits = &text[..length];
    let has_zeros_in_front = length > 1 && digits.starts_with('0');
    (length > 0 && !has_zeros_in_front).then(|| (digits.parse().unwrap_or(u32::MAX), &text[length..]))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn what_go_reads_is_taken() {
        for expression in [
            "",
            ".*",
            "a|b",
            "(a|b)+?",
            "a{2,5}",
            "a{,5}",
            "x{",
            "[a-z^-]",
            "[]a]",
            "[^]]",
            "[[:alpha:]_]",
            r"\Qa+\E+",
            r"\p{Greek}",
            r"\pN",
            r"[\d\pL-]",
            "(?P<name>a)",
            "(?i:a)",
            "(?s-i)a",
            "(?)",
            r"\x{10FFFF}\x7f\012",
            r"\.",
            r"\_",
            "a(?i)*",
            "é+",
            "a)(b",
            "(?:a{10}){100}",
            r"\b\B\A\z",
            "((a*)*)*",
        ] {
            assert_eq!(fault(expression), None, "{expression}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused_in_its_words() {
        for (expression, words) in [
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?<!a)b", "invalid or unsupported Perl syntax: `(?<`"),
            ("(?-)", "invalid or unsupported Perl syntax: `(?-)`"),
            (r"\C", r"invalid escape sequence: `\C`"),
            (r"(a)\1", r"invalid escape sequence: `\1`"),
            (r"\q", r"invalid escape sequence: `\q`"),
            (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
            (r"\Qa", "missing closing )"),
            ("a**", "invalid nested repetition operator: `*`"),
            ("a{2}{3}", "invalid nested repetition operator: `{3}`"),
            ("+a", "missing argument to repetition operator: `+`"),
            ("a|*", "missing argument to repetition operator: `*`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("a{3,2}", "invalid repeat count: `{3,2}`"),
            ("(?:a{101}){10}", "invalid repeat count: `{10}`"),
            ("[a", "missing closing ]"),
            ("[z-a]", "invalid character class range: `z-a`"),
            ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
            (r"\p{Klingon}", r"invalid character class range: `\p{Klingon}`"),
            ("(?P<a b>x)", "invalid named capture: `(?P<a b>`"),
            ("(a", "missing closing )"),
            ("a)", "unexpected )"),
        ] {
            assert_eq!(fault(expression).as_deref(), Some(words), "{expression}");
        }
        let deep = format!("{}{}", "(".repeat(1000), ")".repeat(1000));
        assert_eq!(fault(&deep).as_deref(), Some("expression nests too deeply"));
        assert_eq!(fault(&"(a)".repeat(5000)), None);
    }
}
