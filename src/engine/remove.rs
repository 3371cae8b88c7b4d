//! Takes things away: containers with grace, networks when they are empty, volumes only on an explicit word.

use std::time::Duration as StdDuration;

use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, Mount, MountType};
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptions,
    StopContainerOptionsBuilder,
};
use futures_util::{StreamExt, stream};

use super::error::{cannot, status};
use super::{Engine, Error, Observed, ObservedContainer, labels};
use crate::desired::{Duration, MountSource, Service};

/// Containers that are stopped at the same time.
const CONCURRENCY: usize = 8;

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
        let nameless = if volumes { self.nameless_of(observed).await } else { Vec::new() };
        let containers = stream::iter(&observed.containers)
            .map(|container| async move {
                let begun = std::time::Instant::now();
                self.remove_container(&container.id, &container.name, None).await?;
                report(&Removal::Container(container.name.clone()), begun.elapsed());
                Ok(())
            })
            .buffer_unordered(CONCURRENCY)
            .collect::<Vec<Result<(), Error>>>();
        failures.extend(containers.await.into_iter().filter_map(Result::err));
        failures.extend(self.remove_probes(stack).await.err());
        for network in observed.networks.iter().filter(|network| network.ours) {
            let begun = std::time::Instant::now();
            match self.remove_network(&network.id, &network.name).await {
                Ok(()) => report(&Removal::Network(network.name.clone()), begun.elapsed()),
                Err(error) => failures.push(error),
            }
        }
        let ours = observed.volumes.iter().filter(|volume| volumes && volume.ours).map(|volume| volume.name.clone());
        for name in ours.chain(nameless) {
            let begun = std::time::Instant::now();
            match self.remove_volume(&name).await {
                Ok(()) => report(&Removal::Volume(name), begun.elapsed()),
                Err(error) => failures.push(error),
            }
        }
        failures
    }

    /// Volumes without a name of the stack's containers. Nothing leads to them once the containers are gone.
    async fn nameless_of(&self, observed: &Observed) -> Vec<String> {
        let look = |container: &ObservedContainer| {
            let id = container.id.clone();
            async move { self.docker.inspect_container(&id, None::<InspectContainerOptions>).await.ok() }
        };
        let inspected: Vec<_> =
            stream::iter(&observed.containers).map(look).buffer_unordered(CONCURRENCY).collect().await;
        let points = inspected.into_iter().flatten().filter_map(|container| container.mounts).flatten();
        let volumes = points.filter(|point| point.typ.as_deref() == Some("volume")).filter_map(|point| point.name);
        // One that the stack file names is not nameless, whatever it is called.
        let is_named = |name: &String| observed.volumes.iter().any(|volume| volume.name == *name);
        let nameless: std::collections::BTreeSet<String> =
            volumes.filter(|name| is_nameless(name) && !is_named(name)).collect();
        nameless.into_iter().collect()
    }

    /// Stops a container with the grace it asks for and removes it. One that is gone already is no failure.
    pub(super) async fn remove_container(&self, id: &str, name: &str, grace: Option<Duration>) -> Result<(), Error> {
        let seconds = grace.and_then(|grace| i32::try_from(grace.as_millis().div_ceil(1000)).ok());
        let options = seconds.map(|seconds| StopContainerOptionsBuilder::new().t(seconds).build());
        match self.docker.stop_container(id, options).await {
            Err(error) if !matches!(status(&error), Some(304 | 404)) => {
                return Err(cannot(format!("stop container `{name}`"))(error));
            }
            _ => {}
        }
        let options = RemoveContainerOptionsBuilder::new().force(true).v(false).build();
        match self.docker.remove_container(id, Some(options)).await {
            // 409: somebody else is removing it at this moment.
            Err(error) if matches!(status(&error), Some(404 | 409)) => Ok(()),
            answer => answer.map_err(cannot(format!("remove container `{name}`"))),
        }
    }

    /// Removes what an interrupted replacement left under a temporary name, if it carries the stack's label.
    pub(super) async fn remove_leftover(&self, name: &str, stack: &str) -> Result<(), Error> {
        let Ok(found) = self.docker.inspect_container(name, None::<InspectContainerOptions>).await else {
            return Ok(());
        };
        let ours = found
            .config
            .and_then(|config| config.labels)
            .is_some_and(|labels| labels.get(labels::STACK).is_some_and(|label| label == stack));
        if ours { self.remove_container(name, name, None).await } else { Ok(()) }
    }

    /// Removes a container of the stack that came into being after the look at the stack, because a killed `up` had asked
    /// for it, and that was never started. `false`: the name is taken by something else.
    pub(super) async fn clear_unfinished(&self, name: &str, stack: &str) -> Result<bool, Error> {
        let found = match self.docker.inspect_container(name, None::<InspectContainerOptions>).await {
            Ok(found) => found,
            // The name is taken before the container can be seen.
            Err(error) if status(&error) == Some(404) => return Ok(true),
            Err(error) => return Err(cannot(format!("inspect container `{name}`"))(error)),
        };
        let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
        let is_ours = labels.get(labels::STACK).is_some_and(|label| label == stack);
        let never_started = found.state.and_then(|state| state.status) == Some(ContainerStateStatusEnum::CREATED);
        let Some(id) = found.id.filter(|_| is_ours && never_started) else { return Ok(false) };
        self.remove_container(&id, name, None).await?;
        Ok(true)
    }

    async fn remove_probes(&self, stack: &str) -> Result<(), Error> {
        let label = vec![format!("{}={stack}", labels::STACK), format!("{}=probe", labels::ROLE)];
        let filters = std::collections::HashMap::from([("label".to_owned(), label)]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let found = self.docker.list_containers(Some(options)).await.map_err(cannot("list probes"))?;
        for id in found.into_iter().filter_map(|probe| probe.id) {
            let options = RemoveContainerOptionsBuilder::new().force(true).build();
            match self.docker.remove_container(&id, Some(options)).await {
                Err(error) if !matches!(status(&error), Some(404 | 409)) => {
                    return Err(cannot("remove a probe")(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) async fn remove_network(&self, id: &str, name: &str) -> Result<(), Error> {
        match self.docker.remove_network(id).await {
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) if error.to_string().contains("active endpoints") => {
                Err(cannot(format!("remove network `{name}`"))(error).advise(format!(
                    "containers of others are in it: `docker network inspect {name}` names them; disconnect them first"
                )))
            }
            answer => answer.map_err(cannot(format!("remove network `{name}`"))),
        }
    }

    async fn remove_volume(&self, name: &str) -> Result<(), Error> {
        match self.docker.remove_volume(name, None::<RemoveVolumeOptions>).await {
            Err(error) if status(&error) == Some(404) => Ok(()),
            answer => answer.map_err(cannot(format!("remove volume `{name}`"))),
        }
    }

    /// Volumes without a name that the old container has where the new one has no mount of its own, to carry over.
    pub(super) async fn nameless_volumes(&self, old: &str, service: &Service) -> Result<Vec<Mount>, Error> {
        let inspected = self.docker.inspect_container(old, None::<InspectContainerOptions>).await;
        match inspected {
            Ok(inspected) => Ok(carried_over(inspected, service)),
            Err(error) if status(&error) == Some(404) => Ok(Vec::new()),
            Err(error) => Err(cannot(format!("inspect container `{old}`"))(error)),
        }
    }
}

fn carried_over(old: ContainerInspectResponse, service: &Service) -> Vec<Mount> {
    let has_own = |target: &str| {
        let mut mounts = service.container.mounts.iter();
        mounts.any(|mount| mount.target == target && mount.source != MountSource::Anonymous)
    };
    let points = old.mounts.unwrap_or_default().into_iter();
    points
        .filter(|point| point.typ.as_deref() == Some("volume") && point.name.as_deref().is_some_and(is_nameless))
        .filter_map(|point| Some((point.name?, point.destination?)))
        .filter(|(_, target)| !has_own(target))
        .map(|(name, target)| Mount {
            typ: Some(MountType::VOLUME),
            source: Some(name),
            target: Some(target),
            ..Default::default()
        })
        .collect()
}

/// The engine names a volume that nobody named with 64 hex digits.
fn is_nameless(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
