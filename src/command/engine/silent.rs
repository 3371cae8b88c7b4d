//! An engine that does not answer: it is down, or its process hangs. Which file is its, what there is to go back to, and what to type.

use std::path::PathBuf;
use std::time::Duration;

use super::super::Failure;
use super::restart::way_out::{hangs, undo_when_down};
use super::subject::{Running, apart, is_local, is_usual_engine, usual_file};
use crate::daemon::{Backup, ConfigFile, DEFAULT_FILE, Dockerd, Service, Turn};
use crate::engine::{Error, Hints};
use crate::stack::without_url_secrets;

/// Time to find the process behind a socket that takes connections.
const PATIENCE: Duration = Duration::from_secs(2);

/// That nobody answers.
#[derive(Debug)]
pub(super) struct Silence {
    failure: Failure,
    /// The process that takes connections and does not answer. `None`: it is down, or cannot be told.
    pub(super) hanging: Option<Dockerd>,
}

/// A file to put back, and the engine that reads it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: ConfigFile,
    /// It answers.
    pub(super) running: Option<Running>,
    /// Its process does not.
    pub(super) hanging: Option<Dockerd>,
}

impl Silence {
    /// Of an engine that answers something, and not what it has to.
    pub(super) fn of(failure: Failure) -> Self {
        Self { failure, hanging: None }
    }

    /// Looks who is behind the socket.
    pub(super) async fn look(failure: Failure) -> Self {
        let url = Hints::of_process().address().map(|address| address.url).unwrap_or_default();
        let hanging = match url.strip_prefix("unix://") {
            Some(socket) => tokio::time::timeout(PATIENCE, Dockerd::behind(socket.as_ref())).await.ok().flatten(),
            None => None,
        };
        Self { failure, hanging }
    }

    /// Which file it reads. `None`: nobody knows. Fails where that is not the file of that name here.
    pub(super) fn file(&self) -> Result<Option<PathBuf>, Failure> {
        let Some(dockerd) = &self.hanging else {
            return Ok(is_usual_engine().then(|| PathBuf::from(DEFAULT_FILE)));
        };
        let path = dockerd.config_file().unwrap_or_else(|| usual_file(is_rootless(dockerd)));
        match apart(dockerd, &path) {
            Some((cause, advice)) => {
                let attempt = format!("the engine does not answer, and its process {} hangs", dockerd.pid);
                Err(Error::new(attempt, cause).advise(advice).into())
            }
            None => Ok(Some(path)),
        }
    }

    /// The way back belongs to the answer: it may be silent because of what stands in its file.
    pub(super) fn with_way_back(self) -> Failure {
        let file = match self.file() {
            Ok(Some(path)) => ConfigFile::read(&path).ok(),
            Ok(None) => return with_named_file(self.failure),
            Err(apart) => return apart,
        };
        let Failure::World(error) = self.failure else { return self.failure };
        let Some(file) = file else { return Failure::World(error) };
        if let Some(busy) = at_work(&file) {
            return busy.into();
        }
        let words = words(&file, self.hanging.as_ref());
        if words.is_empty() { Failure::World(error) } else { Failure::World(advised(error, &words)) }
    }
}

/// What restarts an engine that is silent.
pub(super) fn service_of(hanging: Option<&Dockerd>) -> Option<Service> {
    Service::of(hanging, hanging.is_some_and(is_rootless))
}

fn is_rootless(dockerd: &Dockerd) -> bool {
    dockerd.flags().get("rootless").is_some_and(|flag| flag.value == "true")
}

