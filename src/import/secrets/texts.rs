//! Where passwords stand in a text: in URLs, behind the names of settings and flags, behind `Bearer`, and words that are tokens
//! by their looks.

use std::ops::Range;

use super::names::is_password;

/// A password in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it stands.
    pub(super) at: Range<usize>,
    /// What it is called there.
    pub(super) name: Name,
}

/// What a password is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// It stands in a URL, before the host.
    OfUrl,
    /// It is a token that has no name.
    Token,
    /// The setting or flag is called so.
    Written(String),
}

/// How tokens begin that are known by their looks.
const TOKENS: [&str; 24] = [
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "glsa_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "sk_live_",
    "rk_live_",
    "sk-ant-",
    "sk-proj-",
    "dckr_pat_",
    "dop_v1_",
    "AIza",
    "SG.",
    "pypi-",
    "shpat_",
    "hvs.",
    "npm_",
];

/// How far is looked for the end of a password.
const LONGEST: usize = 4096;

/// Every password, in order. `key`: the setting whose value the text is.
pub(super) fn passwords(text: &str, key: &str) -> Vec<Found> {
    let mut found = urls(text);
    found.extend(pairs(text));
    found.extend(flags(text));
    found.extend(headers(text, key));
    found.extend(tokens(text));
    found.sort_by_key(|found| found.at.start);
    let mut end = 0;
    found.retain(|found| {
        let is_apart = found.at.start >= end && !found.at.is_empty();
        end = if is_apart { found.at.end } else { end };
        is_apart
    });
    found
}

/// `scheme://user:PASSWORD@host`, and `scheme://TOKEN@host`.
fn urls(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, scheme) in text.match_indices("://") {
        let start = at + scheme.len();
        let rest = ahead(text, start);
        let word = &rest[..end_at(rest, |letter| letter.is_whitespace() || "\"'`<>".contains(letter))];
        let until_path = &word[..end_at(word, |letter| "/?#".contains(letter))];
        let colon = end_at(until_path, |letter| letter == ':');
        let is_port = until_path[colon..].chars().skip(1).all(|letter| letter.is_ascii_digit());
        // A password may hold a slash; what follows the host is then found behind the last `@`.
        let authority = if until_path.contains('@') || is_port { until_path } else { word };
        let Some(host) = authority.rfind('@') else { continue };
        let colon = end_at(&authority[..host], |letter| letter == ':');
        let (from, is_token) = if colon < host { (colon + 1, false) } else { (0, true) };
        let secret = &authority[from..host];
        if !is_token || (secret.len() >= 16 && secret.contains(|letter: char| letter.is_ascii_digit())) {
            found.push(Found { at: start + from..start + host, name: Name::OfUrl });
        }
    }
    found
}

/// `NAME=VALUE`, `--name=VALUE`, `name: VALUE` and `"name": "VALUE"`.
fn pairs(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (at, sign) in text.char_indices().filter(|(_, letter)| matches!(letter, '=' | ':')) {
        if found.last().is_some_and(|last| at < last.at.end) {
            continue;
        }
        let before = text[..at].trim_end_matches(['"', '\'', ' ']);
        let name = &before[before.trim_end_matches(is_of_name).len()..];
        let bare = name.trim_start_matches('-');
        if bare.is_empty() || !is_password(bare, "") {
            continue;
        }
        let behind = &text[at + 1..];
        let value = behind.trim_start_matches([' ', '\t']);
        let is_quoted = value.starts_with(['"', '\'']);
        let is_apart = sign == '=' || is_quoted || value.len() < behind.len();
        // `a == b` compares, and `name:tag` is no pair.
        let is_more =
            value.starts_with(['=', '~']) || (sign == ':' && value.starts_with(['{', '[', '|', '>', '*', '&']));
        let range = value_at(text, at + 1 + (behind.len() - value.len()), name.starts_with('-'));
        if is_apart && !is_more && is_password(bare, &text[range.clone()]) {
            found.push(Found { at: range, name: Name::Written(bare.to_owned()) });
        }
    }
    found
}

/// `--password VALUE`
fn flags(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut follows: Option<&str> = None;
    let mut begin = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if let Some(name) = follows.take().filter(|_| !word.starts_with('-')) {
            let at = value_at(text, begin, true);
            found.push(Found { at, name: Name::Written(name.to_owned()) });
        }
        follows = flag(word);
        begin += piece.len();
    }
    found
}

/// The name of a flag whose value is a password, and stands in the word behind it.
pub(super) fn flag(word: &str) -> Option<&str> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    (name.chars().all(is_of_name) && is_password(name, "")).then_some(name)
}

