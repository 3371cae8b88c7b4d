//! The draft as YAML that a person would put into version control: short things on one line, a blank line between services.

use std::fmt::Write as _;

use super::draft::{Entry, Item, Map};
use crate::stack::Snippet;

/// Columns that a line of a list or map in brackets may take.
const WIDTH: usize = 96;

/// Sections whose entries stand apart.
const SPACED: [&str; 3] = ["apps", "exporters", "scrape"];

/// The text of a stack file. `header`: lines of comment on top.
pub(super) fn stack_file(header: &[String], root: &Map) -> String {
    let mut text = String::new();
    for line in header {
        comment(&mut text, 0, line);
    }
    for (key, entry) in &root.0 {
        if !text.is_empty() {
            text.push('\n');
        }
        write_entry(&mut text, 0, key, entry, SPACED.contains(&key.as_str()));
    }
    text
}

/// One entry, for a stack file that is there already.
pub(super) fn snippet(name: &str, map: Map) -> Snippet {
    let item = Item::Map(map);
    let mut block = String::new();
    let flow = format!("{}: {}", flow_scalar(name, false), flow(&item));
    let entry = Entry::from(item);
    write_entry(&mut block, 0, name, &entry, false);
    Snippet { block, flow }
}

fn comment(text: &mut String, indent: usize, line: &str) {
    let spaces = " ".repeat(indent);
    let line = line.replace(['\r', '\n'], " ");
    writeln!(text, "{spaces}# {}", line.trim()).expect("a String takes everything");
}

fn write_entry(text: &mut String, indent: usize, key: &str, entry: &Entry, is_spaced: bool) {
    for line in &entry.notes {
        comment(text, indent, line);
    }
    text.push_str(&" ".repeat(indent));
    text.push_str(&scalar(key, false));
    text.push(':');
    write_value(text, indent, key.len() + 1, &entry.item, is_spaced);
}

/// What comes after `key:`. `used`: columns that the key takes.
fn write_value(text: &mut String, indent: usize, used: usize, item: &Item, is_spaced: bool) {
    match item {
        Item::Scalar { text: value, .. } if is_block(value) => block(text, indent + 2, value),
        Item::Scalar { text: value, plain } => {
            writeln!(text, " {}", scalar(value, *plain)).expect("a String takes everything");
        }
        _ if fits(item, indent + used + 1) => {
            writeln!(text, " {}", flow(item)).expect("a String takes everything");
        }
        Item::List(items) => {
            text.push('\n');
            for item in items {
                write_item(text, indent + 2, item);
            }
        }
        Item::Map(map) => {
            text.push('\n');
            for (index, (key, entry)) in map.0.iter().enumerate() {
                if is_spaced && index > 0 {
                    text.push('\n');
                }
                write_entry(text, indent + 2, key, entry, false);
            }
        }
    }
}

fn write_item(text: &mut String, indent: usize, item: &Item) {
    text.push_str(&" ".repeat(indent));
    text.push('-');
    match item {
        Item::Map(map) if !map.is_empty() && !fits(item, indent + 2) => {
            // The first key stands behind the dash; the others below it.
            let mut below = String::new();
            map.0.iter().for_each(|(key, entry)| write_entry(&mut below, indent + 2, key, entry, false));
            text.push(' ');
            text.push_str(below.trim_start());
        }
        _ => write_value(text, indent, 1, item, false),
    }
}

/// Whether a text is best written on lines of its own.
fn is_block(value: &str) -> bool {
    let lines_are_plain = value.lines().all(|line| !line.starts_with([' ', '\t']) || !line.trim().is_empty());
    let first_is_flush = !value.starts_with([' ', '\t', '\n']);
    let is_visible = value.chars().all(|letter| letter == '\n' || !letter.is_control());
    value.trim_end_matches('\n').contains('\n') && lines_are_plain && first_is_flush && is_visible && {
        let ends = value.len() - value.trim_end_matches('\n').len();
        ends <= 1 && !value.lines().any(|line| line.ends_with(' '))
    }
}

