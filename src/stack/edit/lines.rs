//! The lines of a stack file: where an entry begins and ends, and the text with one more or one less.

use super::Editor;
use crate::stack::document::{Entry, Node, Value};

/// How much of the empty lines around a change is set right. What a text in lines (`|+`) ends with may be such lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blank {
    /// As a person would leave them.
    Tidy,
    /// Every one stays.
    Kept,
}

impl Editor {
    /// After the last entry of a section that is written in lines.
    pub(super) fn insert_block(&self, section: &Entry, indent: usize, block: &str, blank: Blank) -> String {
        let (first, last) = self.lines_of(section);
        let lines: Vec<&str> = self.text.lines().collect();
        if blank == Blank::Kept {
            let below = lines.iter().skip(last).take_while(|line| line.trim().is_empty()).count();
            return self.with_lines(last + below, block);
        }
        // Entries that stand apart go on standing apart.
        let inner = lines.get(first..last).unwrap_or_default();
        let is_key = |line: &&&str| {
            line.len() > indent && line.len() - line.trim_start().len() == indent && !line.trim_start().starts_with('#')
        };
        let stands_apart = inner.iter().filter(is_key).count() > 1
            && inner
                .windows(2)
                .any(|pair| pair[0].trim().is_empty() && (is_key(&&pair[1]) || pair[1].trim_start().starts_with('#')));
        let gap = if stands_apart { "\n" } else { "" };
        self.with_lines(last, &format!("{gap}{block}"))
    }

    /// Before the bracket that closes the map; on a line of its own where that has one.
    pub(super) fn insert_flow(&self, node: &Node, flow: &str) -> String {
        let (start, end) = (node.span.start as usize, node.span.end as usize);
        let close = self.text[start..end].rfind('}').map_or(end, |at| start + at);
        let Value::Mapping(entries) = &node.value else { return self.text.clone() };
        let inside = |found: &&Entry| (found.key.start as usize) > start && (found.key.end as usize) < end;
        let Some(last) = entries.values().filter(inside).max_by_key(|found| found.key.start) else {
            return format!("{} {flow} {}", self.text[..close].trim_end(), &self.text[close..]);
        };
        let last_end = (last.node.span.end as usize).max(last.key.end as usize);
        let between = &self.text[last_end..close];
        let has_comma = between.lines().any(|line| line.split('#').next().unwrap_or_default().contains(','));
        let comma = if has_comma { "" } else { "," };
        let line_begin = self.text[..close].rfind('\n').map_or(0, |at| at + 1);
        if line_begin > last_end && self.text[line_begin..close].trim().is_empty() {
            let indent = " ".repeat(last.key.column as usize - 1);
            let begin = self.text[..last.key.start as usize].rfind('\n').map_or(0, |at| at + 1);
            let is_first = self.text[begin..last.key.start as usize].trim().is_empty();
            let indent = if is_first { indent } else { format!("{}  ", &self.text[line_begin..close]) };
            let ending = if has_comma { "," } else { "" };
            let (before, after) = (&self.text[..last_end], &self.text[line_begin..]);
            return format!("{before}{comma}{}{indent}{flow}{ending}\n{after}", &self.text[last_end..line_begin]);
        }
        format!("{}{comma}{} {flow} {}", &self.text[..last_end], between.trim_end(), &self.text[close..])
    }

    /// First line, with the comment right above it, and last line of an entry, from 1.
    pub(super) fn lines_of(&self, entry: &Entry) -> (usize, usize) {
        let lines: Vec<&str> = self.text.lines().collect();
        let key_line = entry.key.line as usize;
        let indent = entry.key.column as usize - 1;
        let width = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let is_item = |line: &str| width(line) == indent && (line.trim_start().starts_with("- ") || line.trim() == "-");
        let mut last = key_line.max(line_of(&self.text, entry.node.span.end as usize));
        for (index, line) in lines.iter().enumerate().skip(last) {
            if line.trim().is_empty() {
                continue;
            }
            let is_inside = width(line) > indent || (is_item(line) && matches!(entry.node.value, Value::Sequence(_)));
            if !is_inside {
                break;
            }
            last = index + 1;
        }
        let mut first = key_line;
        while first > 1
            && lines[first - 2].trim_start().starts_with('#')
            && width(lines[first - 2]) == indent
            && first > 2
        {
            first -= 1;
        }
        (first, last)
    }

    pub(super) fn without_lines(&self, (first, last): (usize, usize), blank: Blank) -> String {
        let lines: Vec<&str> = self.text.split_inclusive('\n').collect();
        if blank == Blank::Kept {
            return lines[..first - 1].iter().chain(&lines[last.min(lines.len())..]).copied().collect();
        }
        let is_blank = |line: Option<&&str>| line.is_none_or(|line| line.trim().is_empty());
        // Where a blank line stands on both sides, one is enough.
        let is_double = first > 1 && is_blank(lines.get(first - 2)) && is_blank(lines.get(last));
        let end = if is_double { (last + 1).min(lines.len()) } else { last };
        let text: String = lines[..first - 1].iter().chain(&lines[end..]).copied().collect();
        if end >= lines.len() { format!("{}\n", text.trim_end()) } else { text }
    }

    pub(super) fn with_lines(&self, after: usize, block: &str) -> String {
        let lines: Vec<&str> = self.text.split_inclusive('\n').collect();
        let at = after.min(lines.len());
        let before: String = lines[..at].concat();
        let end = if before.ends_with('\n') { "" } else { "\n" };
        format!("{before}{end}{block}{}", lines[at..].concat())
    }

    pub(super) fn without_flow(&self, entry: &Entry, blank: Blank) -> String {
        let (start, end) = (entry.key.start as usize, (entry.node.span.end as usize).max(entry.key.end as usize));
        let (before, after) = (&self.text[..start], &self.text[end..]);
        let rest = after.trim_start();
        let line_rest = after.split('\n').next().unwrap_or_default().trim_start();
        let line_rest = line_rest.strip_prefix(',').unwrap_or(line_rest).trim_start();
        let begins_line = before.rsplit('\n').next().unwrap_or_default().trim().is_empty();
        if begins_line && (line_rest.is_empty() || line_rest.starts_with('#')) {
            // The comma before it may stay: one before the bracket is none too many.
            return self.without_lines(self.lines_of(entry), blank);
        }
        match rest.strip_prefix(',') {
            Some(rest) => format!("{before}{}", rest.trim_start_matches([' ', '\t'])),
            None if before.trim_end().ends_with(',') => {
                format!("{} {rest}", before.trim_end().trim_end_matches(',').trim_end())
            }
            None => format!("{before}{rest}"),
        }
    }
}

/// The line of a byte, from 1; the one before where it is the first of a line.
fn line_of(text: &str, byte: usize) -> usize {
    text[..byte.min(text.len())].trim_end_matches('\n').matches('\n').count() + 1
}

pub(super) fn indented(block: &str, indent: usize) -> String {
    let spaces = " ".repeat(indent);
    block.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{spaces}{line}\n") }).collect()
}
