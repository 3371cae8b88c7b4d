//! Ctrl-C and the like beside a change of the file and a restart: the work ends where it is, and it is said how things stand, as the
//! file itself tells.

use std::cell::Cell;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::super::super::{Exit, Failure, output};
use super::super::subject::LIVE_RESTORE;
use super::way_back::NO_SETTINGS;
use crate::daemon::{Backup, ConfigFile, Document};
use crate::engine::Error;

/// Ends work that somebody does not want to wait for.
pub(in super::super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    quit: Signal,
    /// Whoever loses the terminal still gets the engine back: the work goes on to its end.
    _hangup: Signal,
}

impl Signals {
    /// They count from now on, and end no process by themselves any more.
    pub(in super::super) fn listen() -> Result<Self, Error> {
        let listen = |kind| signal(kind).map_err(|error| Error::new("cannot listen for signals", error));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            quit: listen(SignalKind::quit())?,
            _hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Does the work, and where that is not waited for, says how things stand.
    pub(in super::super) async fn beside(
        mut self,
        work: impl Future<Output = Result<Exit, Failure>>,
        standing: &Standing<'_>,
    ) -> Result<Exit, Failure> {
        tokio::select! {
            done = work => return done,
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.quit.recv() => {}
        }
        output::say(&standing.words());
        Ok(Exit::Interrupted)
    }
}

/// What a command makes of a file, and how far it is.
pub(in super::super) struct Standing<'a> {
    pub(in super::super) file: &'a ConfigFile,
    /// What the file was at first. `None`: there was none.
    pub(in super::super) before: Option<Vec<u8>>,
    /// What it is to be. `None`: there is to be none.
    pub(in super::super) after: Option<Vec<u8>>,
    /// It is the way back that is gone.
    pub(in super::super) is_rollback: bool,
    /// The command that ends a rollback, or takes a change back where the engine is down.
    pub(in super::super) undo: String,
    /// That starts an engine that is down.
    pub(in super::super) starts: bool,
    /// What starts the engine has begun.
    pub(in super::super) restarts: &'a Cell<bool>,
}

impl Standing<'_> {
    fn words(&self) -> String {
        let begun = if self.restarts.get() {
            "interrupted while the engine restarts, and nobody waits for it any more"
        } else {
            "interrupted, and nothing was restarted"
        };
        format!("{begun}: {}; `stackctl engine show` tells how it stands", self.how())
    }

    fn how(&self) -> String {
        let path = self.file.path().display();
        let now = match ConfigFile::read(self.file.path()) {
            Ok(now) => now,
            Err(error) => return format!("{error}, so that it is not known what it says"),
        };
        let how = if self.is_rollback { self.of_rollback(&now) } else { self.of_apply(&now) };
        format!("{path} {how}")
    }

    fn of_rollback(&self, now: &ConfigFile) -> String {
        let is_left = Backup::last(self.file.path()).is_ok_and(|last| last.is_some());
        let starts = if self.starts { ", and starts the engine where it is down" } else { "" };
        let ends = if is_left {
            format!("`{}` ends this rollback{starts}", self.undo)
        } else {
            "nothing is left to be put back; where the engine is down, start it as this host does".to_owned()
        };
        let bytes = now.bytes();
        if bytes == self.after.as_deref() {
            let how = if self.after.is_some() { "is put back" } else { "is gone, as before stackctl changed it" };
            return format!("{how}; {ends}");
        }
        if bytes == self.before.as_deref() {
            return format!("is what it was before the rollback; `{}` begins it once more", self.undo);
        }
        if self.before.is_none() && bytes == Some(NO_SETTINGS) {
            return format!("is `{{}}`, where there was none before the rollback; {ends}");
        }
        if is_like(now, self.after.as_deref()) {
            return format!("is put back but for `live-restore`; {ends}");
        }
        if is_like(now, self.before.as_deref()) {
            return format!("is what it was before the rollback but for `live-restore`, {STAYS_ON}; {ends}");
        }
        format!("is {OTHER}; {ends}")
    }

    fn of_apply(&self, now: &ConfigFile) -> String {
        let mut takes_back = "`stackctl engine rollback` takes the change back".to_owned();
        if self.starts {
            let more = format!(
                ", and where the engine is down `{}` starts it, too (by hand it would stop containers that run on)",
                self.undo
            );
            takes_back.push_str(&more);
        }
        let bytes = now.bytes();
        if self.before == self.after && bytes == self.after.as_deref() {
            return "was not changed by stackctl".to_owned();
        }
        if bytes == self.before.as_deref() {
            let how = if bytes.is_some() { "is what it was before" } else { "is not there, as before" };
            return how.to_owned();
        }
        if bytes == self.after.as_deref() {
            return format!("is changed; {takes_back}");
        }
        if self.before.is_none() && bytes == Some(NO_SETTINGS) {
            return "is `{}`, where there was none before: this engine does not start without".to_owned();
        }
        if is_like(now, self.before.as_deref()) {
            return format!(
                "is what it was before but for `live-restore`, {STAYS_ON}; `stackctl engine rollback` takes that out"
            );
        }
        if is_like(now, self.after.as_deref()) {
            return format!("is changed, and switches `live-restore` off as well; {takes_back}");
        }
        format!("is {OTHER}")
    }
}

