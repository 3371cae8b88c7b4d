//! A text that stands in a file for a while: on disk before it is needed, and put in its place by renames alone, which no full
//! disk hinders.

use tempfile::NamedTempFile;

use super::backup::{remove, short_hash};
use super::{Backup, ConfigFile, Error, Turn};

/// The text, beside its file.
#[derive(Debug)]
pub struct StandIn {
    /// `None`: that there is no file.
    text: Option<NamedTempFile>,
    hash: String,
}

impl StandIn {
    /// Writes it beside the file.
    pub fn prepare(file: &ConfigFile, bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self { text: Some(file.beside(bytes)?), hash: short_hash(bytes) })
    }

    /// What the file says now.
    fn of(file: &ConfigFile) -> Result<Self, Error> {
        let text = file.bytes().map(|bytes| file.beside(bytes)).transpose()?;
        Ok(Self { text, hash: short_hash(file.bytes().unwrap_or_default()) })
    }

    /// Puts it in the file's place, for good. `copy`: what was there, and says by its name what is there from then on.
    pub fn put(self, turn: &Turn, file: &ConfigFile, copy: &mut Backup) -> Result<(), Error> {
        self.put_before(turn, file, copy, None)
    }

    /// The same until the copy comes back.
    pub fn put_for_a_while(self, turn: &Turn, file: &ConfigFile, copy: &mut Backup) -> Result<(), Error> {
        let again = copy.hash()?;
        self.put_before(turn, file, copy, Some(again))
    }

    /// `again`: the hash of what follows.
    fn put_before(self, turn: &Turn, file: &ConfigFile, copy: &mut Backup, again: Option<String>) -> Result<(), Error> {
        let label = copy.label(file, (self.hash.clone(), again))?;
        if let Err(failed) = self.persist(file) {
            // The copy goes with what is in the file, which has not changed.
            copy.label(file, label)?;
            return Err(failed);
        }
        turn.sync(file)
    }

    fn persist(self, file: &ConfigFile) -> Result<(), Error> {
        match self.text {
            Some(text) => {
                text.persist(file.path()).map(drop).map_err(|failed| Error::of("write", file.path(), &failed.error))
            }
            None => remove(file),
        }
    }
}

/// A file that says something else for a moment. What it said comes back when the value goes, by whatever way.
#[derive(Debug)]
pub struct Interlude<'a> {
    turn: &'a Turn,
    file: ConfigFile,
    /// What it said. `None`: that is back.
    again: Option<StandIn>,
    copy: Kept<'a>,
}

/// The copy that says by its name what stands in the file meanwhile: who is killed leaves it to the next rollback.
#[derive(Debug)]
enum Kept<'a> {
    /// The one to which everything goes back in the end.
    Given(&'a mut Backup),
    /// There is none: one of its own.
    Own(Backup),
}

impl<'a> Interlude<'a> {
    /// Has the file say it. `copy`: to which everything goes back in the end; no other one is made then, which a later rollback
    /// would take for the whole change.
    pub fn begin(turn: &'a Turn, file: ConfigFile, bytes: &[u8], copy: Option<&'a mut Backup>) -> Result<Self, Error> {
        let (meanwhile, again) = (StandIn::prepare(&file, bytes)?, StandIn::of(&file)?);
        let mut copy = match copy {
            Some(copy) => Kept::Given(copy),
            None => Kept::Own(Backup::keep(&file, bytes)?),
        };
        let begun = meanwhile.put_before(turn, &file, copy.backup(), Some(again.hash.clone()));
        let interlude = Self { turn, file, again: Some(again), copy };
        begun.map(|()| interlude)
    }

    /// Has the file say what it said before.
    pub fn end(mut self) -> Result<(), Error> {
        self.put_back()
    }

    fn put_back(&mut self) -> Result<(), Error> {
        let Some(again) = self.again.take() else { return Ok(()) };
        let (file, copy, label) = (&self.file, self.copy.backup(), again.hash.clone());
        // Somebody may have edited it in this very moment.
        copy.keep_others_changes(&ConfigFile::read(file.path())?)?;
        // The text first: that it is there again tells as much as the name does.
        again.persist(file)?;
        copy.label(file, (label, None))?;
        if let Kept::Own(own) = &self.copy {
            own.clone().forget();
        }
        self.turn.sync(file)
    }
}

impl Drop for Interlude<'_> {
    fn drop(&mut self) {
        // Where it cannot be put back, the copy says what stands there.
        let _ = self.put_back();
    }
}

impl Kept<'_> {
    fn backup(&mut self) -> &mut Backup {
        match self {
            Self::Given(copy) => copy,
            Self::Own(copy) => copy,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_stands_in_for_a_file_is_followed_by_its_copy() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        fs::write(&path, "{}").expect("writable");
        let read = || ConfigFile::read(&path).expect("readable");
        let turn = Turn::of(&read()).expect("nobody else is at work");
        let mut copy = read().replace(&turn, b"{ }", |_| Ok(())).expect("writable");
        let stand_in = StandIn::prepare(&read(), b"{  }").expect("writable");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "{ }");
        stand_in.put(&turn, &read(), &mut copy).expect("writable");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "{  }");
        let last = Backup::last(&path).expect("readable").expect("there is a copy");
        assert!(last == copy && last.is_undone_by(&read()) && !last.is_edited(&read()).expect("readable"), "{last:?}");
        copy.restore(&turn, &read()).expect("writable");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "{}");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "nothing is left");
    }

    #[test]
    fn who_is_killed_in_an_interlude_leaves_the_copy_that_everything_goes_back_to_the_last_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        fs::write(&path, "{}").expect("writable");
        let read = || ConfigFile::read(&path).expect("readable");
        let text = || fs::read_to_string(&path).expect("readable");
        let turn = Turn::of(&read()).expect("nobody else is at work");
        let mut copy = read().replace(&turn, b"{ }", |_| Ok(())).expect("writable");
        let name = copy.path().to_owned();
        let last = || Backup::last(&path).expect("readable").expect("there is a copy");

        let interlude = Interlude::begin(&turn, read(), b"{  }", Some(&mut copy)).expect("writable");
        assert_eq!(text(), "{  }");
        assert!(last().bytes() == Ok(Some(b"{}".to_vec())) && last().is_undone_by(&read()), "{:?}", last());
        interlude.end().expect("writable");
        assert_eq!((text().as_str(), copy.path(), &last()), ("{ }", name.as_path(), &copy));

        // The same where nobody ends it, and an edit of that moment is kept.
        let interlude = Interlude::begin(&turn, read(), b"{  }", Some(&mut copy)).expect("writable");
        fs::write(&path, "{ \"debug\": true }").expect("writable");
        drop(interlude);
        assert_eq!((text().as_str(), copy.path()), ("{ }", name.as_path()));
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 3, "the file, its copy and the edit");
    }

    #[test]
    fn an_interlude_without_a_copy_has_one_of_its_own_and_none_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        let read = || ConfigFile::read(&path).expect("readable");
        let turn = Turn::of(&read()).expect("nobody else is at work");
        let interlude = Interlude::begin(&turn, read(), b"{}", None).expect("writable");
        assert!(Backup::last(&path).expect("readable").is_some_and(|copy| copy.is_undone_by(&read())));
        interlude.end().expect("writable");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0, "there was no file, and there is none");
    }
}
