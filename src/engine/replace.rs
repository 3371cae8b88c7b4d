//! Containers that are made, and that take the place of others.

use std::time::{Duration, Instant};

use bollard::models::Mount;
use bollard::query_parameters::CreateContainerOptionsBuilder;

use super::apply::Run;
use super::create::body;
use super::error::{cannot, is_name_taken, is_no_image, status};
use super::successor::short;
use super::{Error, podman};
use crate::desired::{PullPolicy, Service};
use crate::plan::Step;

/// How long the engine may still be busy with what a killed `up` had asked for.
const IN_FLIGHT: Duration = Duration::from_secs(10);

/// Time between two tries to take a name.
const PAUSE: Duration = Duration::from_millis(100);

impl Run<'_> {
    /// Stops a container that is to be replaced, and whose port or name another one gets. Where that fails, its replacement
    /// tells.
    pub(super) async fn give_way(&self, step: &Step) {
        if let Step::ReplaceContainer { id, service, container, yields: true, .. } = step
            && !self.supplies.interruption.is_asked()
            && !self.supplies.refused.contains_key(container)
            && !self.is_held_back(service)
        {
            let aside = self.engine.set_aside(id, container, service.container.settings.stop_grace_period).await;
            if let Ok(Some(aside)) = aside {
                self.aside.lock().expect("no step panics while it holds the map").insert(id.clone(), aside);
            }
        }
    }

    /// Makes a container with its files in place, not started. `kept` are volumes without a name to carry over.
    pub(super) async fn create(
        &self,
        service: &Service,
        replica: u32,
        name: &str,
        kept: &[Mount],
    ) -> Result<String, Error> {
        let engine = self.engine;
        let mut request = body(service, replica, self.supplies.source);
        if let Some(mounts) = request.host_config.as_mut().and_then(|host| host.mounts.as_mut()) {
            mounts.retain(|mount| !kept.iter().any(|carried| carried.target == mount.target));
            mounts.extend_from_slice(kept);
        }
        if engine.facts().is_podman {
            podman::as_docker_does(&mut request, service, replica);
            engine.make_volumes_of_files(&mut request).await?;
        }
        let platform = service.container.settings.platform.as_deref().unwrap_or_default();
        let options = CreateContainerOptionsBuilder::new().name(name).platform(platform).build();
        let begun = Instant::now();
        let id = loop {
            let create = async || engine.docker.create_container(Some(options.clone()), request.clone()).await;
            match engine.act(create).await {
                Ok(created) => break created.id,
                Err(error)
                    if (status(&error) == Some(409) || is_name_taken(&error))
                        && begun.elapsed() < IN_FLIGHT
                        && engine.clear_unfinished(name, &self.supplies.source.stack).await? =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    let is_missing = is_no_image(&error);
                    // People know it by the name that it gets.
                    let name = service.container_name(&self.supplies.source.stack, replica);
                    let error = cannot(format!("create container `{name}`"))(error);
                    return Err(if is_missing { without_image(error, service) } else { error });
                }
            }
        };
        for attachment in service.container.all_networks().skip(1) {
            engine.join(&id, service, name, &attachment.network).await?;
        }
        engine.place_all(&id, service, self.supplies.files, self.supplies.secrets).await?;
        Ok(id)
    }

    /// The new container is complete before the old one stops, and the old one is there until the new one has started: a
    /// mistake costs nothing that runs.
    pub(super) async fn replace(&self, old: &str, service: &Service, replica: u32, name: &str) -> Result<(), Error> {
        let engine = self.engine;
        let kept = engine.nameless_volumes(old, service, &self.supplies.source.stack).await?;
        let new_name = format!("{name}.{}", short(old));
        engine.remove_leftover(&new_name, &self.supplies.source.stack).await?;
        engine.check_new_image(service, name, self.supplies.files, &self.supplies.source.stack).await?;
        let id = self.create(service, replica, &new_name, &kept).await?;
        let gave_way = || self.aside.lock().expect("no step panics while it holds the map").remove(old);
        let aside = match engine.set_aside(old, name, service.container.settings.stop_grace_period).await {
            Ok(aside) => gave_way().or(aside).map(|aside| aside.with_past(self.sharers.iter().any(|it| it.id == old))),
            Err(error) => {
                engine.remove_unstarted(&id, &new_name).await?;
                return Err(error);
            }
        };
        let begun = match engine.rename(&id, &new_name, name).await {
            Ok(()) => engine.start_in_place(&id, name).await,
            Err(error) => Err(error),
        };
        match begun {
            Ok(()) => self.let_go(old, aside, &id).await,
            Err(error) => Err(self.bring_back(old, aside, &id, error).await),
        }
    }
}

/// What to do where the stack file forbids to pull what is not there.
fn without_image(error: Error, service: &Service) -> Error {
    if service.image.pull_policy != PullPolicy::Never {
        return error;
    }
    let reference = &service.image.reference;
    error.advise(format!(
        "the stack file says `pull_policy: never`: bring it with `docker pull {reference}` or `stackctl images load`, or remove \
         that line"
    ))
}
