//! Compose files, prometheus.yml, rules and Grafana's provisioning → one stack file that does the same.
//!
//! Reads files, never the engine. What a stack file cannot say is kept under `x-compose` or in Prometheus' own words, and
//! named in a remark; what comes out has been read by [`stack::parse`](crate::stack::parse) before anybody sees it.

mod alertmanager;
mod component;
mod compose;
mod draft;
mod found;
mod fresh;
mod grafana;
mod include;
mod paths;
mod prometheus;
mod proof;
mod remark;
mod secrets;
mod source;
mod stack;
mod taken_over;
mod variables;
mod write;

pub use found::{FoundProject, are_compose, free_name, project, project_name};
pub use fresh::{Fresh, FreshApp, FreshExporter, FreshInclude, FreshMetrics, Origin, Watched, entry_snippet};
pub use include::included;
pub use remark::{Remark, RemarkKind};
pub use secrets::file_beside as secrets_file;
pub use source::found_in as sources_in;
pub use stack::folder_name as stack_name;
pub use taken_over::{AppSettings, TakenOver};

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::stack::{Environment, Problems, Vocabulary};

/// What to import.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Files and folders; later Compose files are laid over earlier ones.
    pub paths: &'a [PathBuf],
    /// Folder in which the stack file will lie.
    pub folder: &'a Path,
    /// Name of the stack. `None`: the Compose project's, or that of its folder.
    pub name: Option<&'a str>,
    /// Profiles whose services run.
    pub profiles: &'a [String],
    /// The variables of this process.
    pub environment: &'a Environment,
    /// Where services were seen to answer with metrics, by name. Some: where no prometheus.yml says what is scraped, the
    /// stack file does, as far as that is known.
    pub seen: Option<&'a IndexMap<String, FreshMetrics>>,
    /// What a stack file may name.
    pub vocabulary: &'a Vocabulary<'a>,
}

/// A stack file, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The text of the stack file.
    pub text: String,
    /// What to know about it, in order of importance.
    pub remarks: Vec<Remark>,
    /// Services: how many of how many were carried.
    pub services: Carried,
    /// Scrape jobs: how many of how many were carried.
    pub jobs: Carried,
    /// The files that were read, as they were named.
    pub sources: Vec<String>,
    /// Variables that stand for passwords in the text, and their values.
    pub secrets: Vec<(String, String)>,
    /// The file beside the stack file into which these belong.
    pub secrets_file: &'static str,
    /// Where a prometheus.yml was looked for, and was not.
    pub sought: Vec<String>,
}

/// How many of how many were carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// So many stand in the stack file.
    pub carried: usize,
    /// So many there were.
    pub all: usize,
}

impl Imported {
    /// Whether everything was carried as it was. Habits are advice.
    pub fn is_whole(&self) -> bool {
        self.remarks.iter().all(|remark| remark.kind == RemarkKind::Habit)
    }
}

/// Imports.
///
/// # Errors
/// Where a file cannot be read, is none of the formats, or says something that no stack file can: with line and reason.
pub fn import(request: &Request) -> Result<Imported, Problems> {
    let files = source::read_all(request.paths)?;
    stack::Assembly::new(request, &files)?.finish()
}
