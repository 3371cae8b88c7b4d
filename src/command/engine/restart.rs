//! Puts a changed `daemon.json` in force: reload or restart, wait for the engine, look at its containers and its metrics, and
//! go back by itself where the engine does not come back.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::super::progress::{Progress, Waiting};
use super::super::{Exit, Failure, output, prove};
use super::answer::{COMMAND_PATIENCE, PAUSE, look, why};
use super::impact::names;
use super::proof;
use super::proposal::Proposal;
use super::subject::Running;
use crate::cli::Global;
use crate::daemon::{Backup, ConfigFile, Dockerd, Service, Turn, Words};
use crate::desired::Desired;
use crate::engine::{Address, AfterRestart, Engine, Error, RunningContainer};
use crate::stack::counted;
use crate::verify::Status;

/// An engine whose process has been gone for this long will not come back by waiting.
const GONE: Duration = Duration::from_secs(4);

/// Longest time to wait for containers to come back, and for a reload.
const CONTAINER_PATIENCE: Duration = Duration::from_secs(20);

/// `--restart`
#[derive(Debug, clap::Args)]
pub(super) struct RestartWishes {
    /// Restart the engine afterwards, with systemd or OpenRC; roll back when it does not come back
    #[arg(long, conflicts_with = "config_file")]
    restart: bool,
    /// The same with this command, for an engine that neither of them runs
    #[arg(long, value_name = "COMMAND", conflicts_with = "config_file")]
    restart_command: Option<String>,
    /// How long the engine may take to answer once the restart command has ended
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = crate::cli::duration)]
    timeout: Duration,
}

impl RestartWishes {
    /// What restarts the engine, where that is asked for.
    pub(super) fn service(&self, running: Option<&Running>) -> Result<Option<Service>, Failure> {
        if let Some(line) = &self.restart_command {
            return Ok(Some(Service::Command(line.clone())));
        }
        if !self.restart {
            return Ok(None);
        }
        let service = match running {
            Some(running) => running.service(),
            None => Service::of(None, false),
        };
        service.map(Some).ok_or_else(|| {
            let message = "cannot tell how this engine is restarted: neither systemd nor OpenRC started it";
            Failure::arguments(message, "give the command that does it: `--restart-command COMMAND`")
        })
    }

    pub(super) fn patience(&self) -> Duration {
        self.timeout
    }
}

/// A restart of an engine that is known.
pub(super) struct Restart<'a> {
    pub(super) running: &'a Running,
    pub(super) service: Service,
    pub(super) patience: Duration,
    pub(super) global: &'a Global,
    /// Nobody else is at work on the file or the engine.
    pub(super) turn: &'a Turn,
}

/// Time that an engine takes for each container that it starts again before it answers anybody, and more than that.
const EACH_CONTAINER: Duration = Duration::from_millis(500);

/// Least time for an engine that starts with its old file.
const LAST_PATIENCE: Duration = Duration::from_secs(15);

/// Longest time that one look at a silent engine may take, however little time is left.
const LOOK: Duration = Duration::from_secs(2);

/// Why an engine is not back.
enum NotBack {
    /// Nobody answers.
    Silent(String),
    /// The same process answers: nothing restarted it. Why, where somebody says so.
    NeverWent(String),
}

/// What there is to say of a command that restarted nothing and does not complain.
const NEVER_WENT: &str = "the same process answers as before";

