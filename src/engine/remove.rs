//! Takes things away: containers with grace, networks when they are empty, volumes only on an explicit word.

use std::time::{Duration as StdDuration, Instant};

use bollard::errors::Error as EngineError;
use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, Mount, MountType, Volume};
use bollard::query_parameters::{RemoveContainerOptionsBuilder, RemoveVolumeOptions, StopContainerOptionsBuilder};
use futures_util::{StreamExt, stream};

use super::error::{cannot, status};
use super::{Engine, Error, Observed, ObservedContainer, labels};
use crate::desired::{Duration, MountSource, Service};

/// Containers that are stopped at the same time.
const CONCURRENCY: usize = 8;

/// How long the engine may still be busy with a removal that somebody else asked for.
const IN_FLIGHT: StdDuration = StdDuration::from_secs(10);

/// Seconds that the engine gives a container which asks for none.
const ENGINES_GRACE: u64 = 10;

/// Time between two looks at it.
const PAUSE: StdDuration = StdDuration::from_millis(100);

/// Something that `down` takes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// A container of this name.
    Container(String),
    /// A network of this name.
    Network(String),
    /// A volume of this name.
    Volume(String),
}

impl Engine {
    /// Takes away what was observed of a stack: containers, networks and, only where `volumes` says so, volumes.
    /// Goes on after a failure; returns all failures.
    pub async fn remove_all(
        &self,
        stack: &str,
        observed: &Observed,
        volumes: bool,
        report: &(dyn Fn(&Removal, StdDuration) + Sync),
    ) -> Vec<Error> {
        let mut failures = Vec::new();
        let mut left: Vec<&ObservedContainer> = observed.containers.iter().collect();
        loop {
            let before = left.len();
            let removals = stream::iter(std::mem::take(&mut left)).map(|container| async move {
                let begun = std::time::Instant::now();
                match self.remove_container(&container.id, &container.name, None).await {
                    Ok(()) => report(&Removal::Container(container.name.clone()), begun.elapsed()),
                    // Podman first removes who shares its processes.
                    Err(error) if error.cause.contains("has dependent containers") => return Err((container, error)),
                    Err(error) => return Ok(Some(error)),
                }
                Ok(None)
            });
            let mut waiting = Vec::new();
            for outcome in removals.buffer_unordered(CONCURRENCY).collect::<Vec<_>>().await {
                match outcome {
                    Ok(failure) => failures.extend(failure),
                    Err(it) => waiting.push(it),
                }
            }
            if waiting.is_empty() || waiting.len() == before {
                failures.extend(waiting.into_iter().map(|(_, error)| error));
                break;
            }
            left = waiting.into_iter().map(|(container, _)| container).collect();
        }
        failures.extend(self.remove_probes(stack).await.err());
        failures.extend(self.remove_placed(stack).await.err());
        for network in observed.networks.iter().filter(|network| network.ours) {
            let begun = std::time::Instant::now();
            match self.remove_network(&network.id, &network.name).await {
                Ok(()) => report(&Removal::Network(network.name.clone()), begun.elapsed()),
                Err(error) => failures.push(error),
            }
        }
        let ours = observed.volumes.iter().filter(|volume| volume.ours).map(|volume| volume.name.clone());
        for name in ours.chain(observed.nameless()).filter(|_| volumes) {
            let begun = std::time::Instant::now();
            match self.remove_volume(&name).await {
                Ok(()) => report(&Removal::Volume(name), begun.elapsed()),
                Err(error) => failures.push(error),
            }
        }
        failures
    }

    /// Stops a container with the grace that it was made with. The engine does not start it again by itself.
    pub async fn stop_container(&self, id: &str, name: &str) -> Result<(), Error> {
        self.stop(id, None).await.map_err(cannot(format!("stop container `{name}`")))
    }

