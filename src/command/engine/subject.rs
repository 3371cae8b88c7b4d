//! Which file of which engine: the one that is named, which then is all that is touched, or that of the engine on this host.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::Failure;
use super::proposal::impact::Outlive;
use super::silent::Silence;
use super::typed::{as_administrator, command_line};
use crate::daemon::{
    Backup, ConfigFile, DEFAULT_FILE, Dockerd, Document, Flags, METRICS_KEY, Release, Service, gateway, needs_restart,
    on_bridge,
};
use crate::desired::DEFAULT_GATEWAY;
use crate::engine::{Bridge, Engine, EngineHost, EngineKind, Error, Hints, RunningContainer, StoppedContainer};
use crate::verify::{EngineChange, NoGateway};

/// Where the engine listens that takes the usual file.
pub(super) const USUAL_SOCKET: &str = "unix:///var/run/docker.sock";

/// The setting that lets containers outlive a restart of the engine.
pub(super) const LIVE_RESTORE: &str = "live-restore";

/// `--config-file`
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Work on this file alone, and touch no engine; default: the file of the engine on this host
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(super) config_file: Option<PathBuf>,
}

/// An engine on this host that answers.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) engine: Engine,
    pub(super) host: EngineHost,
    /// Its process. `None`: it cannot be told which one it is.
    pub(super) dockerd: Option<Dockerd>,
    /// Since when that runs.
    since: Option<SystemTime>,
    /// The file that it logs to, where it is one.
    pub(super) log: Option<PathBuf>,
    pub(super) bridge: Option<Bridge>,
    pub(super) containers: Vec<RunningContainer>,
    /// What does not run, and starts when it does.
    pub(super) stopped: Vec<StoppedContainer>,
}

impl Running {
    /// Connects and looks around.
    pub(super) async fn find() -> Result<Self, Silence> {
        match super::super::situation::connect().await {
            Ok(engine) => Self::of(engine).await.map_err(Silence::of),
            Err(failure) => Err(Silence::look(failure).await),
        }
    }

    /// Looks around.
    pub(super) async fn of(engine: Engine) -> Result<Self, Failure> {
        let host = engine.host().await?;
        let socket = engine.facts().address.strip_prefix("unix://").map(PathBuf::from);
        let dockerd = match (&socket, host.kind) {
            (Some(socket), EngineKind::Docker | EngineKind::Rootless) => Dockerd::behind(socket).await,
            _ => None,
        };
        let mut bridge = engine.bridge().await;
        if let (Some(bridge), Some(dockerd)) = (&mut bridge, &dockerd) {
            let (subnet, addresses) = (bridge.subnet.clone(), dockerd.addresses());
            if !addresses.contains(&bridge.gateway) {
                bridge.gateway = on_bridge(bridge.gateway, subnet.as_deref(), &addresses);
            }
        }
        let containers = engine.running().await?;
        // Podman has no process that could be restarted.
        let stopped = if host.kind == EngineKind::Podman { Vec::new() } else { engine.starting().await? };
        let (since, log) = (dockerd.as_ref().and_then(Dockerd::since), dockerd.as_ref().and_then(Dockerd::log));
        Ok(Self { engine, host, dockerd, since, log, bridge, containers, stopped })
    }

    /// Its flags, as far as they are known.
    pub(super) fn flags(&self) -> Flags {
        self.dockerd.as_ref().map(Dockerd::flags).unwrap_or_default()
    }

    /// Whether it starts without its file: not where its command line names one (moby `cmd/dockerd/daemon.go`).
    pub(super) fn needs_file(&self) -> bool {
        self.dockerd.as_ref().is_some_and(|dockerd| dockerd.config_file().is_some())
    }

    /// Whether a restart takes containers with `--rm` away although they live on. Where nobody knows the release, it may.
    pub(super) fn removes_what_lives_on(&self) -> bool {
        self.release().is_none_or(Release::removes_what_lives_on)
    }

    /// Its release.
    pub(super) fn release(&self) -> Option<Release> {
        self.host.version.parse().ok()
    }

