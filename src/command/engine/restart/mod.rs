//! Restarts an engine, and waits until it is back.

mod answer;
mod changed;
pub(super) mod force;
pub(super) mod in_force;
pub(super) mod live_restore;
mod proof;
pub(super) mod standing;
pub(super) mod start;
pub(super) mod way_back;
pub(super) mod way_out;

use std::cell::Cell;
use std::convert::Infallible;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::super::progress::{Progress, Waiting};
use super::super::{Failure, output};
use super::proposal::impact::longest_stop;
use super::silent::service_of;
use super::subject::Running;
use crate::cli::Global;
use crate::daemon::{Dockerd, Ran, Service, Turn, Words, end};
use crate::engine::{Address, Engine, Error};
use crate::stack::counted;
use answer::{COMMAND_PATIENCE, PAUSE, look, why};

/// An engine whose process has been gone for this long will not come back by waiting.
const GONE: Duration = Duration::from_secs(4);

/// `--restart`
#[derive(Debug, clap::Args)]
pub(super) struct RestartWishes {
    /// Restart the engine afterwards, with systemd or OpenRC; roll back when it does not come back
    #[arg(long, conflicts_with_all = ["config_file", "restart_command"])]
    restart: bool,
    /// The same with this command, for an engine that neither of them runs
    #[arg(long, value_name = "COMMAND", value_parser = command)]
    restart_command: Option<String>,
    /// How long the engine may take to answer once the restart command has ended, which may take 60 s
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = crate::cli::duration)]
    timeout: Duration,
}

/// A shell runs an empty line, too, and well.
fn command(line: &str) -> Result<String, String> {
    if line.trim().is_empty() {
        return Err("it is empty, and would restart nothing; give the command that restarts the engine".to_owned());
    }
    Ok(line.to_owned())
}

impl RestartWishes {
    /// What restarts the engine, where that is asked for.
    pub(super) fn service(
        &self,
        running: Option<&Running>,
        hanging: Option<&Dockerd>,
    ) -> Result<Option<Service>, Failure> {
        if let Some(line) = &self.restart_command {
            return Ok(Some(Service::Command(line.clone())));
        }
        if !self.restart {
            return Ok(None);
        }
        let service = match running {
            Some(running) => running.service(),
            None => service_of(hanging),
        };
        service.map(Some).ok_or_else(|| {
            let message = "cannot tell how this engine is restarted: neither systemd nor OpenRC started it";
            Failure::arguments(message, "give the command that does it: `--restart-command COMMAND`")
        })
    }

    /// A command of somebody's own is given.
    pub(super) fn has_command(&self) -> bool {
        self.restart_command.is_some()
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
    /// The file is on its way back. Nothing else is tried after this: an engine whose process is gone is waited for to the end.
    pub(super) is_last: bool,
    /// The command did not end, and left the engine down.
    pub(super) has_hung: Cell<bool>,
    /// What restarts it has begun.
    pub(super) has_begun: &'a Cell<bool>,
}

/// Time that an engine takes for each container that it starts again before it answers anybody, and more than that.
const EACH_CONTAINER: Duration = Duration::from_millis(500);

/// Longest time that one look at a silent engine may take, however little time is left.
const LOOK: Duration = Duration::from_secs(2);

/// Why an engine is not back.
pub(super) enum NotBack {
    /// Nobody answers.
    Silent(String),
    /// The same process answers: nothing restarted it. Why, where somebody says so.
    NeverWent(String),
}

/// What there is to say of a command that restarted nothing and does not complain.
const NEVER_WENT: &str = "the same process answers as before";

/// Time to end that is in [`COMMAND_PATIENCE`] already.
const USUAL_STOP: Duration = Duration::from_secs(15);

/// Time for a command that has used up its time before.
const AFTER_A_HANG: Duration = Duration::from_secs(20);

/// Time for containers without a limit of their own; service managers give an engine no more (systemd's own is 90 s).
const WITHOUT_LIMIT: Duration = Duration::from_secs(90);

impl Restart<'_> {
    /// Restarts, and waits for the engine.
    pub(super) async fn restart(&self) -> Result<Engine, NotBack> {
        self.say(&format!("restarting the engine: {}", self.service.restart_line()));
        let words = Words::from_now(&self.service, self.running.log.as_deref());
        let waiting = Progress::new(self.global.quiet).telling("the engine restarts");
        let for_command = self.patience_with_command();
        let before = format!("the command may take {} s, then ", for_command.as_secs());
        self.has_begun.set(true);
        let process = Cell::default();
        let outcome = tokio::select! {
            outcome = self.service.restart(for_command, &process) => outcome,
            never = self.tell_on(&waiting, &before) => match never {},
            // A service manager waits for an engine that never says it is ready for as long as it is told to: for ever.
            silent = self.hangs() => {
                // A command that goes on may start another engine once the file is another one. Where nothing else is tried, it
                // may do yet.
                if let Some(pid) = process.get().filter(|_| self.is_by_command() && !self.is_last) {
                    output::say(&format!("the command runs on as process {pid}; it is ended"));
                    end(pid).await;
                }
                return Err(NotBack::Silent(silent));
            }
        };
        // The engine has the last word, whatever the command ended with. Where that failed and the old one runs on, none will
        // come.
        let is_in_vain = outcome.is_err() && self.running.dockerd.as_ref().is_none_or(Dockerd::is_alive);
        let patience = if is_in_vain { Duration::ZERO } else { self.patience() };
        let waited = if outcome.is_err() && self.service.is_down().await {
            Err(NotBack::Silent(String::new()))
        } else {
            tokio::select! {
                waited = self.wait(patience, &words) => waited,
                never = self.tell_on(&waiting, "") => match never {},
            }
        };
        match (waited, outcome) {
            (Err(NotBack::Silent(reason)), outcome) => {
                let said = words.last().await;
                if let Ok(Ran::On { pid }) = outcome {
                    self.has_hung.set(true);
                    output::say(&format!("{}; it is ended", self.still_runs(pid)));
                    end(pid).await;
                }
                Err(NotBack::Silent(why(reason, outcome.err().map(|error| error.to_string()), said)))
            }
            (Err(NotBack::NeverWent(_)), Err(error)) => Err(NotBack::NeverWent(error.to_string())),
            (Err(NotBack::NeverWent(reason)), Ok(Ran::On { pid })) => {
                Err(NotBack::NeverWent(format!("{reason}; {}", self.runs_on(pid))))
            }
            (Ok(engine), Err(error)) => {
                output::say(&format!("{error}; the engine is back all the same"));
                Ok(engine)
            }
            (Ok(engine), Ok(Ran::On { pid })) => {
                output::say(&self.runs_on(pid));
                Ok(engine)
            }
            (waited, Ok(Ran::Out)) => waited,
        }
    }

