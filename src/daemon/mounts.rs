//! The mounts that a dockerd has of its own (snap, `unshare --mount`, a container): what it finds at a path may be another file than
//! what is found there from here.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Dockerd;

impl Dockerd {
    /// What it finds at that path, as a path of this process. It leads there as long as that dockerd runs.
    pub fn seen(&self, path: &Path) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.pid, path.display()))
    }

    /// Whether it finds at that path what is found at `here` from here. `None`: only an administrator can tell.
    pub fn finds(&self, path: &Path, here: &Path) -> Option<bool> {
        is_same(&self.seen(path), here)
    }

    /// Whether a file that is replaced at that path is replaced for it, too: the folder is the same one. Also where that cannot be
    /// told.
    pub fn shares(&self, path: &Path) -> bool {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = target.parent().unwrap_or(&target);
        self.finds(path, path) != Some(false) && self.finds(folder, folder) != Some(false)
    }
}

/// Whether two paths lead to the same thing, or would, if somebody made what is not there. `None`: one is kept from this user.
pub(super) fn is_same(one: &Path, other: &Path) -> Option<bool> {
    let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => Some((one.dev(), one.ino()) == (other.dev(), other.ino())),
        (Err(no), Err(neither)) if is_missing(&no) && is_missing(&neither) => {
            let (Some(folder), Some(other_folder)) = (one.parent(), other.parent()) else { return Some(true) };
            if one.file_name() != other.file_name() {
                return Some(false);
            }
            is_same(folder, other_folder)
        }
        (Err(error), Ok(_)) | (Ok(_), Err(error)) if is_missing(&error) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_told_by_its_folder() {
        let folder = tempfile::tempdir().expect("writable");
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("there")).expect("writable");
        fs::write(path("there/file"), "").expect("writable");
        std::os::unix::fs::symlink("there", path("link")).expect("writable");
        let same = |one: &str, other: &str| is_same(&path(one), &path(other));
        assert_eq!(same("there/file", "link/file"), Some(true));
        assert_eq!(same("there/none/file", "link/none/file"), Some(true));
        assert_eq!((same("there/none", "link/other"), same("there/file", "link/none")), (Some(false), Some(false)));
        assert_eq!(same("none", "there/none"), Some(false));
    }
}
