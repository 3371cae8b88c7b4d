//! Gathers problems while a stack file is read. Keeps the values of variables out of every message.

use std::collections::{BTreeSet, HashSet};

use indexmap::IndexMap;

use super::covered::covered;
use super::document::Span;
use super::mask;
use super::problem::{Place, Problem, Problems, Severity, Source};

/// How many errors, and how many warnings, are kept.
const MOST_PROBLEMS: usize = 1000;
/// How many values of variables are kept out of messages, the first ones.
const MOST_VALUES: usize = 1000;
/// Shorter values of variables are replaced only where they are the whole of a quoted word.
const SHORT: usize = 4;
/// What ends a quoted word, or the line it stands in.
const BREAKS: [char; 2] = ['`', '\n'];

/// Gathers problems, and knows the texts they refer to.
#[derive(Debug, Default)]
pub(super) struct Collector {
    problems: Problems,
    errors: usize,
    warnings: usize,
    /// Variables that are not set, and need not be.
    pub(super) unset: BTreeSet<String>,
    concealed: IndexMap<String, String>,
    /// Where secrets stand in the sources.
    covered: Vec<Span>,
    /// Which sources are Compose files.
    included: HashSet<usize>,
    /// Pieces of values that themselves contain backticks or newlines, so that they can stand anywhere in a message.
    fragments: Vec<(String, String)>,
}

impl Collector {
    /// Adds a text that problems will refer to, and gives its index.
    pub(super) fn add_source(&mut self, name: String, text: String) -> usize {
        self.problems.sources.push(Source { name, text });
        self.problems.sources.len() - 1
    }

    /// Adds the texts of Compose files. In them apps are called services.
    pub(super) fn add_included(&mut self, sources: Vec<(String, String)>) -> u32 {
        let first = self.problems.sources.len();
        for (name, text) in sources {
            let index = self.add_source(name, text);
            self.included.insert(index);
        }
        u32::try_from(first).unwrap_or(u32::MAX)
    }

    /// Whether a place lies in a Compose file.
    pub(super) fn is_included(&self, at: Span) -> bool {
        self.included.contains(&(at.source as usize))
    }

    /// The text in which a place lies.
    pub(super) fn source_text(&self, at: Span) -> &str {
        self.problems.sources.get(at.source as usize).map_or("", |source| source.text.as_str())
    }

    /// Records what somebody else found, with the texts that it refers to.
    pub(super) fn absorb(&mut self, found: Problems) {
        let first = self.problems.sources.len();
        self.problems.sources.extend(found.sources);
        for mut problem in found.list {
            problem.place.source = problem.place.source.map(|source| source + first);
            self.keep(problem);
        }
    }

    /// From now on messages show `written` where they would show the value of a variable.
    pub(super) fn conceal(&mut self, value: String, written: String) {
        if value.is_empty() || self.concealed.len() >= MOST_VALUES {
            return;
        }
        if value.contains(BREAKS) && self.fragments.len() < MOST_VALUES {
            let pieces = value.split(BREAKS).filter(|piece| piece.len() >= SHORT);
            self.fragments.extend(pieces.map(|piece| (piece.to_owned(), written.clone())));
        }
        // Some messages show a text with its quotes and control characters escaped.
        self.concealed.entry(value.escape_debug().to_string()).or_insert_with(|| written.clone());
        self.concealed.entry(value).or_insert(written);
    }

    /// Records an error.
    pub(super) fn error(&mut self, at: Span, path: &str, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Error, at, path, message.into(), help.into());
    }

    /// Records a warning.
    pub(super) fn warning(&mut self, at: Span, path: &str, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Warning, at, path, message.into(), help.into());
    }

    /// Records an error in a file whose text is not shown.
    pub(super) fn error_in(&mut self, file: String, line: usize, message: impl Into<String>, help: impl Into<String>) {
        self.add_in(Severity::Error, file, line, message.into(), help.into());
    }

    /// Records a warning about a file whose text is not shown.
    pub(super) fn warning_in(
        &mut self,
        file: String,
        line: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add_in(Severity::Warning, file, line, message.into(), help.into());
    }

    /// Whether there are so many errors that there is no use in looking for more.
    pub(super) fn is_full(&self) -> bool {
        self.errors >= MOST_PROBLEMS
    }

    /// Whether an error was recorded.
    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// From now on the text of that place is shown as stars.
    pub(super) fn cover(&mut self, places: Vec<Span>) {
        self.covered.extend(places);
    }

    /// All problems, in the order of the files.
    pub(super) fn finish(mut self) -> Problems {
        if !self.problems.list.is_empty() {
            for source in &mut self.problems.sources {
                source.text = covered(&source.text);
            }
            for at in &self.covered {
                if let Some(source) = self.problems.sources.get_mut(at.source as usize) {
                    mask::cover(&mut source.text, at.start as usize..at.end as usize);
                }
            }
        }
        self.problems.list.sort_by_key(|problem| (problem.place.source, problem.line, problem.column));
        self.problems.list.dedup();
        self.problems
    }

    fn add_in(&mut self, severity: Severity, file: String, line: usize, message: String, help: String) {
        let (path, place) = (String::new(), Place::default());
        self.keep(Problem { file, line, column: 1, path, severity, message, help, place });
    }

    fn add(&mut self, severity: Severity, at: Span, path: &str, message: String, help: String) {
        let place = Place { source: Some(at.source as usize), start: at.start as usize, end: at.end as usize };
        let problem = Problem {
            file: self.problems.sources.get(at.source as usize).map(|source| source.name.clone()).unwrap_or_default(),
            line: at.line as usize,
            column: at.column as usize,
            path: self.path_in_file(at, path),
            severity,
            message: self.without_values(message),
            help: self.without_values(help),
            place,
        };
        self.keep(problem);
    }

    /// The path in the file in which the place lies.
    fn path_in_file(&self, at: Span, path: &str) -> String {
        match path.strip_prefix("apps.") {
            Some(rest) if self.is_included(at) => format!("services.{rest}"),
            _ => path.to_owned(),
        }
    }

    fn keep(&mut self, problem: Problem) {
        let count = match problem.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count > MOST_PROBLEMS {
            self.problems.dropped += 1;
        } else {
            self.problems.list.push(problem);
        }
    }

    /// The text with the values of variables replaced by what the file says. Values stand in backticks.
    fn without_values(&self, text: String) -> String {
        if self.concealed.is_empty() || !text.contains('`') {
            return text;
        }
        let text = self.fragments.iter().fold(text, |text, (piece, written)| text.replace(piece, written));
        let pieces = text.split('`').enumerate();
        let clean = pieces.map(|(index, piece)| if index % 2 == 1 { self.conceal_in(piece) } else { piece.to_owned() });
        clean.collect::<Vec<_>>().join("`")
    }

    fn conceal_in(&self, word: &str) -> String {
        if let Some(written) = self.concealed.get(word) {
            return written.clone();
        }
        let long = self.concealed.iter().filter(|(value, _)| value.len() >= SHORT);
        long.fold(word.to_owned(), |word, (value, written)| word.replace(value, written))
    }
}
