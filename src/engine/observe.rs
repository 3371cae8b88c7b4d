//! Reads what carries the stack's labels: one list each of containers, networks and volumes, and the images asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bollard::errors::Error as EngineError;
use bollard::models::{ContainerInspectResponse, ContainerSummary, HealthStatusEnum, HostConfig};
use bollard::query_parameters::{
    ContainerArchiveInfoOptionsBuilder, InspectContainerOptions, ListContainersOptions, ListContainersOptionsBuilder,
    ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
};
use futures_util::future::try_join_all;

use super::error::{cannot, found, status};
use super::memory::Memory;
use super::place::{FILE_MODE, SECRET_MODE};
use super::remove::nameless;
use super::summary::{attachments, files_of, from_summary, is_fresh, label, name_of};
use super::{
    ContainerState, Engine, Error, FileStamp, Health, Observed, ObservedContainer, ObservedImage, ObservedLimits,
    ObservedLock, ObservedNetwork, ObservedSettings, ObservedVolume, labels, podman,
};
use crate::desired::Attach;

/// Permissions that stackctl gives files and secrets. A file with others may be one that its program cannot read.
const GIVEN_MODES: [u32; 2] = [FILE_MODE, SECRET_MODE];

/// How long a container may be between two states.
const IN_BETWEEN: Duration = Duration::from_secs(5);

/// Time between two looks at it.
const PAUSE: Duration = Duration::from_millis(200);

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Name of the stack.
    pub stack: String,
    /// Names of networks that are not the stack's own, whatever label they carry.
    pub external_networks: Vec<String>,
    /// Names of volumes that are not the stack's own, whatever label they carry.
    pub external_volumes: Vec<String>,
    /// Names of volumes that are not made of the stack's name.
    pub named_volumes: Vec<String>,
    /// Attached apps, each with what it is attached to.
    pub attached: Vec<(String, Attach)>,
    /// A file that keeps a copy of what the running stack remembers.
    pub memory_copy: Option<PathBuf>,
    /// Files of rules that Prometheus' containers may have, by their paths there.
    pub rule_files: Vec<String>,
    /// Services whose containers may have them.
    pub rule_readers: Vec<String>,
}

/// Containers of a Compose project.
pub(super) struct Found {
    /// Those with the stack's label.
    pub(super) containers: Vec<ObservedContainer>,
    /// Names of the others.
    foreign: Vec<String>,
    /// Networks that ours are in: container id and network name → network id; empty where it was never started.
    attachments: BTreeMap<(String, String), String>,
}

impl Engine {
    /// Looks at everything but images, which are asked for by reference with [`Engine::images`].
    pub async fn observe(&self, question: &Question) -> Result<Observed, Error> {
        let (containers, mut networks, (volumes, lock), attached) = tokio::try_join!(
            self.containers(&question.stack),
            self.networks(question),
            self.volumes(question),
            self.attached(&question.attached)
        )?;
        let Found { mut containers, foreign, mut attachments } = containers;
        // Podman writes a network's name where Docker writes its id.
        for attached in attachments.values_mut() {
            if let Some(network) = networks.iter().find(|network| network.name == *attached) {
                attached.clone_from(&network.id);
            }
        }
        self.look_at_rules(&mut containers, question).await?;
        let in_use: BTreeSet<&str> = attachments.values().map(String::as_str).collect();
        for network in &mut networks {
            network.in_use = in_use.contains(network.id.as_str());
        }
        let existing = networks.iter().map(|network| network.id.as_str()).collect();
        for container in &mut containers {
            forget_gone_networks(container, &attachments, &existing);
        }
        let memory = self.memory(question.memory_copy.as_deref(), &containers, &networks).await?;
        let Memory { scale, left_out, exposed, learned_from } = memory;
        let images = BTreeMap::new();
        Ok(Observed {
            networks,
            volumes,
            containers,
            attached,
            images,
            foreign,
            lock,
            scale,
            left_out,
            exposed,
            learned_from,
        })
    }

    /// Files of rules that came after the container was made, whose label names those that it was made with.
    async fn look_at_rules(&self, containers: &mut [ObservedContainer], question: &Question) -> Result<(), Error> {
        for container in containers.iter_mut().filter(|container| question.rule_readers.contains(&container.service)) {
            let new = question.rule_files.iter().filter(|path| !container.files.contains_key(*path));
            let new: Vec<&String> = new.collect();
            let stamps = try_join_all(new.iter().map(|path| self.file_stamp(container, path))).await?;
            let seen: Vec<_> = new.into_iter().cloned().zip(stamps).collect();
            container.files.extend(seen);
        }
        Ok(())
    }