const STAYS_ON: &str = "without which containers would stop while the engine starts";

const OTHER: &str = "neither what it was before nor what it was to be: somebody else has changed it meanwhile";

/// Whether a file says the same as a text, live-restore aside.
fn is_like(file: &ConfigFile, bytes: Option<&[u8]>) -> bool {
    let without = |document: &Document| {
        let settings = document.settings().into_iter().filter(|setting| setting.name != LIVE_RESTORE);
        settings.map(|setting| (setting.name, setting.value)).collect::<Vec<_>>()
    };
    match (file.document(), Document::parse(bytes.unwrap_or_default())) {
        (Ok(file), Ok(text)) => without(&file) == without(&text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "{\"mtu\": 1400}";
    const AFTER: &str = "{\"mtu\": 1500}";

    fn told(now: Option<&str>, before: Option<&str>, after: Option<&str>, is_rollback: bool) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        let file = ConfigFile::read(&path).expect("readable");
        if let Some(now) = now {
            std::fs::write(&path, now).expect("writable");
        }
        let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        let (before, after, restarts) = (bytes(before), bytes(after), Cell::new(true));
        let undo = "UNDO".to_owned();
        Standing { file: &file, before, after, is_rollback, undo, starts: true, restarts: &restarts }.how()
    }

    #[test]
    fn what_stands_in_the_file_is_what_is_told_of_it() {
        let on = "{\"mtu\": 1400, \"live-restore\": true}";
        for (now, words) in [
            (BEFORE, "is what it was before"),
            (AFTER, "is changed; `stackctl engine rollback` takes the change back"),
            (on, "is what it was before but for `live-restore`, without which"),
            ("{\"mtu\": 1500, \"live-restore\": false}", "is changed, and switches `live-restore` off as well"),
            ("{\"mtu\": 1}", "is neither what it was before nor what it was to be"),
        ] {
            let told = told(Some(now), Some(BEFORE), Some(AFTER), false);
            assert!(told.contains(words), "{words}: {told}");
        }
        for (now, words) in [
            (BEFORE, "is what it was before the rollback; `UNDO` begins it once more"),
            (AFTER, "is put back; "),
            (on, "is what it was before the rollback but for `live-restore`"),
            ("{\"mtu\": 1500, \"live-restore\": false}", "is put back but for `live-restore`; "),
        ] {
            let told = told(Some(now), Some(BEFORE), Some(AFTER), true);
            assert!(told.contains(words), "{words}: {told}");
        }
    }

    #[test]
    fn a_file_that_was_not_there_is_not_said_to_be_what_it_was() {
        assert!(told(None, None, Some(AFTER), false).ends_with("is not there, as before"));
        assert!(told(Some("{}\n"), None, Some(AFTER), false).contains("is `{}`, where there was none before"));
        assert!(told(None, Some(BEFORE), None, true).contains("is gone, as before stackctl changed it"));
        assert!(
            told(Some("{}\n"), None, Some(AFTER), true).contains("is `{}`, where there was none before the rollback")
        );
    }
}
