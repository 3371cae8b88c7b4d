//! Files of `KEY=VALUE` lines: those of variables beside the stack file, and `env_file`.

use super::environment::Environment;
use super::variables::{self, Mistake, MistakeKind};

/// What is said of a file that is no text, as of a stack file.
const NOT_TEXT: &str = "not text: a byte that UTF-8 text does not have";

/// A line that is not `KEY=VALUE`. Its text is never shown: it may hold a secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    /// Line, from 1.
    pub(super) line: usize,
    /// What is wrong with it.
    pub(super) message: String,
    /// Whether that is no more than a variable that has no value.
    pub(super) is_unset: bool,
}

impl BadLine {
    /// What to do.
    pub(super) fn help(&self) -> &'static str {
        match self.message.as_str() {
            NOT_TEXT => "save the file as UTF-8",
            _ if self.is_unset => {
                "for a dollar sign write `$$`, or the value in single quotes; for a variable set it, or give a default: `${NAME:-…}`"
            }
            _ => "write one `KEY=VALUE` on each line",
        }
    }
}

/// The same of the bytes of a file. Where they are no text, that is all that is said of them.
pub(super) fn decode(bytes: &[u8], environment: &Environment) -> (Vec<(String, String)>, Vec<BadLine>) {
    let text = String::from_utf8_lossy(bytes);
    let (pairs, bad) = parse(&text, environment);
    let Err(error) = std::str::from_utf8(bytes) else { return (pairs, bad) };
    let line = text[..error.valid_up_to()].matches('\n').count() + 1;
    (pairs, vec![BadLine { line, message: NOT_TEXT.to_owned(), is_unset: false }])
}

/// The variables of a file, in its order, and the lines that are wrong. Values may use variables of the environment.
pub(super) fn parse(text: &str, environment: &Environment) -> (Vec<(String, String)>, Vec<BadLine>) {
    let mut reading = Reading { environment, pairs: Vec::new(), bad: Vec::new() };
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once('=') {
            Some((name, rest)) if is_name(name.trim_end()) => {
                let rest = until_quote_closes(rest.trim_start(), &mut lines);
                reading.add(name.trim_end(), &rest, index + 1);
            }
            None if is_name(line.trim_end()) => reading.pass_through(line.trim_end()),
            _ => reading.wrong(index + 1, "expected `KEY=VALUE`"),
        }
    }
    (reading.pairs, reading.bad)
}

/// Whether a text can name an environment variable.
pub(super) fn is_name(text: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-');
    !text.is_empty() && !text.starts_with(|first: char| first.is_ascii_digit()) && text.chars().all(letter)
}

/// A quoted value may go on over several lines.
fn until_quote_closes<'t>(first: &str, lines: &mut impl Iterator<Item = (usize, &'t str)>) -> String {
    let mut value = first.to_owned();
    let Some(quote) = first.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { return value };
    while closing_quote(&value, quote).is_none() {
        let Some((_, line)) = lines.next() else { break };
        value.push('\n');
        value.push_str(line);
    }
    value
}

/// Where a quoted value ends.
fn closing_quote(value: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    value.char_indices().skip(1).find_map(|(position, letter)| {
        let closes = letter == quote && !escaped;
        escaped = quote == '"' && letter == '\\' && !escaped;
        closes.then_some(position)
    })
}

struct Reading<'e> {
    environment: &'e Environment,
    pairs: Vec<(String, String)>,
    bad: Vec<BadLine>,
}

