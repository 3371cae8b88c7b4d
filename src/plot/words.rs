//! Markdown of text panels: as HTML for a page, as lines for a picture. HTML inside it is text like any other.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::letters;
use super::svg::{Anchor, Area, Shapes};

/// The Markdown as HTML that can do no harm: no tags of its own, no pictures, links to web addresses and within the page.
pub fn to_html(markdown: &str) -> String {
    let mut page = String::new();
    html::push_html(&mut page, events(markdown).filter_map(harmless));
    page
}

fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        // What is read in place of a picture stays.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if is_harmless(&dest_url) { dest_url } else { CowStr::Borrowed("#") };
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        other => Some(other),
    }
}

fn is_harmless(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    ["https://", "http://", "mailto:", "#"].iter().any(|start| address.starts_with(start))
        || address.starts_with('/') && !address.starts_with("//")
}

/// One paragraph, heading or item.
#[derive(Debug, Default, PartialEq, Eq)]
struct Block {
    text: String,
    style: Style,
    indent: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Style {
    #[default]
    Plain,
    Heading,
    Code,
}

/// Draws the lines that there is room for.
pub(super) fn draw(markdown: &str, area: Area, shapes: &mut Shapes) {
    const LINE: f64 = 17.0;
    let mut y = area.y + 18.0;
    for block in blocks(markdown) {
        let (class, size) = match block.style {
            Style::Plain => ("ink", 12.0),
            Style::Heading => ("ink heading", 15.0),
            Style::Code => ("ink code", 12.0),
        };
        let x = area.x + 12.0 + super::number::float(block.indent) * 16.0;
        let lines = match block.style {
            Style::Code => block.text.lines().map(|line| letters::fit(line, area.right() - x - 12.0, size)).collect(),
            _ => letters::wrap(&block.text, area.right() - x - 12.0, size),
        };
        for line in lines {
            if y > area.bottom() {
                return;
            }
            shapes.text((x, y), Anchor::Start, class, line);
            y += LINE;
        }
        y += 7.0;
    }
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = vec![Block::default()];
    let mut lists: Vec<Option<u64>> = Vec::new();
    for event in events(markdown).filter_map(harmless) {
        let depth = lists.len();
        let mut begin = |text: String, style, indent| blocks.push(Block { text, style, indent });
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let style = if level <= HeadingLevel::H3 { Style::Heading } else { Style::Plain };
                begin(String::new(), style, depth);
            }
            Event::Start(Tag::CodeBlock(_)) => begin(String::new(), Style::Code, depth),
            Event::Start(Tag::Paragraph | Tag::TableRow | Tag::TableHead) if depth == 0 => {
                begin(String::new(), Style::Plain, depth);
            }
            Event::Start(Tag::List(first)) => lists.push(first),
            Event::End(TagEnd::List(_)) => drop(lists.pop()),
            Event::Start(Tag::Item) => begin(bullet(lists.last_mut().and_then(Option::as_mut)), Style::Plain, depth),
            Event::End(TagEnd::TableCell) => add(&mut blocks, "   "),
            Event::Text(text) | Event::Code(text) => add(&mut blocks, &text),
            Event::SoftBreak | Event::HardBreak => add(&mut blocks, " "),
            _ => {}
        }
    }
    blocks.retain(|block| !block.text.trim().is_empty());
    blocks
}

/// `number`: that of the item, in a list that counts.
fn bullet(number: Option<&mut u64>) -> String {
    let Some(number) = number else { return "• ".to_owned() };
    *number += 1;
    format!("{}. ", *number - 1)
}

fn add(blocks: &mut [Block], text: &str) {
    blocks.last_mut().expect("there is always one").text.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::{blocks, to_html};

    #[test]
    fn markdown_becomes_html_and_html_in_it_becomes_text() {
        assert_eq!(to_html("**a** `b`"), "<p><strong>a</strong> <code>b</code></p>\n");
        let hostile = to_html("x <script>alert(1)</script> <img src=x onerror=y>\n\n<iframe src=//e></iframe>");
        assert!(!hostile.contains("<script") && !hostile.contains("<img") && !hostile.contains("<iframe"), "{hostile}");
    }

    #[test]
    fn links_lead_to_addresses_only_and_pictures_are_their_words() {
        assert!(to_html("[a](https://example.org)").contains("href=\"https://example.org\""));
        for address in ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "//example.org", "vbscript:x"] {
            assert!(to_html(&format!("[a]({address})")).contains("href=\"#\""), "{address}");
        }
        assert_eq!(to_html("![a cat](http://e/x.png)"), "<p>a cat</p>\n");
    }

    #[test]
    fn a_picture_gets_headings_paragraphs_and_items() {
        let texts: Vec<String> =
            blocks("# Title\n\nOne\ntwo.\n\n- a\n- b\n\n1. c\n2. d\n").into_iter().map(|block| block.text).collect();
        assert_eq!(texts, ["Title", "One two.", "• a", "• b", "1. c", "2. d"]);
    }
}
