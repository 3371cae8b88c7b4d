//! Writing a file that a person owns: whole or not at all, and over another only when told.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Failure;
use crate::disk;
use crate::engine::Error;

/// Refuses what is no file, whoever says what: a device, a pipe or a socket is nobody's to be replaced. `help`: what to do.
pub(super) fn refuse_what_is_no_file(file: &Path, help: &str) -> Result<(), Failure> {
    match disk::place_of(file) {
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
            Err(Failure::arguments(error.to_string(), help))
        }
        // What else is wrong with it is said by who writes it.
        _ => Ok(()),
    }
}

/// What to do where a text of this program's own was to go into what is no file.
const ANOTHER: &str = "name another file; without one it goes to standard output";

/// Refuses where a file is there and nobody said that it may go.
pub(super) fn refuse_to_overwrite(file: &Path, force: bool) -> Result<(), Failure> {
    refuse_what_is_no_file(file, ANOTHER)?;
    if force || file.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("{} is there already", file.display());
    Err(Failure::arguments(message, "name another file, or write over it with `--force`"))
}

/// Writes it beside its place and moves it there, so that nobody ever sees half of it. A file that is written over keeps
/// its mode and its owner, and a link to it stays a link.
pub(super) fn write(file: &Path, text: &str, force: bool) -> Result<(), Failure> {
    refuse_what_is_no_file(file, ANOTHER)?;
    let failed = |error: std::io::Error| {
        Failure::World(
            Error::new(format!("cannot write {}", file.display()), error)
                .advise("choose a folder that is there and that you may write into"),
        )
    };
    if force {
        return replace(file, text, None).map_err(failed);
    }
    let temporary = beside(file, text, 0o644).map_err(failed)?;
    match temporary.file.persist_noclobber(file) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => refuse_to_overwrite(file, false),
        Err(error) => Err(failed(error.error)),
    }
}

/// Puts a text in the place of a file, or where none is. It has that mode, else that of the file.
pub(super) fn replace(file: &Path, text: &str, mode: Option<u32>) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};

    // A link to it stays a link.
    let before = disk::place_of(file)?.metadata();
    let usual = before.as_ref().map_or(0o644, |data| data.permissions().mode() & 0o777);
    let temporary = beside(file, text, mode.unwrap_or(usual))?;
    if let Ok(before) = before {
        // Only root may give a file away; for everybody else it is their own already.
        let _ = fchown(temporary.file.as_file(), Some(before.uid()), Some(before.gid()));
    }
    temporary.finish()
}

/// A text on disk beside a file.
fn beside(file: &Path, text: &str, mode: u32) -> std::io::Result<Unfinished> {
    let mut temporary = Unfinished::of(file, mode)?;
    temporary.file.write_all(text.as_bytes())?;
    temporary.file.as_file().sync_all()?;
    Ok(temporary)
}

/// A file that has its name once it is whole. Until then it lies beside its place, and goes where nobody finishes it.
pub(super) struct Unfinished {
    pub(super) file: tempfile::NamedTempFile,
    place: PathBuf,
}

impl Unfinished {
    /// One for this path: where that is a link, for what it leads to. An error where no file may be put there.
    pub(super) fn of(path: &Path, mode: u32) -> std::io::Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;

        let place = disk::place_of(path)?;
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(UNFINISHED[0]).suffix(UNFINISHED[1]).permissions(std::fs::Permissions::from_mode(mode));
        let file = builder.tempfile_in(folder)?;
        is_being_written(file.as_file());
        sweep(folder, &file);
        Ok(Self { file, place })
    }

    /// Gives it its name, over a file that has it; what has come there meanwhile and is no file stays.
    pub(super) fn finish(self) -> std::io::Result<()> {
        disk::place_of(&self.place)?;
        self.file.persist(&self.place)?;
        Ok(())
    }
}

/// How the name of a file that is not whole yet begins and ends; six letters and digits are between.
const UNFINISHED: [&str; 2] = [".stackctl-", ".unfinished"];

/// A file that is not whole and older than this, and that nobody holds, is one of a run that was killed.
const ABANDONED: Duration = Duration::from_secs(10);

/// Holds a file that is not whole yet, for as long as it is open: others leave it alone.
fn is_being_written(file: &std::fs::File) {
    // Where the file system has no locks, nobody takes it for abandoned either.
    let _ = file.try_lock();
}

