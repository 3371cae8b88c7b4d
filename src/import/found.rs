//! What `init` has to know of a Compose project before it is included, and names that apps can have.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Request;
use super::compose::{self, project};
use super::fresh::{FreshInclude, Watched};
use super::paths::Rebase;
use super::source::{self, SourceKind};
use super::stack::{Assembly, name_of};
use crate::stack::{Environment, Problems, Vocabulary};

/// Names that stackctl gives to its own services.
const OWN: [&str; 2] = ["prometheus", "grafana"];

/// A Compose project that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundProject {
    /// What a stack of it is called, so that its volumes stay the same.
    pub name: String,
    /// Its services, but for those that stackctl runs itself.
    pub services: Vec<String>,
    /// How a stack file includes it.
    pub include: FreshInclude,
    /// What those say that stackctl runs itself.
    pub watched: Watched,
}

/// Whether all of these are Compose files.
pub fn are_compose(files: &[PathBuf]) -> bool {
    source::read_all(files).is_ok_and(|files| files.iter().all(|file| file.kind == SourceKind::Compose))
}

/// What a stack of these Compose files is called, so that its volumes stay the same. `None` where no file is named.
///
/// # Errors
/// Where one cannot be read.
pub fn project_name(paths: &[PathBuf], folder: &Path, environment: &Environment) -> Result<Option<String>, Problems> {
    let found = project::load(&source::read_all(paths)?, folder, environment)?;
    Ok(found.as_ref().map(name_of))
}

/// Whether stackctl gives this name to a service of its own.
pub(super) fn is_own_name(name: &str) -> bool {
    OWN.contains(&name.to_ascii_lowercase().as_str())
}

/// The project of these files, for a stack file in that folder. `None` where no file is named.
///
/// # Errors
/// Where one cannot be read.
pub fn project(
    paths: &[PathBuf],
    folder: &Path,
    environment: &Environment,
    vocabulary: &Vocabulary,
) -> Result<Option<FoundProject>, Problems> {
    let files = source::read_all(paths)?;
    let Some(found) = project::load(&files, folder, environment)? else { return Ok(None) };
    let request = Request { paths, folder, name: None, profiles: &[], environment, seen: None, vocabulary };
    let watched = Assembly::new(&request, &files)?.watched()?;
    let is_own = |name: &String| watched.own.contains(name) || is_own_name(name);
    let (without, services) = found.services.keys().cloned().partition(is_own);
    let name = name_of(&found);
    let paths = paths.iter().map(|path| written(path, folder)).collect();
    let include = FreshInclude { paths, without, unwatched: Vec::new() };
    Ok(Some(FoundProject { name, services, include, watched }))
}

/// A file or folder as the stack file writes it.
fn written(path: &Path, folder: &Path) -> String {
    if path.is_dir() {
        return Rebase::new(path, folder).path(".");
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Rebase::new(above, folder).path(&name).trim_start_matches("./").to_owned()
}

/// The name, or one like it, that DNS takes and that no app has yet.
pub fn free_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    taken.extend(OWN.map(str::to_owned));
    compose::free(&compose::valid(name), taken)
}
