//! Files → disk. The only part of `render` that does I/O.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use super::yaml::HEADER;
use super::{Files, beside, side_by_side};
use crate::disk;

/// The one file that no container reads, only who calls Compose. Values of variables may stand in it that are secret.
const OF_COMPOSE: &str = "compose.yml";

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Path below the output folder.
    pub path: String,
    /// What writing it did.
    pub change: Change,
}

/// What writing a file did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Created,
    /// It said something else.
    Updated,
}

/// Writes every file that is not there or says something else, and gives those back. A file is never seen half-written.
/// Makes folders as needed and removes nothing. Nothing at all is written into a folder in which one of them is somebody
/// else's, such as a `compose.yml` written by hand; a folder that was not there comes into being with all of them at one
/// moment. The error says which path could not be read or written, and why.
pub fn write(files: &Files, folder: &Path) -> io::Result<Vec<Written>> {
    if folder.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return write_new(files, folder);
    }
    let below: BTreeSet<_> = files.0.keys().filter_map(|path| Path::new(path).parent()).collect();
    for below in below {
        beside::tidy(&folder.join(below));
    }
    let places: Vec<(&String, &String)> = files.0.iter().collect();
    let places = side_by_side::map(&places, |(path, text)| (*path, Place::look(&folder.join(path), text)));
    let is_ours = places.iter().any(|(_, place)| matches!(place, Ok(Place::Taken { is_marked: true, .. })));
    let mut written = Vec::new();
    for (path, place) in places {
        let change = match place? {
            Place::Free => Change::Created,
            Place::Taken { is_foreign: true, .. } if !is_ours => return Err(foreign(&folder.join(path))),
            Place::Taken { is_same: true, .. } => continue,
            Place::Taken { .. } => Change::Updated,
        };
        written.push(Written { path: path.clone(), change });
    }
    let folders: BTreeSet<_> = written.iter().filter_map(|written| Path::new(&written.path).parent()).collect();
    for below in folders {
        fs_err::create_dir_all(folder.join(below))?;
    }
    let outcomes =
        side_by_side::map(&written, |Written { path, .. }| replace(&folder.join(path), &files.0[path.as_str()]));
    outcomes.into_iter().collect::<io::Result<()>>()?;
    if files.0.contains_key(OF_COMPOSE) {
        hide(&folder.join(OF_COMPOSE))?;
    }
    Ok(written)
}

/// The path of a folder to write into, without `NAME/..` where there is no such NAME.
pub fn plain(folder: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in folder.components() {
        let is_missing = plain.file_name().is_some() && plain.symlink_metadata().is_err();
        if component == Component::ParentDir && is_missing {
            plain.pop();
        } else {
            plain.push(component);
        }
    }
    if plain.as_os_str().is_empty() { PathBuf::from(".") } else { plain }
}

/// Writes all of them into a folder of another name, which then gets its own.
fn write_new(files: &Files, folder: &Path) -> io::Result<Vec<Written>> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs_err::create_dir_all(parent)?;
    let with_path =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot write `{}`: {error}", folder.display()));
    beside::tidy(parent);
    let new = beside::folder(parent).map_err(with_path)?;
    let beside = new.folder.path();
    let below: BTreeSet<_> = files.0.keys().filter_map(|path| Path::new(path).parent()).collect();
    for below in below {
        fs_err::create_dir_all(beside.join(below))?;
    }
    let texts: Vec<(&String, &String)> = files.0.iter().collect();
    let outcomes = side_by_side::map(&texts, |(path, text)| create(&beside.join(path), text));
    outcomes.into_iter().collect::<io::Result<()>>()?;
    std::fs::rename(beside, folder).map_err(with_path)?;
    // Its old name leads nowhere.
    let _ = new.folder.keep();
    Ok(files.0.keys().map(|path| Written { path: path.clone(), change: Change::Created }).collect())
}

/// What lies where a file is to be written.
enum Place {
    Free,
    Taken {
        /// It begins as what is written here does.
        is_marked: bool,
        /// What is to be written is marked, and this has other words: a folder without any marked file is somebody else's.
        is_foreign: bool,
        /// It says what is to be written.
        is_same: bool,
    },
}

impl Place {
    fn look(file: &Path, text: &str) -> io::Result<Self> {
        match disk::read(file) {
            Ok(present) => Ok(Self::Taken {
                is_marked: is_marked(&present),
                is_foreign: is_marked(text.as_bytes()) && !present.trim_ascii().is_empty(),
                is_same: present == text.as_bytes(),
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::Free),
            Err(error) => Err(error),
        }
    }
}

fn foreign(file: &Path) -> io::Error {
    let message = format!("`{}` is there already, and stackctl has not written it", file.display());
    io::Error::new(ErrorKind::AlreadyExists, message)
}

/// Whether a text begins as the YAML files that are written here do.
fn is_marked(text: &[u8]) -> bool {
    text.starts_with(HEADER.lines().next().unwrap_or_default().as_bytes())
}

/// Writes beside the file, in a folder that is there, and renames. Readable by all, but for Compose's own: containers read
/// it under users of their own.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let with_path =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot write `{}`: {error}", file.display()));
    let place = disk::place_of(file).map_err(with_path)?;
    let folder = place.parent().expect("a rendered path has at least its own name below the output folder");
    let mut beside = beside::file(folder).map_err(with_path)?;
    beside.write_all(text.as_bytes()).map_err(with_path)?;
    if !file.ends_with(OF_COMPOSE) {
        readable_by_all(beside.as_file()).map_err(with_path)?;
    }
    beside.persist(place).map_err(|failed| with_path(failed.error))?;
    Ok(())
}

/// Writes a file that is not there, in a folder that nobody knows yet. Readable as [`replace`] makes it.
fn create(file: &Path, text: &str) -> io::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true);
    let mode = if file.ends_with(OF_COMPOSE) { 0o600 } else { 0o644 };
    #[cfg(unix)]
    fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut opened = options.open(file)?;
    opened.write_all(text.as_bytes())?;
    // A umask may have taken from it.
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&opened.metadata()?.permissions()) & 0o777 != mode {
        readable_by_all(opened.file())?;
    }
    Ok(())
}

#[cfg(unix)]
fn readable_by_all(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

/// Takes it out of others' sight, where it was written before it was so.
#[cfg(unix)]
fn hide(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs_err::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn hide(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn readable_by_all(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}
