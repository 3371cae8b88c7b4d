//! A `daemon.json` on disk: read whole, written whole or not at all, with the owner, the mode and the attributes it had.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::attributes::{self, Attribute};
use super::mounts::is_same;
use super::{Backup, Document, Error};

/// More than any settings take, in bytes.
const LARGEST: u64 = 1 << 20;

/// Begin of the name of a file that is not whole yet.
pub(super) const UNFINISHED: &str = ".daemon.json.stackctl-";

/// Readable by all, as packages and people make it.
const MODE: u32 = 0o644;

/// A file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// Where it really lies: links are followed, and stay.
    path: PathBuf,
    /// What is in it. `None`: it is not there.
    bytes: Option<Vec<u8>>,
    owner: Option<(u32, u32)>,
    mode: u32,
    /// Access lists, labels of security modules.
    attributes: Vec<Attribute>,
    /// Hard links beside this path that lead to the same bytes.
    other_names: u64,
    /// When its bytes were written last.
    modified: Option<SystemTime>,
    /// When it was put in its place, or anything about it changed: what `cp -p` cannot set back.
    changed: Option<SystemTime>,
}

impl ConfigFile {
    /// Reads it. A file that is not there is no error.
    pub fn read(given: &Path) -> Result<Self, Error> {
        let path = resolve(given)?;
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let attributes = Vec::new();
                return Ok(Self {
                    path,
                    bytes: None,
                    owner: None,
                    mode: MODE,
                    attributes,
                    other_names: 0,
                    modified: None,
                    changed: None,
                });
            }
            Err(error) => return Err(Error::of("read", &path, &error)),
        };
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a folder" } else { "no regular file" };
            let is_link = given.is_symlink();
            let (given, end) = (given.display(), path.display());
            let leads = if is_link { format!("{given} leads to {end}, which") } else { end.to_string() };
            let it = if is_link { format!("the link {given} (not what it leads to)") } else { "it".to_owned() };
            let help = format!("take {it} away, or name the file with `--config-file FILE`");
            return Err(Error::wrong(format!("{leads} is {what}"), help));
        }
        let mut bytes = Vec::new();
        let opened = File::open(&path).and_then(|file| {
            (&file).take(LARGEST + 1).read_to_end(&mut bytes)?;
            attributes::of(&file)
        });
        let attributes = opened.map_err(|error| Error::of("read", &path, &error))?;
        if bytes.len() as u64 > LARGEST {
            let message = format!("{} is larger than {} KiB", path.display(), LARGEST >> 10);
            return Err(Error::wrong(message, "is it really the settings of a Docker engine?"));
        }
        let owner = Some((metadata.uid(), metadata.gid()));
        let other_names = metadata.nlink().saturating_sub(1);
        let (mode, modified) = (metadata.mode() & 0o7777, metadata.modified().ok());
        let nanos = u32::try_from(metadata.ctime_nsec()).unwrap_or_default();
        let since = u64::try_from(metadata.ctime()).ok().map(|seconds| Duration::new(seconds, nanos));
        let changed = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
        Ok(Self { path, bytes: Some(bytes), owner, mode, attributes, other_names, modified, changed })
    }

    /// Where it really lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it. `None`: it is not there.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// How many other names (hard links) it has, which keep the old text when a new file takes this one's place.
    pub fn other_names(&self) -> u64 {
        self.other_names
    }

    /// When it was written or put in its place, whichever was later. `None`: it is not there, or nobody knows.
    pub(super) fn last_touched(&self) -> Option<SystemTime> {
        self.modified.max(self.changed)
    }

    /// Whether it was written or put in its place after that moment.
    pub fn is_changed_after(&self, moment: SystemTime) -> bool {
        self.last_touched().is_some_and(|touched| touched > moment)
    }

    /// What it says.
    pub fn document(&self) -> Result<Document, Error> {
        Document::parse(self.bytes().unwrap_or_default()).map_err(|malformed| {
            let Self { path, .. } = self;
            let help = if malformed.is_too_deep() {
                "make it flatter: whether the engine would start with it is not known, and nothing was changed"
            } else {
                "mend it first: the engine would not start with it, and nothing was changed"
            };
            Error::wrong(format!("{}, {malformed}", path.display()), help)
        })
    }

    /// Puts other bytes in its place at one moment, after a copy of what was there is safe on disk. `approve` sees the new
    /// file before it counts, and may say no.
    pub fn replace(
        &self,
        turn: &Turn,
        bytes: &[u8],
        approve: impl FnOnce(&Path) -> Result<(), Error>,
    ) -> Result<Backup, Error> {
        let folder = self.folder();
        clear(folder);
        let beside = self.beside(bytes)?;
        approve(beside.path())?;
        self.expect_unchanged()?;
        let backup = Backup::keep(self, bytes)?;
        if let Err(failed) = beside.persist(&self.path) {
            // What was not changed needs no way back.
            backup.forget();
            return Err(Error::of("write", &self.path, &failed.error));
        }
        turn.sync(self).map_err(|error| {
            let attempt =
                format!("{} is changed, and it is not certain that a power cut leaves it so", self.path.display());
            Error::world(attempt, error, "look at the disk; `stackctl engine rollback` takes the change back")
        })?;
        Ok(backup)
    }

    /// Writes a new file beside it, with its owner, mode and attributes, down to the disk.
    pub(super) fn beside(&self, bytes: &[u8]) -> Result<tempfile::NamedTempFile, Error> {
        let folder = self.folder();
        let failed = |error: &io::Error| Error::of("write into", folder, error);
        let mut file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(folder)
            // tempfile puts its own words around the system's.
            .map_err(|error| failed(&io::Error::from(error.kind())))?;
        if let Some((user, group)) = self.owner {
            fchown(file.as_file(), Some(user), Some(group)).map_err(|error| failed(&error))?;
        }
        let set = file.as_file().set_permissions(Permissions::from_mode(self.mode));
        set.map_err(|error| failed(&error))?;
        if self.bytes.is_some() {
            attributes::give(file.as_file(), &self.attributes).map_err(|(attribute, error)| {
                Error::of(&format!("keep the attribute {attribute} of"), &self.path, &error)
            })?;
        }
        // Through the file itself: tempfile would put its own words around the system's.
        let written = file.as_file_mut().write_all(bytes).and_then(|()| file.as_file().sync_all());
        written.map_err(|error| failed(&error))?;
        Ok(file)
    }

    /// The folder it lies in.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().expect("a resolved path is absolute and has a folder")
    }

    /// Its name in the folder.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Refuses where it is another one by now.
    pub fn expect_unchanged(&self) -> Result<(), Error> {
        if Self::read(&self.path)? == *self {
            return Ok(());
        }
        let attempt = format!("cannot write {}", self.path.display());
        Err(Error::world(attempt, "somebody else has just changed it", "look at it, and try again"))
    }
}

