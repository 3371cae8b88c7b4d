//! Changes to the text of a stack file that leave comments, order and every other line as they are.

mod lines;
mod proof;

use super::collector::Collector;
use super::document::{self, Entry, Node, Value};
use super::wrong::Wrong;
use super::{Problems, suggest};
use lines::{Blank, indented};
use proof::{Goal, State};

/// The text of a stack file that is to be changed.
#[derive(Debug)]
pub struct Editor {
    text: String,
    root: Node,
    /// The line `...` that ends the document, and what stands below it.
    rest: String,
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
            Some(root) if !problems.has_errors() => {
                let (text, rest) = text.split_at(end_of_document(&text));
                Ok(Self { text: text.to_owned(), root, rest: rest.to_owned(), returns })
            }
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
    /// Where the entry is there already, the section is no map, or more than that would change.
    pub fn insert(&self, section: &str, name: &str, snippet: &Snippet) -> Result<String, Wrong> {
        let by_hand = format!("write `{}` under `{section}` by hand", snippet.flow);
        let texts = [Blank::Tidy, Blank::Kept].map(|blank| self.inserted(section, name, snippet, blank));
        self.proved(texts, &Goal { path: &[section, name], is: State::There }, &by_hand)
    }

    fn inserted(&self, section: &str, name: &str, snippet: &Snippet, blank: Blank) -> Result<String, Wrong> {
        let Some(entry) = self.root.entry(section) else { return Ok(self.with_section(section, snippet, blank)) };
        if entry.node.entry(name).is_some() {
            return Err(Wrong::new(
                format!("`{section}.{name}` is there already"),
                "take another name, or change it by hand",
            ));
        }
        match &entry.node.value {
            Value::Mapping(entries) if entry.node.span.is_empty() => {
                let indent = entries.values().next().map_or(2, |first| first.key.column as usize - 1);
                Ok(self.insert_block(entry, indent, &indented(&snippet.block, indent), blank))
            }
            Value::Mapping(entries) if !entries.is_empty() || self.is_in_brackets() => {
                Ok(self.insert_flow(&entry.node, &snippet.flow))
            }
            _ if entry.node.is_null() || matches!(&entry.node.value, Value::Mapping(_)) => {
                let end = (entry.node.span.end as usize).max(entry.key.end as usize);
                let colon =
                    self.text[entry.key.end as usize..].find(':').map_or(end, |at| entry.key.end as usize + at + 1);
                let (before, after) =
                    (&self.text[..colon], self.text[colon.max(end)..].trim_start_matches([' ', '\t']));
                let rest = after.strip_prefix('\n').unwrap_or(after);
                let indent = entry.key.column as usize + 1;
                Ok(format!("{before}\n{}{rest}", indented(&snippet.block, indent)))
            }
            _ => Err(Wrong::new(format!("`{section}` is no map"), "write `NAME:` and its settings below it")),
        }
    }

    /// The text with a section more, at its end.
    fn with_section(&self, section: &str, snippet: &Snippet, blank: Blank) -> String {
        if self.is_in_brackets() {
            return self.insert_flow(&self.root, &format!("{section}: {{ {} }}", snippet.flow));
        }
        let indent = match &self.root.value {
            Value::Mapping(entries) => entries.values().next().map_or(0, |first| first.key.column as usize - 1),
            _ => 0,
        };
        let block = indented(&format!("{section}:\n{}", indented(&snippet.block, 2)), indent);
        if blank == Blank::Kept {
            return self.with_lines(usize::MAX, &block);
        }
        let gap = if self.text.trim().is_empty() { "" } else { "\n" };
        format!("{}\n{gap}{block}", self.text.trim_end())
    }

    /// Whether all of the file stands in brackets.
    fn is_in_brackets(&self) -> bool {
        !self.root.span.is_empty()
    }

    /// The text without an entry, and without the comment right above it. The last one takes its section with it.
    ///
    /// # Errors
    /// Where there is no such entry, or more than that would change.
    pub fn remove(&self, section: &str, name: &str) -> Result<String, Wrong> {
        let by_hand = format!("take `{section}.{name}` out by hand");
        let texts = [Blank::Tidy, Blank::Kept].map(|blank| self.removed(section, name, blank));
        self.proved(texts, &Goal { path: &[section, name], is: State::Gone }, &by_hand)
    }

