//! A container that takes the place of another: that one stands aside, stopped, until the new one has started, and comes back
//! where it does not. An `up` that is killed between finds two containers of one replica, and keeps the one with the name.

use std::time::{Duration as StdDuration, Instant};

use bollard::query_parameters::{RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder};

use super::error::{cannot, says_name_taken, status};
use super::{Engine, Error};
use crate::desired::Duration;

/// How long the engine may go on starting a container that it was told to stop.
const IN_FLIGHT: StdDuration = StdDuration::from_secs(10);

/// How long the engine may still hold ports of a container that has ended.
const PORTS_FREE: StdDuration = StdDuration::from_secs(5);

/// Time between two looks, and two tries.
const PAUSE: StdDuration = StdDuration::from_millis(100);

/// As much of an id as people see of it.
pub(super) fn short(id: &str) -> &str {
    &id[..id.len().min(12)]
}

/// A container that stands aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aside {
    /// The name that it had.
    from: String,
    /// The name that nobody wants.
    to: String,
    /// It ran, or was set aside by an `up` that was killed.
    ran: bool,
}

/// The name of a container that stands aside for another one of this name.
pub(super) fn aside_name(name: &str, id: &str) -> String {
    format!("{name}.{}.old", short(id))
}

impl Aside {
    /// The name that it had.
    pub(super) fn from(&self) -> &str {
        &self.from
    }

    /// Whether it ran.
    pub(super) fn ran(&self) -> bool {
        self.ran
    }

    /// The same, where it is known that it ran before it ended with another one.
    pub(super) fn with_past(self, ran: bool) -> Self {
        Self { ran: self.ran || ran, ..self }
    }
}

/// Whether a container cannot start because another one has its port or its name.
pub(super) fn is_taken(error: &Error) -> bool {
    is_port_taken(error) || says_name_taken(&error.cause)
}

/// The same, of a port alone.
fn is_port_taken(error: &Error) -> bool {
    ["port is already allocated", "address already in use"].iter().any(|words| error.cause.contains(words))
}

impl Engine {
    /// Stops a container and gives it a name that nobody wants. `None`: it is gone already, which is no failure. Where it
    /// cannot be renamed, it is as it was.
    pub(super) async fn set_aside(
        &self,
        id: &str,
        name: &str,
        grace: Option<Duration>,
    ) -> Result<Option<Aside>, Error> {
        let Some(found) = self.inspect(id).await? else { return Ok(None) };
        let runs = found.state.and_then(|state| state.running).unwrap_or(false);
        let from = found.name.unwrap_or_default().trim_start_matches('/').to_owned();
        let to = aside_name(name, id);
        // It stands aside already where another container needed its port first.
        let stands_aside = from == to;
        self.stop_for_good(id, name, grace).await?;
        if !stands_aside && let Err(error) = self.rename(id, &from, &to).await {
            let told = match if runs { self.start(id, &from).await } else { Ok(()) } {
                Ok(()) => error,
                Err(failed) => Error {
                    cause: format!("{}; and it cannot be started again: {}", error.cause, failed.cause),
                    ..error
                },
            };
            return Err(told);
        }
        let from = if stands_aside { name.to_owned() } else { from };
        Ok(Some(Aside { from, to, ran: runs || stands_aside }))
    }

    /// Stops a container, and sees that it stays so: the engine counts one that ends again and again as stopped while it is
    /// about to start it once more, with the ports that another one shall have.
    async fn stop_for_good(&self, id: &str, name: &str, grace: Option<Duration>) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            self.stop(id, grace).await.map_err(cannot(format!("stop container `{name}`")))?;
            let Some(state) = self.inspect(id).await?.and_then(|found| found.state) else { return Ok(()) };
            if state.running != Some(true) && state.restarting != Some(true) {
                return Ok(());
            }
            if begun.elapsed() >= IN_FLIGHT {
                let cause = "the engine starts it again each time that it is stopped";
                return Err(Error::new(format!("cannot stop container `{name}`"), cause));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Starts a container that takes the place of another one. The engine gives that one's ports free a moment after it has
    /// ended.
    pub(super) async fn start_in_place(&self, id: &str, name: &str) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            match self.start(id, name).await {
                Err(error) if is_port_taken(&error) && begun.elapsed() < PORTS_FREE => tokio::time::sleep(PAUSE).await,
                answer => return answer,
            }
        }
    }

    /// Puts a container that stands aside in its place again.
    pub(super) async fn return_from(&self, aside: &Aside, id: &str) -> Result<(), Error> {
        self.rename(id, &aside.to, &aside.from).await?;
        if aside.ran { self.start(id, &aside.from).await } else { Ok(()) }
    }

    /// Gives a container another name.
    pub(super) async fn rename(&self, id: &str, from: &str, to: &str) -> Result<(), Error> {
        let options = RenameContainerOptionsBuilder::new().name(to).build();
        let renamed = self.act(async || self.docker.rename_container(id, options.clone()).await).await;
        let Err(error) = renamed else { return Ok(()) };
        // Asked twice, because the first answer was lost: then it is done.
        let inspected = self.inspect(id).await?;
        match inspected.and_then(|container| container.name) {
            Some(now) if now.trim_start_matches('/') == to => Ok(()),
            _ => {
                let told = cannot(format!("rename container `{from}` to `{to}`"))(error);
                let is_taken = self.facts().is_podman && says_name_taken(&told.cause);
                let cause = is_taken.then(|| format!("the name `{to}` is already in use by another container"));
                Err(Error { cause: cause.unwrap_or_else(|| told.cause.clone()), ..told })
            }
        }
    }

    /// Takes the new container away, which has not started, and puts the old one in its place again.
    pub(super) async fn restore_container(&self, old: &str, aside: &Aside, new: &str) -> Result<(), Error> {
        self.remove_unstarted(new, &aside.from).await?;
        self.return_from(aside, old).await
    }

    /// Takes away a container that has not started. Volumes without a name are those of the one before it.
    pub(super) async fn remove_unstarted(&self, id: &str, name: &str) -> Result<(), Error> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(false).build();
        match self.act(async || self.docker.remove_container(id, Some(options.clone())).await).await {
            Err(error) if !matches!(status(&error), Some(404)) => {
                Err(cannot(format!("remove container `{name}`"))(error))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn start(&self, id: &str, name: &str) -> Result<(), Error> {
        let started = self.act(async || self.docker.start_container(id, None).await).await;
        started.map_err(cannot(format!("start container `{name}`")))
    }

    pub(super) async fn unpause(&self, id: &str, name: &str) -> Result<(), Error> {
        match self.act(async || self.docker.unpause_container(id).await).await {
            // Asked twice, because the first answer was lost.
            Err(error) if super::error::cause(&error).contains("is not paused") => Ok(()),
            answer => answer.map_err(cannot(format!("unpause container `{name}`"))),
        }
    }
}
