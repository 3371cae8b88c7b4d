//! What an alert's label has to be: `severity="critical"`, `team=~"shop|cart"`, `env!="test"`.

use std::fmt;
use std::str::FromStr;

use super::super::document::shortened;
use super::super::go_regex;
use super::super::shape::written_as_text;
use super::super::wrong::Wrong;

/// A label, how it is compared, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// Name of the label.
    pub label: String,
    /// `=`, `!=`, `=~` or `!~`.
    pub operator: &'static str,
    /// What it is compared with.
    pub value: String,
}

/// Longer ones first.
const OPERATORS: [&str; 4] = ["=~", "!~", "!=", "="];

impl Matcher {
    /// A label that has exactly this value.
    pub fn equal(label: &str, value: &str) -> Self {
        Self { label: label.to_owned(), operator: "=", value: value.to_owned() }
    }

    /// A label that has one of these values.
    pub fn any_of<'a>(label: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let values: Vec<&str> = values.into_iter().collect();
        match values.as_slice() {
            [one] => Self::equal(label, one),
            many => {
                let escaped: Vec<String> = many.iter().map(|value| escape(value)).collect();
                Self { label: label.to_owned(), operator: "=~", value: escaped.join("|") }
            }
        }
    }
}

/// Text as a regular expression that fits it alone.
fn escape(text: &str) -> String {
    let special = |letter: char| r"\.+*?()|[]{}^$".contains(letter);
    text.chars().fold(String::new(), |mut escaped, letter| {
        if special(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
        escaped
    })
}

impl FromStr for Matcher {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let wrong = |help: &str| Wrong::new(format!("`{}` is not a matcher", text.escape_debug()), help);
        let usual = "write `LABEL=\"VALUE\"`; `!=`, `=~` and `!~` compare, too";
        let at = text.find(['=', '!']).ok_or_else(|| wrong(usual))?;
        let (label, rest) = (text[..at].trim(), &text[at..]);
        let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator)).ok_or_else(|| wrong(usual))?;
        let is_label = |label: &str| {
            label.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        };
        if !is_label(label) {
            return Err(wrong("a label has letters, digits and `_`, and begins with no digit"));
        }
        let value = rest[operator.len()..].trim();
        let value = if value.starts_with('"') {
            unquoted(value).ok_or_else(|| wrong("the quotes around the value do not close"))?
        } else if value.contains(['"', '{', '}', ',']) {
            return Err(wrong("put the value in double quotes; several matchers are several items of the list"));
        } else {
            value.to_owned()
        };
        if let Some(fault) = operator.ends_with('~').then(|| go_regex::fault(&value)).flatten() {
            let help = "write it as RE2 reads it: without looking ahead or behind, and without references to groups";
            let message = format!("Alertmanager refuses the regular expression of `{label}`: {}", shortened(&fault));
            return Err(Wrong::new(message, help));
        }
        Ok(Self { label: label.to_owned(), operator, value })
    }
}

/// The text between double quotes; `None` where they are not the first and the last character.
fn unquoted(text: &str) -> Option<String> {
    let mut letters = text.chars();
    letters.next().filter(|first| *first == '"')?;
    let mut value = String::new();
    loop {
        match letters.next()? {
            '"' => break,
            '\\' => match letters.next()? {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            letter => value.push(letter),
        }
    }
    letters.next().is_none().then_some(value)
}

impl fmt::Display for Matcher {
    /// As Alertmanager reads it.
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let value = self.value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        write!(formatter, "{}{}\"{value}\"", self.label, self.operator)
    }
}

written_as_text!(Matcher, "a matcher such as `severity=\"critical\"`", {
    "type": "string",
    "description": "What a label has to be: `severity=\"critical\"`, `team=~\"shop|cart\"`, `env!=\"test\"`.",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_as_alertmanager_reads_them() {
        for (text, shown) in [
            ("severity=critical", "severity=\"critical\""),
            ("severity = \"critical\"", "severity=\"critical\""),
            ("team=~\"shop|cart\"", "team=~\"shop|cart\""),
            ("env!=test", "env!=\"test\""),
            ("a!~\"b\\\\.c\"", "a!~\"b\\\\.c\""),
            ("a=\"\"", "a=\"\""),
            ("a=\"say \\\"x\\\"\"", "a=\"say \\\"x\\\"\""),
        ] {
            assert_eq!(text.parse::<Matcher>().map(|matcher| matcher.to_string()), Ok(shown.to_owned()), "{text}");
        }
        for text in ["", "severity", "=x", "1a=x", "a-b=x", "a=\"x", "a=\"x\"y", "{a=\"b\"}", "a=b,c=d", "a>b"] {
            assert!(text.parse::<Matcher>().is_err(), "{text}");
        }
    }

    #[test]
    fn several_values_become_one_expression_that_fits_them_alone() {
        assert_eq!(Matcher::any_of("job", ["web"]).to_string(), "job=\"web\"");
        assert_eq!(Matcher::any_of("job", ["a.b", "c"]).to_string(), "job=~\"a\\\\.b|c\"");
    }
}