fn block(text: &mut String, indent: usize, value: &str) {
    text.push_str(if value.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in value.lines() {
        if line.is_empty() {
            text.push('\n');
        } else {
            writeln!(text, "{}{line}", " ".repeat(indent)).expect("a String takes everything");
        }
    }
}

/// Whether it can stand in brackets on one line.
fn fits(item: &Item, column: usize) -> bool {
    let is_simple = |item: &Item| match item {
        Item::Scalar { text, .. } => !text.contains('\n'),
        Item::List(items) => items.iter().all(|item| matches!(item, Item::Scalar { text, .. } if !text.contains('\n'))),
        Item::Map(map) => map.is_empty(),
    };
    let (is_simple, most) = match item {
        Item::Scalar { text, .. } => (!text.contains('\n'), usize::MAX),
        Item::List(items) => (items.iter().all(|item| matches!(item, Item::Scalar { .. }) && is_simple(item)), WIDTH),
        Item::Map(map) => {
            let entries = map.0.values();
            (
                map.0.len() <= 3 && entries.clone().all(|entry| entry.notes.is_empty() && is_simple(&entry.item)),
                if map.0.len() == 1 { WIDTH } else { WIDTH - 16 },
            )
        }
    };
    is_simple && column + flow(item).len() <= most
}

/// In brackets, on one line.
fn flow(item: &Item) -> String {
    match item {
        Item::Scalar { text, plain } => flow_scalar(text, *plain),
        Item::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Item::Map(map) if map.is_empty() => "{}".to_owned(),
        Item::Map(map) => {
            let entries =
                map.0.iter().map(|(key, entry)| format!("{}: {}", flow_scalar(key, false), flow(&entry.item)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Brackets give commas and brackets a meaning that they do not have elsewhere.
fn flow_scalar(text: &str, plain: bool) -> String {
    let written = scalar(text, plain);
    let is_bare = !written.starts_with(['"', '\'']);
    if is_bare && (text.contains([',', '[', ']', '{', '}']) || (text.is_empty() && !plain)) {
        quoted(text)
    } else {
        written
    }
}

/// One scalar, in quotes only where a reader could take it for something else.
pub(super) fn scalar(text: &str, plain: bool) -> String {
    if plain && (text.is_empty() || means_something(text)) {
        return if text.is_empty() { "null".to_owned() } else { text.to_owned() };
    }
    // A variable that may be empty: what is read then is a text, and is seen to be one.
    let may_be_empty = !plain && text.starts_with("${") && text.ends_with(":-}");
    if can_be_bare(text) && !may_be_empty { text.to_owned() } else { quoted(text) }
}

fn can_be_bare(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let starts_well = first.is_alphanumeric() || "/._$~+".contains(first) || (first == '-' && is_flag(text));
    let goes_on_well = text.chars().all(|letter| !letter.is_control() && letter != '\u{feff}' && letter != '\u{2028}');
    let breaks = [": ", " #", "\u{85}", "\u{2029}"];
    starts_well
        && goes_on_well
        && !text.ends_with([':', ' '])
        && !text.starts_with("...")
        && !breaks.iter().any(|part| text.contains(part))
        && !means_something(text)
}

/// `-flag` and `--flag`, not a list item and not a number.
fn is_flag(text: &str) -> bool {
    text.trim_start_matches('-').starts_with(|letter: char| letter.is_ascii_alphabetic())
}

/// Whether some reader of YAML takes the bare word for a number, a boolean, a time or nothing.
fn means_something(text: &str) -> bool {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "~", "<<", "="];
    let is_word = words.iter().any(|word| text.eq_ignore_ascii_case(word));
    let unsigned = text.strip_prefix(['-', '+', '.']).unwrap_or(text);
    let digit_first = unsigned.starts_with(|letter: char| letter.is_ascii_digit());
    let is_of_digits = text.chars().all(|letter| letter.is_ascii_hexdigit() || "+-.:_xoTZe".contains(letter));
    let is_number = digit_first && (is_of_digits || text.parse::<f64>().is_ok())
        || [".inf", "-.inf", "+.inf", ".nan"].iter().any(|word| text.eq_ignore_ascii_case(word));
    is_word || is_number
}

/// In quotes: single ones where they show the text as it is, else double ones.
fn quoted(text: &str) -> String {
    let needs_escapes =
        text.chars().any(|letter| letter.is_control() || "\u{85}\u{2028}\u{2029}\u{feff}".contains(letter));
    if !needs_escapes && !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    if !needs_escapes {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let escape = |letter: char| match letter {
        '"' | '\\' => format!("\\{letter}"),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        _ if letter.is_control() || "\u{85}\u{2028}\u{2029}\u{feff}".contains(letter) => {
            format!("\\U{:08X}", u32::from(letter))
        }
        _ => letter.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{OutsideValue, read_outside};

    /// What a reader makes of one text behind a key, in brackets, and as a key.
    fn read_back(text: &str) -> Vec<String> {
        let mut root = Map::default();
        root.set("key", Item::text(text));
        root.set("list", Item::texts([text, "x"]));
        root.map("map").set(text, Item::text("x"));
        let written = stack_file(&[], &root);
        let node =
            read_outside("test", written.clone().into_bytes()).unwrap_or_else(|error| panic!("{error}\n{written}"));
        let first = |item: Item| match item {
            Item::Scalar { text, .. } => text,
            Item::List(items) => items[0].as_text().unwrap().to_owned(),
            Item::Map(map) => map.0.keys().next().unwrap().clone(),
        };
        let OutsideValue::Mapping(entries) = &node.value else { panic!("{written}") };
        entries.values().map(|entry| first(Item::of(&entry.node, &str::to_owned))).collect()
    }

    #[test]
    fn whatever_a_text_says_it_is_read_back() {
        let texts = [
            "web:80",
            "8080:80",
            "/metrics",
            "",
            "no",
            "NULL",
            "1:30",
            "0x10",
            "1e3",
            "a: b",
            "a #b",
            "- a",
            "-a",
            "--x=1",
            "a:",
            "{}",
            "'",
            "\"",
            "it's \"so\"",
            "\\",
            "a\nb",
            "a\nb\n",
            " lead",
            "trail ",
            "\t",
            "${X:-a, b}",
            "$$",
            "*a",
            "&a",
            "!t",
            "%x",
            "@x",
            "`x`",
            "#",
            "?",
            "| x",
            "a, b",
            "[a]",
            "日本",
            "\u{feff}x",
            "\u{2028}",
            "2024-01-01",
            "1.10",
            "~",
            "...",
            "---",
            "a\n\n b\n",
            "x\n y ",
        ];
        for text in texts {
            assert_eq!(read_back(text), [text, text, text]);
        }
    }
}
