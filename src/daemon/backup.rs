//! What a `daemon.json` was before stackctl changed it: kept beside it, dated, with owner and mode, and put back by one rename.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan, Unit, tz::TimeZone};
use sha2::{Digest, Sha256};

use super::file::clear;
use super::{ConfigFile, Document, Error, Turn};

/// The time in a copy's name: sorts by age, and is a file name everywhere.
const STAMP: &str = "%Y-%m-%dT%H%M%S%.3f";

/// End of the name of a copy.
const COPY: &str = "stackctl";

/// What parts the hash of a text that stands there for a moment from that of the text that follows.
const AGAIN: char = '-';

/// End of the names of both kinds while a rollback is under way: what goes back to it is that rollback alone.
const UNDER_WAY: &str = "-under-way";

/// End of the name of an empty file that stands for: there was none.
const NOTHING: &str = "stackctl-none";

/// End of the name of a copy of what somebody else made of the file since.
const EDITED: &str = "stackctl-edited";

/// What the file was before one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    path: PathBuf,
    taken: DateTime,
    /// Begin of the hash of what was written in its place.
    written: String,
    /// That of what follows, where that stands there for a moment only.
    again: Option<String>,
    existed: bool,
    /// It is what the file was before another copy was put back, and the engine may not run with that yet.
    under_way: bool,
}

/// What rolling back came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Whether there is a file now. There was none before the change that was taken back, if not.
    pub exists: bool,
    /// Where the file lies that somebody had changed after stackctl did.
    pub edited: Option<PathBuf>,
}

impl Backup {
    /// Keeps the file as it is, before `new` is put in its place.
    pub(super) fn keep(file: &ConfigFile, new: &[u8]) -> Result<Self, Error> {
        Self::keep_as(file, new, false)
    }

    fn keep_as(file: &ConfigFile, new: &[u8], under_way: bool) -> Result<Self, Error> {
        let now = Timestamp::now().to_zoned(TimeZone::UTC).datetime();
        // No finer than its name tells.
        let now = now.round(Unit::Millisecond).unwrap_or(now);
        // The clock may have been set back since: the last copy has to have the last name.
        let after_last = Self::last(file.path())?.and_then(|last| last.taken.checked_add(1.millisecond()).ok());
        let taken = after_last.map_or(now, |after_last| now.max(after_last));
        let (written, existed) = (short_hash(new), file.bytes().is_some());
        let mut kept = Self { path: PathBuf::new(), taken, written, again: None, existed, under_way };
        kept.path = kept.place(file);
        let path = &kept.path;
        let copy = file.beside(file.bytes().unwrap_or_default())?;
        if let Some(modified) = file.last_touched() {
            // It tells how old what it holds is, also once it is put back.
            copy.as_file().set_modified(modified).map_err(|error| Error::of("write", path, &error))?;
        }
        copy.persist_noclobber(path).map_err(|failed| Error::of("write", path, &failed.error))?;
        Ok(kept)
    }

    /// Where it lies beside that file: its name says all that is known of it.
    fn place(&self, file: &ConfigFile) -> PathBuf {
        let end = if self.existed { COPY } else { NOTHING };
        let under_way = if self.under_way { UNDER_WAY } else { "" };
        let (stamp, written) = (self.taken.strftime(STAMP), &self.written);
        let again = self.again.as_ref().map(|again| format!("{AGAIN}{again}")).unwrap_or_default();
        file.folder().join(format!("{}.{stamp}Z.{written}{again}.{end}{under_way}", file.name()))
    }

    /// Has its name say that what stands in its place from now on is another text, with that hash. `again`: that of the text that
    /// follows, where it stands there for a moment only. Gives both as they were.
    pub(super) fn label(
        &mut self,
        file: &ConfigFile,
        (written, again): (String, Option<String>),
    ) -> Result<(String, Option<String>), Error> {
        let labelled = Self { written, again, ..self.clone() };
        let path = labelled.place(file);
        fs::rename(&self.path, &path).map_err(|error| Error::of("rename", &self.path, &error))?;
        let before = std::mem::replace(self, Self { path, ..labelled });
        Ok((before.written, before.again))
    }

    /// The hash of what is to follow what stands in its place for a moment.
    pub(super) fn again(&self) -> Option<&str> {
        self.again.as_deref()
    }

    /// The hash of what it holds.
    pub(super) fn hash(&self) -> Result<String, Error> {
        Ok(short_hash(&self.bytes()?.unwrap_or_default()))
    }

    /// The last copy of the file at that path. `None`: there is none.
    pub fn last(file: &Path) -> Result<Option<Self>, Error> {
        let copies = Self::all(file)?.into_iter().filter(|copy| !copy.under_way);
        Ok(copies.max_by_key(|copy| copy.taken))
    }

