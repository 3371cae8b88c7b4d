//! An engine that is down, its file put back, and its containers, which may live on without it.

use std::cell::Cell;
use std::time::Duration;

use super::super::super::{Failure, output, situation};
use super::super::subject::LIVE_RESTORE;
use super::answer;
use super::live_restore::{KeepAlive, still_on};
use crate::daemon::{self, Backup, ConfigFile, Dockerd, Document, Restored, Service, Turn, containers_run};
use crate::engine::Engine;

/// An engine that is down, and what it takes to start it.
pub(in super::super) struct Down<'a> {
    pub(in super::super) service: &'a Service,
    /// Its process runs, and does not answer.
    pub(in super::super) hanging: Option<&'a Dockerd>,
    pub(in super::super) patience: Duration,
    pub(in super::super) turn: &'a Turn,
    pub(in super::super) file: &'a ConfigFile,
    /// What starts it has begun.
    pub(in super::super) has_begun: &'a Cell<bool>,
    pub(in super::super) say: &'a dyn Fn(&str),
}

impl Down<'_> {
    /// Puts the copy back and starts the engine with that. Containers that live on go on, whatever the copy says.
    /// `under_way`: what the file was before a rollback that was killed.
    pub(in super::super) async fn finish(
        self,
        copy: Backup,
        restored: &Document,
        under_way: Option<Backup>,
    ) -> Result<(), Failure> {
        if !lives_on(restored) {
            return self.start_with(copy).await;
        }
        let file = self.file;
        match (self.start_alive_with(copy, restored).await, under_way) {
            (Ok(()), under_way) => {
                under_way.into_iter().for_each(Backup::forget);
                Ok(())
            }
            (Err(failure), Some(until_now)) => {
                let (path, kept) = (file.path().display(), until_now.path().display());
                Err(advised(failure, &format!("what {path} was before the rollback is kept in {kept}")))
            }
            (Err(failure), None) => Err(failure),
        }
    }

    /// The copy is there until the engine runs: the same command, typed once more, does not take back the change before it.
    async fn start_with(self, copy: Backup) -> Result<(), Failure> {
        let (done, until_now) = match copy.put_back(self.turn, self.file) {
            Ok((done, until_now)) => (done, Some(until_now)),
            // Perhaps there is no room for both texts: a rename needs none.
            Err(daemon::Error::World { .. }) => (copy.clone().restore(self.turn, self.file)?, None),
            Err(error) => return Err(error.into()),
        };
        tell(self.say, self.file, &done);
        let started = self.start().await;
        let Some(until_now) = until_now else { return started.map(|_| self.tell_running()) };
        match started {
            Ok(_) => {
                until_now.forget();
                copy.forget();
                self.tell_running();
                Ok(())
            }
            Err(failure) => {
                let path = self.file.path();
                let earlier = copy.earlier(path).map_or_else(String::new, |earlier| {
                    let (copy, earlier) = (copy.path().display(), earlier.path().display());
                    format!("; take {copy} away, and it goes back to {earlier}")
                });
                let path = path.display();
                Err(advised(failure, &format!("{path} is put back, and the same command tries once more{earlier}")))
            }
        }
    }

    fn tell_running(&self) {
        (self.say)("the engine runs; `docker ps --all` shows which containers have not come back");
    }

    /// Containers that live on go on, whatever the copy says.
    async fn start_alive_with(self, mut copy: Backup, restored: &Document) -> Result<(), Failure> {
        let path = self.file.path().display();
        let has_had = has_live_restore(self.file);
        let keep_alive = KeepAlive::prepare(self.file, restored)?;
        let edited = copy.keep_others_changes(self.file)?;
        let kept_alive = keep_alive.put(self.turn, self.file, &mut copy)?;
        let was = if copy.has_bytes() {
            "is what it was before, and has"
        } else {
            "was not there before, and has nothing but"
        };
        output::say(&format!(
            "containers run on without their engine: {path} {was} `\"live-restore\": true` for as long as the engine starts, so \
             that none stops"
        ));
        let switched = match self.start().await {
            Ok(engine) => kept_alive.switch_off(self.turn, &engine, self.file, &mut copy).await,
            Err(failure @ Failure::World(_)) if has_had => {
                let advice = format!(
                    "mend {path}, and try the same again: it is what it was before but for `live-restore`, without which the \
                     start would stop the containers that run on"
                );
                return Err(advised(failure, &advice));
            }
            // A flag says so already, or the engine is a node of a Swarm: neither starts with that.
            Err(failure) => {
                let text = match failure {
                    Failure::World(error) => error.cause,
                    _ => return Err(failure),
                };
                (self.say)(&format!("it does not start with `live-restore` ({text}); once more without"));
                let done = copy.restore(self.turn, &ConfigFile::read(self.file.path())?)?;
                tell(self.say, self.file, &Restored { edited, ..done });
                self.start().await?;
                self.tell_running();
                return Ok(());
            }
        };
        let done = copy.restore(self.turn, &ConfigFile::read(self.file.path())?)?;
        tell(self.say, self.file, &Restored { edited, ..done });
        match switched {
            Ok(()) => {
                (self.say)(
                    "the engine runs, and takes up the containers that ran on without it, but for those with --rm on an engine before 26; \
                     live-restore is off again",
                );
            }
            Err(reason) => output::say(&still_on(&reason, self.file)),
        }
        Ok(())
    }

    async fn start(&self) -> Result<Engine, Failure> {
        self.has_begun.set(true);
        if let Some(hanging) = self.hanging.filter(|hanging| hanging.is_alive()) {
            (self.say)(&format!("ending process {}, which does not answer", hanging.pid));
            hanging.end().await;
        }
        (self.say)(&format!("starting the engine: {}", self.service.restart_line()));
        answer::start(self.service, self.patience).await
    }
}

