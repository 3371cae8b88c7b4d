//! What a run that was killed has left in a file: what stood there for a moment, while live-restore was switched.

use std::fs;

use super::backup::short_hash;
use super::file::{clear, unfinished};
use super::{Backup, ConfigFile, Error, Turn, diff};

/// A file that says what it was to say for a moment.
#[derive(Debug)]
pub struct LeftOver {
    /// Says by its name what is to follow.
    copy: Backup,
    /// That. `None`: nobody has it any more.
    again: Option<Vec<u8>>,
}

impl LeftOver {
    /// What is left in that file. `None`: nothing, as always where nobody was killed.
    pub fn in_file(file: &ConfigFile) -> Result<Option<Self>, Error> {
        let Some(copy) = Backup::last(file.path())?.filter(|copy| copy.again().is_some()) else { return Ok(None) };
        let is_it = |bytes: &[u8]| Some(short_hash(bytes).as_str()) == copy.again();
        // Killed a moment before it, or after: nothing is left but a name.
        if !copy.is_undone_by(file) || file.bytes().is_some_and(is_it) {
            return Ok(None);
        }
        let beside = unfinished(file.folder()).filter_map(|path| fs::read(path).ok());
        let again = copy.bytes()?.into_iter().chain(beside).find(|bytes| is_it(bytes));
        Ok(Some(Self { copy, again }))
    }

    /// It in words: what is different, and how that came.
    pub fn words(&self, file: &ConfigFile) -> String {
        let path = file.path().display().to_string();
        let left = format!("a run that was killed has left in {path} what was to stand there for a moment only");
        let Some(again) = &self.again else { return format!("{left}, and nobody knows what was to follow") };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let diff = diff(&text(file.bytes().unwrap_or_default()), &text(again), &path);
        format!("{left}; what was to follow comes first:\n{}", diff.trim_end())
    }

    /// Has the file say what was to follow.
    pub fn mend(self, turn: &Turn, file: &ConfigFile) -> Result<(), Error> {
        let (mut copy, hash) = (self.copy, self.again.as_deref().map(short_hash));
        if hash.is_some() && copy.hash().ok() == hash {
            return copy.restore(turn, file).map(drop);
        }
        if let Some(bytes) = self.again {
            let again = file.beside(&bytes)?;
            again.persist(file.path()).map_err(|failed| Error::of("write", file.path(), &failed.error))?;
        }
        let written = hash.unwrap_or_else(|| short_hash(file.bytes().unwrap_or_default()));
        copy.label(file, (written, None))?;
        clear(file.folder());
        turn.sync(file)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Interlude, StandIn};
    use super::*;

    const BEFORE: &[u8] = b"{}";
    const AFTER: &[u8] = b"{\"debug\": true}";
    const MEANWHILE: &[u8] = b"{\"debug\": true, \"live-restore\": false}";

    fn read(folder: &tempfile::TempDir) -> ConfigFile {
        ConfigFile::read(&folder.path().join("daemon.json")).expect("readable")
    }

    /// A file that was changed, as a change that was killed in the middle of an interlude leaves it.
    fn killed(given: bool) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("writable");
        fs::write(folder.path().join("daemon.json"), BEFORE).expect("writable");
        let turn = Turn::of(&read(&folder)).expect("free");
        let mut copy = read(&folder).replace(&turn, AFTER, |_| Ok(())).expect("writable");
        let interlude =
            Interlude::begin(&turn, read(&folder), MEANWHILE, given.then_some(&mut copy)).expect("writable");
        std::mem::forget(interlude);
        folder
    }

    #[test]
    fn what_stood_there_for_a_moment_goes_and_the_way_back_stays() {
        for given in [true, false] {
            let folder = killed(given);
            let file = read(&folder);
            assert_eq!(file.bytes(), Some(MEANWHILE));
            let left = LeftOver::in_file(&file).expect("readable").expect("something is left");
            let words = left.words(&file);
            assert!(words.contains("-{\"debug\": true, \"live-restore\": false}"), "{words}");
            let turn = Turn::of(&file).expect("free");
            left.mend(&turn, &file).expect("writable");
            assert_eq!(read(&folder).bytes(), Some(AFTER));
            assert!(LeftOver::in_file(&read(&folder)).expect("readable").is_none());
            let last = Backup::last(file.path()).expect("readable").expect("that of the change");
            assert!(last.is_undone_by(&read(&folder)), "given: {given}");
            assert_eq!(last.bytes().expect("readable").as_deref(), Some(BEFORE));
            assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 2, "the file and its copy");
        }
    }

    #[test]
    fn what_stood_there_until_the_copy_was_to_come_back_goes_for_the_copy() {
        let folder = tempfile::tempdir().expect("writable");
        fs::write(folder.path().join("daemon.json"), BEFORE).expect("writable");
        let turn = Turn::of(&read(&folder)).expect("free");
        let mut copy = read(&folder).replace(&turn, AFTER, |_| Ok(())).expect("writable");
        let stand_in = StandIn::prepare(&read(&folder), MEANWHILE).expect("writable");
        stand_in.put_for_a_while(&turn, &read(&folder), &mut copy).expect("writable");
        let left = LeftOver::in_file(&read(&folder)).expect("readable").expect("something is left");
        left.mend(&turn, &read(&folder)).expect("writable");
        assert_eq!(read(&folder).bytes(), Some(BEFORE));
        assert_eq!(Backup::last(read(&folder).path()), Ok(None));
    }

    #[test]
    fn what_somebody_else_has_made_of_it_since_is_theirs() {
        let folder = killed(true);
        fs::write(folder.path().join("daemon.json"), "{\"mtu\": 1400}").expect("writable");
        assert!(LeftOver::in_file(&read(&folder)).expect("readable").is_none());
    }
}
