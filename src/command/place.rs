//! Writing a file that a person owns: whole or not at all, and over another only when told.

use std::io::Write as _;
use std::path::Path;

use super::Failure;
use crate::engine::Error;

/// Refuses where a file is there and nobody said that it may go.
pub(super) fn refuse_to_overwrite(file: &Path, force: bool) -> Result<(), Failure> {
    if force || file.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("{} is there already", file.display());
    Err(Failure::arguments(message, "name another file, or write over it with `--force`"))
}

/// Writes it beside its place and moves it there, so that nobody ever sees half of it. A file that is written over keeps
/// its mode and its owner, and a link to it stays a link.
pub(super) fn write(file: &Path, text: &str, force: bool) -> Result<(), Failure> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};

    let file = &if force { file.canonicalize().unwrap_or_else(|_| file.to_owned()) } else { file.to_owned() };

    let failed = |error: std::io::Error| {
        Failure::World(
            Error::new(format!("cannot write {}", file.display()), error)
                .advise("choose a folder that is there and that you may write into"),
        )
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mode = std::fs::metadata(file).map_or(0o644, |data| data.permissions().mode() & 0o777);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".stackctl-").permissions(std::fs::Permissions::from_mode(mode));
    let mut temporary = builder.tempfile_in(folder).map_err(failed)?;
    if let (true, Ok(before)) = (force, std::fs::metadata(file)) {
        // Only root may give a file away; for everybody else it is their own already.
        let _ = fchown(temporary.as_file(), Some(before.uid()), Some(before.gid()));
    }
    temporary.write_all(text.as_bytes()).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    if force {
        temporary.persist(file).map_err(|error| failed(error.error))?;
        return Ok(());
    }
    match temporary.persist_noclobber(file) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => refuse_to_overwrite(file, false),
        Err(error) => Err(failed(error.error)),
    }
}

/// What became of variables that were to be added to a file.
pub(super) struct Added {
    /// Those that were not there yet.
    pub(super) names: Vec<String>,
    /// The mode of a file that others could read before.
    pub(super) open_before: Option<u32>,
}

/// Adds variables to a file of such, which nobody else may read from then on. Those that are there stay.
pub(super) fn add_variables(file: &Path, variables: &[(String, String)]) -> Result<Added, Failure> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

    let failed = |error: std::io::Error| {
        Failure::World(
            Error::new(format!("cannot write {}", file.display()), error)
                .advise("write it by hand: one `NAME=VALUE` for each password that the stack file names"),
        )
    };
    let before = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error)),
    };
    let is_there = |name: &str| {
        before
            .lines()
            .any(|line| line.trim_start().trim_start_matches("export ").split('=').next().map(str::trim) == Some(name))
    };
    let new: Vec<&(String, String)> = variables.iter().filter(|(name, _)| !is_there(name)).collect();
    if new.is_empty() {
        return Ok(Added { names: Vec::new(), open_before: None });
    }
    let mut text = if before.is_empty() || before.ends_with('\n') { String::new() } else { "\n".to_owned() };
    for (name, value) in &new {
        text.push_str(&variable_line(name, value));
    }
    let mut options = std::fs::OpenOptions::new();
    let mut opened = options.append(true).create(true).mode(0o600).open(file).map_err(failed)?;
    let mode = opened.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        opened.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    }
    opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).map_err(failed)?;
    let names = new.iter().map(|(name, _)| name.clone()).collect();
    Ok(Added { names, open_before: Some(mode).filter(|mode| mode & 0o077 != 0) })
}

/// In quotes that leave every letter what it is.
fn variable_line(name: &str, value: &str) -> String {
    if !value.contains(['\'', '\n', '\r']) {
        return format!("{name}='{value}'\n");
    }
    let mut quoted = String::new();
    for letter in value.chars() {
        match letter {
            '"' | '\\' | '$' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            _ => quoted.push(letter),
        }
    }
    format!("{name}=\"{quoted}\"\n")
}
