//! Which of the answers are choices, what of each, and in which order: a variable's regular expression and its sorting.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::dashboard::{Sorting, SortingKey};

/// Keeps what a variable's regular expression finds, and of it the first group, where it has one. One that cannot be
/// read here (Grafana's are JavaScript's) takes nothing away.
pub(super) fn take(written: &str, options: &mut Vec<String>) {
    let inner = written.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    let pattern = match inner {
        Some((pattern, flags)) if flags.contains('i') => format!("(?i){pattern}"),
        Some((pattern, _)) => pattern.to_owned(),
        None => written.to_owned(),
    };
    let Some(regex) = Some(pattern).filter(|pattern| !pattern.is_empty()).and_then(|one| regex::Regex::new(&one).ok())
    else {
        return;
    };
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut taken: Vec<String> = Vec::new();
    for captures in options.iter().filter_map(|option| regex.captures(option)) {
        let whole = captures.name("value").or_else(|| captures.get(1)).or_else(|| captures.get(0));
        let value = whole.map_or("", |found| found.as_str());
        if !value.is_empty() && known.insert(value.to_owned()) {
            taken.push(value.to_owned());
        }
    }
    *options = taken;
}

/// Puts choices into the variable's order.
pub(super) fn sort(sorting: Sorting, options: &mut [String]) {
    match sorting.by {
        SortingKey::Given => return,
        SortingKey::Letters => options.sort(),
        SortingKey::Number => options.sort_by(|one, other| first_number(one).total_cmp(&first_number(other))),
        SortingKey::LettersOfAnySize => options.sort_by_key(|one| one.to_lowercase()),
        SortingKey::Natural => options.sort_by(|one, other| naturally(one, other)),
    }
    if sorting.is_reversed {
        options.reverse();
    }
}

/// As Grafana has it, what has no number comes before all that have one.
fn first_number(text: &str) -> f64 {
    let rest = text.trim_start_matches(|character: char| !character.is_ascii_digit());
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().unwrap_or(-1.0)
}

/// Numbers by their size, everything else by its letters.
fn naturally(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        let ((first, one_rest), (second, other_rest)) = match (piece(one), piece(other)) {
            (Some(first), Some(second)) => (first, second),
            (first, second) => return first.is_some().cmp(&second.is_some()),
        };
        let by_size = first_number(first).total_cmp(&first_number(second));
        let order = by_size.then_with(|| first.to_lowercase().cmp(&second.to_lowercase()));
        if order.is_ne() {
            return order;
        }
        (one, other) = (one_rest, other_rest);
    }
}

/// The digits, or what are none, that a text begins with, and the rest.
fn piece(text: &str) -> Option<(&str, &str)> {
    let is_number = text.chars().next()?.is_ascii_digit();
    let end = text.find(|character: char| character.is_ascii_digit() != is_number).unwrap_or(text.len());
    Some(text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_takes_a_part_of_each_choice() {
        let taken = |regex: &str| {
            let texts = [r#"node_meta{node_id="n1",node_name="a"} 1 1795441031000"#, "other{} 42 1795441031000"];
            let mut options = texts.map(str::to_owned).to_vec();
            take(regex, &mut options);
            options
        };
        assert_eq!(taken(r#"/node_id="([^"]+)"/"#), ["n1"]);
        assert_eq!(taken(r"/.* ([^\ ]*) .*/"), ["1", "42"]);
        assert_eq!(taken("/OTHER/i"), ["other"]);
        assert_eq!(taken(r"/_(?<text>m..)a.node_id=.(?<value>[a-z0-9]+)/"), ["n1"]);
        for everything in ["", "/(?!x)/", "("] {
            assert_eq!(taken(everything).len(), 2, "{everything}");
        }
    }

    #[test]
    fn choices_stand_in_each_of_grafanas_orders() {
        let sorted = |by, is_reversed| {
            let mut options = ["web-10", "Web-2", "api", "web-9"].map(str::to_owned);
            sort(Sorting { by, is_reversed }, &mut options);
            options.join(" ")
        };
        assert_eq!(sorted(SortingKey::Given, false), "web-10 Web-2 api web-9");
        assert_eq!(sorted(SortingKey::Letters, false), "Web-2 api web-10 web-9");
        assert_eq!(sorted(SortingKey::Letters, true), "web-9 web-10 api Web-2");
        assert_eq!(sorted(SortingKey::Number, false), "api Web-2 web-9 web-10");
        assert_eq!(sorted(SortingKey::LettersOfAnySize, false), "api web-10 Web-2 web-9");
        assert_eq!(sorted(SortingKey::Natural, true), "web-10 web-9 Web-2 api");
    }
}