    /// Returns when the old process has been gone for longer than a new one may take to answer, and none does. A command of
    /// somebody's own has its whole time between stop and start; from then on it is the same.
    async fn hangs(&self) -> String {
        let Some(old) = &self.running.dockerd else { return std::future::pending().await };
        while old.is_alive() {
            tokio::time::sleep(PAUSE).await;
        }
        let address = Address { url: self.running.engine.facts().address.clone(), tls: None };
        loop {
            while self.is_by_command() && !old.lives_on() {
                tokio::time::sleep(PAUSE).await;
            }
            tokio::time::sleep(self.patience()).await;
            match look(&address, LOOK).await {
                Ok(_) => return std::future::pending().await,
                Err(error) if !self.is_by_command() || old.lives_on() => return self.late(&error),
                Err(_) => {}
            }
        }
    }

    /// Says what the restart may take, until nobody waits any more. `before`: what has to end first.
    async fn tell_on(&self, waiting: &Waiting, before: &str) -> Infallible {
        let containers = counted(self.running.containers.len(), "container");
        let longest = self.patience().as_secs();
        loop {
            waiting.tell(&format!("the engine restarts with {containers}; {before}it has {longest} s to answer"));
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

    /// Longest time to wait for the command: an engine ends when its containers have, and each has the time that it was made
    /// with.
    fn patience_with_command(&self) -> Duration {
        // It hung, and the engine is down: it may well hang again.
        if self.has_hung.get() {
            return AFTER_A_HANG;
        }
        let longest = longest_stop(&self.running.containers).unwrap_or(WITHOUT_LIMIT);
        COMMAND_PATIENCE.saturating_add(longest.saturating_sub(USUAL_STOP))
    }

    fn is_by_command(&self) -> bool {
        matches!(self.service, Service::Command(_))
    }

    /// A command that may restart the engine at any time.
    fn runs_on(&self, pid: u32) -> String {
        format!("{}: it may restart the engine later", self.still_runs(pid))
    }

    fn still_runs(&self, pid: u32) -> String {
        let longest = self.patience_with_command().as_secs();
        format!("the command has not ended within {longest} s and runs on as process {pid}")
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
                // A command of somebody's own may come back before it starts the engine.
                Err(error) if seen.elapsed() >= GONE && !self.is_last && !self.is_by_command() => {
                    return Err(NotBack::Silent(format!("its process has ended: {}", error.cause)));
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn old_pid(&self) -> Option<u32> {
        self.running.dockerd.as_ref().map(|dockerd| dockerd.pid)
    }

    pub(super) fn failure(&self, cause: String, advice: String) -> Failure {
        let attempt = format!("cannot restart the engine with `{}`", self.service.restart_line());
        Error::new(attempt, cause).advise(advice).into()
    }

    pub(super) fn say(&self, text: &str) {
        if !self.global.quiet {
            output::say(text);
        }
    }
}
