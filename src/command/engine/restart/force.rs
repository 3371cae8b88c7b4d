//! What it takes to put a copy in force that is put back: nothing, a reload, or a restart. Pure, but for what is read of copies.

use super::super::proposal::impact::{Before, impact};
use super::super::subject::Running;
use super::live_restore::switched_off;
use crate::daemon::{Backup, ConfigFile, Document, needs_restart};

/// What it takes to put the copy in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Force {
    /// Nothing: the engine has never taken up what is taken back.
    Already,
    /// Nothing but that live-restore is switched off in the engine.
    SwitchOff,
    /// A reload.
    Reload,
    /// A restart.
    Restart,
}

/// What is put back, and in place of what.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Return<'a> {
    /// The file as it is.
    pub(in super::super) file: &'a ConfigFile,
    /// What comes in its place.
    pub(in super::super) backup: &'a Backup,
    /// What that says.
    pub(in super::super) restored: &'a Document,
    /// What the file was before a rollback to this very copy that has not come to its end.
    pub(in super::super) under_way: Option<&'a Backup>,
}

impl Return<'_> {
    /// What the file was before the rollback that has put the copy back already: the file says what the copy says, or that with
    /// live-restore off, which it says for a moment. `None`: none has.
    pub(in super::super) fn until_now(&self) -> Option<&Backup> {
        let now = self.file.bytes();
        let is_there = self.backup.bytes().is_ok_and(|bytes| bytes.as_deref() == now);
        let is_nearly = || now == Some(switched_off(self.restored).bytes().as_slice());
        self.under_way.filter(|_| is_there || is_nearly())
    }

    /// Whether the engine runs with what nobody knows: somebody else has changed the file since it started.
    fn is_edited(&self, running: &Running) -> bool {
        let Some(until_now) = self.until_now() else {
            return running.is_older_than(self.file) && !self.backup.is_undone_by(self.file);
        };
        let bytes = until_now.bytes().ok().flatten();
        let is_ours = bytes.is_some_and(|bytes| self.backup.was_replaced_by(&bytes));
        running.is_older_than_copy(until_now) && !is_ours
    }

    /// What the engine runs with now, and what the copy says, decide.
    pub(in super::super) fn force(&self, running: &Running) -> Force {
        let Self { file, backup, restored, .. } = *self;
        // A reload puts live-restore in force, and does not take it back.
        let has_reloaded = running.host.live_restore && !running.outlives_with(restored);
        let until_now = self.until_now();
        let has_restarted = until_now.is_some_and(|until_now| running.has_started_after(until_now));
        let runs_with = match until_now {
            _ if has_restarted => Ok(restored.clone()),
            Some(until_now) => until_now.document(),
            None => file.document(),
        };
        let needs_restart =
            runs_with.as_ref().map_or(true, |now| needs_restart(&switched_off(now), &switched_off(restored)));
        // What only a start reads is not in force where the engine has run since before it was written, whatever the file says now.
        let lacks = has_restarted || running.runs_since_before(backup);
        let comes_on = running.outlives_with(restored) && !running.host.live_restore;
        match runs_with {
            _ if lacks && has_reloaded => Force::SwitchOff,
            _ if lacks => Force::Already,
            _ if self.is_edited(running) => Force::Restart,
            _ if has_reloaded && !needs_restart => Force::SwitchOff,
            _ if has_reloaded => Force::Restart,
            Ok(now) if !needs_restart && !comes_on && says_the_same(&switched_off(&now), &switched_off(restored)) => {
                Force::Already
            }
            Ok(_) if !needs_restart => Force::Reload,
            _ => Force::Restart,
        }
    }
}

impl Force {
    /// It in words, one line for each thing to know.
    pub(in super::super) fn words(self, running: &Running, restored: &Document) -> String {
        if self == Self::Already {
            return "the engine does not run with what is taken back: nothing has to be restarted".to_owned();
        }
        if self == Self::SwitchOff {
            return "live-restore is switched off in the engine by a reload (SIGHUP): no container stops".to_owned();
        }
        impact(self.before(running, restored))
    }

    /// What it does to what runs.
    pub(in super::super) fn before<'a>(self, running: &'a Running, restored: &Document) -> Before<'a> {
        Before {
            containers: &running.containers,
            stopped: &running.stopped,
            outlive: running.what_outlives_with(restored),
            is_on: running.host.live_restore,
            in_swarm: running.host.in_swarm,
            reloads: self != Self::Restart,
        }
    }
}

fn says_the_same(one: &Document, other: &Document) -> bool {
    let mut names = one.settings().into_iter().chain(other.settings()).map(|setting| setting.name);
    names.all(|name| one.get(&name) == other.get(&name))
}