/// Takes away what runs have left in a folder that were killed while they wrote. `own`: a file of the user who runs this.
fn sweep(folder: &Path, own: &tempfile::NamedTempFile) {
    use std::os::unix::fs::MetadataExt as _;

    let Ok(user) = own.as_file().metadata().map(|data| data.uid()) else { return };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let [begin, end] = UNFINISHED;
        let letters = name.to_str().and_then(|name| name.strip_prefix(begin)?.strip_suffix(end)).unwrap_or_default();
        if letters.len() != 6 || !letters.chars().all(|letter| letter.is_ascii_alphanumeric()) {
            continue;
        }
        let Ok(data) = entry.metadata() else { continue };
        let is_old = data.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED));
        if !data.is_file() || data.uid() != user || !is_old {
            continue;
        }
        if std::fs::File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = std::fs::remove_file(entry.path());
        }
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
    use std::os::unix::fs::PermissionsExt as _;

    let failed = |error: std::io::Error| {
        Failure::World(
            Error::new(format!("cannot write {}", file.display()), error)
                .advise("write it by hand: one `NAME=VALUE` for each password that the stack file names"),
        )
    };
    refuse_what_is_no_file(file, "take it away, or name another file")?;
    let before = match disk::read_text(file) {
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
    let open_before = std::fs::metadata(file).ok().map(|data| data.permissions().mode() & 0o777);
    let open_before = open_before.filter(|mode| mode & 0o077 != 0);
    replace(file, &format!("{before}{text}"), Some(0o600)).map_err(failed)?;
    let names = new.iter().map(|(name, _)| name.clone()).collect();
    Ok(Added { names, open_before })
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_no_file_is_never_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("stack.yml");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        let link = folder.path().join("link.yml");
        std::os::unix::fs::symlink(&socket, &link).expect("a link");
        for path in [&socket, &link, &folder.path().to_owned()] {
            assert!(refuse_to_overwrite(path, true).is_err() && write(path, "name: x\n", true).is_err(), "{path:?}");
            assert!(add_variables(path, &[("A".to_owned(), "b".to_owned())]).is_err(), "{path:?}");
        }
        assert!(!std::fs::metadata(&socket).expect("it is there").is_file());
    }

    #[test]
    fn what_a_killed_run_left_goes_with_the_next_one_and_nothing_else_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
        let left = |name: &str, is_old: bool| {
            let file = std::fs::File::create(folder.path().join(name)).expect("writable");
            if is_old {
                file.set_modified(long_ago).expect("our file");
            }
            file
        };
        let names = |folder: &Path| {
            let entries = std::fs::read_dir(folder).expect("a folder").flatten();
            let mut names: Vec<String> =
                entries.map(|entry| entry.file_name().into_string().expect("a plain name")).collect();
            names.sort();
            names
        };
        left(".stackctl-aB3dE6.unfinished", true);
        left(".stackctl-young1.unfinished", false);
        left(".stackctl-backup", true);
        let held = left(".stackctl-held01.unfinished", true);
        is_being_written(&held);
        write(&folder.path().join("stack.yml"), "name: x\n", false).unwrap_or_else(|_| panic!("it can be written"));
        let expected = [".stackctl-backup", ".stackctl-held01.unfinished", ".stackctl-young1.unfinished", "stack.yml"];
        assert_eq!(names(folder.path()), expected);
        drop(held);
        write(&folder.path().join("stack.yml"), "name: y\n", true).unwrap_or_else(|_| panic!("it can be written"));
        assert_eq!(names(folder.path()), [expected[0], expected[2], expected[3]]);
    }

    #[test]
    fn variables_are_added_whole_and_nobody_else_may_read_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(".env");
        std::fs::write(&file, "A=1").expect("writable");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("our file");
        let variables = [("A".to_owned(), "2".to_owned()), ("B".to_owned(), "3".to_owned())];
        let added = add_variables(&file, &variables).unwrap_or_else(|_| panic!("it can be written"));
        assert_eq!((added.names, added.open_before), (vec!["B".to_owned()], Some(0o644)));
        assert_eq!(std::fs::read_to_string(&file).expect("readable"), "A=1\nB='3'\n");
        assert_eq!(std::fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left beside it");
    }
}