    /// The copy of that file that was taken before this one. `None`: there is none.
    pub fn earlier(&self, file: &Path) -> Option<Self> {
        let copies = Self::all(file).unwrap_or_default().into_iter();
        copies.filter(|copy| !copy.under_way && copy.taken < self.taken).max_by_key(|copy| copy.taken)
    }

    /// What the file was before its last copy was put back, where that rollback has not come to its end. `None`: it has.
    pub fn under_way(file: &Path) -> Result<Option<Self>, Error> {
        let Some(last) = Self::last(file)? else { return Ok(None) };
        let under_way = Self::all(file)?.into_iter().filter(|copy| copy.under_way && copy.taken > last.taken);
        Ok(under_way.max_by_key(|copy| copy.taken))
    }

    fn all(file: &Path) -> Result<Vec<Self>, Error> {
        let folder = file.parent().unwrap_or(Path::new("/"));
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::of("look into", folder, &error)),
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Copies are files: a link in the place of one is somebody else's, and leads who knows where.
        let files = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        Ok(files.filter_map(|entry| Self::of_entry(&name, &entry.path())).collect())
    }

    /// Where the copy lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was in the file. `None`: there was no file.
    pub fn bytes(&self) -> Result<Option<Vec<u8>>, Error> {
        if !self.existed {
            return Ok(None);
        }
        fs::read(&self.path).map(Some).map_err(|error| Error::of("read", &self.path, &error))
    }

    /// What it says.
    pub fn document(&self) -> Result<Document, Error> {
        let read = Document::parse(&self.bytes()?.unwrap_or_default());
        read.map_err(|malformed| {
            Error::wrong(format!("{}, {malformed}", self.path.display()), "mend it, or take it away")
        })
    }

    /// Whether there was a file.
    pub fn has_bytes(&self) -> bool {
        self.existed
    }

    /// When it was taken, to the second, in UTC.
    pub fn taken(&self) -> String {
        self.taken.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    }

    /// Whether what it holds was put in place after that moment.
    pub fn is_younger_than(&self, moment: SystemTime) -> bool {
        let modified = fs::metadata(&self.path).and_then(|metadata| metadata.modified());
        self.existed && modified.is_ok_and(|modified| modified > moment)
    }

    /// Whether it was taken after that moment.
    pub fn is_taken_after(&self, moment: SystemTime) -> bool {
        let taken = self.taken.to_zoned(TimeZone::UTC).map(|taken| SystemTime::from(taken.timestamp()));
        taken.is_ok_and(|taken| taken > moment)
    }

    /// Whether the file still is what was written in place of this copy.
    pub fn is_undone_by(&self, file: &ConfigFile) -> bool {
        file.bytes().is_some_and(|bytes| self.was_replaced_by(bytes))
    }

    /// Whether that is what was written in place of this copy.
    pub fn was_replaced_by(&self, bytes: &[u8]) -> bool {
        let hash = short_hash(bytes);
        hash == self.written || Some(&hash) == self.again.as_ref()
    }

    /// Whether the file is neither what was written in place of this copy nor what the copy says: somebody else changed it.
    pub fn is_edited(&self, file: &ConfigFile) -> Result<bool, Error> {
        Ok(file.bytes().is_some() && !self.is_undone_by(file) && self.bytes()?.as_deref() != file.bytes())
    }

    /// Takes the copy away, where nothing came of the change that it was made for. One that stays is in nobody's way.
    pub fn forget(self) {
        let _ = fs::remove_file(&self.path);
    }

    /// Puts it back, and stays. What somebody else has made of the file since is kept under another name.
    ///
    /// Gives a copy of what it was until now as well: whoever finds that the engine does not start goes back to that. One that
    /// is there already is of a rollback that was killed: that goes on. [`Backup::forget`] takes away what is not needed any more.
    pub fn put_back(&self, turn: &Turn, file: &ConfigFile) -> Result<(Restored, Self), Error> {
        let under_way = Self::under_way(file.path())?;
        // What stands in the file for a while is nobody else's, either.
        let is_until_now = |copy: &Self| copy.bytes().is_ok_and(|bytes| bytes.as_deref() == file.bytes());
        let is_known = |copy: &Self| is_until_now(copy) || copy.is_undone_by(file);
        let is_edited = self.is_edited(file)? && !under_way.as_ref().is_some_and(is_known);
        let edited = if is_edited { Some(self.keep_edited(file)?) } else { None };
        let until_now = match under_way {
            Some(until_now) => until_now,
            None => Self::keep_as(file, &self.bytes()?.unwrap_or_default(), true)?,
        };
        let failed = |error: &io::Error| Error::of("put back", file.path(), error);
        if self.existed {
            // Bytes of its own, so that who edits the file in place leaves the copy as it is; the copy itself where the disk has no
            // room for them.
            let bytes = self.bytes()?.unwrap_or_default();
            let dated = file.beside(&bytes).and_then(|beside| {
                let modified = fs::metadata(&self.path).and_then(|metadata| metadata.modified());
                let is_dated = modified.and_then(|modified| beside.as_file().set_modified(modified));
                is_dated.map_err(|error| Error::of("write", file.path(), &error))?;
                Ok(beside)
            });
            match dated {
                Ok(beside) => beside.persist(file.path()).map(drop).map_err(|error| failed(&error.error))?,
                Err(_) => fs::rename(&self.path, file.path()).map_err(|error| failed(&error))?,
            }
        } else {
            remove(file)?;
        }
        clear(file.folder());
        turn.sync(file)?;
        Ok((Restored { exists: self.existed, edited }, until_now))
    }

    /// Puts it back, and is used up. What somebody else has made of the file since is kept under another name.
    pub fn restore(self, turn: &Turn, file: &ConfigFile) -> Result<Restored, Error> {
        let edited = if self.is_edited(file)? { Some(self.keep_edited(file)?) } else { None };
        let failed = |error: &io::Error| Error::of("put back", file.path(), error);
        if self.existed {
            fs::rename(&self.path, file.path()).map_err(|error| failed(&error))?;
            // The file has been this very copy already: then the kernel leaves both names.
            let _ = fs::remove_file(&self.path);
        } else {
            remove(file)?;
            fs::remove_file(&self.path).map_err(|error| failed(&error))?;
        }
        clear(file.folder());
        turn.sync(file)?;
        Ok(Restored { exists: self.existed, edited })
    }

    /// The same where it is about to be put back, and something stands in for it before.
    pub fn keep_others_changes(&self, file: &ConfigFile) -> Result<Option<PathBuf>, Error> {
        if self.is_edited(file)? { self.keep_edited(file).map(Some) } else { Ok(None) }
    }

    fn keep_edited(&self, file: &ConfigFile) -> Result<PathBuf, Error> {
        let bytes = file.bytes().unwrap_or_default();
        let mut copy = file.beside(bytes)?;
        let first = self.path.with_extension(EDITED);
        let more = (2..).map(|number| self.path.with_extension(format!("{EDITED}-{number}")));
        for path in std::iter::once(first).chain(more) {
            // What was kept of an earlier edit stays.
            match copy.persist_noclobber(&path) {
                Ok(_) => return Ok(path),
                Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {
                    if fs::read(&path).is_ok_and(|kept| kept == bytes) {
                        return Ok(path);
                    }
                    copy = failed.file;
                }
                Err(failed) => return Err(Error::of("write", &path, &failed.error)),
            }
        }
        unreachable!("numbers do not end")
    }

    /// `daemon.json.2026-01-31T120000.000Z.0a1b2c3d.stackctl`
    fn of_entry(name: &str, path: &Path) -> Option<Self> {
        let rest = path.file_name()?.to_str()?.strip_prefix(name)?.strip_prefix('.')?;
        let (stamp, rest) = rest.split_once("Z.")?;
        let (written, end) = rest.split_once('.')?;
        let (written, again) = match written.split_once(AGAIN) {
            Some((written, again)) => (written, Some(again.to_owned())),
            None => (written, None),
        };
        let taken = DateTime::strptime(STAMP, stamp).ok()?;
        let (end, under_way) = match end.strip_suffix(UNDER_WAY) {
            Some(end) => (end, true),
            None => (end, false),
        };
        let existed = match end {
            COPY => true,
            NOTHING => false,
            _ => return None,
        };
        Some(Self { path: path.to_owned(), taken, written: written.to_owned(), again, existed, under_way })
    }
}

