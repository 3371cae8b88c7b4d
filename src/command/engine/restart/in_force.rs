//! Puts in force what a `daemon.json` says now: reload or restart, and a look at the containers and the metrics. `way_back` has
//! what comes where the engine does not come back.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::super::super::progress::Progress;
use super::super::super::{Exit, Failure, findings, output};
use super::super::proposal::impact::{Outlive, in_order, with_bases};
use super::answer::PAUSE;
use super::live_restore::{self, reloaded};
use super::proof;
use super::way_back::{Back, WayBack};
use super::{NotBack, Restart};
use crate::daemon::{ConfigFile, Dockerd, Document};
use crate::desired::Desired;
use crate::engine::{AfterRestart, Engine, RunningContainer};
use crate::stack::counted;
use crate::verify::Status;

/// Longest time to wait for containers to come back, and for a reload.
pub(in super::super) const CONTAINER_PATIENCE: Duration = Duration::from_secs(20);

/// What is to be put in force.
pub(in super::super) struct Written<'a> {
    /// What the file says now.
    pub(in super::super) now: &'a Document,
    /// A reload is enough.
    pub(in super::super) reloads: bool,
    /// Where it lies.
    pub(in super::super) file: &'a ConfigFile,
    /// What to go back to.
    pub(in super::super) way_back: WayBack,
    /// The stack whose metrics are proven afterwards. `None`: nothing is to be proven.
    pub(in super::super) proven: Option<&'a Desired>,
}

impl Restart<'_> {
    /// Reloads or restarts, and proves it. Goes back where the engine does not come back.
    pub(in super::super) async fn put_in_force(&self, written: Written<'_>) -> Result<Exit, Failure> {
        let Written { now, reloads, file, way_back, proven } = written;
        let mut way_back = Back::along(way_back);
        let keeps_on = self.running.outlives_with(now);
        let was_on = self.running.host.live_restore;
        if !reloads && let Err(error) = way_back.prepare(self, file, keeps_on) {
            return Err(self.unprepared(&error, file, way_back));
        }
        let asks_reload = reloads || (keeps_on && !was_on);
        if asks_reload && let Err(reason) = self.reload(keeps_on).await {
            return Err(self.not_read(reason, file, way_back));
        }
        if reloads {
            self.say("the engine has read it; nothing was restarted");
            return Ok(Exit::Done);
        }
        if was_on && !keeps_on && !self.running.containers.is_empty() {
            let copy = way_back.copy();
            if let Err(reason) = live_restore::switch_off(self.turn, &self.running.engine, file, copy).await {
                return Err(self.not_read(reason, file, way_back));
            }
            self.say("live-restore is off: the engine stops its containers itself, and their restart policies count");
        }
        let outlive = self.outlive(keeps_on);
        // The process that can be asked for its network now is gone afterwards.
        let sees_sockets = self.running.dockerd.as_ref().is_some_and(Dockerd::shares_network);
        match self.restart().await {
            Ok(engine) => {
                let missing = self.missing(&engine, outlive).await?;
                self.tell(&engine, &missing).await;
                self.tell_changed(&engine).await;
                let proof = match proven {
                    Some(desired) => self.prove(&engine, desired, sees_sockets).await?,
                    None => Exit::Done,
                };
                // They were to come back, and somebody has to look after them.
                let is_short = missing.iter().any(|missing| may_return(missing, outlive));
                Ok(if is_short { Exit::NotAsDesired } else { proof })
            }
            Err(NotBack::NeverWent(reason)) => Err(self.failure(reason, way_back.not_in_force(file, asks_reload))),
            Err(NotBack::Silent(reason)) => Err(self.go_back(reason, file, way_back, keeps_on).await),
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

    /// Containers that ran before and do not now, after those that should return had their time.
    pub(in super::super) async fn missing(
        &self,
        engine: &Engine,
        outlive: Outlive,
    ) -> Result<Vec<RunningContainer>, Failure> {
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

    /// Which containers outlive it. `keeps_on`: live-restore has them live on.
    pub(in super::super) fn outlive(&self, keeps_on: bool) -> Outlive {
        match (keeps_on, self.running.removes_what_lives_on()) {
            (false, _) => Outlive::Nothing,
            (true, true) => Outlive::AllButRemoved,
            (true, false) => Outlive::All,
        }
    }

    /// Says how the containers stand.
    pub(in super::super) async fn tell(&self, engine: &Engine, missing: &[RunningContainer]) {
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
            (
                AfterRestart::StaysDownWithBase,
                "share the network, IPC or processes of one that was down; once that runs, start them with `docker start",
            ),
        ] {
            let names = in_order(missing, after).join(" ");
            if !names.is_empty() {
                output::say(&format!("  {words} {names}`"));
            }
        }
        for (after, words) in [
            (AfterRestart::Removed, "removed at their end (--rm)"),
            (AfterRestart::Rescheduled, "Swarm starts others for"),
            (AfterRestart::Lost, "cannot be started any more, and have to be made anew: what they share is gone"),
        ] {
            let names = with_bases(missing, after).join(", ");
            if !names.is_empty() {
                output::say(&format!("  {words}: {names}"));
            }
        }
        for missing in missing {
            if let Some(error) = engine.start_error(&missing.id).await {
                output::say(&format!("  why `{}` was not started: {error}", missing.name));
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
            findings::show(&findings, self.global);
        }
        let is_kept = findings.iter().all(|finding| finding.status != Status::Fail);
        Ok(if is_kept { Exit::Done } else { Exit::NotAsDesired })
    }
}

/// Whether a container is one that has to be there after a restart.
fn may_return(container: &RunningContainer, outlive: Outlive) -> bool {
    match outlive {
        Outlive::Nothing => container.after_restart == AfterRestart::Returns,
        Outlive::AllButRemoved => container.after_restart != AfterRestart::Removed,
        Outlive::All => true,
    }
}