    /// The process whose program says whether it would start with a file, where it has such a word.
    pub(super) fn validating(&self) -> Option<&Dockerd> {
        self.dockerd.as_ref().filter(|_| self.release().is_some_and(Release::can_validate))
    }

    /// The process whose program can be asked, one way or another, whether it would start with a file.
    pub(super) fn judging(&self) -> Option<(&Dockerd, Release)> {
        let (dockerd, release) = (self.dockerd.as_ref()?, self.release()?);
        let is_asked = release.can_validate() || self.host.kind == EngineKind::Docker;
        is_asked.then_some((dockerd, release))
    }

    /// Where its settings lie.
    pub(super) fn config_file(&self) -> PathBuf {
        let given = self.dockerd.as_ref().and_then(Dockerd::config_file);
        given.unwrap_or_else(|| usual_file(self.host.kind == EngineKind::Rootless))
    }

    /// Whether it runs for longer than its file says what stackctl wrote there last, and reads that at its start only.
    pub(super) fn lacks(&self, file: &ConfigFile, last: &Backup) -> bool {
        if !last.is_undone_by(file) || !self.since.is_some_and(|since| last.is_taken_after(since)) {
            return false;
        }
        // Copies have the mode of the file: where this user cannot read one, it cannot be told.
        let Ok(bytes) = last.bytes() else { return false };
        let earlier = Document::parse(&bytes.unwrap_or_default());
        matches!((earlier, file.document()), (Ok(earlier), Ok(now)) if needs_restart(&earlier, &now))
    }

    /// Whether it runs since before that copy was taken: it was not restarted after the change that the copy was made for.
    pub(super) fn runs_since_before(&self, copy: &Backup) -> bool {
        self.since.is_some_and(|since| copy.is_taken_after(since))
    }

    /// Which of its containers outlive a restart that has it read this document.
    pub(super) fn what_outlives_with(&self, document: &Document) -> Outlive {
        match (self.outlives_with(document), self.removes_what_lives_on()) {
            (false, _) => Outlive::Nothing,
            (true, true) => Outlive::AllButRemoved,
            (true, false) => Outlive::All,
        }
    }

    /// Whether its containers outlive a restart that has it read this document.
    pub(super) fn outlives_with(&self, document: &Document) -> bool {
        let is_flag = || self.flags().get(LIVE_RESTORE).is_some_and(|flag| flag.value == "true");
        // Those of a rootless engine live in namespaces that end with it.
        self.host.kind != EngineKind::Rootless && (document.get(LIVE_RESTORE) == Some(true.into()) || is_flag())
    }

    /// The command without which a restart that has it read this document would stop its containers: live-restore counts where
    /// the engine that ends has it, too. `None`: nothing has to be done before.
    pub(super) fn before_restart(&self, document: &Document) -> Option<String> {
        let comes_first = self.outlives_with(document) && !self.host.live_restore && !self.containers.is_empty();
        let dockerd = self.dockerd.as_ref().filter(|_| comes_first)?;
        Some(format!(
            "sudo kill -HUP {} && sleep 5 && docker info --format '{{{{.LiveRestoreEnabled}}}}' | grep true",
            dockerd.pid
        ))
    }

    /// Whether that file was written or put in its place after it started.
    pub(super) fn is_older_than(&self, file: &ConfigFile) -> bool {
        self.since.is_some_and(|since| file.is_changed_after(since))
    }

    /// Whether somebody beside stackctl has changed that file since it started.
    pub(super) fn is_changed_by_others(&self, file: &ConfigFile) -> bool {
        match Backup::last(file.path()).ok().flatten().filter(|last| last.is_undone_by(file)) {
            Some(copy) => self.is_older_than_copy(&copy),
            None => self.is_older_than(file),
        }
    }

    /// Whether it started after that copy was taken.
    pub(super) fn has_started_after(&self, copy: &Backup) -> bool {
        self.since.is_some_and(|since| !copy.is_taken_after(since))
    }

