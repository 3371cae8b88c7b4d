//! How much room words need. The font is the reader's, so this is an estimate on the generous side.

/// Width of a text in a font of that size, in the same unit.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(share).sum::<f64>() * size
}

/// The same for bold letters, which are wider.
pub(super) fn bold_width(text: &str, size: f64) -> f64 {
    width(text, size) * BOLD
}

/// How much wider bold letters are.
const BOLD: f64 = 1.13;

/// The same as `fit` for bold letters.
pub(super) fn fit_bold(text: &str, room: f64, size: f64) -> String {
    fit(text, room / BOLD, size)
}

/// The text, with `…` for its middle where it would need more room: the ends tell replicas and labels apart. Of a long
/// text no more is looked at than there is room for.
pub(super) fn fit(text: &str, room: f64, size: f64) -> String {
    let mut needed = 0.0;
    let fits = text.chars().all(|character| {
        needed += share(character) * size;
        needed <= room
    });
    if fits {
        return text.to_owned();
    }
    let mut left = room - share('…') * size;
    if left < 0.0 {
        return String::new();
    }
    // The two ends do not meet: the whole does not fit.
    let (mut from_front, mut from_back) = (text.chars(), text.chars().rev());
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    loop {
        let is_head = head.len() == tail.len();
        let Some(character) = (if is_head { from_front.next() } else { from_back.next() }) else { break };
        left -= share(character) * size;
        if left < 0.0 {
            break;
        }
        if is_head { &mut head } else { &mut tail }.push(character);
    }
    head.into_iter().chain(['…']).chain(tail.into_iter().rev()).collect()
}

/// The same for a terminal, where every character is as wide as another.
pub(super) fn shorten(text: &str, room: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(1);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    characters[..head].iter().chain(&['…']).chain(&characters[characters.len() - tail..]).collect()
}

/// Lines no longer than the room, broken at spaces; a word that is longer is shortened.
pub(super) fn wrap(text: &str, room: f64, size: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}")).filter(|line| width(line, size) <= room);
        match (longer, lines.last_mut()) {
            (Some(longer), Some(line)) => *line = longer,
            _ => lines.push(fit(word, room, size)),
        }
    }
    lines
}

/// Width of a character as a share of the font's size, measured on `DejaVu Sans`, which is wider than most.
fn share(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.33,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '"' | '/' | '{' | '}' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '=' | '+' | '<' | '>' | '~' | '…' => 0.92,
        'A'..='Z' => 0.7,
        character if character.is_ascii() => 0.62,
        // East Asian scripts and pictures are as wide as they are high.
        '\u{1100}'..='\u{ffff}' | '\u{1f000}'..='\u{1ffff}' => 1.0,
        _ => 0.65,
    }
}

#[cfg(test)]
mod tests {
    use super::{fit, width, wrap};

    #[test]
    fn a_long_text_loses_its_middle() {
        let short = fit("demo-image-gallery-1:8080", 100.0, 12.0);
        assert!(short.starts_with("demo") && short.ends_with("8080") && short.contains('…'), "{short}");
        assert!(width(&short, 12.0) <= 100.0);
        assert_eq!(fit("web", 100.0, 12.0), "web");
        assert_eq!(fit("web", 1.0, 12.0), "");
    }

    #[test]
    fn a_text_as_long_as_a_file_is_shortened_at_once() {
        let long = format!("a{}z", "é".repeat(3_000_000));
        let begun = std::time::Instant::now();
        for _ in 0..50 {
            let short = fit(&long, 100.0, 12.0);
            assert!(short.starts_with('a') && short.ends_with('z') && width(&short, 12.0) <= 100.0, "{short}");
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn lines_are_broken_at_spaces() {
        assert_eq!(wrap("one two three", 50.0, 12.0), ["one two", "three"]);
        assert_eq!(wrap("", 50.0, 12.0), Vec::<String>::new());
    }
}
