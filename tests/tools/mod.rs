//! Other people's programs of known versions, for tests that ask them: fetched as Debian packages and unpacked below
//! `target/tools/SUITE/`, without a change to the host's own packages. A program that cannot be had fails the test.

#![allow(dead_code, reason = "each test program compiles this file for itself and uses a part of it")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// `promtool` of that suite: `bookworm` has 2.42, `trixie` 2.53, `sid` 3.5 or later.
pub(crate) fn promtool(suite: &str) -> PathBuf {
    // A package of its own from Debian 13 on.
    let package = if suite == "bookworm" { "prometheus" } else { "promtool" };
    binary(suite, package, "usr/bin/promtool")
}

/// `prometheus` of that suite.
pub(crate) fn prometheus(suite: &str) -> PathBuf {
    binary(suite, "prometheus", "usr/bin/prometheus")
}

/// `amtool` of that suite: `bookworm` has 0.25, `trixie` 0.28, `sid` 0.33 or later.
pub(crate) fn amtool(suite: &str) -> PathBuf {
    binary(suite, "prometheus-alertmanager", "usr/bin/amtool")
}

/// The Compose plugin of that suite, which also runs by itself: `trixie` has 2.26, `sid` 2.40 or later.
pub(crate) fn docker_compose(suite: &str) -> PathBuf {
    binary(suite, "docker-compose", "usr/libexec/docker/cli-plugins/docker-compose")
}

/// The Debian archive that the host itself uses: one archive holds all suites.
pub(crate) fn archive() -> Result<String, String> {
    let words = ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"];
    let output = Command::new("apt-get").args(words).output().map_err(|error| format!("apt-get: {error}"))?;
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut archives = listed.lines().map(|line| line.trim_end_matches('/'));
    let archive = archives.find(|line| line.ends_with("/debian"));
    archive.map(str::to_owned).ok_or_else(|| format!("this host's apt knows no Debian archive: {listed}"))
}

/// A file of a Debian package.
///
/// # Panics
/// Where the package cannot be fetched, or has no such file.
pub(crate) fn binary(suite: &str, package: &str, file: &str) -> PathBuf {
    let root = root().join(suite);
    let unpacked = root.join(package);
    fs::create_dir_all(&root).expect("the target folder is writable");
    // Tests of several programs run at the same time; the first one fetches.
    let lock = File::create(root.join("lock")).expect("the target folder is writable");
    lock.lock().expect("a file of ours can be locked");
    if !unpacked.exists() {
        fetch(suite, &root, package).unwrap_or_else(|reason| {
            panic!("cannot get `{package}` of Debian {suite}, which this test needs: {reason}")
        });
    }
    let path = unpacked.join(file);
    assert!(
        path.exists(),
        "the Debian package `{package}` of {suite} has no `{file}`; look below {}",
        unpacked.display()
    );
    path
}

/// A root folder with these packages of a suite and all that they depend on, unpacked and not configured: `target/tools/SUITE/NAME`.
///
/// # Panics
/// Where a package cannot be fetched.
pub(crate) fn tree(suite: &str, name: &str, packages: &[&str]) -> PathBuf {
    let root = root().join(suite);
    let tree = root.join(name);
    fs::create_dir_all(&root).expect("the target folder is writable");
    let lock = File::create(root.join("lock")).expect("the target folder is writable");
    lock.lock().expect("a file of ours can be locked");
    if !tree.exists() {
        grow(suite, &root, &tree, packages).unwrap_or_else(|reason| {
            panic!("cannot get {packages:?} of Debian {suite}, which this test needs: {reason}")
        });
    }
    tree
}

