//! A container that takes the place of another: that one stands aside, stopped, until the new one has started, and comes back
//! where it does not. An `up` that is killed between finds two containers of one replica, and keeps the one with the name.

use bollard::query_parameters::{RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder};

use super::apply::short;
use super::error::{cannot, status};
use super::{Engine, Error};
use crate::desired::Duration;

impl Engine {
    /// Stops a container and gives it a name that nobody wants. `true`: it ran. One that is gone already is no failure.
    pub(super) async fn set_aside(&self, id: &str, name: &str, grace: Option<Duration>) -> Result<bool, Error> {
        let Some(found) = self.inspect(id).await? else { return Ok(false) };
        let ran = found.state.and_then(|state| state.running).unwrap_or(false);
        self.stop(id, grace).await.map_err(cannot(format!("stop container `{name}`")))?;
        let aside = format!("{name}.{}.old", short(id));
        // It stands aside already where another container needed its port first.
        if found.name.is_none_or(|now| now.trim_start_matches('/') != aside) {
            self.rename(id, name, &aside).await?;
        }
        Ok(ran)
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
            _ => Err(cannot(format!("rename container `{from}` to `{to}`"))(error)),
        }
    }

    /// Takes the new container away, which has not started, and puts the old one in its place again. The error is the new
    /// one's, with what became of the old one.
    pub(super) async fn bring_back(&self, old: &str, new: &str, name: &str, ran: bool, error: Error) -> Error {
        let told = match self.restore_container(old, new, name, ran).await {
            Ok(()) if ran => "the container that ran before runs again".to_owned(),
            Ok(()) => "the container that was there before is there again".to_owned(),
            Err(failed) => format!("and the container before it cannot come back: {}", failed.cause),
        };
        Error { cause: format!("{}; {told}", error.cause), ..error }
    }

    async fn restore_container(&self, old: &str, new: &str, name: &str, ran: bool) -> Result<(), Error> {
        // Volumes without a name are those of the old one.
        let options = RemoveContainerOptionsBuilder::new().force(true).v(false).build();
        match self.act(async || self.docker.remove_container(new, Some(options.clone())).await).await {
            Err(error) if !matches!(status(&error), Some(404)) => {
                return Err(cannot(format!("remove container `{name}`"))(error));
            }
            _ => {}
        }
        self.rename(old, &format!("{name}.{}.old", short(old)), name).await?;
        if ran { self.start(old, name).await } else { Ok(()) }
    }
}
