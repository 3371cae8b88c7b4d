//! What an administrator's file has beside its text, and what happens where it cannot be written: as root, without an engine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{XattrFlags, getxattr, setxattr};

use crate::beside::{Run, must, run};

const TEXT: &str = "{\"debug\": true}\n";
const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";
const LABEL: &str = "security.selinux";

/// An access list as the kernel keeps it (acl(5)): `user::rw-`, one more user, `group::r--`, a mask, `other::---`.
fn access_list(user: u32, mask: u16) -> Vec<u8> {
    const NOBODY: u32 = u32::MAX;
    let entries = [(1, 6, NOBODY), (2, 6, user), (4, 4, NOBODY), (0x10, mask, NOBODY), (0x20, 0, NOBODY)];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (kind, rights, id) in entries {
        let (kind, rights): (u16, u16) = (kind, rights);
        bytes.extend(kind.to_le_bytes().into_iter().chain(rights.to_le_bytes()).chain(id.to_le_bytes()));
    }
    bytes
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 512];
    let length = getxattr(path, name, &mut value).ok()?;
    value.truncate(length);
    Some(value)
}

fn set(path: &Path, name: &str, value: &[u8]) {
    setxattr(path, name, value, XattrFlags::empty()).expect("root may, and the file system has attributes");
}

/// A folder of the test's own with a `daemon.json`.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir_in("/tmp").expect("a folder"));
        fs::write(folder.file(), TEXT).expect("writable");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.path("daemon.json")
    }

    /// `stackctl engine WORDS…` on a file, where no engine can be reached.
    #[track_caller]
    fn expect(&self, code: i32, words: &[&str], file: &Path) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
        command.arg("engine").args(words).arg("--yes").arg("--config-file").arg(file).current_dir(&self.0);
        command.env("DOCKER_HOST", "unix:///nowhere").env("NO_COLOR", "1").env_remove("STACKCTL_FILE");
        let Run { code: ended, stdout, stderr } = run(command.stdin(Stdio::null()));
        assert_eq!(ended, code, "{stdout}{stderr}");
        format!("{stdout}{stderr}")
    }

    /// Nothing was changed, and nothing is left.
    #[track_caller]
    fn refuses(&self, file: &Path, words: &[&str]) {
        let told = self.expect(1, &["apply"], file);
        for words in words {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(!told.contains("sudo"), "root is asked to be root: {told}");
        assert_eq!(fs::read_to_string(file).expect("readable"), TEXT);
        let names = fs::read_dir(file.parent().expect("a folder")).expect("readable").flatten();
        let left: Vec<_> = names.map(|entry| entry.file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().contains("stackctl")), "{left:?}");
    }
}

#[test]
fn access_lists_and_labels_stay_and_those_of_the_folder_do_not_come() {
    let folder = Folder::new();
    let file = folder.file();
    let kept = [
        (ACCESS, access_list(65534, 6)),
        (LABEL, b"system_u:object_r:container_config_t:s0\0".to_vec()),
        ("user.note", b"ask the network people first".to_vec()),
    ];
    for (name, value) in &kept {
        set(&file, name, value);
    }
    let mode = || fs::metadata(&file).expect("it is there").permissions().mode() & 0o7777;
    let before = mode();
    assert_eq!(before, 0o660, "the rights of the group are those of the mask");
    let is_kept = || kept.iter().all(|(name, value)| attribute(&file, name).as_ref() == Some(value));
    folder.expect(0, &["apply"], &file);
    assert!(fs::read_to_string(&file).expect("readable").contains("metrics-addr"));
    assert!(is_kept() && mode() == before, "after a change");
    folder.expect(0, &["rollback"], &file);
    assert_eq!(fs::read_to_string(&file).expect("readable"), TEXT);
    assert!(is_kept() && mode() == before, "after taking it back");

    let plain = Folder::new();
    fs::set_permissions(plain.file(), fs::Permissions::from_mode(0o640)).expect("it is ours");
    set(plain.0.path(), DEFAULT, &access_list(65534, 6));
    plain.expect(0, &["apply"], &plain.file());
    assert_eq!(attribute(&plain.file(), ACCESS), None, "the folder gives its access list to new files");
    assert_eq!(fs::metadata(plain.file()).expect("it is there").permissions().mode() & 0o7777, 0o640);
}

#[test]
fn a_full_disk_changes_nothing_and_leaves_nothing() {
    let folder = Folder::new();
    let small = folder.path("small");
    fs::create_dir(&small).expect("a new folder");
    must(Command::new("mount").args(["-t", "tmpfs", "-o", "size=16k", "none"]).arg(&small));
    let _mounted = Mounted(&small);
    let file = small.join("daemon.json");
    fs::write(&file, TEXT).expect("there is room");
    let filled = run(Command::new("sh").arg("-c").arg(format!("cat /dev/zero >{}", small.join("fill").display())));
    assert!(filled.stderr.contains("No space"), "{filled:?}");
    folder.refuses(&file, &["No space left on device", "make room there; nothing was changed"]);
    // Room for the new file, and none for the copy of the old one.
    let page = vec![b' '; 4096];
    fs::write(small.join("fill"), [&page[..], &page[..]].concat()).expect("there is room");
    folder.refuses(&file, &["No space left on device"]);
}

