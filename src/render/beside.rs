//! Files and folders that are written under a name of their own, and renamed once they are whole. Each is held by a lock of the
//! kernel for as long as its process lives: what a killed one has left behind is told by that, and taken away.

use std::fs::{File, Metadata, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::{Builder, NamedTempFile, TempDir};

/// How all of their names begin.
const PREFIX: &str = ".stackctl-render-";

/// Letters and digits after that.
const RANDOM: usize = 8;

/// A process may be between making one and locking it.
const UNLOCKED: Duration = Duration::from_secs(10);

/// A folder, held while this lives.
pub(super) struct NewFolder {
    pub(super) folder: TempDir,
    _lock: Option<File>,
}

/// A file in this folder.
pub(super) fn file(folder: &Path) -> io::Result<NamedTempFile> {
    let file = Builder::new().prefix(PREFIX).rand_bytes(RANDOM).tempfile_in(folder)?;
    // A file system without locks keeps what a killed process leaves.
    let _ = file.as_file().lock();
    Ok(file)
}

/// A folder in this one, with the rights that any new one has.
pub(super) fn folder(parent: &Path) -> io::Result<NewFolder> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).rand_bytes(RANDOM);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let folder = builder.tempdir_in(parent)?;
    let lock = File::open(folder.path()).ok().filter(|opened| opened.lock().is_ok());
    Ok(NewFolder { folder, _lock: lock })
}

/// Takes away what killed processes have left in a folder. Nothing depends on it.
pub(super) fn tidy(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_name)) {
        let _ = take_away(&entry.path());
    }
}

fn is_name(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX);
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn take_away(path: &Path) -> io::Result<()> {
    let data = path.symlink_metadata()?;
    if !(data.is_file() || data.is_dir()) || !is_old(&data) {
        return Ok(());
    }
    let opened = File::open(path)?;
    match opened.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
        Ok(()) if data.is_dir() => std::fs::remove_dir_all(path),
        Ok(()) => std::fs::remove_file(path),
    }
}

fn is_old(data: &Metadata) -> bool {
    data.modified().is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age >= UNLOCKED))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_a_killed_process_has_left_is_taken_away_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let old = SystemTime::now() - 2 * UNLOCKED;
        let make = |name: &str, is_folder: bool| {
            if is_folder {
                std::fs::create_dir(path(name)).expect("writable");
                std::fs::write(path(name).join("compose.yml"), "x").expect("writable");
            } else {
                std::fs::write(path(name), "x").expect("writable");
            }
            File::open(path(name)).and_then(|opened| opened.set_modified(old)).expect("its owner may");
        };
        let left = [(".stackctl-render-abcDEF12", false), (".stackctl-render-abcDEF34", true)];
        let others = [".stackctl-render-notes", ".stackctl-render-abcDEF1.", ".stackctl", "stack.yml"];
        for (name, is_folder) in left {
            make(name, is_folder);
        }
        for name in others {
            make(name, name.len() % 2 == 0);
        }
        let mut held = file(folder.path()).expect("writable");
        io::Write::write_all(&mut held, b"x").expect("writable");
        let held_folder = super::folder(folder.path()).expect("writable");
        for path in [held.path(), held_folder.folder.path()] {
            File::open(path).and_then(|opened| opened.set_modified(old)).expect("its owner may");
        }
        // One that was made a moment ago may not be locked yet.
        std::fs::write(path(".stackctl-render-abcDEF56"), "x").expect("writable");
        tidy(folder.path());
        assert!(left.iter().all(|(name, _)| !path(name).exists()));
        assert!(others.iter().all(|name| path(name).exists()));
        assert!(held.path().exists() && held_folder.folder.path().exists());
        assert!(path(".stackctl-render-abcDEF56").exists());
    }
}
