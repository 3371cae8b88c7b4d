//! Drawings out of characters for a terminal that shows ASCII alone.

/// The text with an ASCII character in place of each other one, so that every column stays where it is.
pub fn in_ascii(text: &str) -> String {
    text.chars().map(plain).collect()
}

fn plain(character: char) -> char {
    match character {
        character if character.is_ascii() => character,
        '─' | '━' | '–' | '—' | '▄' => '-',
        '│' | '┃' => '|',
        '\u{2500}'..='\u{257f}' | '▆' => '+',
        // Braille: dots of a line, or none.
        '\u{2800}' => ' ',
        '\u{2801}'..='\u{28ff}' | '▇' | '●' | '•' => '*',
        '▁' => '_',
        '▂' | '·' => '.',
        '▃' => ':',
        '▅' => '=',
        '█' => '#',
        '✖' | '×' => 'x',
        '…' => '~',
        '≤' => '<',
        '≥' => '>',
        'µ' => 'u',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::in_ascii;

    #[test]
    fn every_character_keeps_its_column() {
        assert_eq!(in_ascii("10 req/s┤⠉⠀⡇ ▁▃█ ━━ web… ● é"), "10 req/s+* * _:# -- web~ * ?");
    }
}