/// A failure with more to do.
fn advised(failure: Failure, more: &str) -> Failure {
    let Failure::World(error) = failure else { return failure };
    let before = error.advice.clone().map(|advice| format!("{advice}; ")).unwrap_or_default();
    Failure::World(error.advise(format!("{before}{more}")))
}

/// Says what became of the file.
pub(in super::super) fn tell(say: &dyn Fn(&str), file: &ConfigFile, done: &Restored) {
    let outcome = if done.exists { "is what it was before" } else { "is gone: there was none before" };
    say(&format!("{} {outcome}", file.path().display()));
    if let Some(edited) = &done.edited {
        output::say(&format!("it had been changed by somebody else since; that is kept in {}", edited.display()));
    }
}

/// Who starts an engine by hand has to know what it stops then: said where the file that is taken back has kept containers alive.
pub(in super::super) async fn warn_of_a_start_by_hand(file: &ConfigFile, restored: &Document) {
    if !has_live_restore(file) || !lives_on(restored) || situation::connect().await.is_ok() {
        return;
    }
    let path = file.path().display();
    output::say(&format!(
        "warning: containers run on without their engine (live-restore). An engine that starts with what is put back stops them, \
         and those of the policy `unless-stopped` stay down. With `--restart-command COMMAND` this command starts it so that none \
         stops. By hand, in this order: write `\"live-restore\": true` into {path}, start the engine, write `false` there, \
         `sudo kill -HUP $(pidof dockerd)`, and take it out"
    ));
}

/// Whether containers run without their engine that would not outlive its start with these settings.
fn lives_on(settings: &Document) -> bool {
    let namespace = settings.get_text("containerd-namespace");
    settings.get(LIVE_RESTORE) != Some(true.into()) && containers_run(namespace.as_deref())
}

fn has_live_restore(file: &ConfigFile) -> bool {
    file.document().is_ok_and(|document| document.get(LIVE_RESTORE) == Some(true.into()))
}
