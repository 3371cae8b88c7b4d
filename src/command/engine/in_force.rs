//! Puts in force what a `daemon.json` says now: reload or restart, a look at the containers and the metrics, and the way back
//! where the engine does not come back.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use super::super::progress::Progress;
use super::super::{Exit, Failure, output, prove};
use super::answer::PAUSE;
use super::impact::names;
use super::live_restore::{self, reloaded};
use super::proof;
use super::restart::{NotBack, Restart};
use crate::daemon::{self, Backup, ConfigFile, Dockerd, Document, Service};
use crate::desired::Desired;
use crate::engine::{AfterRestart, Engine, Error, RunningContainer};
use crate::stack::counted;
use crate::verify::Status;

/// Longest time to wait for containers to come back, and for a reload.
pub(super) const CONTAINER_PATIENCE: Duration = Duration::from_secs(20);

/// Least time for an engine that starts with what it started with before.
const LAST_PATIENCE: Duration = Duration::from_secs(15);

/// What a file says that stands for none.
const NO_SETTINGS: &[u8] = b"{}\n";

/// What is to be put in force.
pub(super) struct Written<'a> {
    /// What the file says now.
    pub(super) now: &'a Document,
    /// A reload is enough.
    pub(super) reloads: bool,
    /// Where it lies.
    pub(super) file: &'a ConfigFile,
    /// What to go back to.
    pub(super) way_back: WayBack,
    /// The stack whose metrics are proven afterwards. `None`: nothing is to be proven.
    pub(super) proven: Option<&'a Desired>,
}

/// What there is to go back to where the engine does not come back.
pub(super) enum WayBack {
    /// Nothing: the file was not changed.
    None,
    /// What the file was before stackctl changed it.
    Copy(Backup),
    /// What the file was before another copy was put back.
    BeforeRollback(Backup),
}

