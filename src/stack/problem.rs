//! A problem of a stack file: where, what, and what to do.

use std::fmt;

use serde::Serialize;

use super::{VARIABLE_FILES, report};

/// Whether a problem stops stackctl.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is wrong.
    Error,
    /// The file works, and this is probably not what was meant.
    Warning,
}

/// One problem. Serializes to the entries of `check --format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, as it was named on the command line, or the included one.
    #[serde(skip)]
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Path in the document, such as `apps.web.ports[0]`; empty where the problem is the file.
    pub path: String,
    /// Whether it stops stackctl.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Source and bytes, for the caret.
    #[serde(skip)]
    pub(super) place: Place,
}

/// Source and bytes of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    /// Index of the source; `None`: the problem is about no text.
    pub(super) source: Option<usize>,
    /// First byte.
    pub(super) start: usize,
    /// Byte after the last.
    pub(super) end: usize,
}

/// A text that problems refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// The file, as it was named on the command line.
    pub(super) name: String,
    /// What it says.
    pub(super) text: String,
}

/// All problems of a load, in the order of the file, with the text they refer to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    pub(super) list: Vec<Problem>,
    pub(super) sources: Vec<Source>,
    pub(super) dropped: usize,
}

impl Problems {
    /// The problems, in the order of the file. At most 1,000 errors and 1,000 warnings are kept.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// The problems, in the order of the file.
    pub fn as_slice(&self) -> &[Problem] {
        &self.list
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len() + self.dropped
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them stops stackctl.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// The errors alone.
    #[must_use]
    pub fn errors(&self) -> Self {
        self.only(|problem| problem.severity == Severity::Error)
    }

    /// Those that another load did not have, wherever they stood.
    #[must_use]
    pub fn beyond(&self, others: &Self) -> Self {
        let is_same = |one: &Problem, other: &Problem| one.path == other.path && one.message == other.message;
        self.only(|problem| !others.iter().any(|other| is_same(problem, other)))
    }

    /// Those of the files of variables beside the stack file.
    #[must_use]
    pub fn of_variables(&self) -> Self {
        self.only(|problem| VARIABLE_FILES.contains(&problem.file.as_str()))
    }

    /// The same, with other words for what to do.
    #[must_use]
    pub fn advised(&self, words: impl Fn(&str) -> String) -> Self {
        let list = self.list.iter().map(|problem| Problem { help: words(&problem.help), ..problem.clone() });
        Self { list: list.collect(), ..self.clone() }
    }

    fn only(&self, counts: impl Fn(&Problem) -> bool) -> Self {
        let list = self.list.iter().filter(|problem| counts(problem)).cloned().collect();
        Self { list, sources: self.sources.clone(), dropped: 0 }
    }

    /// The problems for people: source line, caret and help, the first 50 of them.
    pub fn render(&self, color: bool) -> String {
        report::render(self, color)
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for Problems {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}