    /// Whether what that copy holds was put in place after it started.
    pub(super) fn is_older_than_copy(&self, copy: &Backup) -> bool {
        self.since.is_some_and(|since| copy.is_younger_than(since))
    }

    /// What restarts it.
    pub(super) fn service(&self) -> Option<Service> {
        Service::of(self.dockerd.as_ref(), self.host.kind == EngineKind::Rootless)
    }

    /// Refuses where it was restarted while somebody thought about a question: what was found is true no more.
    pub(super) fn expect_alive(&self) -> Result<(), Failure> {
        if self.dockerd.as_ref().is_none_or(Dockerd::is_alive) {
            return Ok(());
        }
        let attempt = "cannot go on with the engine that was found";
        let error = Error::new(attempt, "it has been restarted since, or has ended");
        Err(error.advise("nothing was changed; look again with `stackctl engine show`").into())
    }

    /// Whether it reads that file when it starts.
    pub(super) fn reads(&self, file: &ConfigFile) -> bool {
        let (own, facts) = (self.config_file(), self.engine.facts());
        let Some(dockerd) = self.dockerd.as_ref().filter(|_| refusal(self.host.kind, facts.is_local, true).is_none())
        else {
            return false;
        };
        let is_named = || ConfigFile::read(&own).is_ok_and(|own| own.path() == file.path());
        dockerd.finds(&own, file.path()).unwrap_or_else(is_named)
    }

    /// Says no where the engine has no `daemon.json` on this host, and what to do instead.
    pub(super) fn expect_daemon_json(&self) -> Result<(), Failure> {
        let facts = self.engine.facts();
        let attempt = format!("cannot change the settings of the engine at {}", facts.address);
        if let Some((cause, advice)) = refusal(self.host.kind, facts.is_local, self.dockerd.is_some()) {
            return Err(Error::new(attempt, cause).advise(advice).into());
        }
        let apart = self.dockerd.as_ref().and_then(|dockerd| apart(dockerd, &self.config_file()));
        apart.map_or(Ok(()), |(cause, advice)| Err(Error::new(attempt, cause).advise(advice).into()))
    }
}

/// Why the file that a dockerd finds at that path cannot be changed by that name from here, and what to do instead. `None`: it is
/// what is found there from here, as far as can be told.
pub(super) fn apart(dockerd: &Dockerd, path: &Path) -> Option<(String, String)> {
    let (pid, shown, seen) = (dockerd.pid, path.display(), dockerd.seen(path));
    match dockerd.shares(path) {
        Some(true) => return None,
        Some(false) => {}
        None => {
            let cause = format!(
                "it cannot be told from here whether the {shown} that its process {pid} reads is the one that is seen from here"
            );
            let advice = format!(
                "run it as an administrator of the host on which dockerd runs: `{}`; nothing was changed",
                as_administrator(&command_line())
            );
            return Some((cause, advice));
        }
    }
    let cause = format!(
        "its process {pid} has mounts of its own, and the {shown} that it reads is not the one that is seen from here"
    );
    let advice = format!(
        "where stackctl is found in there, too, run it there: `sudo nsenter --target {pid} --mount stackctl engine …`; else change \
         the file from here by the name that it has until that process ends, and restart the engine as this host does: \
         `sudo stackctl engine apply --config-file {}`",
        seen.display()
    );
    Some((cause, advice))
}