    /// The stack's containers, and those of a Compose project of this name that is not ours.
    pub(super) async fn containers(&self, stack: &str) -> Result<Found, Error> {
        let options = ListContainersOptionsBuilder::new().all(true).filters(&project_filter(stack)).build();
        let found = self.list_containers(options).await?;
        let (ours, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|found| label(found, labels::STACK) == Some(stack));
        let foreign = others.iter().map(name_of).collect();
        let attachments = ours.iter().flat_map(attachments).collect();
        let mut containers = try_join_all(ours.into_iter().map(|summary| self.container(summary))).await?;
        if self.facts().is_podman && containers.iter().any(|container| !container.nameless.is_empty()) {
            let of_files = self.volumes_of_files(stack).await?;
            for container in &mut containers {
                container.nameless.retain(|name| !of_files.contains(name));
            }
        }
        containers.sort_by(|left, right| (&left.service, left.replica).cmp(&(&right.service, right.replica)));
        Ok(Found { containers, foreign, attachments })
    }

    /// Engines and their relatives have states between the states, which pass; the client takes an answer with a word that
    /// it does not know for no answer.
    pub(super) async fn list_containers(&self, options: ListContainersOptions) -> Result<Vec<ContainerSummary>, Error> {
        let begun = Instant::now();
        loop {
            match self.look(async || self.listed(options.clone()).await).await {
                Ok(found) => return Ok(found),
                Err(error) if is_unknown_word(&error) && begun.elapsed() < IN_BETWEEN => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) if is_unknown_word(&error) => {
                    return Err(cannot("list containers")(error)
                        .advise("this engine says something that stackctl does not know: see `docker ps --all`, and run it again"));
                }
                Err(error) => return Err(cannot("list containers")(error)),
            }
        }
    }

    async fn listed(&self, options: ListContainersOptions) -> Result<Vec<ContainerSummary>, EngineError> {
        let Some(socket) = self.podman() else { return self.docker.list_containers(Some(options)).await };
        let mut query = form_urlencoded::Serializer::new(format!("/v{}/containers/json?", self.facts().api_version));
        query.append_pair("all", if options.all { "true" } else { "false" });
        query.append_pair("filters", &serde_json::to_string(&options.filters.unwrap_or_default())?);
        podman::ask(socket, &query.finish()).await
    }

    pub(super) async fn container(&self, summary: ContainerSummary) -> Result<ObservedContainer, Error> {
        let mut container = from_summary(&summary);
        let paths = label(&summary, labels::FILES)
            .and_then(|text| serde_json::from_str::<Vec<String>>(text).ok())
            .unwrap_or_default();
        let stamps = try_join_all(paths.iter().map(|path| self.file_stamp(&container, path)));
        let (stamps, inspected) = tokio::try_join!(stamps, self.inspect(&container.id))?;
        container.files = paths.into_iter().zip(stamps).collect();
        // One that went away between the list and now: what the list said stands.
        if let Some(inspected) = inspected {
            add_inspected(&mut container, inspected, is_fresh(&summary));
        }
        Ok(container)
    }

    /// A container as an inspection shows it. `None`: it is not there.
    pub(super) async fn inspect(&self, id: &str) -> Result<Option<ContainerInspectResponse>, Error> {
        let look = self.look(async || match self.podman() {
            Some(socket) => podman::ask(socket, &format!("/v{}/containers/{id}/json", self.facts().api_version)).await,
            None => self.docker.inspect_container(id, None::<InspectContainerOptions>).await,
        });
        let look = look.await;
        found(look).map_err(cannot(format!("inspect container `{id}`")))
    }

    /// `None`: there is no such file. An engine that does not say is no reason to believe that.
    async fn file_stamp(&self, container: &ObservedContainer, path: &str) -> Result<Option<FileStamp>, Error> {
        let options = ContainerArchiveInfoOptionsBuilder::new().path(path).build();
        let look = async || self.docker.get_container_archive_info(&container.id, Some(options.clone())).await;
        let info = match self.look(look).await {
            Ok(info) => info,
            Err(error) if matches!(status(&error), Some(400 | 404 | 409)) => return Ok(None),
            // Of one that is half removed nothing can be read.
            Err(_) if matches!(container.state, ContainerState::Dead | ContainerState::Removing) => return Ok(None),
            Err(error) => return Err(cannot(format!("look at `{path}` in container `{}`", container.name))(error)),
        };
        Ok(stamp(&info))
    }

    async fn networks(&self, question: &Question) -> Result<Vec<ObservedNetwork>, Error> {
        let options = ListNetworksOptionsBuilder::new().filters(&project_filter(&question.stack)).build();
        let listed = self.look(async || self.docker.list_networks(Some(options.clone())).await).await;
        let mut networks = listed.map_err(cannot("list networks"))?;
        for name in &question.external_networks {
            let inspected = self.look(async || self.docker.inspect_network(name, None).await).await;
            let inspected = found(inspected).map_err(cannot(format!("inspect network `{name}`")))?;
            // One that the stack made before its file said so is in the list already, by its label.
            let inspected = inspected.filter(|inspected| networks.iter().all(|known| known.id != inspected.id));
            networks.extend(inspected.map(|inspected| bollard::models::Network {
                name: inspected.name,
                id: inspected.id,
                labels: inspected.labels,
                ..Default::default()
            }));
        }
        Ok(networks
            .into_iter()
            .map(|network| {
                let labels = network.labels.unwrap_or_default();
                let ranges = network.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
                let name = network.name.unwrap_or_default();
                let external = question.external_networks.contains(&name);
                ObservedNetwork {
                    id: network.id.unwrap_or_default(),
                    name,
                    ours: !external && labels.get(labels::STACK).is_some_and(|stack| *stack == question.stack),
                    external,
                    in_use: false,
                    internal: network.internal.unwrap_or_default(),
                    subnets: ranges.into_iter().filter_map(|range| range.subnet).collect(),
                    made: made(network.driver.unwrap_or_default(), network.options, labels),
                }
            })
            .collect())
    }

    async fn volumes(&self, question: &Question) -> Result<(Vec<ObservedVolume>, Option<ObservedLock>), Error> {
        let prefix = format!("{}_", question.stack);
        // One that somebody made by hand under the stack's name carries no label.
        let by_name = HashMap::from([("name".to_owned(), vec![prefix.clone()])]);
        let (labelled, named) =
            tokio::try_join!(self.list_volumes(project_filter(&question.stack)), self.list_volumes(by_name))?;
        let mut all = labelled;
        all.extend(named.into_iter().filter(|volume| volume.name.starts_with(&prefix)));
        for name in &question.named_volumes {
            let inspected = self.look(async || self.docker.inspect_volume(name).await).await;
            all.extend(found(inspected).map_err(cannot(format!("inspect volume `{name}`")))?);
        }
        let mut seen = BTreeSet::new();
        all.retain(|volume| seen.insert(volume.name.clone()));
        let lock = ObservedLock::highest(&all);
        let volumes = all
            .into_iter()
            .filter(|volume| !volume.labels.contains_key(labels::LOCK))
            .map(|volume| {
                let stack = volume.labels.get(labels::STACK).cloned();
                let external = question.external_volumes.contains(&volume.name);
                ObservedVolume {
                    ours: !external && stack.as_ref() == Some(&question.stack),
                    external,
                    other_stack: stack.filter(|stack| *stack != question.stack),
                    stack_files: files_of(volume.labels.get(labels::CONFIG_FILES).map(String::as_str)),
                    name: volume.name,
                    made: made(volume.driver, Some(volume.options), volume.labels),
                }
            })
            .collect();
        Ok((volumes, lock))
    }

    pub(super) async fn list_volumes(
        &self,
        filters: HashMap<String, Vec<String>>,
    ) -> Result<Vec<bollard::models::Volume>, Error> {
        let options = ListVolumesOptionsBuilder::new().filters(&filters).build();
        let answer = self.look(async || self.docker.list_volumes(Some(options.clone())).await).await;
        let answer = answer.map_err(cannot("list volumes"))?;
        Ok(answer.volumes.unwrap_or_default())
    }

    /// The images of these references, as far as the engine has them.
    pub async fn images(&self, references: &[String]) -> Result<BTreeMap<String, ObservedImage>, Error> {
        let found = try_join_all(references.iter().map(|reference| self.image(reference))).await?;
        Ok(references.iter().cloned().zip(found).filter_map(|(key, image)| Some((key, image?))).collect())
    }

    async fn image(&self, reference: &str) -> Result<Option<ObservedImage>, Error> {
        let image = self.look(async || self.docker.inspect_image(reference).await).await;
        let image = found(image).map_err(cannot(format!("inspect image `{reference}`")))?;
        Ok(image.map(|image| ObservedImage {
            built_from: super::images::built_from(&image),
            platform: super::images::platform_of(&image),
            id: image.id.unwrap_or_default(),
            digests: image.repo_digests.unwrap_or_default(),
        }))
    }
}

