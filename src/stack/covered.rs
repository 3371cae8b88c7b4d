//! Secrets in a source, covered letter by letter before a line of it is shown: read from the text alone, because a file may be
//! wrong before anybody knows what its values are.

use std::ops::Range;

use super::mask::{self, names_a_secret};
use super::report::LONGEST_LINE;

/// The text with stars for what may be secret. Every place in it stays where it is.
pub(super) fn covered(text: &str) -> String {
    let mut covered = mask::covered(text);
    for range in settings(text) {
        mask::cover(&mut covered, range);
    }
    covered
}

/// Where the values of settings stand whose names speak of secrets.
fn settings(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut begin = 0;
    // The column of a key whose value stands on the lines below it.
    let mut above: Option<usize> = None;
    for whole in text.split_inclusive('\n') {
        let line = whole.trim_end();
        let column = line.len() - line.trim_start().len();
        if above.is_some_and(|above| column > above) && !line.is_empty() {
            found.push(begin + column..begin + line.len());
        } else if !line.is_empty() && line.len() <= LONGEST_LINE {
            above = None;
            for range in of_line(line) {
                if matches!(line[range.clone()].chars().next(), Some('|' | '>')) {
                    above = Some(column);
                } else {
                    found.push(begin + range.start..begin + range.end);
                }
            }
        }
        begin += whole.len();
    }
    found
}

/// Values in one line: behind `NAME: `, `NAME=`, `--name ` and `Bearer `.
fn of_line(line: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, sign) in line.char_indices().filter(|(_, letter)| matches!(letter, ':' | '=')) {
        let is_quoted = line[..at].ends_with(['"', '\'']);
        let before = line[..at].trim_end_matches(['"', '\'', ' ']);
        let name = &before[before.trim_end_matches(is_of_name).len()..];
        let behind = &line[at + 1..];
        let is_pair = sign == '=' || is_quoted || behind.is_empty() || behind.starts_with([' ', '\t', '"', '\'']);
        if !is_pair || !speaks_of_a_secret(name) {
            continue;
        }
        let start = at + 1 + (behind.len() - behind.trim_start().len());
        // An item of a list, such as `- NAME=VALUE`, is one value to its end.
        let is_item = matches!(before[..before.len() - name.len()].trim(), "-" | "- \"" | "- '");
        found.extend(value(line, start, sign == '=' && !is_item));
    }
    let mut begin = 0;
    let mut follows = false;
    for word in line.split_inclusive(char::is_whitespace) {
        let bare = word.trim();
        if std::mem::take(&mut follows) && !bare.starts_with('-') {
            found.extend(value(line, begin, true));
        }
        let name = bare.trim_matches(['"', '\'', ',', '[', ']']);
        follows = name.eq_ignore_ascii_case("bearer") || (name.starts_with('-') && speaks_of_a_secret(name));
        begin += word.len();
    }
    found
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.')
}

/// Whether a name does, with or without a number behind it.
fn speaks_of_a_secret(name: &str) -> bool {
    names_a_secret(name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '_'))
}

/// The value that begins there. `None`: it is none, a variable, a list or a map. `is_word`: it ends with the word.
fn value(line: &str, start: usize, is_word: bool) -> Option<Range<usize>> {
    let rest = &line[start..];
    let first = rest.chars().next()?;
    if matches!(first, '{' | '[' | '*' | '#') || (first == '$' && !rest.starts_with("$$")) {
        return None;
    }
    if matches!(first, '"' | '\'') {
        let end = rest[1..].find(first).unwrap_or(rest.len() - 1);
        let is_variable = rest[1..].starts_with('$') && !rest[1..].starts_with("$$");
        return (end > 0 && !is_variable).then_some(start + 1..start + 1 + end);
    }
    let in_brackets = line[..start].contains(['{', '[']);
    let ends = |at: usize, letter: char| match letter {
        '"' | '\'' => true,
        '&' | ';' => is_word,
        ',' => in_brackets && rest[at + 1..].starts_with([' ', '\t']),
        '}' | ']' => in_brackets,
        '#' => rest[..at].ends_with([' ', '\t']),
        _ => is_word && letter.is_whitespace(),
    };
    let end = rest.char_indices().find(|(at, letter)| ends(*at, *letter)).map_or(rest.len(), |(at, _)| at);
    (end > 0).then_some(start..start + rest[..end].trim_end().len())
}

#[cfg(test)]
mod tests {
    use super::covered;

    #[test]
    fn what_a_name_calls_secret_is_covered_wherever_it_is_written() {
        for (text, shown) in [
            ("  DB_PASSWORD: hunter2 # mine", "  DB_PASSWORD: ******* # mine"),
            ("  - PG_PASSWORD_1=hun ter2\n  - A=b", "  - PG_PASSWORD_1=********\n  - A=b"),
            ("  - \"DB_PASS2=hunter2\"", "  - \"DB_PASS2=*******\""),
            ("{ A: b, API_TOKEN: abc, C: d }", "{ A: b, API_TOKEN: ***, C: d }"),
            ("\"password\":\"abc\",\"a\":1", "\"password\":\"***\",\"a\":1"),
            ("url: jdbc:x://h/d?password=abc&a=b", "url: jdbc:x://h/d?password=***&a=*"),
            ("o: username=u,password=abc", "o: username=u,password=***"),
            ("command: [--requirepass, abc, --save]", "command: [--requirepass, ***, --save]"),
            ("test: curl -H 'Authorization: Bearer abc' x", "test: curl -H 'Authorization: Bearer ***' x"),
            ("secret: |\n  one\n\n  two\nb: c", "secret: |\n  ***\n\n  ***\nb: c"),
            ("password: \"open", "password: \"****"),
        ] {
            assert_eq!(covered(text), shown);
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        for text in [
            "password: { env: DB_PASSWORD }",
            "password: ${DB_PASSWORD}",
            "secrets: [db]",
            "password_file: /run/secrets/x",
            "image: acme/token:1",
            "- PASSWORD_FILE=/x",
            "token:",
        ] {
            assert_eq!(covered(text), text);
        }
    }
}
