//! What programs print, made fit for a terminal, which obeys more than colours: it moves, clears, renames, and takes texts into
//! its clipboard.

use std::iter::Peekable;
use std::str::CharIndices;

/// The text alone: no sequence for a terminal, no control character but tab and end of line, and nothing that has a line read in
/// another order than it is written.
pub(crate) fn plain(text: &str) -> String {
    shown(text, false)
}

/// The same with its colours, which end with it.
pub(crate) fn colored(text: &str) -> String {
    let mut shown = shown(text, true);
    if shown.contains('\u{1b}') {
        shown.push_str("\u{1b}[0m");
    }
    shown
}

fn shown(text: &str, with_colors: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.char_indices().peekable();
    while let Some((start, letter)) = rest.next() {
        match letter {
            '\u{1b}' | '\u{90}' | '\u{98}' | '\u{9b}' | '\u{9d}'..='\u{9f}' => {
                if let Some(end) = end_of_sequence(letter, rest.clone()) {
                    while rest.next_if(|(at, _)| *at < end).is_some() {}
                    let sequence = &text[start..end];
                    if with_colors && is_color(sequence) {
                        shown.push_str(sequence);
                    }
                }
            }
            '\t' | '\n' => shown.push(letter),
            // What stands before it would be written over.
            '\r' if rest.peek().is_some_and(|(_, next)| !matches!(next, '\r' | '\n')) => shown.push(' '),
            _ if letter.is_control() || turns(letter) => {}
            _ => shown.push(letter),
        }
    }
    shown
}

/// Embeddings, overrides and isolates of Unicode's bidirectional algorithm.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Where a sequence ends that begins so (ECMA-48). `None`: it does not, and what follows is text.
fn end_of_sequence(begin: char, mut rest: Peekable<CharIndices>) -> Option<usize> {
    let (at, kind) = if begin == '\u{1b}' { rest.next()? } else { (0, char::from_u32(u32::from(begin) - 0x40)?) };
    match kind {
        '[' => loop {
            match rest.next()? {
                (_, '\u{20}'..='\u{3f}') => {}
                (at, '\u{40}'..='\u{7e}') => return Some(at + 1),
                _ => return None,
            }
        },
        // Texts for the terminal itself: they end with BEL or ST.
        ']' | 'P' | 'X' | '^' | '_' => loop {
            match rest.next()? {
                (at, '\u{7}') => return Some(at + 1),
                (at, '\u{9c}') => return Some(at + '\u{9c}'.len_utf8()),
                (_, '\u{1b}') if rest.peek().is_some_and(|(_, next)| *next == '\\') => {
                    return rest.next().map(|(at, _)| at + 1);
                }
                _ => {}
            }
        },
        '\u{20}'..='\u{2f}' => loop {
            match rest.next()? {
                (_, '\u{20}'..='\u{2f}') => {}
                (at, '\u{30}'..='\u{7e}') => return Some(at + 1),
                _ => return None,
            }
        },
        '\u{30}'..='\u{7e}' => Some(at + 1),
        _ => None,
    }
}

/// Whether a sequence says how letters look, and nothing else (SGR).
fn is_color(sequence: &str) -> bool {
    let inner = sequence.strip_prefix("\u{1b}[").and_then(|rest| rest.strip_suffix('m'));
    inner.is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_left_out() {
        for (text, shown) in [
            ("plain\ttext \u{e9}\u{1f600}", "plain\ttext \u{e9}\u{1f600}"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\u{1b}[2Jb\u{9b}2Jc\u{1b}[?25ld", "abcd"),
            ("a\u{1b}]0;title\u{7}b\u{1b}]52;c;eA==\u{1b}\\c\u{9d}8;;http://x\u{9c}d", "abcd"),
            ("a\u{1b}Pq\u{1b}\\b\u{1b}cc\u{1b}(0d", "abcd"),
            ("10%\r100%\r", "10% 100%"),
            ("a\u{8}\u{7f}\u{85}\u{0}b", "ab"),
            ("a\u{202e}b\u{2066}c", "abc"),
            // Nothing of a line is swallowed by what never ends.
            ("a\u{1b}]0;b", "a]0;b"),
            ("a\u{1b}[31", "a[31"),
            ("a\u{1b}", "a"),
            ("a\u{1b}c", "a"),
            ("a\u{1b}\u{1b}[2Jb", "ab"),
            ("one\ntwo\r\n", "one\ntwo\n"),
        ] {
            assert_eq!(plain(text), shown, "{text:?}");
        }
    }

    #[test]
    fn colours_stay_where_they_are_wanted_and_end_with_the_line() {
        assert_eq!(colored("\u{1b}[1;31mred"), "\u{1b}[1;31mred\u{1b}[0m");
        assert_eq!(colored("\u{1b}[38:5:1mred"), "\u{1b}[38:5:1mred\u{1b}[0m");
        assert_eq!(colored("a\u{1b}[2Jb\u{1b}[>4;1mc\u{9b}1md"), "abcd");
        assert_eq!(colored("plain"), "plain");
    }
}