/// Makes sure that the host has a file, which a Debian package brings: where it runs as root, it installs the package.
///
/// # Panics
/// Where the file is missing and cannot be had.
pub(crate) fn installed(file: &str, package: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if Path::new(file).exists() {
        return;
    }
    let apt = |words: &[&str]| {
        let mut apt = Command::new("apt-get");
        run(apt
            .args(["--quiet", "--option", "DPkg::Lock::Timeout=300"])
            .args(words)
            .env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let done = apt(&["update"]).and_then(|()| apt(&["install", "--yes", "--no-install-recommends", package]));
    let reason = done.err().unwrap_or_default();
    assert!(Path::new(file).exists(), "this test needs `{file}`: as root, `apt-get install {package}`. {reason}");
}

/// `target/tools`.
pub(crate) fn root() -> PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    scratch.parent().expect("it lies in the target folder").join("tools")
}

/// Downloads the package with a sources list and a state folder of its own, and unpacks it.
fn fetch(suite: &str, root: &Path, package: &str) -> Result<(), String> {
    let options = updated(suite, root)?;
    let downloads = root.join("download").join(package);
    folder(&downloads)?;
    run(Command::new("apt-get").args(&options).args(["download", package]).current_dir(&downloads))?;
    let entries = fs::read_dir(&downloads).map_err(|error| error.to_string())?;
    let archive =
        entries.flatten().map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "deb"));
    let archive = archive.ok_or("apt-get has downloaded nothing")?;
    let unfinished = root.join(format!("{package}.unfinished"));
    run(Command::new("dpkg").arg("-x").arg(archive).arg(&unfinished))?;
    fs::rename(&unfinished, root.join(package)).map_err(|error| error.to_string())
}

/// Downloads the packages and their dependencies, and unpacks them into one folder.
fn grow(suite: &str, root: &Path, tree: &Path, packages: &[&str]) -> Result<(), String> {
    let archives = root.join("download/archives");
    folder(&archives.join("partial"))?;
    let mut install = Command::new("apt-get");
    install.args(updated(suite, root)?).args(["--no-install-recommends", "--yes", "install"]).args(packages);
    // What is listed is what is not in the cache: that of the suite is empty, and the archives lie elsewhere.
    let script = format!(
        "set -e; \"$@\" --print-uris >{0}; \"$@\" --download-only -o Dir::Cache::archives={2} >/dev/null; \
         mkdir -p {1}/usr/bin {1}/usr/sbin {1}/usr/lib {1}/usr/lib64; \
         for name in bin sbin lib lib64; do ln -s usr/$name {1}/$name; done; \
         sed -n \"s/^'[^']*' \\([^ ]*\\) .*/\\1/p\" {0} | while read -r archive; do dpkg-deb --fsys-tarfile {2}/$archive | \
         tar -x --keep-directory-symlink --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' \
         --exclude='./usr/share/locale/*' -C {1}; done",
        root.join("download/listed").display(),
        root.join("unfinished").display(),
        archives.display()
    );
    // What a run that was killed has left behind is of no use.
    match fs::remove_dir_all(root.join("unfinished")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.to_string()),
        _ => {}
    }
    let words = std::iter::once(install.get_program()).chain(install.get_args());
    run(Command::new("bash").args(["-o", "pipefail", "-c", &script, "bash"]).args(words))?;
    fs::rename(root.join("unfinished"), tree).map_err(|error| error.to_string())
}

/// [`options`], with the suite's lists there.
fn updated(suite: &str, root: &Path) -> Result<Vec<String>, String> {
    let options = options(suite, root)?;
    if !root.join("state/updated").exists() {
        run(Command::new("apt-get").args(&options).arg("update"))?;
        write(&root.join("state/updated"), "")?;
    }
    Ok(options)
}

/// Everything that keeps apt away from the host's own configuration and state.
fn options(suite: &str, root: &Path) -> Result<Vec<String>, String> {
    let state = root.join("state");
    folder(&state.join("lists/partial"))?;
    folder(&state.join("cache/archives/partial"))?;
    let sources = state.join("sources.list");
    write(&sources, &format!("deb [signed-by={KEYRING}] {} {suite} main\n", archive()?))?;
    write(&state.join("status"), "")?;
    let settings = [
        format!("Dir::Etc::sourcelist={}", sources.display()),
        "Dir::Etc::sourceparts=/dev/null".to_owned(),
        format!("Dir::State={}", state.display()),
        format!("Dir::State::lists={}", state.join("lists").display()),
        format!("Dir::State::status={}", state.join("status").display()),
        format!("Dir::Cache={}", state.join("cache").display()),
        "APT::Sandbox::User=root".to_owned(),
        "Acquire::Languages=none".to_owned(),
        "Acquire::Retries=3".to_owned(),
        // Otherwise `update` ends well where it has got nothing.
        "APT::Update::Error-Mode=any".to_owned(),
    ];
    Ok(settings.into_iter().flat_map(|setting| ["-o".to_owned(), setting]).chain(["-qq".to_owned()]).collect())
}

fn folder(path: &Path) -> Result<(), String> {
    fs::create_dir_all(path).map_err(|error| format!("cannot make {}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output =
        command.output().map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} ended with {}:\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}