impl Restart<'_> {
    /// Reloads or restarts, and proves it. Rolls back to `backup` where the engine does not come back.
    pub(super) async fn put_in_force(&self, proposal: &Proposal, backup: Option<Backup>) -> Result<Exit, Failure> {
        let Proposal { change, desired, file, .. } = proposal;
        let wants_live_restore = change.after.get("live-restore") == Some(true.into());
        let mut outlive = self.running.host.live_restore;
        if wants_live_restore && !outlive {
            outlive = self.reload().await;
        }
        if proposal.reloads() && outlive == wants_live_restore {
            self.say("the engine has read it; nothing was restarted");
            return Ok(Exit::Done);
        }
        // The process that can be asked for its network now is gone afterwards.
        let sees_sockets = self.running.dockerd.as_ref().is_some_and(Dockerd::shares_network);
        match self.restart().await {
            Ok(engine) => {
                let missing = self.missing(&engine, outlive).await?;
                self.tell(&missing);
                self.prove(&engine, desired, sees_sockets).await
            }
            Err(NotBack::NeverWent(reason)) => Err(self.failure(
                reason,
                format!("{} is changed and not in force; restart the engine by hand", file.path().display()),
            )),
            Err(NotBack::Silent(reason)) => Err(self.go_back(reason, file, backup).await),
        }
    }

    /// Restarts, and waits for the engine.
    pub(super) async fn back(&self) -> Result<Exit, Failure> {
        match self.restart().await {
            Ok(engine) => {
                let missing = self.missing(&engine, self.running.host.live_restore).await?;
                self.tell(&missing);
                Ok(Exit::Done)
            }
            Err(NotBack::NeverWent(reason)) => Err(self.failure(reason, "restart it by hand".to_owned())),
            Err(NotBack::Silent(reason)) => {
                Err(self.failure(reason, "see what the engine prints when it is started by hand".to_owned()))
            }
        }
    }

    /// Has the engine read its file while it runs. Whether containers will outlive a restart from now on.
    async fn reload(&self) -> bool {
        let Some(dockerd) = &self.running.dockerd else { return false };
        if dockerd.reload().is_err() {
            return false;
        }
        let deadline = Instant::now() + CONTAINER_PATIENCE;
        while Instant::now() < deadline {
            if self.running.engine.host().await.is_ok_and(|host| host.live_restore) {
                self.say("live-restore is on: the engine has read it, and containers go on running while it restarts");
                return true;
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
    }

    async fn restart(&self) -> Result<Engine, NotBack> {
        self.say(&format!("restarting the engine: {}", self.service.restart_line()));
        let words = Words::from_now(&self.service);
        let waiting = Progress::new(self.global.quiet).telling("the engine restarts");
        let outcome = tokio::select! {
            outcome = self.service.restart(COMMAND_PATIENCE) => outcome,
            never = self.tell_on(&waiting) => match never {},
            // A service manager waits for an engine that never says it is ready for as long as it is told to: for ever.
            silent = self.hangs() => return Err(NotBack::Silent(silent)),
        };
        // A command that failed has probably left no engine behind: one look is enough then.
        let patience = if outcome.is_ok() { self.patience() } else { Duration::ZERO };
        let waited = if outcome.is_err() && self.service.is_down().await {
            Err(NotBack::Silent(String::new()))
        } else {
            tokio::select! {
                waited = self.wait(patience, &words) => waited,
                never = self.tell_on(&waiting) => match never {},
            }
        };
        match (waited, outcome) {
            (Err(NotBack::Silent(reason)), outcome) => {
                let said = words.last().await;
                Err(NotBack::Silent(why(reason, outcome.err().map(|error| error.to_string()), said)))
            }
            (Err(NotBack::NeverWent(_)), Err(error)) => Err(NotBack::NeverWent(error.to_string())),
            (waited, _) => waited,
        }
    }

    /// Returns when the old process has been gone for longer than a new one may take to answer, and none does.
    async fn hangs(&self) -> String {
        let Some(old) = &self.running.dockerd else { return std::future::pending().await };
        while old.is_alive() {
            tokio::time::sleep(PAUSE).await;
        }
        tokio::time::sleep(self.patience()).await;
        let address = Address { url: self.running.engine.facts().address.clone(), tls: None };
        match look(&address, LOOK).await {
            Ok(_) => std::future::pending().await,
            Err(error) => self.late(&error),
        }
    }

    /// Says what the restart may take, until nobody waits any more.
    async fn tell_on(&self, waiting: &Waiting) -> Infallible {
        let containers = counted(self.running.containers.len(), "container");
        let longest = self.patience().as_secs();
        loop {
            waiting.tell(&format!("the engine restarts with {containers}; it has {longest} s to answer"));
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn late(&self, error: &Error) -> String {
        format!("it did not come back within {} s: {}", self.patience().as_secs(), error.cause)
    }

    fn patience(&self) -> Duration {
        let count = u32::try_from(self.running.containers.len()).unwrap_or(u32::MAX);
        self.patience.saturating_add(EACH_CONTAINER.saturating_mul(count))
    }

    async fn wait(&self, patience: Duration, words: &Words) -> Result<Engine, NotBack> {
        let facts = self.running.engine.facts();
        let socket = PathBuf::from(facts.address.trim_start_matches("unix://"));
        let address = Address { url: facts.address.clone(), tls: None };
        let deadline = Instant::now() + patience;
        let mut seen = Instant::now();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let connected = look(&address, left.max(LOOK)).await;
            if self.running.dockerd.as_ref().is_none_or(Dockerd::lives_on) {
                seen = Instant::now();
            }
            let now = Dockerd::behind(&socket).await;
            let is_same = now.is_some() && now.as_ref().map(|now| now.pid) == self.old_pid();
            match connected {
                Ok(engine) if !is_same => return Ok(engine),
                Ok(_) if Instant::now() >= deadline => return Err(NotBack::NeverWent(NEVER_WENT.to_owned())),
                Err(error) if Instant::now() >= deadline => return Err(NotBack::Silent(self.late(&error))),
                // A supervisor would start it again and again, and each time in vain.
                Err(_) if words.logged().is_some() => {
                    return Err(NotBack::Silent("its process has ended".to_owned()));
                }
                Err(error) if seen.elapsed() >= GONE => {
                    return Err(NotBack::Silent(format!("its process has ended: {}", error.cause)));
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn old_pid(&self) -> Option<u32> {
        self.running.dockerd.as_ref().map(|dockerd| dockerd.pid)
    }

    /// Containers that ran before and do not now, after those that should return had their time.
    async fn missing(&self, engine: &Engine, outlive: bool) -> Result<Vec<RunningContainer>, Failure> {
        let deadline = Instant::now() + CONTAINER_PATIENCE;
        let waiting = Progress::new(self.global.quiet).telling("the engine is back; containers follow");
        loop {
            let running: BTreeSet<String> = engine.running().await?.into_iter().map(|running| running.id).collect();
            let before = self.running.containers.iter();
            let missing: Vec<_> = before.filter(|before| !running.contains(&before.id)).cloned().collect();
            let may_return = |missing: &RunningContainer| outlive || missing.after_restart == AfterRestart::Returns;
            if !missing.iter().any(may_return) || Instant::now() >= deadline {
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
        self.say(&format!(
            "the engine is back; {} of {} not running any more:",
            missing.len(),
            counted(before, "container")
        ));
        for (after, words) in [
            (AfterRestart::StaysDown, "no restart policy; start them with `docker start"),
            (AfterRestart::Returns, "their restart policy has not started them; try `docker start"),
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
    async fn go_back(&self, reason: String, file: &ConfigFile, backup: Option<Backup>) -> Failure {
        let path = file.path().display();
        let Some(backup) = backup else {
            let advice = format!("{path} was not changed by stackctl: mend it by hand, and start the engine");
            return self.failure(reason, advice);
        };
        output::say(&format!("the engine is not back ({reason}); rolling back {path}"));
        let restored = ConfigFile::read(file.path()).and_then(|now| backup.restore(self.turn, &now));
        if let Err(error) = restored {
            return self.failure(reason, format!("rolling back failed, too ({error}): put {path} right by hand"));
        }
        if let Some(dockerd) = &self.running.dockerd {
            dockerd.end_successor().await;
        }
        // After this nothing is left to be tried: an engine that is slow is not given up because somebody was in a hurry.
        let patience = self.patience.max(LAST_PATIENCE);
        let again = Restart { service: self.service.clone(), patience, ..*self };
        let advice = match again.restart().await {
            Ok(engine) => {
                if let Ok(missing) = self.missing(&engine, self.running.host.live_restore).await {
                    self.tell(&missing);
                }
                format!("{path} is what it was before, and the engine runs with it")
            }
            Err(NotBack::NeverWent(_)) => format!("{path} is what it was before, and the engine runs on"),
            Err(NotBack::Silent(again)) => {
                format!("{path} is what it was before, and still the engine does not start: {again}")
            }
        };
        self.failure(reason, advice)
    }

    fn failure(&self, cause: String, advice: String) -> Failure {
        let attempt = format!("cannot restart the engine with `{}`", self.service.restart_line());
        Error::new(attempt, cause).advise(advice).into()
    }

    fn say(&self, text: &str) {
        if !self.global.quiet {
            output::say(text);
        }
    }
}