    fn removed(&self, section: &str, name: &str, blank: Blank) -> Result<String, Wrong> {
        let Some((owner, entry)) = self.find(section, name) else {
            return Err(self.unknown(section, name));
        };
        if self.names(section).len() == 1 {
            let whole = self.root.entry(section).map_or(entry, |whole| whole);
            return Ok(if self.is_in_brackets() {
                self.without_flow(whole, blank)
            } else {
                self.without_lines(self.lines_of(whole), blank)
            });
        }
        if owner.span.is_empty() {
            return Ok(self.without_lines(self.lines_of(entry), blank));
        }
        Ok(self.without_flow(entry, blank))
    }

    /// The text with another value of a key of an entry: changed in place, or written as its second line.
    ///
    /// # Errors
    /// Where there is no such entry, or more than that would change.
    pub fn set(&self, section: &str, name: &str, key: &str, value: &str) -> Result<String, Wrong> {
        let by_hand = format!("write `{key}: {value}` there by hand");
        let texts = [self.changed(section, name, key, value)];
        self.proved(texts, &Goal { path: &[section, name, key], is: State::Saying(value) }, &by_hand)
    }

    fn changed(&self, section: &str, name: &str, key: &str, value: &str) -> Result<String, Wrong> {
        let Some((_, entry)) = self.find(section, name) else {
            return Err(self.unknown(section, name));
        };
        if let Some(found) = entry.node.entry(key).filter(|found| self.stands_in(entry, found)) {
            let (start, end) = (found.node.span.start as usize, found.node.span.end as usize);
            let colon = if self.text[..start].ends_with(':') { " " } else { "" };
            return Ok(format!("{}{colon}{value}{}", &self.text[..start], &self.text[end..]));
        }
        let Value::Mapping(entries) = &entry.node.value else {
            return Err(Wrong::new(format!("`{section}.{name}` is no map"), "write its settings below it"));
        };
        let is_alias = entry.node.span.start < entry.key.start;
        if !entry.node.span.is_empty() && !is_alias {
            return Ok(self.insert_flow(&entry.node, &format!("{key}: {value}")));
        }
        // What is merged in by an anchor stands elsewhere, or behind another key.
        let begins_line = |found: &&Entry| {
            let before = &self.text[..found.key.start as usize];
            before.rsplit('\n').next().unwrap_or_default().trim().is_empty() && self.stands_in(entry, found)
        };
        let first = entries.values().filter(begins_line).min_by_key(|found| found.key.start);
        let Some(first) = first else {
            let message = format!(
                "`{section}.{name}` has no lines of its own: an anchor (`&`) or an alias (`*`) says what it is, or nothing does"
            );
            return Err(Wrong::new(message, format!("write `{key}: {value}` below it by hand")));
        };
        let (_, last) = self.lines_of(first);
        let line = format!("{}{key}: {value}\n", " ".repeat(first.key.column as usize - 1));
        Ok(self.with_lines(last, &line))
    }

    /// The first of these texts that says what it is to say and, but for that, what the file said before.
    fn proved<const N: usize>(
        &self,
        texts: [Result<String, Wrong>; N],
        goal: &Goal,
        by_hand: &str,
    ) -> Result<String, Wrong> {
        let mut refused = None;
        for text in texts {
            let text = text?;
            match proof::look(&self.root, &text, goal) {
                Ok(()) => return Ok(self.with_returns(format!("{text}{}", self.rest))),
                Err(why) => refused = refused.or(Some(why)),
            }
        }
        Err(Wrong::new(refused.unwrap_or_default(), by_hand))
    }

    fn with_returns(&self, text: String) -> String {
        if self.returns { text.replace('\n', "\r\n") } else { text }
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
}

/// Where the line begins that ends the document, or where the text ends.
fn end_of_document(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.strip_prefix("...").is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            break;
        }
        at += line.len();
    }
    at
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