/// Where a path leads, links followed, absolute. What `/proc/PID/root` leads to has no other name here than that one: it lies in the
/// mounts of another process.
fn resolve(given: &Path) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(given).map_err(|error| Error::of("read", given, &error))?;
    match fs::canonicalize(&absolute) {
        Ok(path) if is_same(&path, &absolute) != Some(false) => Ok(path),
        Ok(_) if absolute.is_symlink() => Err(Error::wrong(
            format!("{} is a link in the mounts of another process", given.display()),
            "name the file that it leads to, below the same `/proc/PID/root`",
        )),
        Ok(_) => Ok(absolute),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(&absolute) {
            Ok(target) => Err(Error::wrong(
                format!("{} is a link to {}, which is not there", given.display(), target.display()),
                "make that file, or remove the link",
            )),
            Err(_) => Ok(absolute),
        },
        Err(error) => Err(Error::of("read", given, &error)),
    }
}

/// The right to change a file and to restart the engine that reads it, as long as the value is there. One at a time has it: a
/// lock of the folder, which the kernel gives back when its holder dies.
#[derive(Debug)]
pub struct Turn(File);

impl Turn {
    /// Takes it. Where the folder of the file is missing, it is made.
    pub fn of(file: &ConfigFile) -> Result<Self, Error> {
        let folder = file.folder();
        if file.bytes.is_none() {
            fs::create_dir_all(folder).map_err(|error| Error::of("make folder", folder, &error))?;
        }
        let opened = File::open(folder).map_err(|error| Error::of("open folder", folder, &error))?;
        match opened.try_lock() {
            Ok(()) => Ok(Self(opened)),
            Err(TryLockError::WouldBlock) => Err(Self::is_anothers(file)),
            Err(TryLockError::Error(error)) => Err(Error::of("lock folder", folder, &error)),
        }
    }

    /// Refuses where it is another's. Takes nothing, and says nothing where it cannot be told.
    pub fn expect_free(file: &ConfigFile) -> Result<(), Error> {
        let Ok(opened) = File::open(file.folder()) else { return Ok(()) };
        match opened.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Err(Self::is_anothers(file)),
            Ok(()) | Err(TryLockError::Error(_)) => {
                drop(Self(opened));
                Ok(())
            }
        }
    }

    fn is_anothers(file: &ConfigFile) -> Error {
        Error::world(
            format!("cannot change {}", file.path.display()),
            "another stackctl is at work on it, or restarts the engine",
            "look again when that one has ended",
        )
    }

    /// Has what became of the names in the folder reach the disk.
    pub(super) fn sync(&self, file: &ConfigFile) -> Result<(), Error> {
        self.0.sync_all().map_err(|error| Error::of("write", file.folder(), &error))
    }
}

impl Drop for Turn {
    /// Given back by name: closing the file alone would leave it to a program that is being started at this moment, which has
    /// the file open until it runs.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Takes away what somebody who was killed left behind. Nobody else is at work: it is the caller's turn.
pub(super) fn clear(folder: &Path) {
    unfinished(folder).for_each(|path| {
        // One that stays is in nobody's way.
        let _ = fs::remove_file(path);
    });
}

/// What somebody who is at work has in a folder, or who was killed has left there.
pub(super) fn unfinished(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let unfinished = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED));
    unfinished.map(|entry| entry.path())
}
