//! Changes to the text of a stack file that leave comments, order and every other line as they are.

use super::collector::Collector;
use super::document::{self, Entry, Node, Value};
use super::wrong::Wrong;
use super::{Problems, suggest};

/// The text of a stack file that is to be changed.
#[derive(Debug)]
pub struct Editor {
    text: String,
    root: Node,
    /// Whether every line ends with a carriage return, too. It is taken off while the text is changed.
    returns: bool,
}

/// An entry that is to be put in: `NAME:` and what stands below it, and the same on one line in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// Lines, without indentation of their own.
    pub block: String,
    /// `NAME: { … }`
    pub flow: String,
}

impl Editor {
    /// A text that is YAML.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open(name: &str, text: &str) -> Result<Self, Problems> {
        let mut problems = Collector::default();
        let source = problems.add_source(name.to_owned(), text.to_owned());
        // YAML ends lines at them, and nothing else that reads lines does.
        if text.replace("\r\n", "").contains('\r') {
            let message = "its lines end in bare carriage returns, which no command edits";
            problems.error_in(
                name.to_owned(),
                1,
                message,
                "give its lines the usual ends first, such as with `dos2unix -c mac`",
            );
            return Err(problems.finish());
        }
        let returns = text.contains("\r\n") && text.matches("\r\n").count() == text.matches('\n').count();
        let text = if returns { text.replace("\r\n", "\n") } else { text.to_owned() };
        match document::parse(&text, source, &mut problems) {
            Some(root) if !problems.has_errors() => Ok(Self { text, root, returns }),
            _ => Err(problems.finish()),
        }
    }

    /// Whether a section has an entry of that name.
    pub fn has(&self, section: &str, name: &str) -> bool {
        self.find(section, name).is_some()
    }

    /// The text with an entry more, at the end of its section; the section is made where there is none.
    ///
    /// # Errors
    /// Where the entry is there already, or the section is no map.
    pub fn insert(&self, section: &str, name: &str, snippet: &Snippet) -> Result<String, Wrong> {
        self.inserted(section, name, snippet).map(|text| self.with_returns(text))
    }

    fn inserted(&self, section: &str, name: &str, snippet: &Snippet) -> Result<String, Wrong> {
        let Some(entry) = self.root.entry(section) else {
            let gap = if self.text.trim().is_empty() { "" } else { "\n" };
            let text = self.text.trim_end();
            return Ok(format!("{text}\n{gap}{section}:\n{}", indented(&snippet.block, 2)));
        };
        if entry.node.entry(name).is_some() {
            return Err(Wrong::new(
                format!("`{section}.{name}` is there already"),
                "take another name, or change it by hand",
            ));
        }
        match &entry.node.value {
            Value::Mapping(entries) if entry.node.span.is_empty() => {
                let indent = entries.values().next().map_or(2, |first| first.key.column as usize - 1);
                Ok(self.insert_block(entry, indent, &indented(&snippet.block, indent)))
            }
            Value::Mapping(entries) if !entries.is_empty() => Ok(self.insert_flow(&entry.node, &snippet.flow)),
            _ if entry.node.is_null() || matches!(&entry.node.value, Value::Mapping(_)) => {
                let end = (entry.node.span.end as usize).max(entry.key.end as usize);
                let colon =
                    self.text[entry.key.end as usize..].find(':').map_or(end, |at| entry.key.end as usize + at + 1);
                let (before, after) =
                    (&self.text[..colon], self.text[colon.max(end)..].trim_start_matches([' ', '\t']));
                let rest = after.strip_prefix('\n').unwrap_or(after);
                Ok(format!("{before}\n{}{rest}", indented(&snippet.block, 2)))
            }
            _ => Err(Wrong::new(format!("`{section}` is no map"), "write `NAME:` and its settings below it")),
        }
    }

    /// The text without an entry, and without the comment right above it. The last one takes its section with it.
    ///
    /// # Errors
    /// Where there is no such entry.
    pub fn remove(&self, section: &str, name: &str) -> Result<String, Wrong> {
        self.removed(section, name).map(|text| self.with_returns(text))
    }

    fn removed(&self, section: &str, name: &str) -> Result<String, Wrong> {
        let Some((owner, entry)) = self.find(section, name) else {
            return Err(self.unknown(section, name));
        };
        if self.names(section).len() == 1 {
            let whole = self.root.entry(section).map_or(entry, |whole| whole);
            return Ok(self.without_lines(self.lines_of(whole)));
        }
        if owner.span.is_empty() {
            return Ok(self.without_lines(self.lines_of(entry)));
        }
        Ok(self.without_flow(entry))
    }

    /// The text with another value of a key of an entry: changed in place, or written as its second line.
    ///
    /// # Errors
    /// Where there is no such entry.
    pub fn set(&self, section: &str, name: &str, key: &str, value: &str) -> Result<String, Wrong> {
        self.changed(section, name, key, value).map(|text| self.with_returns(text))
    }

    fn changed(&self, section: &str, name: &str, key: &str, value: &str) -> Result<String, Wrong> {
        let Some((_, entry)) = self.find(section, name) else {
            return Err(self.unknown(section, name));
        };
        let written = entry.node.entry(key);
        if self.is_shared(entry) || written.is_some_and(|found| self.stands_in(entry, found) && self.is_shared(found)) {
            return Err(Wrong::new(
                format!(
                    "what `{section}.{name}` says counts elsewhere, too: an anchor (`&`) or an alias (`*`) shares it"
                ),
                format!("write `{key}: {value}` there by hand"),
            ));
        }
        if let Some(found) = entry.node.entry(key).filter(|found| self.stands_in(entry, found)) {
            let (start, end) = (found.node.span.start as usize, found.node.span.end as usize);
            return Ok(format!("{}{value}{}", &self.text[..start], &self.text[end..]));
        }
        let Value::Mapping(entries) = &entry.node.value else {
            return Err(Wrong::new(format!("`{section}.{name}` is no map"), "write its settings below it"));
        };
        if !entry.node.span.is_empty() {
            return Ok(self.insert_flow(&entry.node, &format!("{key}: {value}")));
        }
        // What is merged in by an anchor stands elsewhere, or behind another key.
        let begins_line = |found: &&Entry| {
            let before = &self.text[..found.key.start as usize];
            before.rsplit('\n').next().unwrap_or_default().trim().is_empty() && self.stands_in(entry, found)
        };
        let first = entries.values().filter(begins_line).min_by_key(|found| found.key.start);
        let Some(first) = first else {
            return Err(Wrong::new(
                format!("`{section}.{name}` has no lines of its own"),
                format!("write `{key}: {value}` below it"),
            ));
        };
        let (_, last) = self.lines_of(first);
        let line = format!("{}{key}: {value}\n", " ".repeat(first.key.column as usize - 1));
        Ok(self.with_lines(last, &line))
    }

    fn with_returns(&self, text: String) -> String {
        if self.returns { text.replace('\n', "\r\n") } else { text }
    }

    /// Whether the value of an entry carries an anchor, or is an alias, whose text stands before its key.
    fn is_shared(&self, entry: &Entry) -> bool {
        let from = entry.key.start as usize;
        let first_key = match &entry.node.value {
            Value::Mapping(entries) if entry.node.span.is_empty() => {
                entries.values().map(|child| child.key.start as usize).filter(|start| *start > from).min()
            }
            _ => None,
        };
        let to = first_key.unwrap_or(entry.node.span.start as usize);
        to < from || self.text[from..to].lines().next().is_some_and(|line| line.contains('&'))
    }

    fn find(&self, section: &str, name: &str) -> Option<(&Node, &Entry)> {
        let owner = &self.root.entry(section)?.node;
        Some((owner, owner.entry(name)?))
    }

    fn unknown(&self, section: &str, name: &str) -> Wrong {
        let known: Vec<&str> = self.names(section);
        let what = match section {
            "scrape" => "scrape job",
            _ => section.strip_suffix('s').unwrap_or(section),
        };
        let help = if known.is_empty() {
            format!("the file has nothing under `{section}`")
        } else {
            format!("it has {}", suggest::listed(&known))
        };
        suggest::unknown_name(what, name, known.iter().copied(), help)
    }

    fn names(&self, section: &str) -> Vec<&str> {
        match self.root.entry(section).map(|entry| &entry.node.value) {
            Some(Value::Mapping(entries)) => entries.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a key is written in the entry itself, and not merged in from an anchor.
    fn stands_in(&self, entry: &Entry, key: &Entry) -> bool {
        let (first, last) = self.lines_of(entry);
        let line = key.key.line as usize;
        line >= first && line <= last && key.key.start >= entry.key.start
    }

    fn insert_block(&self, section: &Entry, indent: usize, block: &str) -> String {
        let (_, last) = self.lines_of(section);
        let lines: Vec<&str> = self.text.lines().collect();
        let (first, _) = self.lines_of(section);
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
    fn insert_flow(&self, node: &Node, flow: &str) -> String {
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
    fn lines_of(&self, entry: &Entry) -> (usize, usize) {
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

    fn without_lines(&self, (first, last): (usize, usize)) -> String {
        let lines: Vec<&str> = self.text.split_inclusive('\n').collect();
        let is_blank = |line: Option<&&str>| line.is_none_or(|line| line.trim().is_empty());
        // Where a blank line stands on both sides, one is enough.
        let is_double = first > 1 && is_blank(lines.get(first - 2)) && is_blank(lines.get(last));
        let end = if is_double { (last + 1).min(lines.len()) } else { last };
        let text: String = lines[..first - 1].iter().chain(&lines[end..]).copied().collect();
        if end >= lines.len() { format!("{}\n", text.trim_end()) } else { text }
    }

    fn with_lines(&self, after: usize, block: &str) -> String {
        let lines: Vec<&str> = self.text.split_inclusive('\n').collect();
        let at = after.min(lines.len());
        let before: String = lines[..at].concat();
        let end = if before.ends_with('\n') { "" } else { "\n" };
        format!("{before}{end}{block}{}", lines[at..].concat())
    }

    fn without_flow(&self, entry: &Entry) -> String {
        let (start, end) = (entry.key.start as usize, (entry.node.span.end as usize).max(entry.key.end as usize));
        let (before, after) = (&self.text[..start], &self.text[end..]);
        let rest = after.trim_start();
        let line_rest = after.split('\n').next().unwrap_or_default().trim_start();
        let line_rest = line_rest.strip_prefix(',').unwrap_or(line_rest).trim_start();
        let begins_line = before.rsplit('\n').next().unwrap_or_default().trim().is_empty();
        if begins_line && (line_rest.is_empty() || line_rest.starts_with('#')) {
            // The comma before it may stay: one before the bracket is none too many.
            return self.without_lines(self.lines_of(entry));
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

fn indented(block: &str, indent: usize) -> String {
    let spaces = " ".repeat(indent);
    block.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{spaces}{line}\n") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# The shop.
name: shop

apps:
  # What people see.
  web:
    image: web:1   # pinned
    scale: 2       # two are enough

    ports:
    - \"80\"

  # The cart.
  cart: { image: cart:1 }

  worker:
    <<: &base { restart: always }
    image: worker:1
exporters: { node: {}, cadvisor: {} }
# the end
";

    fn snippet() -> Snippet {
        Snippet { block: "new:\n  image: new:1\n".to_owned(), flow: "new: { image: new:1 }".to_owned() }
    }

    fn editor() -> Editor {
        Editor::open("stack.yml", FILE).unwrap()
    }

    #[test]
    fn an_entry_is_put_at_the_end_of_its_section() {
        let text = editor().insert("apps", "new", &snippet()).unwrap();
        let expected = FILE.replace("    image: worker:1\n", "    image: worker:1\n\n  new:\n    image: new:1\n");
        assert_eq!(text, expected);
        assert!(editor().insert("apps", "web", &snippet()).is_err());
        let text = editor().insert("exporters", "new", &snippet()).unwrap();
        assert_eq!(text, FILE.replace("cadvisor: {} }", "cadvisor: {}, new: { image: new:1 } }"));
        let text = editor().insert("scrape", "new", &snippet()).unwrap();
        assert_eq!(text, format!("{FILE}\nscrape:\n  new:\n    image: new:1\n"));
    }

    #[test]
    fn brackets_over_several_lines_keep_their_comments() {
        let file = "name: a\nexporters: {\n  node: {},     # hosts\n  # Containers.\n  cadvisor: {}  # all of them\n}\ngrafana: off\n";
        let edit = |file: &str| Editor::open("stack.yml", file).unwrap();
        let added = edit(file).insert("exporters", "new", &snippet()).unwrap();
        let expected =
            file.replace("cadvisor: {}  # all of them\n", "cadvisor: {},  # all of them\n  new: { image: new:1 }\n");
        assert_eq!(added, expected);
        assert!(edit(&added).has("exporters", "new"));
        let removed = edit(&added).remove("exporters", "new").unwrap();
        assert_eq!(removed, file.replace("cadvisor: {} ", "cadvisor: {}, "));
        let removed = edit(&removed).remove("exporters", "cadvisor").unwrap();
        assert_eq!(removed, "name: a\nexporters: {\n  node: {},     # hosts\n}\ngrafana: off\n");
        let added = edit(&removed).insert("exporters", "new", &snippet()).unwrap();
        assert!(added.contains("# hosts\n  new: { image: new:1 },\n}"), "{added}");
        let one = "exporters: { node: {}, # hosts\n  cadvisor: {} }\n";
        let added = edit(one).insert("exporters", "new", &snippet()).unwrap();
        assert_eq!(added, one.replace("cadvisor: {} }", "cadvisor: {}, new: { image: new:1 } }"));
        let removed = edit(one).remove("exporters", "cadvisor").unwrap();
        assert!(edit(&removed).has("exporters", "node") && !edit(&removed).has("exporters", "cadvisor"), "{removed}");
    }

    #[test]
    fn lines_that_end_in_bare_carriage_returns_are_not_edited() {
        let text = "name: x\rapps:\r  web:\r    image: a:1\r";
        let refused = Editor::open("stack.yml", text).expect_err("it is refused");
        assert!(refused.as_slice()[0].message.contains("bare carriage returns"));
    }

    #[test]
    fn lines_keep_their_carriage_returns() {
        let file = FILE.replace('\n', "\r\n");
        let edit = Editor::open("stack.yml", &file).unwrap();
        for text in [
            edit.insert("apps", "new", &snippet()).unwrap(),
            edit.remove("apps", "cart").unwrap(),
            edit.set("apps", "web", "scale", "5").unwrap(),
        ] {
            assert_eq!(text.matches("\r\n").count(), text.matches('\n').count(), "{text:?}");
            assert!(Editor::open("stack.yml", &text).unwrap().has("apps", "web"));
        }
        assert_eq!(edit.set("apps", "web", "scale", "5").unwrap(), file.replace("scale: 2 ", "scale: 5 "));
    }

    #[test]
    fn an_empty_section_is_filled() {
        for file in ["name: a\napps: {}\ngrafana: off\n", "name: a\napps:\ngrafana: off\n"] {
            let text = Editor::open("stack.yml", file).unwrap().insert("apps", "new", &snippet()).unwrap();
            assert_eq!(text, "name: a\napps:\n  new:\n    image: new:1\ngrafana: off\n");
        }
    }

    #[test]
    fn an_entry_goes_with_the_comment_right_above_it() {
        let text = editor().remove("apps", "cart").unwrap();
        assert_eq!(text, FILE.replace("  # The cart.\n  cart: { image: cart:1 }\n\n", ""));
        let text = editor().remove("apps", "web").unwrap();
        let begin = FILE.find("  # What people see.").unwrap();
        let end = FILE.find("\n  # The cart.").unwrap();
        assert_eq!(text, format!("{}{}", &FILE[..begin], &FILE[end..]).replace("apps:\n\n", "apps:\n\n"));
        assert_eq!(editor().remove("exporters", "node").unwrap(), FILE.replace("node: {}, ", ""));
        assert_eq!(
            editor().remove("exporters", "cadvisor").unwrap(),
            FILE.replace("node: {}, cadvisor: {} }", "node: {} }")
        );
        assert!(editor().remove("apps", "wep").unwrap_err().help.contains("web"));
    }

    #[test]
    fn the_last_entry_takes_its_section_with_it() {
        let file = "name: a\n\n# Hosts.\nexporters:\n  node: {}\n\ngrafana: off\n";
        let text = Editor::open("stack.yml", file).unwrap().remove("exporters", "node").unwrap();
        assert_eq!(text, "name: a\n\ngrafana: off\n");
    }

    #[test]
    fn a_value_is_changed_where_it_stands_or_written_below_the_first_line() {
        assert_eq!(editor().set("apps", "web", "scale", "5").unwrap(), FILE.replace("scale: 2 ", "scale: 5 "));
        assert_eq!(
            editor().set("apps", "cart", "scale", "5").unwrap(),
            FILE.replace("image: cart:1 }", "image: cart:1, scale: 5 }")
        );
        let text = editor().set("apps", "worker", "scale", "5").unwrap();
        assert!(text.contains("    scale: 5\n"), "{text}");
        let read = Editor::open("stack.yml", &text).unwrap();
        assert!(read.root.entry("apps").unwrap().node.entry("worker").unwrap().node.entry("scale").is_some());
        assert!(editor().set("apps", "nobody", "scale", "5").is_err());
    }
}
