//! Puts a changed `daemon.json` in force: reload or restart, wait for the engine, look at its containers and its metrics, and
//! go back by itself where the engine does not come back.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::super::{Exit, Failure, output, prove, situation};
use super::impact::names;
use super::proof;
use super::subject::Running;
use crate::cli::Global;
use crate::daemon::{Backup, Change, ConfigFile, Dockerd, Service, Words};
use crate::desired::Desired;
use crate::engine::{Address, AfterRestart, Engine, Error, RunningContainer};
use crate::stack::counted;
use crate::verify::Status;

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Longest time to wait for a restart command: engines give their containers 15 s to stop.
const COMMAND_PATIENCE: Duration = Duration::from_secs(60);

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
}

/// Time that an engine takes for each container that it starts again before it answers anybody, and more than that.
const EACH_CONTAINER: Duration = Duration::from_millis(500);

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
    pub(super) async fn put_in_force(
        &self,
        change: &Change,
        desired: &Desired,
        file: &ConfigFile,
        backup: Option<Backup>,
    ) -> Result<Exit, Failure> {
        let wants_live_restore = change.after.get("live-restore") == Some(true.into());
        let mut outlive = self.running.host.live_restore;
        if wants_live_restore && !outlive {
            outlive = self.reload().await;
        }
        if !change.is_empty() && change.reloads() && outlive == wants_live_restore {
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
        let outcome = tokio::select! {
            outcome = self.service.restart(COMMAND_PATIENCE) => outcome,
            // A service manager waits for an engine that never says it is ready for as long as it is told to: for ever.
            silent = self.hangs() => return Err(NotBack::Silent(silent)),
        };
        // A command that failed has probably left no engine behind: one look is enough then.
        let patience = if outcome.is_ok() { self.patience() } else { Duration::ZERO };
        let waited = if outcome.is_err() && self.service.is_down().await {
            Err(NotBack::Silent(String::new()))
        } else {
            self.wait(patience, &words).await
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
        loop {
            let running: BTreeSet<String> = engine.running().await?.into_iter().map(|running| running.id).collect();
            let before = self.running.containers.iter();
            let missing: Vec<_> = before.filter(|before| !running.contains(&before.id)).cloned().collect();
            let may_return = |missing: &RunningContainer| outlive || missing.after_restart == AfterRestart::Returns;
            if !missing.iter().any(may_return) || Instant::now() >= deadline {
                return Ok(missing);
            }
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
        let restored = ConfigFile::read(file.path()).and_then(|now| backup.restore(&now));
        if let Err(error) = restored {
            return self.failure(reason, format!("rolling back failed, too ({error}): put {path} right by hand"));
        }
        if let Some(dockerd) = &self.running.dockerd {
            dockerd.end_successor().await;
        }
        let advice = match self.restart().await {
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

/// Asks an engine that may take connections and never answer.
async fn look(address: &Address, patience: Duration) -> Result<Engine, Error> {
    let connected = tokio::time::timeout(patience, Engine::connect(address)).await;
    connected.unwrap_or_else(|_| Err(Error::new("cannot reach the engine", "it takes connections and does not answer")))
}

/// Starts an engine that is down, and waits for it.
pub(super) async fn start(service: &Service, patience: Duration) -> Result<(), Failure> {
    let words = Words::from_now(service);
    let outcome = service.restart(COMMAND_PATIENCE).await;
    let deadline = Instant::now() + if outcome.is_ok() { patience } else { Duration::ZERO };
    let silent = loop {
        if outcome.is_err() && service.is_down().await {
            break Error::new(String::new(), "it is down").into();
        }
        match situation::connect().await {
            Ok(_) => return Ok(()),
            Err(silent) if Instant::now() >= deadline || words.logged().is_some() => break silent,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    };
    let Failure::World(silent) = silent else { return Err(silent) };
    let cause = why(silent.cause, outcome.err().map(|error| error.to_string()), words.last().await);
    let attempt = format!("cannot start the engine with `{}`", service.restart_line());
    Err(Error::new(attempt, cause).advise("see what the engine prints when it is started by hand").into())
}

/// Why an engine is silent. `reason`: what was seen from here; `command`: what the command that restarts it ended with;
/// `said`: dockerd's own words, which say more than those of a service manager.
fn why(reason: String, command: Option<String>, said: Option<String>) -> String {
    match (command, said) {
        (Some(_), Some(said)) => format!("dockerd does not start: {said}"),
        (Some(command), None) => command,
        (None, Some(said)) => format!("{reason}; dockerd says: {said}"),
        (None, None) => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::why;

    #[test]
    fn dockerds_own_words_come_before_those_of_others() {
        let told = |command: Option<&str>, said: Option<&str>| {
            why("nobody answers".to_owned(), command.map(str::to_owned), said.map(str::to_owned))
        };
        assert_eq!(told(Some("exit status: 1"), Some("no such option")), "dockerd does not start: no such option");
        assert_eq!(told(Some("exit status: 1"), None), "exit status: 1");
        assert_eq!(told(None, Some("no such option")), "nobody answers; dockerd says: no such option");
        assert_eq!(told(None, None), "nobody answers");
    }
}