impl Reading<'_> {
    fn add(&mut self, name: &str, rest: &str, line: usize) {
        let value = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => match closing_quote(rest, quote) {
                None => return self.wrong(line, "a quote that is never closed"),
                Some(end) if quote == '\'' => rest[1..end].to_owned(),
                Some(end) => self.fill(name, &unescaped(&rest[1..end]), line),
            },
            _ => self.fill(name, without_comment(rest), line),
        };
        self.pairs.push((name.to_owned(), value));
    }

    fn pass_through(&mut self, name: &str) {
        if let Some(value) = self.environment.get(name) {
            self.pairs.push((name.to_owned(), value));
        }
    }

    /// A mistake names the key alone: what looks like a variable may be a part of a password.
    fn fill(&mut self, name: &str, text: &str, line: usize) -> String {
        let pairs = &self.pairs;
        let own = |name: &str| pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let filled = variables::fill(text, &|name| self.environment.get(name).or_else(|| own(name)));
        if !filled.mistakes.is_empty() {
            let is_unset = |mistake: &Mistake| matches!(mistake.kind, MistakeKind::Unset(_));
            let is_unset = filled.mistakes.iter().all(is_unset);
            let message = if is_unset {
                format!("a `$` in the value of `{name}` begins a variable that has no value")
            } else {
                format!("a `$` in the value of `{name}` begins no variable")
            };
            self.bad.push(BadLine { line, message, is_unset });
        }
        filled.text
    }

    fn wrong(&mut self, line: usize, message: &str) {
        self.bad.push(BadLine { line, message: message.to_owned(), is_unset: false });
    }
}

/// A value without quotes ends at ` #`.
fn without_comment(text: &str) -> &str {
    let end = text.find(" #").or_else(|| text.find("\t#")).unwrap_or(text.len());
    if text.starts_with('#') { "" } else { text[..end].trim_end() }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let next = if letter == '\\' { letters.next() } else { None };
        match (letter, next) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some('$')) => out.push_str("$$"),
            ('\\', Some(other)) | (other, _) => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let environment: Environment = [("HOME", "/home/anna")].into_iter().collect();
        let (pairs, bad) = parse(text, &environment);
        assert_eq!(bad, [], "{text}");
        pairs
    }

    fn value(text: &str) -> String {
        read(text).pop().expect("a pair").1
    }

    #[test]
    fn values_are_read_as_compose_reads_them() {
        assert_eq!(value("A=1"), "1");
        assert_eq!(value("export A = x y  # comment"), "x y");
        assert_eq!(value("A=a#b"), "a#b");
        assert_eq!(value("A="), "");
        assert_eq!(value("A='$HOME # no'"), "$HOME # no");
        assert_eq!(value(r#"A="one\ntwo \"x\" $HOME""#), "one\ntwo \"x\" /home/anna");
        assert_eq!(value("A=\"first\nsecond\"\nB=2\nC=${A}"), "first\nsecond");
        assert_eq!(value("A=1\r\nB=2\r\n"), "2");
    }

    #[test]
    fn a_dollar_sign_in_a_value_is_told_by_its_key_and_nothing_stands_in_for_the_variable() {
        let (pairs, bad) = parse("A='x$y'\nDB_PASSWORD=hunter2$x\n", &Environment::default());
        let expected =
            [("A", "x$y"), ("DB_PASSWORD", "hunter2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(pairs, expected);
        assert!(bad.len() == 1 && bad[0].line == 2 && bad[0].is_unset, "{bad:?}");
        assert!(bad[0].message.contains("DB_PASSWORD") && !bad[0].message.contains("$x"), "{bad:?}");
    }

    #[test]
    fn a_name_alone_is_passed_through() {
        assert_eq!(read("HOME\nNOT_THERE\n"), [("HOME".to_owned(), "/home/anna".to_owned())]);
    }

    #[test]
    fn a_file_that_is_no_text_is_told_by_the_line_of_its_first_strange_byte() {
        let (pairs, bad) = decode(b"A=1\nB=caf\xe9\nC=3\n", &Environment::default());
        assert_eq!((pairs.len(), bad.len(), bad[0].line), (3, 1, 2));
        assert!(bad[0].message.contains("UTF-8") && bad[0].help().contains("UTF-8"));
        // UTF-16, as some editors write it.
        assert_eq!(decode(b"\xff\xfeA\x00=\x001\x00\n\x00", &Environment::default()).1.len(), 1);
    }

    #[test]
    fn lines_that_are_wrong_are_told_by_number_alone() {
        let (_, bad) = parse("A=1\nnot a pair\n=x\nB=\"open\n", &Environment::default());
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2, 3, 4]);
        assert!(bad.iter().all(|bad| !bad.message.contains("pair") && !bad.message.contains("open")));
    }
}