/// Why the settings of such an engine cannot be changed from here, and what to do instead. `is_seen`: its process is.
fn refusal(kind: EngineKind, is_local: bool, is_seen: bool) -> Option<(&'static str, &'static str)> {
    match kind {
        EngineKind::Podman => Some((
            "it is Podman, which has no daemon, no daemon.json, and no metrics of its own",
            "set `engine.metrics: off`; prometheus-podman-exporter tells about Podman's containers",
        )),
        EngineKind::Desktop => Some((
            "Docker Desktop keeps its settings itself",
            "add `\"metrics-addr\": \"127.0.0.1:9323\"` in Docker Desktop under Settings, Docker Engine, and write \
             `engine.metrics: 127.0.0.1:9323`: Desktop leads `host.docker.internal` there",
        )),
        EngineKind::Docker | EngineKind::Rootless if !is_local => Some((
            "it runs on another host, and its daemon.json lies there",
            "run `stackctl engine apply` on that host, or through its unix socket, if it is this host \
             (`DOCKER_HOST=unix:///var/run/docker.sock`); or edit a copy of its file with `--config-file FILE`",
        )),
        EngineKind::Docker | EngineKind::Rootless if !is_seen => Some((
            "its process cannot be seen from here: it runs in a virtual machine, or stackctl in a container",
            "run `sudo stackctl engine apply` where dockerd runs, or edit a copy of its file with `--config-file FILE`",
        )),
        EngineKind::Docker | EngineKind::Rootless => None,
    }
}

/// The engine on this host that reads that very file when it starts, if one does and answers.
pub(super) async fn reader_of(file: &ConfigFile) -> Option<Running> {
    if !is_local() {
        return None;
    }
    Running::find().await.ok().filter(|running| running.reads(file))
}

/// What `verify engine` has to know to say who makes the engine serve its metrics, and how.
pub(in super::super) async fn change(engine: &Engine) -> EngineChange {
    let Ok(running) = Running::of(engine.clone()).await else { return EngineChange::default() };
    let restart = if running.service().is_some() { "--restart" } else { "--restart-command COMMAND" };
    let command = format!("stackctl engine apply {restart}");
    let is_rootless = running.host.kind == EngineKind::Rootless;
    let file = running.expect_daemon_json().ok().and_then(|()| ConfigFile::read(&running.config_file()).ok());
    let document = file.and_then(|file| file.document().ok()).unwrap_or_default();
    let flags = running.flags();
    let bridge = running.bridge.as_ref().map(|bridge| (bridge.gateway, bridge.subnet.clone()));
    let no_gateway = gateway(&document, &flags, bridge.as_ref()).err().map(|no| NoGateway {
        usual: bridge.map_or(DEFAULT_GATEWAY, |(address, _)| address),
        instead: format!("{}: {}", no.message, no.help),
    });
    EngineChange {
        command: if is_rootless { command } else { as_administrator(&command) },
        flag: flags.get(METRICS_KEY).map(|flag| (flag.written.clone(), flag.value.clone())),
        written: document.get_text(METRICS_KEY),
        no_gateway,
    }
}

/// Whether the engine that is asked is the one that takes the usual file.
pub(super) fn is_usual_engine() -> bool {
    Hints::of_process().address().is_ok_and(|address| address.url == USUAL_SOCKET)
}

/// Whether the engine that is asked listens on this host.
pub(super) fn is_local() -> bool {
    Hints::of_process().address().is_ok_and(|address| address.url.starts_with("unix://"))
}

/// Where an engine looks for its settings that is told nothing. One that a user runs: docs.docker.com, "Rootless mode".
pub(super) fn usual_file(is_rootless: bool) -> PathBuf {
    if !is_rootless {
        return PathBuf::from(DEFAULT_FILE);
    }
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
    let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home);
    base.map_or_else(|| PathBuf::from(DEFAULT_FILE), |base| base.join("docker/daemon.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_engine_gets_its_own_answer() {
        let told = |kind, is_local, is_seen| refusal(kind, is_local, is_seen).unwrap_or_default();
        let desktop = told(EngineKind::Desktop, true, false);
        assert!(desktop.0.contains("Docker Desktop") && desktop.1.contains("Settings, Docker Engine"), "{desktop:?}");
        assert!(told(EngineKind::Podman, true, false).1.contains("`engine.metrics: off`"));
        for kind in [EngineKind::Docker, EngineKind::Rootless] {
            assert!(told(kind, false, false).0.contains("another host"));
            assert!(told(kind, true, false).0.contains("in a virtual machine"));
            assert_eq!(refusal(kind, true, true), None);
        }
    }
}