impl Restart<'_> {
    /// Reloads or restarts, and proves it. Goes back where the engine does not come back. Ctrl-C and the like end the waiting,
    /// and it is said how things stand.
    pub(super) async fn put_in_force(&self, written: Written<'_>) -> Result<Exit, Failure> {
        let path = written.file.path().display().to_string();
        let listen = |kind| signal(kind).map_err(|error| Error::new("cannot listen for signals", error));
        let mut interrupt = listen(SignalKind::interrupt())?;
        let (mut terminate, mut quit) = (listen(SignalKind::terminate())?, listen(SignalKind::quit())?);
        // Whoever loses the terminal still gets the engine back: the work goes on to its end.
        let _hangup = listen(SignalKind::hangup())?;
        let goes_back = Cell::new(false);
        let file = written.file;
        tokio::select! {
            done = self.carry_out(written, &goes_back) => return done,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = quit.recv() => {}
        }
        let how = if goes_back.get() {
            format!("{path} is what it was before")
        } else {
            let undo = format!("stackctl engine rollback --config-file {}", quoted(file));
            format!(
                "{path} is changed; `stackctl engine rollback` takes the change back, and where the engine is down `{undo}`, \
                 after which it can be started"
            )
        };
        output::say(&format!(
            "interrupted while the engine restarts, and nobody waits for it any more: {how}; `stackctl engine show` tells how it \
             stands"
        ));
        Ok(Exit::Interrupted)
    }

    async fn carry_out(&self, written: Written<'_>, goes_back: &Cell<bool>) -> Result<Exit, Failure> {
        let Written { now, reloads, file, way_back, proven } = written;
        let keeps_on = self.running.outlives_with(now);
        let was_on = self.running.host.live_restore;
        let asks_reload = reloads || (keeps_on && !was_on);
        if asks_reload && let Err(reason) = self.reload(keeps_on).await {
            return Err(self.not_read(reason, file, way_back));
        }
        if reloads {
            self.say("the engine has read it; nothing was restarted");
            return Ok(Exit::Done);
        }
        if was_on && !keeps_on && !self.running.containers.is_empty() {
            if let Err(reason) = live_restore::switch_off(self.turn, &self.running.engine, file).await {
                return Err(self.not_read(reason, file, way_back));
            }
            self.say("live-restore is off: the engine stops its containers itself, and their restart policies count");
        }
        let outlive = keeps_on;
        // The process that can be asked for its network now is gone afterwards.
        let sees_sockets = self.running.dockerd.as_ref().is_some_and(Dockerd::shares_network);
        match self.restart().await {
            Ok(engine) => {
                let missing = self.missing(&engine, outlive).await?;
                self.tell(&missing);
                self.tell_unpaused(&engine).await;
                let proof = match proven {
                    Some(desired) => self.prove(&engine, desired, sees_sockets).await?,
                    None => Exit::Done,
                };
                // They were to come back, and somebody has to look after them.
                let is_short = missing.iter().any(|missing| may_return(missing, outlive));
                Ok(if is_short { Exit::NotAsDesired } else { proof })
            }
            Err(NotBack::NeverWent(reason)) => Err(self.failure(reason, not_in_force(file, &way_back, asks_reload))),
            Err(NotBack::Silent(reason)) => Err(self.go_back(reason, file, way_back, goes_back, outlive).await),
        }
    }

    /// Has the engine read its file while it runs. `keeps_on`: containers shall outlive a restart then. The error says why it
    /// has not, or why that is not known.
    async fn reload(&self, keeps_on: bool) -> Result<(), String> {
        let Some(dockerd) = &self.running.dockerd else { return Err("its process cannot be found".to_owned()) };
        if !keeps_on || self.running.host.live_restore {
            return dockerd.reload().map_err(|error| format!("it could not be told to read its file: {error}"));
        }
        reloaded(dockerd, &self.running.engine, true).await?;
        self.say("live-restore is on: the engine has read it, and containers go on running while it restarts");
        Ok(())
    }

    /// It was promised that no container stops, or that all come back, and without the engine having read its file they would
    /// not: nothing is restarted.
    fn not_read(&self, reason: String, file: &ConfigFile, way_back: WayBack) -> Failure {
        let path = file.path().display();
        let how = match &way_back {
            WayBack::None => format!("{path} was not changed by stackctl"),
            WayBack::Copy(_) => format!("{path} is what it was before"),
            WayBack::BeforeRollback(_) => format!("{path} is what it was before the rollback"),
        };
        let how = match self.put_back(file, way_back) {
            Ok(()) => how,
            Err(error) => format!("{path} could not be put back ({error})"),
        };
        Error::new("cannot have the engine read its settings while it runs", reason)
            .advise(format!(
                "nothing was restarted, and {how}; the engine's log says what it does not take (`journalctl -u docker`), and it \
                 may not start with that either"
            ))
            .into()
    }

    /// Containers that ran before and do not now, after those that should return had their time.
    async fn missing(&self, engine: &Engine, outlive: bool) -> Result<Vec<RunningContainer>, Failure> {
        let deadline = Instant::now() + CONTAINER_PATIENCE;
        let waiting = Progress::new(self.global.quiet).telling("the engine is back; containers follow");
        loop {
            let running: BTreeSet<String> = engine.running().await?.into_iter().map(|running| running.id).collect();
            let before = self.running.containers.iter();
            let missing: Vec<_> = before.filter(|before| !running.contains(&before.id)).cloned().collect();
            if !missing.iter().any(|missing| may_return(missing, outlive)) || Instant::now() >= deadline {
                return Ok(missing);
            }
            let (all, left) = (self.running.containers.len(), missing.len());
            waiting.tell(&format!("the engine is back; {} of {all} containers run", all - left));
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Says how the containers stand.
    fn tell(&self, missing: &[RunningContainer]) {
        let before = self.running.containers.len();
        if before == 0 {
            self.say("the engine is back");
            return;
        }
        if missing.is_empty() {
            self.say(&format!("the engine is back; the containers that ran before run again: {before}"));
            return;
        }
        output::say(&format!(
            "the engine is back; {} of {} not running any more:",
            missing.len(),
            counted(before, "container")
        ));
        for (after, words) in [
            (AfterRestart::StaysDown, "no restart policy; start them with `docker start"),
            (AfterRestart::Returns, "their restart policy has not started them; try `docker start"),
            (AfterRestart::ReturnsFailed, "ended without an error (policy on-failure); start them with `docker start"),
        ] {
            let names = names(missing, after).join(" ");
            if !names.is_empty() {
                output::say(&format!("  {words} {names}`"));
            }
        }
        for (after, words) in [
            (AfterRestart::Removed, "removed at their end (--rm)"),
            (AfterRestart::Rescheduled, "Swarm starts others for"),
        ] {
            let names = names(missing, after).join(", ");
            if !names.is_empty() {
                output::say(&format!("  {words}: {names}"));
            }
        }
    }

    /// Scrapes the engine from where Prometheus would stand.
    async fn prove(&self, engine: &Engine, desired: &Desired, sees_sockets: bool) -> Result<Exit, Failure> {
        let findings = proof::findings(engine, desired, sees_sockets).await?;
        if findings.is_empty() {
            return Ok(Exit::Done);
        }
        if !self.global.quiet {
            prove::show(&findings, false);
        }
        let is_kept = findings.iter().all(|finding| finding.status != Status::Fail);
        Ok(if is_kept { Exit::Done } else { Exit::NotAsDesired })
    }

    /// Puts the file back and starts the engine with it.
    /// `outlived`: containers have outlived the engine that ended, and run.
    async fn go_back(
        &self,
        reason: String,
        file: &ConfigFile,
        way_back: WayBack,
        goes_back: &Cell<bool>,
        outlived: bool,
    ) -> Failure {
        let path = file.path().display();
        let (begun, was) = match way_back {
            WayBack::None => {
                let advice = format!("{path} was not changed by stackctl: {}", self.by_hand(file, &reason));
                return self.failure(reason, advice);
            }
            WayBack::Copy(_) => (format!("rolling back {path}"), format!("{path} is what it was before")),
            WayBack::BeforeRollback(_) => (
                format!("putting back what {path} said before the rollback"),
                format!("{path} is what it was before the rollback, whose copy is kept as well"),
            ),
        };
        output::say(&format!("the engine is not back ({reason}); {begun}"));
        if let Err(error) = self.put_back(file, way_back) {
            let advice = format!("{begun} failed, too ({error}): {}", self.by_hand(file, &reason));
            return self.failure(reason, advice);
        }
        goes_back.set(true);
        if let Some(dockerd) = &self.running.dockerd {
            dockerd.end_successor().await;
        }
        // After this nothing is left to be tried: an engine that is slow is not given up because somebody was in a hurry.
        let patience = self.patience.max(LAST_PATIENCE);
        let again = Restart {
            service: self.service.clone(),
            patience,
            is_last: true,
            has_hung: self.has_hung.clone(),
            ..*self
        };
        let is_kept_alive = outlived && !self.running.outlives_with(&said(file));
        let without = is_kept_alive.then(|| live_restore::write(self.turn, file, true).ok()).flatten();
        let restarted = again.restart().await;
        if let Some(Err(error)) = without.map(|without| without.restore(self.turn, &ConfigFile::read(file.path())?)) {
            output::say(&format!("{path} says `live-restore` still, which it did not before: {error}"));
        }
        let advice = match restarted {
            Ok(engine) => {
                if let Ok(missing) = self.missing(&engine, outlived).await {
                    self.tell(&missing);
                }
                if is_kept_alive && let Err(reason) = live_restore::switch_off(self.turn, &engine, file).await {
                    output::say(&format!(
                        "live-restore, which kept the containers running, is still on in the engine ({reason}): before its next \
                         restart reload it with `\"live-restore\": false` in {path}, or containers of the policy \
                         `unless-stopped` stay down then"
                    ));
                }
                format!("{was}, and the engine runs with it")
            }
            Err(NotBack::NeverWent(_)) => format!("{was}, and the engine runs on"),
            Err(NotBack::Silent(again)) => {
                let way_out = self.by_hand(file, &again);
                format!("{was}, and still the engine does not start: {again}\nIt is DOWN: {way_out}")
            }
        };
        self.failure(reason, advice)
    }

    /// The way out where the engine is down and nothing is left that stackctl could do. `reason`: why it does not start, with
    /// dockerd's own words where it has said any.
    fn by_hand(&self, file: &ConfigFile, reason: &str) -> String {
        let path = file.path().display();
        let mut text = String::new();
        if reason.contains("dockerd ") {
            write!(text, "put right in {path} what dockerd names").expect("a String takes everything");
            if self.running.is_older_than(file) {
                text.push_str(" (the file had changed since the engine started, so that it never ran with it)");
            }
        } else {
            text.push_str("nothing says that the file is at fault: perhaps the command did not start the engine");
        }
        if let Ok(Some(copy)) = Backup::last(file.path()) {
            let undo = format!("stackctl engine rollback --config-file {}", quoted(file));
            write!(text, ", or go back to {} (`{undo}`)", copy.path().display()).expect("a String takes everything");
        }
        text.push_str("; then start the engine");
        match &self.service {
            Service::Command(_) => text.push_str(" as this host does"),
            service => write!(text, ": `{}`", service.restart_line()).expect("a String takes everything"),
        }
        let stay = names(&self.running.containers, AfterRestart::StaysDown).join(" ");
        if !stay.is_empty() && !self.running.host.live_restore {
            write!(text, ", and what does not come back by itself: `docker start {stay}`")
                .expect("a String takes everything");
        }
        text
    }

    fn put_back(&self, file: &ConfigFile, way_back: WayBack) -> Result<(), daemon::Error> {
        let now = ConfigFile::read(file.path())?;
        match way_back {
            WayBack::None => Ok(()),
            // Without any it would not start: no settings is the same to it as no file.
            WayBack::Copy(backup) if !backup.has_bytes() && self.running.needs_file() => {
                now.replace(self.turn, NO_SETTINGS, |_| Ok(())).map(drop)
            }
            WayBack::Copy(backup) | WayBack::BeforeRollback(backup) => backup.restore(self.turn, &now).map(drop),
        }
    }
}

/// What the file says now. Nothing, where it cannot be read.
fn said(file: &ConfigFile) -> Document {
    ConfigFile::read(file.path()).and_then(|file| file.document()).unwrap_or_default()
}

/// Whether a container is one that has to be there after a restart. `outlive`: all of them are.
fn may_return(container: &RunningContainer, outlive: bool) -> bool {
    outlive || container.after_restart == AfterRestart::Returns
}

/// Its path, as a shell takes it.
fn quoted(file: &ConfigFile) -> String {
    let path = file.path().display().to_string();
    shlex::try_quote(&path).unwrap_or_default().into_owned()
}

/// What to do where nothing restarted the engine. `has_read`: it was told to read the file, and did.
fn not_in_force(file: &ConfigFile, way_back: &WayBack, has_read: bool) -> String {
    let path = file.path().display();
    let how_far = if has_read { "live-restore is in force, and the rest is not" } else { "not in force" };
    match way_back {
        WayBack::None => "restart the engine by hand".to_owned(),
        WayBack::Copy(_) => format!(
            "{path} is changed ({how_far}): the next start of the engine takes it up; restart the engine by hand, or take the \
             change back with `stackctl engine rollback`"
        ),
        WayBack::BeforeRollback(_) => format!("{path} is put back ({how_far}); restart the engine by hand"),
    }
}
