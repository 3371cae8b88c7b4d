//! Secrets that were written into a URL, kept out of what is shown.

use std::ops::Range;

use super::document::{Node, Span, Value};

/// What stands in the place of a secret in a message.
const HIDDEN: &str = "***";

/// The text without what may be secret in its URLs: user and password before the host, and the values of the query.
pub fn without_url_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for range in url_secrets(text) {
        shown.push_str(&text[end..range.start]);
        shown.push_str(HIDDEN);
        end = range.end;
    }
    shown.push_str(&text[end..]);
    shown
}

/// The same, letter by letter, so that every place in the text stays where it is.
pub(super) fn covered(text: &str) -> String {
    let mut covered = text.to_owned();
    for range in url_secrets(text) {
        cover(&mut covered, range);
    }
    covered
}

/// Covers a stretch of a text, byte by byte, line breaks aside.
pub(super) fn cover(text: &mut String, range: Range<usize>) {
    if let Some(secret) = text.get(range.clone()) {
        let stars: String =
            secret.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { '*' }).collect();
        text.replace_range(range, &stars);
    }
}

/// Words in a key whose value is a secret. A key that ends in `file` names the place of one.
const SECRET_WORDS: [&str; 8] = ["password", "passwd", "secret", "token", "credential", "apikey", "api_key", "api-key"];

/// How a key ends whose value is a secret.
const SECRET_ENDINGS: [&str; 5] = ["pass", "passphrase", "_pwd", "private_key", "erlang_cookie"];

/// Words that end like one of these.
const NO_SECRETS: [&str; 3] = ["askpass", "bypass", "compass"];

/// Whether a key or variable of that name holds a secret.
pub fn names_a_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| key.ends_with(ending));
    let says_so = SECRET_WORDS.iter().any(|word| key.contains(word));
    !key.ends_with("file") && (says_so || (ends(&SECRET_ENDINGS) && !ends(&NO_SECRETS)))
}

/// Lines of settings, in YAML or JSON, without what may be secret in them: what stands behind a key that says so, on its line
/// and on deeper lines below it, and what URLs carry. There are as many as the text has.
pub fn lines_without_secrets(text: &str) -> Vec<String> {
    let mut above: Option<SecretKey> = None;
    let show = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        if line.trim().is_empty() {
            return line.to_owned();
        }
        let found = secret_key(line);
        match &above {
            Some(key) if indent > key.column && (key.has_value || !has_key(line)) => {
                return format!("{}{HIDDEN}", &line[..indent]);
            }
            Some(key) if indent > key.column && found.is_none() => {}
            _ => above = found,
        }
        match secret_key(line) {
            Some(key) if key.has_value => format!("{}{HIDDEN}", &line[..key.value]),
            _ => without_url_secrets(line),
        }
    };
    text.lines().map(show).collect()
}

/// A key in a line whose value is a secret.
struct SecretKey {
    /// Where it begins.
    column: usize,
    /// Where its value begins.
    value: usize,
    /// Whether the value begins on the same line.
    has_value: bool,
}

fn secret_key(line: &str) -> Option<SecretKey> {
    keys(line).find_map(|(column, key, end)| {
        let key = key.to_ascii_lowercase();
        let is_secret = names_a_secret(&key)
            || ["authorization", "api_url", "webhook_url"].contains(&key.as_str())
            || key.ends_with("_key");
        let rest = &line[end..];
        let has_value = !["", "{", "["].contains(&rest.trim());
        is_secret.then(|| SecretKey { column, value: line.len() - rest.trim_start().len(), has_value })
    })
}

fn has_key(line: &str) -> bool {
    keys(line).next().is_some()
}

/// The keys of a line: where each begins, what it is called, and where the line goes on behind its colon.
fn keys(line: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    line.match_indices(':').filter_map(|(colon, _)| {
        let rest = &line[colon + 1..];
        let before = line[..colon].trim_end().trim_end_matches(['"', '\'']);
        let is_part = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
        let key = &before[before.trim_end_matches(is_part).len()..];
        let is_key = !key.is_empty() && (rest.is_empty() || rest.starts_with(char::is_whitespace));
        is_key.then_some((before.len() - key.len(), key, colon + 1))
    })
}

/// Where texts stand that look like secrets: values of keys that say so, and of headers. One that is a variable is none.
pub(super) fn secrets(node: &Node) -> Vec<Span> {
    let mut found = Vec::new();
    gather(node, false, &mut found);
    found
}

