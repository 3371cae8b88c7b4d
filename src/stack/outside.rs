//! YAML that others wrote, for `import`: read by the reader of the stack file, with its limits, and without its keys.

use std::path::Path;

use super::collector::Collector;
use super::document::{self, Node};
use super::problem::Problems;
use super::{Environment, dotenv, input, load, variables};

/// Reads a YAML document of another format.
///
/// # Errors
/// Where it is no YAML, or larger, deeper or wider than a stack file may be: with line and caret.
pub(crate) fn read_outside(name: &str, bytes: Vec<u8>) -> Result<Node, Problems> {
    let mut problems = Collector::default();
    let Some(text) = load::decode(name, bytes, &mut problems) else { return Err(problems.finish()) };
    let source = problems.add_source(name.to_owned(), text.clone());
    match document::parse(&text, source, &mut problems) {
        Some(root) if !problems.has_errors() => Ok(root),
        _ => Err(problems.finish()),
    }
}

/// A file that is refused for what it says, or for what it is.
pub(crate) fn refused(name: &str, line: u32, message: impl Into<String>, help: impl Into<String>) -> Problems {
    let mut problems = Collector::default();
    problems.error_in(name.to_owned(), line as usize, message, help);
    problems.finish()
}

/// The bytes of a regular file, at most 16 MiB.
///
/// # Errors
/// Where it is not there, not readable, no regular file or larger.
pub(crate) fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    input::read_regular(path)
}

/// The answers of a wizard, as keys of a YAML map.
///
/// # Errors
/// What is wrong, with line and column.
pub(crate) fn read_answers<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}

/// The variables of a text of `KEY=VALUE` lines, whose values may use those of the environment.
pub(crate) fn variables_of(text: &str, environment: &Environment) -> Vec<(String, String)> {
    dotenv::parse(text, environment).0
}

/// A text of the stack file with its variables filled in; what has no value is empty.
pub(crate) fn filled(text: &str, environment: &Environment) -> String {
    variables::fill(text, &|name| environment.get(name)).text
}