/// What is known of a silent engine and its file, and what to type. Empty: nothing.
pub(super) fn words(file: &ConfigFile, hanging: Option<&Dockerd>) -> String {
    let path = file.path().display();
    let service = service_of(hanging);
    let undo = undo_when_down(service.as_ref(), file);
    let restart = service.as_ref().map(|service| format!(": `{}`", service.restart_line())).unwrap_or_default();
    let last = Backup::last(file.path()).ok().flatten();
    let is_under_way = || Backup::under_way(file.path()).is_ok_and(|copy| copy.is_some());
    let says_the_same = |copy: &Backup| copy.bytes().is_ok_and(|bytes| bytes.as_deref() == file.bytes());
    let back = match last {
        Some(copy) if copy.is_undone_by(file) || is_under_way() => format!(
            "where it does not start with what stackctl wrote into {path} at {}, `{undo}` takes that back and starts it",
            copy.taken()
        ),
        Some(copy) if !says_the_same(&copy) => format!(
            "{path} is not what stackctl wrote there at {} any more: where the engine does not start with what somebody else has \
             made of it, put that right and start the engine{restart}, or `{undo}` goes back to {}, what it was before that, and \
             starts it",
            copy.taken(),
            copy.path().display()
        ),
        _ if hanging.is_some() => format!(
            "stackctl keeps no copy of {path} that says something else: put right there what was changed last, then start the engine{restart}"
        ),
        _ => String::new(),
    };
    let parts = [hanging.map(|dockerd| hangs(dockerd, service.as_ref())), Some(back)];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

/// A file that is named, with the engine that reads it when it starts: one that answers, or one that does not and that a command
/// of somebody's own starts.
pub(super) async fn reader_or_down(file: ConfigFile) -> Result<Found, Failure> {
    if file.path().starts_with("/proc") {
        return Err(Failure::arguments(
            format!("{} has that name until the engine ends: there would be no way back", file.path().display()),
            "put it back without a restart, then restart the engine as this host does",
        ));
    }
    match Running::find().await {
        Ok(running) if is_local() && running.reads(&file) => Ok(Found { file, running: Some(running), hanging: None }),
        Ok(other) => {
            let address = without_url_secrets(&other.engine.facts().address);
            Err(Failure::arguments(
                format!("the engine at {address} answers, and does not read {}", file.path().display()),
                "name the socket of the engine that does: `DOCKER_HOST=unix://SOCKET stackctl engine rollback …`",
            ))
        }
        Err(silence) => {
            let own = silence.file().ok().flatten().and_then(|path| ConfigFile::read(&path).ok());
            let is_its = own.is_some_and(|own| own.path() == file.path());
            Ok(Found { file, running: None, hanging: silence.hanging.filter(|_| is_its) })
        }
    }
}

/// The file to put back where no engine may answer any more: that of the engine, else the usual one.
pub(super) async fn file_of_any_engine() -> Result<Found, Failure> {
    match Running::find().await {
        Ok(running) => {
            running.expect_daemon_json()?;
            Ok(Found { file: ConfigFile::read(&running.config_file())?, running: Some(running), hanging: None })
        }
        Err(silence) => match silence.file()? {
            Some(path) => Ok(Found { file: ConfigFile::read(&path)?, running: None, hanging: silence.hanging }),
            None => Err(with_named_file(silence.failure)),
        },
    }
}

/// Which file an engine reads that is down, only its administrator can tell. One on another host is none of this one's.
fn with_named_file(failure: Failure) -> Failure {
    match failure {
        Failure::World(error) if is_local() => Failure::World(advised(
            error,
            "where it is down because of its file, name that: `stackctl engine rollback --config-file FILE` puts the file \
             back, and with `--restart-command COMMAND` starts the engine, too",
        )),
        failure => failure,
    }
}

fn advised(error: Error, more: &str) -> Error {
    let before = error.advice.clone().map(|advice| format!("{advice}; ")).unwrap_or_default();
    error.advise(format!("{before}{more}"))
}

/// What to say where an engine is silent because another stackctl restarts it at this moment.
fn at_work(file: &ConfigFile) -> Option<crate::daemon::Error> {
    file.bytes()?;
    Turn::of(file).err().filter(|error| matches!(error, crate::daemon::Error::World { .. }))
}