/// `Authorization: Bearer TOKEN`, with the name of the header before it or as the key of the setting.
fn headers(text: &str, key: &str) -> Vec<Found> {
    let lower = text.to_ascii_lowercase();
    let is_header = |at: usize| {
        let before = lower[..at].trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        before.ends_with("authorization") || (before.is_empty() && key.to_ascii_lowercase().ends_with("authorization"))
    };
    let mut found = Vec::new();
    for scheme in ["bearer ", "basic ", "token "] {
        for (at, _) in lower.match_indices(scheme) {
            let spaces = text[at + scheme.len()..].len() - text[at + scheme.len()..].trim_start().len();
            let range = value_at(text, at + scheme.len() + spaces, false);
            let word = &text[range.clone()];
            let looks_so = word.len() >= 20 || (word.len() >= 8 && word.contains(|one: char| one.is_ascii_digit()));
            if is_header(at) || (scheme == "bearer " && looks_so) {
                found.push(Found { at: range, name: Name::Token });
            }
        }
    }
    found
}

/// Words that are tokens by their looks.
fn tokens(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut begin = 0;
    for piece in text.split_inclusive(|letter: char| !(is_of_name(letter) || matches!(letter, '+' | '/'))) {
        let word = piece.trim_end_matches(|letter: char| !is_of_name(letter));
        let is_known = TOKENS.iter().any(|start| word.starts_with(start));
        let is_web_token = word.starts_with("eyJ") && word.matches('.').count() == 2;
        let is_long = word.len() >= 20 && word.contains(|letter: char| letter.is_ascii_digit());
        if is_long && (is_known || is_web_token) {
            found.push(Found { at: begin..begin + word.len(), name: Name::Token });
        }
        begin += piece.len();
    }
    found
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.')
}

/// The value that begins there: what stands in quotes, else a word. `is_word`: nothing but a space ends it.
fn value_at(text: &str, start: usize, is_word: bool) -> Range<usize> {
    let rest = ahead(text, start);
    if let Some(quote) = rest.chars().next().filter(|letter| matches!(letter, '"' | '\'')) {
        let end = rest[1..].find(quote).unwrap_or(rest.len() - 1);
        return start + 1..start + 1 + end;
    }
    let ends =
        |letter: char| letter.is_whitespace() || "\"'`".contains(letter) || (!is_word && ";&,)}|".contains(letter));
    start..start + end_at(rest, ends)
}

/// What stands there, as far as is looked.
fn ahead(text: &str, start: usize) -> &str {
    let mut end = text.len().min(start + LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[start..end]
}

/// Where the first such letter stands outside of `${…}`, or where the text ends.
fn end_at(text: &str, is_it: impl Fn(char) -> bool) -> usize {
    let mut depth = 0_usize;
    let mut previous = ' ';
    for (at, letter) in text.char_indices() {
        match letter {
            '{' if previous == '$' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            _ if depth == 0 && is_it(letter) => return at,
            _ => {}
        }
        previous = letter;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::passwords;

    #[test]
    fn passwords_are_found_in_whatever_surrounds_them() {
        for (text, expected) in [
            ("postgres://u:p@h/db", &["p"][..]),
            ("postgres://${U:-shop}:${P:-hunter2}@h/db", &["${P:-hunter2}"]),
            ("amqp://u:pa/ss?w@h:5672/x", &["pa/ss?w"]),
            ("https://3f2a9b1c4d5e6f708192@sentry.example/1", &["3f2a9b1c4d5e6f708192"]),
            ("http://u:a@one,http://u:b@two", &["a", "b"]),
            ("jdbc:postgresql://h/db?user=u&password=p&ssl=true", &["p"]),
            ("jdbc:sqlserver://h;user=sa;password=p;encrypt=true", &["p"]),
            ("Server=db;User Id=sa;Password=p;", &["p"]),
            ("host=db user=u password='a b' dbname=x", &["a b"]),
            ("addr=h,username=u,password=p,vers=3.0", &["p"]),
            ("sh -c \"PGPASSWORD=p psql\"", &["p"]),
            ("redis-server --requirepass p --save ''", &["p"]),
            ("--db.password=p,q", &["p,q"]),
            ("curl -H 'Authorization: Bearer abc' http://h", &["abc"]),
            ("Authorization=Basic dTpw,x=y", &["dTpw"]),
            ("{\"user\": \"u\", \"password\": \"p\"}", &["p"]),
            ("a glpat-0123456789abcdefghij b", &["glpat-0123456789abcdefghij"]),
        ] {
            let found: Vec<&str> = passwords(text, "").into_iter().map(|found| &text[found.at]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_left() {
        for text in [
            "http://db:5432/x@y",
            "https://grafana.com/?a=b:c@d",
            "git@github.com:acme/x",
            "acme/token:1.2",
            "./secret:/run/secret:ro",
            "--token-file=/x --log.level=debug",
            "--auth=bearer token",
            "token == secret",
            "npm_config_update_notifier",
        ] {
            assert_eq!(passwords(text, ""), [], "{text}");
        }
    }
}