pub(super) fn remove(file: &ConfigFile) -> Result<(), Error> {
    match fs::remove_file(file.path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::of("put back", file.path(), &error)),
        _ => Ok(()),
    }
}

pub(super) fn short_hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    fn replace(path: &Path, bytes: &[u8]) -> Backup {
        let file = ConfigFile::read(path).expect("readable");
        let turn = Turn::of(&file).expect("nobody else is at work");
        file.replace(&turn, bytes, |_| Ok(())).expect("writable")
    }

    /// A file that said `{}` and says `{ }`, and its copy.
    fn changed() -> (tempfile::TempDir, PathBuf, Backup) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        fs::write(&path, "{}").expect("writable");
        let copy = replace(&path, b"{ }");
        (folder, path, copy)
    }

    fn restore(path: &Path) -> Restored {
        let last = Backup::last(path).expect("readable").expect("there is a copy");
        let file = ConfigFile::read(path).expect("readable");
        last.restore(&Turn::of(&file).expect("nobody else is at work"), &file).expect("writable")
    }

    #[test]
    fn changes_are_taken_back_one_by_one_down_to_no_file_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        for text in ["{}", "{ }", "{  }"] {
            replace(&path, text.as_bytes());
        }
        for text in ["{ }", "{}"] {
            assert_eq!(restore(&path), Restored { exists: true, edited: None });
            assert_eq!(fs::read_to_string(&path).expect("readable"), text);
        }
        assert_eq!(restore(&path), Restored { exists: false, edited: None });
        assert_eq!(names(folder.path()), Vec::<String>::new());
        assert_eq!(Backup::last(&path), Ok(None));
    }

    #[test]
    fn both_texts_are_on_disk_until_it_is_known_which_one_stays() {
        let (folder, path, copy) = changed();
        let read = || ConfigFile::read(&path).expect("readable");
        let turn = Turn::of(&read()).expect("nobody else is at work");
        let (_, until_now) = copy.put_back(&turn, &read()).expect("writable");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "{}");
        assert_eq!(until_now.bytes(), Ok(Some(b"{ }".to_vec())));
        assert_eq!(Backup::last(&path), Ok(Some(copy.clone())));
        assert_eq!(Backup::under_way(&path), Ok(Some(until_now.clone())));

        // Killed now: the next one goes on with it, and does not take it for a change to be taken back.
        let (restored, again) = copy.put_back(&turn, &read()).expect("writable");
        assert_eq!((restored, &again), (Restored { exists: true, edited: None }, &until_now));
        assert_eq!(fs::read_to_string(&path).expect("readable"), "{}");

        // It does not start: back to what it was, and the copy is there for another try.
        until_now.restore(&turn, &read()).expect("writable");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "{ }");
        assert_eq!(Backup::last(&path).expect("readable"), Some(copy.clone()));

        let (_, until_now) = copy.put_back(&turn, &read()).expect("writable");
        until_now.forget();
        copy.forget();
        assert_eq!((names(folder.path()), read().other_names()), (vec!["daemon.json".to_owned()], 0));
    }

    #[test]
    fn who_edits_in_place_what_was_put_back_leaves_the_copy_as_it_is_and_no_edit_is_lost() {
        let (_folder, path, copy) = changed();
        let read = || ConfigFile::read(&path).expect("readable");
        let turn = Turn::of(&read()).expect("nobody else is at work");
        copy.put_back(&turn, &read()).expect("writable");
        let mut kept = Vec::new();
        for edit in ["{ \"debug\": true }", "{ \"debug\": false }"] {
            fs::write(&path, edit).expect("writable"); // in place, as nano and tee do
            assert_eq!(copy.bytes(), Ok(Some(b"{}".to_vec())));
            let (restored, _) = copy.put_back(&turn, &read()).expect("writable");
            kept.push((restored.edited.expect("it was changed by hand"), edit));
            assert_eq!(fs::read_to_string(&path).expect("readable"), "{}");
        }
        for (path, edit) in kept {
            assert_eq!(fs::read_to_string(path).expect("readable"), edit);
        }
    }

    #[test]
    fn what_somebody_else_made_of_the_file_since_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        fs::write(&path, "{}").expect("writable");
        replace(&path, b"{ \"debug\": true }");
        fs::write(&path, "{ \"debug\": false }").expect("writable");
        let edited = restore(&path).edited.expect("it was changed by hand");
        assert_eq!(fs::read_to_string(edited).expect("readable"), "{ \"debug\": false }");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "{}");
    }

    #[test]
    fn a_link_in_the_place_of_a_copy_is_not_put_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        fs::write(&path, "{}").expect("writable");
        let copy = replace(&path, b"{ }");
        fs::rename(copy.path(), folder.path().join("elsewhere")).expect("in one folder");
        std::os::unix::fs::symlink("elsewhere", copy.path()).expect("a link");
        assert_eq!(Backup::last(&path), Ok(None));
    }

    #[test]
    fn a_change_that_never_came_about_is_not_taken_for_somebody_elses() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        fs::write(&path, "{}").expect("writable");
        // Killed between the copy and the change.
        Backup::keep(&ConfigFile::read(&path).expect("readable"), b"{ }").expect("writable");
        assert_eq!(restore(&path), Restored { exists: true, edited: None });
        assert_eq!(names(folder.path()), ["daemon.json"]);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_make_the_last_copy_an_older_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        fs::write(folder.path().join("daemon.json.2999-01-01T000000.000Z.00000000.stackctl"), "old").expect("writable");
        fs::write(&path, "before").expect("writable");
        let backup = replace(&path, b"after");
        assert_eq!(Backup::last(&path), Ok(Some(backup)));
    }
}