    /// Stops a container with the grace it asks for and removes it. One that is gone already is no failure.
    pub(super) async fn remove_container(&self, id: &str, name: &str, grace: Option<Duration>) -> Result<(), Error> {
        self.stop(id, grace).await.map_err(cannot(format!("stop container `{name}`")))?;
        let options = RemoveContainerOptionsBuilder::new().force(true).v(false).build();
        match self.act(async || self.docker.remove_container(id, Some(options.clone())).await).await {
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) if status(&error) == Some(409) => self.await_removal(id, name, error).await,
            answer => answer.map_err(cannot(format!("remove container `{name}`"))),
        }
    }

    /// 409: it is being removed at this moment, for somebody else or for a call of ours whose answer was lost.
    async fn await_removal(&self, id: &str, name: &str, refusal: EngineError) -> Result<(), Error> {
        let begun = Instant::now();
        while self.inspect(id).await?.is_some() {
            if begun.elapsed() >= IN_FLIGHT {
                return Err(cannot(format!("remove container `{name}`"))(refusal));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Stops a container. The engine answers when it has ended, which takes as long as its own grace allows.
    pub(super) async fn stop(&self, id: &str, grace: Option<Duration>) -> Result<(), EngineError> {
        let seconds = grace.and_then(|grace| i32::try_from(grace.as_millis().div_ceil(1000)).ok());
        let options = seconds.map(|seconds| StopContainerOptionsBuilder::new().t(seconds).build());
        let stop = async || match self.docker.stop_container(id, options.clone()).await {
            Err(error) if matches!(status(&error), Some(304 | 404)) => Ok(()),
            answer => answer,
        };
        let Err(error) = self.act(stop).await else { return Ok(()) };
        if !matches!(error, EngineError::RequestTimeoutError) {
            return Err(error);
        }
        let Ok(Some(container)) = self.inspect(id).await else { return Err(error) };
        let own_grace =
            container.config.and_then(|config| config.stop_timeout).and_then(|time| u64::try_from(time).ok());
        let grace = grace.map(|grace| grace.as_millis() / 1000).or(own_grace).unwrap_or(ENGINES_GRACE);
        tokio::time::timeout(StdDuration::from_secs(grace), stop()).await.unwrap_or(Err(error))
    }

    /// Removes what an interrupted replacement left under a temporary name, if it carries the stack's label.
    pub(super) async fn remove_leftover(&self, name: &str, stack: &str) -> Result<(), Error> {
        let Some(found) = self.inspect(name).await? else { return Ok(()) };
        let ours = found
            .config
            .and_then(|config| config.labels)
            .is_some_and(|labels| labels.get(labels::STACK).is_some_and(|label| label == stack));
        if ours { self.remove_container(name, name, None).await } else { Ok(()) }
    }

    /// Removes a container of the stack that came into being after the look at the stack, because a killed `up` had asked
    /// for it, and that was never started. `false`: the name is taken by something else.
    pub(super) async fn clear_unfinished(&self, name: &str, stack: &str) -> Result<bool, Error> {
        // The name is taken before the container can be seen.
        let Some(found) = self.inspect(name).await? else { return Ok(true) };
        let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
        let is_ours = labels.get(labels::STACK).is_some_and(|label| label == stack);
        let never_started = found.state.and_then(|state| state.status) == Some(ContainerStateStatusEnum::CREATED);
        let Some(id) = found.id.filter(|_| is_ours && never_started) else { return Ok(false) };
        self.remove_container(&id, name, None).await?;
        Ok(true)
    }

    pub(super) async fn remove_network(&self, id: &str, name: &str) -> Result<(), Error> {
        match self.act(async || self.docker.remove_network(id).await).await {
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) if says_in_use(&super::error::cause(&error)) => {
                let inspected = self.look(async || self.docker.inspect_network(id, None).await).await;
                let is_empty = inspected.is_ok_and(|network| network.containers.unwrap_or_default().is_empty());
                let advice = if is_empty {
                    // Seen with Engine 20.10 after many joined and left at the same time.
                    "nobody is in it, and the engine counts somebody all the same: it counts anew when it is restarted; until then \
                     leave the network as it is in the stack file, or give it another name"
                        .to_owned()
                } else {
                    format!("`docker network inspect {name}` names who is in it; disconnect those of others first")
                };
                Err(cannot(format!("remove network `{name}`"))(error).advise(advice))
            }
            answer => answer.map_err(cannot(format!("remove network `{name}`"))),
        }
    }

    /// Removes volumes that held files for containers which are gone. They are made anew with each container, from the
    /// stack file, and hold nothing of the container's own. One that somebody named is not among them, whatever its label.
    pub async fn remove_placed(&self, stack: &str) -> Result<(), Error> {
        let filters = std::collections::HashMap::from([
            ("label".to_owned(), vec![format!("{}={stack}", labels::PLACED)]),
            ("dangling".to_owned(), vec!["true".to_owned()]),
        ]);
        // Of two conditions Podman takes either for enough, and names the dangling volumes of everybody.
        let is_of_it = |volume: &Volume| volume.labels.get(labels::PLACED).is_some_and(|label| label == stack);
        let mut placed = self.list_volumes(filters).await?;
        placed.retain(|volume| is_of_it(volume) && is_nameless(&volume.name));
        for volume in placed {
            match self.remove_volume(&volume.name).await {
                // Podman names one that is in use, too.
                Err(error) if error.cause.contains("volume is being used") => {}
                answer => answer?,
            }
        }
        Ok(())
    }

    async fn remove_volume(&self, name: &str) -> Result<(), Error> {
        match self.act(async || self.docker.remove_volume(name, None::<RemoveVolumeOptions>).await).await {
            Err(error) if status(&error) == Some(404) => Ok(()),
            answer => answer.map_err(cannot(format!("remove volume `{name}`"))),
        }
    }

    /// Volumes without a name that the old container has where the new one has no mount of its own, to carry over.
    pub(super) async fn nameless_volumes(
        &self,
        old: &str,
        service: &Service,
        stack: &str,
    ) -> Result<Vec<Mount>, Error> {
        let inspected = self.inspect(old).await?;
        let mut kept = inspected.map(|inspected| carried_over(&inspected, service)).unwrap_or_default();
        if self.facts().is_podman && !kept.is_empty() {
            let of_files = self.volumes_of_files(stack).await?;
            kept.retain(|mount| !mount.source.as_ref().is_some_and(|name| of_files.contains(name)));
        }
        Ok(kept)
    }
}

/// Somebody is in the network: `has active endpoints` of Docker, `network is being used` of Podman.
pub(super) fn says_in_use(text: &str) -> bool {
    text.contains("active endpoints") || text.contains("network is being used")
}

fn carried_over(old: &ContainerInspectResponse, service: &Service) -> Vec<Mount> {
    let has_own = |target: &str| {
        let mut mounts = service.container.mounts.iter();
        mounts.any(|mount| mount.target == target && mount.source != MountSource::Anonymous)
    };
    nameless(old)
        .filter(|(_, target)| !has_own(target))
        .map(|(name, target)| Mount {
            typ: Some(MountType::VOLUME),
            source: Some(name),
            target: Some(target),
            ..Default::default()
        })
        .collect()
}

/// The volumes of a container that nobody named, each with its path there, but for those that hold files of stackctl's.
pub(super) fn nameless(container: &ContainerInspectResponse) -> impl Iterator<Item = (String, String)> {
    let asked_for = container.host_config.as_ref().and_then(|host| host.mounts.as_ref());
    let is_known = move |target: &str| {
        asked_for.into_iter().flatten().any(|mount| {
            let labels = mount.volume_options.as_ref().and_then(|options| options.labels.as_ref());
            mount.target.as_deref() == Some(target)
                && labels
                    .is_some_and(|labels| [labels::PLACED, labels::NAMED].iter().any(|key| labels.contains_key(*key)))
        })
    };
    let points = container.mounts.iter().flatten();
    points
        .filter(|point| point.typ.as_deref() == Some("volume") && point.name.as_deref().is_some_and(is_nameless))
        .filter_map(|point| Some((point.name.clone()?, point.destination.clone()?)))
        .filter(move |(_, target)| !is_known(target))
}

/// The engine names a volume that nobody named with 64 hex digits.
pub(super) fn is_nameless(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
