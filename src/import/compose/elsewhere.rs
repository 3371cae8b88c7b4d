//! `include` of a Compose file in a Compose file: what Compose takes from the folder of the included one, and stackctl does not.
//!
//! Compose fills the variables of an included file from the environment of the file that includes it and, what that does not set,
//! from the `env_file` of the entry or `.env` in its `project_directory`, which is the file's folder where nothing is said
//! (compose-go 2.0 `loader/include.go`, `Mapping.Merge`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::project::{listed, scalar};
use crate::stack::{Environment, OutsideNode, OutsideSpan, OutsideValue, read_file, variables_of};

/// Something that an entry of `include` says to Compose alone.
#[derive(Debug, Clone)]
pub(in crate::import) struct Elsewhere {
    /// The entry.
    pub(in crate::import) at: OutsideSpan,
    /// What is so.
    pub(in crate::import) message: String,
    /// What to do about it.
    pub(in crate::import) help: String,
    /// The variables that have a value for Compose alone.
    pub(in crate::import) variables: Vec<String>,
}

/// One entry of `include`.
pub(super) struct Entry<'a> {
    /// The entry as it stands there.
    pub(super) item: &'a OutsideNode,
    /// Folder of the file in which it stands.
    pub(super) folder: &'a Path,
    /// The files that it names, as it names them.
    pub(super) paths: &'a [String],
}

impl Entry<'_> {
    /// What of it counts for Compose alone. `included`: what its files say. `environment`: what they are filled from here.
    pub(super) fn elsewhere(&self, included: &[OutsideNode], environment: &Environment) -> Vec<Elsewhere> {
        let found = [self.variables(included, environment), self.project_directory()];
        found.into_iter().flatten().collect()
    }

    fn variables(&self, included: &[OutsideNode], environment: &Environment) -> Option<Elsewhere> {
        let files = self.variable_files();
        let set = files.iter().filter_map(|file| read_file(&self.folder.join(file)).ok());
        let set = set.flat_map(|bytes| variables_of(&String::from_utf8_lossy(&bytes), environment));
        let is_lost = |name: &String| environment.get(name).is_none() && included.iter().any(|node| uses(node, name));
        let variables: BTreeSet<String> = set.map(|(name, _)| name).filter(is_lost).collect();
        let names: Vec<String> = variables.iter().map(|name| format!("`{name}`")).collect();
        let files: Vec<String> = files.iter().map(|file| format!("`{}`", file.display())).collect();
        let message = format!(
            "Compose fills {} of this file from {}; here only `.env` beside the first file counts",
            names.join(", "),
            files.join(", ")
        );
        let help = "set it there, or in the environment".to_owned();
        let variables = Vec::from_iter(variables);
        (!variables.is_empty()).then_some(Elsewhere { at: self.item.span, message, help, variables })
    }

    /// Where Compose looks for variables, as seen from the folder of the including file.
    fn variable_files(&self) -> Vec<PathBuf> {
        let named = self.item.entry("env_file").map(|entry| listed(&entry.node)).unwrap_or_default();
        if !named.is_empty() {
            return named.into_iter().map(PathBuf::from).collect();
        }
        let folder = self.directory().map(PathBuf::from).or_else(|| self.folder_of_first());
        folder.map(|folder| folder.join(".env")).into_iter().collect()
    }

    /// Compose takes relative paths of the file from there.
    fn project_directory(&self) -> Option<Elsewhere> {
        let (directory, usual) = (self.directory()?, self.folder_of_first()?);
        let message =
            format!("`project_directory: {directory}` is not carried: paths are taken from the folder of the file");
        let help = "write the paths of the included file from its own folder".to_owned();
        let is_same = same(&self.folder.join(directory), &self.folder.join(usual));
        (!is_same).then_some(Elsewhere { at: self.item.span, message, help, variables: Vec::new() })
    }

    fn directory(&self) -> Option<&str> {
        scalar(&self.item.entry("project_directory")?.node)
    }

    fn folder_of_first(&self) -> Option<PathBuf> {
        Some(Path::new(self.paths.first()?).parent()?.to_path_buf())
    }
}

fn same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    whole(one) == whole(other)
}

/// Whether a text of the document uses the variable.
fn uses(node: &OutsideNode, name: &str) -> bool {
    match &node.value {
        OutsideValue::Scalar(scalar) => is_used(&scalar.text, name),
        OutsideValue::Sequence(items) => items.iter().any(|item| uses(item, name)),
        OutsideValue::Mapping(entries) => entries.values().any(|entry| uses(&entry.node, name)),
    }
}

/// `$NAME` and `${NAME…`, also in a default; `$$` is a dollar sign.
fn is_used(text: &str, name: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('$') {
        rest = after.strip_prefix('$').unwrap_or(after);
        if rest.len() < after.len() {
            continue;
        }
        let named = after.strip_prefix('{').unwrap_or(after).strip_prefix(name);
        let is_whole = |rest: &str| !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
        if named.is_some_and(is_whole) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_used;

    #[test]
    fn a_variable_is_found_wherever_compose_would_fill_it() {
        for text in ["web:$TAG", "web:${TAG}", "${TAG:-1}", "${OTHER:-$TAG}", "$$x$TAG-y", "${OTHER}${TAG?}"] {
            assert!(is_used(text, "TAG"), "{text}");
        }
        for text in ["web:TAG", "$$TAG", "$TAGS", "${TAG_2}", "$", "a$$$$TAG"] {
            assert!(!is_used(text, "TAG"), "{text}");
        }
    }
}