#[test]
fn a_link_to_another_file_system_stays_and_the_file_is_changed_there() {
    let folder = Folder::new();
    let other = folder.path("other");
    fs::create_dir(&other).expect("a new folder");
    must(Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "none"]).arg(&other));
    let _mounted = Mounted(&other);
    fs::rename(folder.file(), folder.path("old")).expect("in one folder");
    fs::write(other.join("real.json"), TEXT).expect("writable");
    std::os::unix::fs::symlink("other/real.json", folder.file()).expect("a link");
    folder.expect(0, &["apply"], &folder.file());
    assert!(fs::read_to_string(other.join("real.json")).expect("readable").contains("metrics-addr"));
    assert!(folder.file().is_symlink());
    folder.expect(0, &["rollback"], &folder.file());
    assert_eq!(fs::read_to_string(folder.file()).expect("readable"), TEXT);
}

#[test]
fn what_root_may_not_change_either_is_told_with_the_way_out() {
    let folder = Folder::new();
    let file = folder.file();
    fs::write(folder.path("source"), TEXT).expect("writable");
    must(Command::new("mount").arg("--bind").arg(folder.path("source")).arg(&file));
    let mounted = Mounted(&file);
    folder.refuses(&file, &["resource busy", "mounted there by itself"]);
    drop(mounted);

    must(Command::new("chattr").arg("+i").arg(&file));
    let immutable = Immutable(&file);
    folder.refuses(&file, &["lsattr -d", "chattr -i"]);
    drop(immutable);

    let read_only = folder.path("ro");
    fs::create_dir(&read_only).expect("a new folder");
    fs::write(read_only.join("daemon.json"), TEXT).expect("writable");
    must(Command::new("mount").arg("--bind").arg(&read_only).arg(&read_only));
    let _mounted = Mounted(&read_only);
    must(Command::new("mount").args(["-o", "remount,ro,bind"]).arg(&read_only));
    folder.refuses(&read_only.join("daemon.json"), &["read-only: change it where it is made from"]);
}

/// What the system was asked to do with files of that folder, in order: `fsync NAME`, `name NAME` for what a file is called then.
fn traced(folder: &Folder, words: &[&str]) -> Vec<String> {
    crate::tools::installed("/usr/bin/strace", "strace");
    let log = folder.path("trace");
    let mut command = Command::new("strace");
    command.args([
        "-f",
        "-y",
        "-qq",
        "-e",
        "trace=fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat",
    ]);
    command.arg("-o").arg(&log).arg(env!("CARGO_BIN_EXE_stackctl")).arg("engine").args(words).arg("--yes");
    command.arg("--config-file").arg(folder.file()).current_dir(&folder.0).stdin(Stdio::null());
    must(command.env("DOCKER_HOST", "unix:///nowhere").env_remove("STACKCTL_FILE"));
    let text = fs::read_to_string(log).expect("strace writes it");
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let calls = text.lines().filter(|line| line.contains(" = 0"));
    let calls = calls.filter_map(|line| {
        let (call, arguments) = line.split_once(' ')?.1.trim_start().split_once('(')?;
        match call {
            "fsync" => Some(format!("fsync {}", name(arguments.split_once('<')?.1.split_once('>')?.0))),
            "rename" | "renameat" | "renameat2" | "link" | "linkat" => {
                let mut names = arguments.split('"').skip(1).step_by(2);
                Some(format!("{} is now {}", name(names.next()?), name(names.next()?)))
            }
            _ => None,
        }
    });
    calls.collect()
}

/// A power cut may come at any moment: what a name leads to has to be on the disk before it does, and the name at the end.
#[test]
fn whole_files_are_on_the_disk_before_their_names_and_their_names_before_the_end() {
    let folder = Folder::new();
    let own = folder.0.path().file_name().expect("it has a name").to_string_lossy().into_owned();
    let steps = traced(&folder, &["apply"]);
    let named: Vec<(&str, &str)> = steps.iter().filter_map(|step| step.split_once(" is now ")).collect();
    let [(copy, kept), (new, "daemon.json")] = named[..] else { panic!("{steps:?}") };
    assert!(kept.starts_with("daemon.json.2") && kept.ends_with(".stackctl"), "{steps:?}");
    let at =
        |step: String| steps.iter().position(|taken| *taken == step).unwrap_or_else(|| panic!("{step}: {steps:?}"));
    assert!(at(format!("fsync {copy}")) < at(format!("{copy} is now {kept}")), "{steps:?}");
    assert!(at(format!("fsync {new}")) < at(format!("{new} is now daemon.json")), "{steps:?}");
    assert_eq!(steps.last(), Some(&format!("fsync {own}")), "{steps:?}");
    let steps = traced(&folder, &["rollback"]);
    assert_eq!(steps, [format!("{kept} is now daemon.json"), format!("fsync {own}")]);
}

/// A mount, gone with the value.
struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        must(Command::new("umount").arg(self.0));
    }
}

/// A file that nobody can change, as long as the value is there.
struct Immutable<'a>(&'a Path);

impl Drop for Immutable<'_> {
    fn drop(&mut self) {
        must(Command::new("chattr").arg("-i").arg(self.0));
    }
}