fn gather(node: &Node, of_headers: bool, found: &mut Vec<Span>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter().for_each(|item| gather(item, false, found)),
        Value::Mapping(entries) => {
            for (key, entry) in entries {
                let key = key.to_ascii_lowercase();
                let is_secret = names_a_secret(&key);
                match &entry.node.value {
                    Value::Scalar(scalar) if (of_headers || is_secret) && !scalar.text.contains('$') => {
                        found.push(entry.node.span);
                    }
                    _ => gather(&entry.node, key == "headers", found),
                }
            }
        }
    }
}

/// Where secrets may stand in the URLs of a text, in order.
fn url_secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        let start = from + at + 3;
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '`' | '<' | '>');
        let end = text[start..].find(ends).map_or(text.len(), |length| start + length);
        let query = text[start..end].find(['?', '#']).map_or(end, |length| start + length);
        if let Some(length) = text[start..query].rfind('@').filter(|length| *length > 0) {
            found.push(start..start + length);
        }
        found.extend(values(text, query, end));
        from = end;
    }
    found
}

/// The values of a query or fragment, each without its name; all of what has no name.
fn values(text: &str, query: usize, end: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = query;
    while at < end {
        // The sign before a pair is one byte.
        let start = at + 1;
        let stop = text[start..end].find(['&', '#', '?']).map_or(end, |length| start + length);
        let value = text[start..stop].find('=').map_or(start, |length| start + length + 1);
        if value < stop {
            ranges.push(value..stop);
        }
        at = stop;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::{covered, lines_without_secrets, names_a_secret, without_url_secrets};

    #[test]
    fn user_password_and_values_of_the_query_are_hidden_and_nothing_else() {
        for (text, shown) in [
            ("http://archive:8428/api/v1/write", "http://archive:8428/api/v1/write"),
            ("Post \"http://me:hunter2@a/w?token=x&day=1\": EOF", "Post \"http://***@a/w?token=***&day=***\": EOF"),
            ("https://a/?hunter2", "https://a/?***"),
            ("https://a/#x=hunter2", "https://a/#x=***"),
            ("http://me:pa/ss@a/", "http://***@a/"),
            ("a http://u:p@b and http://c?d=e", "a http://***@b and http://c?d=***"),
            ("what? a@b = c", "what? a@b = c"),
            ("http://a/?", "http://a/?"),
        ] {
            assert_eq!(without_url_secrets(text), shown);
        }
    }

    #[test]
    fn a_name_that_speaks_of_a_secret_is_known_and_one_that_only_sounds_so_is_none() {
        for name in ["DB_PASSWORD", "PGPASS", "smtp-pass", "MYSQL_PWD", "API_TOKEN", "RABBITMQ_ERLANG_COOKIE"] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["PGPASSFILE", "PWD", "SSH_ASKPASS", "TLS_BYPASS", "LEVEL"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn covered_letters_leave_every_other_where_it_was() {
        let text = "url: \"http://mé:x@a/?b=c\" # é";
        assert_eq!(covered(text), "url: \"http://*****@a/?b=*\" # é");
        assert_eq!(covered(text).len(), text.len());
    }

    #[test]
    fn lines_of_settings_show_no_value_of_a_key_that_speaks_of_secrets() {
        for (text, shown) in [
            ("password: hunter2\nport: 1", "password: ***\nport: 1"),
            ("password_file: /run/secrets/x", "password_file: /run/secrets/x"),
            (
                "  - username: a\n    password: |\n      hun\n\n      ter2\n  - b: c",
                "  - username: a\n    password: ***\n      ***\n\n      ***\n  - b: c",
            ),
            ("basic_auth: { username: a, password: b }", "basic_auth: { username: a, password: ***"),
            (
                "  \"secureJsonData\": {\n    \"apiToken\": \"x\",\n    \"url\": \"http://u:p@h/\"",
                "  \"secureJsonData\": {\n    \"apiToken\": ***\n    \"url\": \"http://***@h/\"",
            ),
            (
                "authorization:\n  type: Bearer\n  credentials: abc",
                "authorization:\n  type: Bearer\n  credentials: ***",
            ),
            ("token:\n  hunter2\nother: x", "token:\n  ***\nother: x"),
            (
                "credentials: {\n  \"a\": 1,\n  \"service_key\": \"k\"\n}",
                "credentials: {\n  \"a\": 1,\n  \"service_key\": ***\n}",
            ),
            ("slack_configs:\n- api_url: https://hooks.example/T0/B0", "slack_configs:\n- api_url: ***"),
            ("expr: rate(tokens_total{secret=\"a:b\"}[5m])", "expr: rate(tokens_total{secret=\"a:b\"}[5m])"),
            ("- 'http://me:x@a/'", "- 'http://***@a/'"),
        ] {
            assert_eq!(lines_without_secrets(text).join("\n"), shown);
        }
    }
}
