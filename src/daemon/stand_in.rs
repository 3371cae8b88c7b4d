//! A text that stands in a file for a while: on disk before it is needed, and put in its place by renames alone, which no full
//! disk hinders.

use tempfile::NamedTempFile;

use super::backup::short_hash;
use super::{Backup, ConfigFile, Error, Turn};

/// The text, beside its file.
#[derive(Debug)]
pub struct StandIn {
    text: NamedTempFile,
    hash: String,
}

impl StandIn {
    /// Writes it beside the file.
    pub fn prepare(file: &ConfigFile, bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self { text: file.beside(bytes)?, hash: short_hash(bytes) })
    }

    /// Puts it in the file's place. `copy`: what comes back after it, and says so by its name from then on.
    pub fn put(self, turn: &Turn, file: &ConfigFile, copy: &mut Backup) -> Result<(), Error> {
        copy.label(file, self.hash)?;
        self.text.persist(file.path()).map_err(|failed| Error::of("write", file.path(), &failed.error))?;
        turn.sync(file)
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
}
