//! "Did you mean": the nearest of the words that would be right, and what to write instead of Compose keys.

use super::foreign;
use super::wrong::Wrong;

/// The nearest of some words, where one is near.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let limit = (word.chars().count() / 3).clamp(1, 3);
    let own = letters(word);
    let near = |candidate: &&str| {
        candidate.len().abs_diff(word.len()) <= limit * 4
            && (letters(candidate) ^ own).count_ones() as usize <= limit * 2
    };
    let distance = |candidate: &str| strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase());
    let scored = candidates.into_iter().filter(near).map(|candidate| (distance(candidate), candidate));
    // A word of which no letter stays is another word.
    let limit = limit.min(word.chars().count().saturating_sub(1));
    scored.filter(|(distance, _)| *distance <= limit).min().map(|(_, candidate)| candidate)
}

/// One bit for each letter that occurs: a cheap look before the distance is counted.
fn letters(word: &str) -> u64 {
    word.bytes().fold(0, |letters, byte| letters | 1 << (byte.to_ascii_lowercase() % 64))
}

/// The words for a key that means nothing here.
pub(super) fn unknown_key(key: &str, known: &[&str]) -> Wrong {
    let message = format!("unknown key `{key}`");
    if let Some(instead) = foreign::instead_of(key) {
        return Wrong::new(message, instead);
    }
    if let Some(near) = nearest(key, known.iter().copied()) {
        return Wrong::new(message, format!("did you mean `{near}`?"));
    }
    if let Some((first, _)) = key.split_once('.').filter(|(first, _)| known.contains(first)) {
        return Wrong::new(message, format!("a dot opens no level: write `{first}:`, and {} below it", nested(key)));
    }
    Wrong::new(message, format!("known here: {}", listed(known)))
}

/// `a.b.c: …` as it has to be written below `a:`.
fn nested(key: &str) -> String {
    let parts: Vec<&str> = key.split('.').skip(1).collect();
    let inner = parts.iter().rev().fold("…".to_owned(), |inner, part| match inner.as_str() {
        "…" => format!("{part}: …"),
        _ => format!("{part}: {{ {inner} }}"),
    });
    format!("`{inner}`")
}

/// The words for a word that is none of those that can stand here.
pub(super) fn unknown_word(found: &str, text: Option<&str>, known: &[&str]) -> Wrong {
    let message = format!("{found} cannot stand here: expected {}", alternatives(known));
    match text.and_then(|text| nearest(text, known.iter().copied())) {
        Some(near) => Wrong::new(message, format!("did you mean `{near}`?")),
        None => Wrong::new(message, format!("write {}", alternatives(known))),
    }
}

/// Message and help for a name that nothing has.
pub(crate) fn unknown_name<'a>(
    what: &str,
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
    add: String,
) -> Wrong {
    let message = format!("no {what} is called `{name}`");
    match nearest(name, candidates) {
        Some(near) => Wrong::new(message, format!("did you mean `{near}`?")),
        None => Wrong::new(message, add),
    }
}

/// `a`, `b`, `c` …: words in a row, not too many.
pub(super) fn listed(words: &[&str]) -> String {
    const MOST: usize = 12;
    let mut quoted: Vec<String> = words.iter().take(MOST).map(|word| format!("`{word}`")).collect();
    if words.len() > MOST {
        quoted.push("…".to_owned());
    }
    quoted.join(", ")
}

/// `a`, `b` or `c`.
fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [rest @ .., last] => format!("{} or `{last}`", listed(rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_keys_is_shown_as_levels() {
        let help = |key: &str| unknown_key(key, &["apps", "name"]).help;
        assert_eq!(help("apps.web.image"), "a dot opens no level: write `apps:`, and `web: { image: … }` below it");
        assert_eq!(help("apps.web"), "a dot opens no level: write `apps:`, and `web: …` below it");
        assert!(help("x.y").starts_with("known here"));
    }

    #[test]
    fn the_nearest_word_is_found_and_far_ones_are_not() {
        let words = ["image", "init", "metrics", "mem_limit"];
        assert_eq!(nearest("imge", words), Some("image"));
        assert_eq!(nearest("Image", words), Some("image"));
        assert_eq!(nearest("metrisc", words), Some("metrics"));
        assert_eq!(nearest("mem-limit", words), Some("mem_limit"));
        assert_eq!(nearest("ports", words), None);
        assert_eq!(nearest("A", ["_", "B"]), None);
        assert_eq!(nearest("A", ["_", "a"]), Some("a"));
        assert_eq!(nearest(&"x".repeat(10_000), words), None);
    }
}
