//! What a reader of the imported file should know: what was not carried and where it is kept, and habits worth changing.

use std::fmt;

/// One thing worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What kind of thing it is.
    pub kind: RemarkKind,
    /// The file that it is about, as it was named.
    pub file: String,
    /// Line in that file, from 1. `None`: it is about the file as a whole.
    pub line: Option<u32>,
    /// What it is about, such as `services.web.build`.
    pub subject: String,
    /// What is so.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// What kind of remark it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RemarkKind {
    /// Not carried; the original is kept where the remark says, or left out.
    NotCarried,
    /// Carried in another form, or with a value that has to be given.
    Changed,
    /// Carried as it is, and worth changing.
    Habit,
}

impl RemarkKind {
    /// One word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotCarried => "not carried",
            Self::Changed => "changed",
            Self::Habit => "habit",
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        write!(formatter, "{}{line}: {}: {}; {}", self.file, self.subject, self.message, self.fix)
    }
}

/// Gathers remarks about one file.
#[derive(Debug, Default)]
pub(super) struct Remarks(pub(super) Vec<Remark>);

/// A place in a file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The file, as it was named.
    pub(super) file: String,
    /// Line, from 1.
    pub(super) line: Option<u32>,
    /// What stands there.
    pub(super) subject: String,
}

impl Place {
    /// A file as a whole.
    pub(super) fn file(file: &str) -> Self {
        Self { file: file.to_owned(), line: None, subject: "the file".to_owned() }
    }

    /// A line of a file.
    pub(super) fn at(file: &str, line: u32, subject: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: Some(line), subject: subject.into() }
    }
}

impl Remarks {
    pub(super) fn not_carried(&mut self, place: Place, message: impl Into<String>, fix: impl Into<String>) {
        self.add(RemarkKind::NotCarried, place, message.into(), fix.into());
    }

    pub(super) fn changed(&mut self, place: Place, message: impl Into<String>, fix: impl Into<String>) {
        self.add(RemarkKind::Changed, place, message.into(), fix.into());
    }

    pub(super) fn habit(&mut self, place: Place, message: impl Into<String>, fix: impl Into<String>) {
        self.add(RemarkKind::Habit, place, message.into(), fix.into());
    }

    fn add(&mut self, kind: RemarkKind, place: Place, message: String, fix: String) {
        let Place { file, line, subject } = place;
        let remark = Remark { kind, file, line, subject, message, fix };
        if !self.0.contains(&remark) {
            self.0.push(remark);
        }
    }
}