/// Adds what only an inspection tells: limits, ports and names, and of one that is fresh or does not run, restarts and the exit
/// code.
fn add_inspected(container: &mut ObservedContainer, inspected: ContainerInspectResponse, is_fresh: bool) {
    container.nameless = nameless(&inspected).map(|(name, _)| name).collect();
    container.limits = inspected.host_config.as_ref().map(ObservedLimits::told);
    container.host_ports = inspected.host_config.map(host_ports).unwrap_or_default();
    let networks = inspected.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    container.aliases =
        networks.into_iter().map(|(name, endpoint)| (name, endpoint.aliases.unwrap_or_default())).collect();
    let state = inspected.state.unwrap_or_default();
    // Podman's list tells nothing of it.
    if let Some(known) = state.health.as_ref().and_then(|health| health.status).and_then(health) {
        container.health = known;
    }
    if container.state == ContainerState::Running && !is_fresh {
        return;
    }
    container.restarts = inspected.restart_count.unwrap_or(0).unsigned_abs();
    let started: Option<jiff::Timestamp> = state.started_at.and_then(|time| time.parse().ok());
    container.started_at = started.map_or(0, jiff::Timestamp::as_millisecond).max(container.started_at);
    // One that was started again since the list was made has no exit code, and the engine writes 0 for that.
    let has_ended = state.restarting == Some(true) || state.running != Some(true);
    container.exit_code = state.exit_code.filter(|_| container.state != ContainerState::Running && has_ended);
}

