//! Series and their values as promtool's test files write them: `up{job="web"}` and `0+5x30 _ stale`.

use promql_parser::parser::Expr;

use super::expression::selector_of;
use super::{Expression, Operator};

/// Whether a text names one series: a metric, labels, or both, each label with its one value. `{}` is the series without any.
pub fn is_series(text: &str) -> bool {
    let text = text.trim();
    // A query has to ask for something; an answer may well have no labels.
    let named = text.starts_with('{').then(|| format!("any{text}"));
    named.iter().map(String::as_str).chain([text]).any(is_named_series)
}

fn is_named_series(text: &str) -> bool {
    let Ok(Expression { tree: Expr::VectorSelector(found) }) = Expression::parse(text) else { return false };
    let is_now = found.offset.is_none() && found.at.is_none() && found.matchers.or_matchers.is_empty();
    is_now && selector_of(&found).matchers.iter().all(|matcher| matcher.operator == Operator::Equal)
}

/// The first of the values of a series that is none. Histograms are not looked into.
pub fn wrong_value(values: &str) -> Option<&str> {
    let mut rest = values.trim_start();
    while !rest.is_empty() {
        // A histogram has spaces within.
        let closed = if rest.starts_with("{{") { rest.rfind("}}").map_or(rest.len(), |end| end + 2) } else { 0 };
        let end = rest[closed..].find(char::is_whitespace).map_or(rest.len(), |end| closed + end);
        let value = &rest[..end];
        if closed == 0 && !is_value(value) {
            return Some(value);
        }
        rest = rest[end..].trim_start();
    }
    None
}

/// `_`, `_x3`, `5`, `-1.5`, `stale`, `1x5`, `0+5x30`, `NaN`.
fn is_value(item: &str) -> bool {
    let times = |text: &str| text.strip_prefix('x').is_some_and(|count| count.parse::<u64>().is_ok());
    let ends = |rest: &str| rest.is_empty() || times(rest);
    if let Some(rest) = item.strip_prefix('_') {
        return ends(rest);
    }
    let unsigned = || item.strip_prefix(['+', '-']).unwrap_or(item);
    let Some(rest) = after_word(item, "stale").or_else(|| after_number(unsigned())) else { return false };
    ends(rest) || rest.strip_prefix(['+', '-']).and_then(after_number).is_some_and(times)
}

/// What stands behind a word. `None`: it does not stand there; `stalex3` is a word of its own.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.get(word.len()..)?;
    let is_it =
        text[..word.len()].eq_ignore_ascii_case(word) && !rest.starts_with(|letter: char| letter.is_alphanumeric());
    is_it.then_some(rest)
}

/// What stands behind a number without a sign. `None`: none stands there.
fn after_number(text: &str) -> Option<&str> {
    if let Some(rest) = ["inf", "nan"].iter().find_map(|word| after_word(text, word)) {
        return Some(rest);
    }
    let after_digits = |text: &'_ str| text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let whole = text.len() - after_digits(text);
    let fraction = text[whole..].strip_prefix('.').map_or(0, |rest| 1 + rest.len() - after_digits(rest));
    if whole + fraction.saturating_sub(1) == 0 {
        return None;
    }
    let rest = &text[whole + fraction..];
    let Some(exponent) = rest.strip_prefix(['e', 'E']) else { return Some(rest) };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let digits = exponent.len() - after_digits(exponent);
    (digits > 0).then(|| &exponent[digits..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_a_name_or_labels_and_each_label_one_value() {
        for right in ["up", "up{job=\"web\"}", "{job=\"web\"}", "{}", "job:up:sum{}", "{job=\"\"}", "{__name__=\"up\"}"]
        {
            assert!(is_series(right), "{right}");
        }
        for wrong in
            ["", "up{", "up[5m]", "up offset 5m", "up @ 0", "sum(up)", "up{job=~\"w.*\"}", "up{job!=\"web\"}", "1"]
        {
            assert!(!is_series(wrong), "{wrong}");
        }
    }

    #[test]
    fn values_are_those_that_promtool_takes() {
        for right in [
            "",
            "1",
            "1 2 _ stale _x3",
            "0+5x30",
            "10-2x4 stale",
            "-1.5e3-.5x2",
            "1x5",
            "NaN Inf -Inf",
            "{{schema:0 sum:5 count:4 buckets:[1 2 1]}}x3 {{}}+{{count:1}}x2",
        ] {
            assert_eq!(wrong_value(right), None, "{right}");
        }
        for (values, wrong) in [
            ("1+x5", "1+x5"),
            ("1 2 drei", "drei"),
            ("0+5*30", "0+5*30"),
            ("0+5x", "0+5x"),
            ("0+5x-3", "0+5x-3"),
            ("0 + 5x30", "+"),
            ("1,2,3", "1,2,3"),
            ("0+5", "0+5"),
            (".", "."),
            ("1e", "1e"),
            ("__", "__"),
            ("5m", "5m"),
            ("stalex3", "stalex3"),
            ("1+Infx2", "1+Infx2"),
        ] {
            assert_eq!(wrong_value(values), Some(wrong), "{values}");
        }
    }
}
