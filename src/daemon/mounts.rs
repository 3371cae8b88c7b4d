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
        is_same(&self.seen(path), here).or_else(|| self.has_mounted_alike(path, here))
    }

    /// The same, as far as the tables of mounts tell, which are kept from nobody.
    fn has_mounted_alike(&self, path: &Path, here: &Path) -> Option<bool> {
        let (its, own) = (mounts(&self.pid.to_string())?, mounts("self")?);
        let is_alike = |path: &Path, here: &Path| Some(place(&its, path)? == place(&own, here)?);
        // Links on the way lie on the same disks, where both ends do.
        let end = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        Some(is_alike(path, here)? && is_alike(&end(path), &end(here))?)
    }

    /// Whether a file that is replaced at that path is replaced for it, too: the folder is the same one. `None`: only an
    /// administrator can tell.
    pub fn shares(&self, path: &Path) -> Option<bool> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = target.parent().unwrap_or(&target);
        match (self.finds(path, path), self.finds(folder, folder)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (None, _) | (_, None) => None,
            (Some(true), Some(true)) => Some(true),
        }
    }
}

/// Something that is mounted: number of its disk, the folder of that, and where it is.
type Mount = (String, PathBuf, PathBuf);

/// The mounts of a process (proc(5), `mountinfo`). `None`: they cannot be read.
fn mounts(process: &str) -> Option<Vec<Mount>> {
    let table = fs::read_to_string(format!("/proc/{process}/mountinfo")).ok()?;
    Some(table.lines().filter_map(mount).collect())
}

fn mount(line: &str) -> Option<Mount> {
    let mut fields = line.split(' ').skip(2);
    let (disk, root, point) = (fields.next()?, fields.next()?, fields.next()?);
    Some((disk.to_owned(), PathBuf::from(unescaped(root)), PathBuf::from(unescaped(point))))
}

/// Blanks and the like stand there as `\040`.
fn unescaped(field: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(field.to_owned(), |field, (code, character)| field.replace(code, character))
}

/// Which disk a path lies on, and where on that. `None`: nothing is mounted there, as below a root folder that is no mount.
fn place(mounts: &[Mount], path: &Path) -> Option<(String, PathBuf)> {
    // Of two at the same place the later one is seen.
    let covering = mounts.iter().filter(|(_, _, point)| path.starts_with(point));
    let (disk, root, point) = covering.max_by_key(|(_, _, point)| point.components().count())?;
    Some((disk.clone(), root.join(path.strip_prefix(point).ok()?)))
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
    fn the_tables_of_mounts_tell_what_is_the_same_file() {
        let table = |lines: &[&str]| lines.iter().filter_map(|line| mount(line)).collect::<Vec<_>>();
        let host = table(&["27 1 8:1 / / rw - ext4 /dev/sda rw", "30 27 8:2 / /a\\040b rw - ext4 /dev/sdb rw"]);
        let snap = table(&[
            "90 1 7:3 / / ro - squashfs /dev/loop3 ro",
            "91 90 8:1 /var/snap /var/snap rw - ext4 /dev/sda rw",
            "92 90 0:9 / /etc rw - tmpfs none rw",
        ]);
        let alike = |path: &str| place(&host, Path::new(path)) == place(&snap, Path::new(path));
        assert!(alike("/var/snap/docker/daemon.json"));
        assert!(!alike("/etc/docker/daemon.json") && !alike("/a b/daemon.json"));
        assert_eq!(place(&host, Path::new("/a b/c")), Some(("8:2".to_owned(), PathBuf::from("/c"))));
        let this = Dockerd { pid: std::process::id(), arguments: Vec::new() };
        assert_eq!(this.has_mounted_alike(Path::new("/etc/hosts"), Path::new("/etc/hosts")), Some(true));
        assert_eq!(this.shares(Path::new("/etc/hosts")), Some(true));
    }

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
