//! An engine that is down, its file put back, and its containers, which may live on without it.

use std::time::Duration;

use super::super::super::{Failure, output, situation};
use super::super::subject::LIVE_RESTORE;
use super::answer;
use super::live_restore::{KeepAlive, still_on};
use crate::daemon::{Backup, ConfigFile, Document, Restored, Service, Turn, containers_run};
use crate::engine::Engine;

/// An engine that is down, and what it takes to start it.
pub(in super::super) struct Down<'a> {
    pub(in super::super) service: &'a Service,
    pub(in super::super) patience: Duration,
    pub(in super::super) turn: &'a Turn,
    pub(in super::super) file: &'a ConfigFile,
    pub(in super::super) say: &'a dyn Fn(&str),
}

impl Down<'_> {
    /// Puts the copy back and starts the engine with that. `under_way`: what the file was before a rollback that was killed.
    pub(in super::super) async fn finish(
        self,
        copy: Backup,
        restored: &Document,
        under_way: Option<Backup>,
    ) -> Result<(), Failure> {
        let file = self.file;
        match (self.start_with(copy, restored).await, under_way) {
            (Ok(()), under_way) => {
                under_way.into_iter().for_each(Backup::forget);
                Ok(())
            }
            (Err(Failure::World(error)), Some(until_now)) => {
                let before = error.advice.clone().map(|advice| format!("{advice}; ")).unwrap_or_default();
                let (path, kept) = (file.path().display(), until_now.path().display());
                let advice = format!("{before}what {path} was before the rollback is kept in {kept}");
                Err(Failure::World(error.advise(advice)))
            }
            (Err(failure), _) => Err(failure),
        }
    }

    /// Puts the copy back and starts the engine with that. Containers that live on go on, whatever the copy says.
    async fn start_with(self, mut copy: Backup, restored: &Document) -> Result<(), Failure> {
        if !lives_on(restored) {
            let done = copy.restore(self.turn, self.file)?;
            tell(self.say, self.file, &done);
            self.start().await?;
            (self.say)("the engine runs; `docker ps --all` shows which containers have not come back");
            return Ok(());
        }
        let path = self.file.path().display();
        let has_had = has_live_restore(self.file);
        let keep_alive = KeepAlive::prepare(self.file, restored)?;
        let edited = copy.keep_others_changes(self.file)?;
        let kept_alive = keep_alive.put(self.turn, self.file, &mut copy)?;
        output::say(&format!(
            "containers run on without their engine: {path} is what it was before, and has `\"live-restore\": true` for as long \
             as the engine starts, so that none stops"
        ));
        let switched = match self.start().await {
            Ok(engine) => kept_alive.switch_off(self.turn, &engine, self.file, &mut copy).await,
            Err(Failure::World(error)) if has_had => {
                let before = error.advice.clone().map(|advice| format!("{advice}; ")).unwrap_or_default();
                return Err(Failure::World(error.advise(format!(
                    "{before}mend {path}, and try the same again: it is what it was before but for `live-restore`, without which \
                     the start would stop the containers that run on"
                ))));
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
                (self.say)("the engine runs; `docker ps --all` shows which containers have not come back");
                return Ok(());
            }
        };
        let done = copy.restore(self.turn, &ConfigFile::read(self.file.path())?)?;
        tell(self.say, self.file, &Restored { edited, ..done });
        match switched {
            Ok(()) => {
                (self.say)("the engine runs, and the containers that ran on without it run; live-restore is off again");
            }
            Err(reason) => output::say(&still_on(&reason, self.file)),
        }
        Ok(())
    }

    async fn start(&self) -> Result<Engine, Failure> {
        (self.say)(&format!("starting the engine: {}", self.service.restart_line()));
        answer::start(self.service, self.patience).await
    }
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