/// Health as an inspection tells it. `None`: it says nothing.
fn health(status: HealthStatusEnum) -> Option<Health> {
    match status {
        HealthStatusEnum::STARTING => Some(Health::Starting),
        HealthStatusEnum::HEALTHY => Some(Health::Healthy),
        HealthStatusEnum::UNHEALTHY => Some(Health::Unhealthy),
        HealthStatusEnum::NONE | HealthStatusEnum::EMPTY => None,
    }
}

/// Those that are written out: one that the engine chooses is another one each time.
fn host_ports(host: HostConfig) -> BTreeSet<String> {
    let bindings = host.port_bindings.unwrap_or_default().into_iter();
    let written = bindings.flat_map(|(inside, places)| {
        let protocol = inside.rsplit_once('/').map_or("tcp", |(_, protocol)| protocol).to_owned();
        let ports = places.into_iter().flatten().filter_map(|place| place.host_port);
        ports.map(move |port| format!("{port}/{protocol}"))
    });
    written.filter(|port| !port.starts_with('/') && !port.starts_with("0/")).collect()
}

/// What a network or volume was made with.
fn made(driver: String, options: Option<HashMap<String, String>>, labels: HashMap<String, String>) -> ObservedSettings {
    let parts = labels.get(labels::PARTS).and_then(|text| serde_json::from_str(text).ok());
    let is_written = |(key, _): &(String, String)| !labels::OWN.iter().any(|own| key.starts_with(own));
    let labels = labels.into_iter().filter(is_written).collect();
    ObservedSettings { driver, options: options.into_iter().flatten().collect(), labels, parts }
}

fn stamp(info: &bollard::container::PathStatResponse) -> Option<FileStamp> {
    let modified: jiff::Timestamp = info.modification_time.as_ref()?.parse().ok()?;
    let untouched = GIVEN_MODES.contains(&(info.file_mode & 0o777));
    let modified = if untouched { modified.as_second() } else { 0 };
    Some(FileStamp { size: u64::try_from(info.size).ok()?, modified })
}

fn is_unknown_word(error: &bollard::errors::Error) -> bool {
    error.to_string().contains("unknown variant")
}

fn project_filter(stack: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("{}={stack}", labels::PROJECT)])])
}

/// A container that does not run keeps a network that was removed in its list, and cannot be started any more.
fn forget_gone_networks(
    container: &mut ObservedContainer,
    attached: &BTreeMap<(String, String), String>,
    existing: &BTreeSet<&str>,
) {
    if matches!(container.state, ContainerState::Running | ContainerState::Paused | ContainerState::Restarting) {
        return;
    }
    let id = container.id.clone();
    container.addresses.retain(|network, _| {
        let network_id = attached.get(&(id.clone(), network.clone())).map(String::as_str).unwrap_or_default();
        network_id.is_empty() || existing.contains(network_id)
    });
}
