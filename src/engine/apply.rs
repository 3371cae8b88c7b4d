//! Carries out a plan, step by step and several at a time, and reports. What fails leaves the rest running.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use futures_util::StreamExt;
use futures_util::stream;

use super::create::{StackSource, body};
use super::error::{cannot, status};
use super::place::Secrets;
use super::reload::Judge;
use super::replaced::Replaced;
use super::successor::Aside;
use super::{Engine, Error, labels};
use crate::desired::{PullPolicy, Service, Volume};
use crate::plan::{Plan, Sequence, Step, volume_parts};
use crate::render::Files;

/// Work on containers that runs at the same time. More does not help: the engine is the limit (2.9 s for 20 containers
/// at 4, 8 and 16, measured on Engine 20.10 with two cores).
const CONCURRENCY: usize = 6;

/// How long the engine may still be busy with what a killed `up` had asked for.
const IN_FLIGHT: Duration = Duration::from_secs(10);

/// Time between two tries to take a name.
const PAUSE: Duration = Duration::from_millis(100);

/// What a plan needs beside itself to be carried out.
pub struct Supplies<'a> {
    /// The rendered files.
    pub files: &'a Files,
    /// Values of secrets.
    pub secrets: &'a Secrets,
    /// Where the stack was read from.
    pub source: &'a StackSource,
    /// How long a service may take to become what others wait for.
    pub timeout: Duration,
    /// Containers that are known not to start → why. They are left as they are.
    pub refused: &'a BTreeMap<String, Error>,
    /// Says whether a program has taken its new files.
    pub judge: &'a dyn Judge,
}

/// What happens while a plan is carried out.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// A step begins.
    Started(&'a Step),
    /// News of a step that takes long.
    Progress(&'a Step, String),
    /// A step is done, in this time.
    Finished(&'a Step, Duration),
    /// A step failed.
    Failed(&'a Step, Error),
}

/// A step that failed, and why.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The step in words.
    pub step: String,
    /// The service it belongs to, where it belongs to one.
    pub service: Option<String>,
    /// Why.
    pub error: Error,
}

/// What came of a plan.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Steps that were carried out.
    pub done: usize,
    /// Steps that failed. Steps that depend on them were not tried.
    pub failures: Vec<Failure>,
    /// Names of services that were not touched because something they need failed.
    pub held_back: BTreeSet<String>,
}

/// One run of a plan.
struct Run<'a> {
    engine: &'a Engine,
    supplies: &'a Supplies<'a>,
    report: &'a (dyn Fn(Event) + Sync),
    outcome: Mutex<Outcome>,
    /// Services, image references and networks that failed.
    broken: Mutex<BTreeSet<String>>,
    /// By engine id: containers that stand aside for others, and are not replaced yet.
    aside: Mutex<BTreeMap<String, Aside>>,
}

impl Engine {
    /// Carries out a plan. Events are reported as they happen.
    ///
    /// # Panics
    /// When a step has panicked, which is a bug.
    pub async fn apply(&self, plan: &Plan, supplies: &Supplies<'_>, report: &(dyn Fn(Event) + Sync)) -> Outcome {
        let (outcome, broken, aside) = (Mutex::default(), Mutex::default(), Mutex::default());
        let run = Run { engine: self, supplies, report, outcome, broken, aside };
        let mut has_yielded = false;
        for batch in plan.batches() {
            if !has_yielded && batch.iter().flatten().any(|step| step.service().is_some()) {
                has_yielded = true;
                stream::iter(&plan.steps).for_each_concurrent(CONCURRENCY, |step| run.give_way(step)).await;
            }
            stream::iter(batch).for_each_concurrent(CONCURRENCY, |sequence| run.sequence(sequence)).await;
        }
        run.take_back().await;
        if !plan.is_empty() {
            self.sweep_probes(&supplies.source.stack).await;
        }
        let mut outcome = run.outcome.into_inner().expect("no step panics while it holds the outcome");
        if !plan.is_empty()
            && let Err(error) = self.remove_placed(&supplies.source.stack).await
        {
            let step = "remove volumes with files for containers that are gone".to_owned();
            outcome.failures.push(Failure { step, service: None, error });
        }
        outcome
    }
}

impl Run<'_> {
    async fn sequence(&self, sequence: Sequence<'_>) {
        let mut replaced = Replaced::default();
        for step in sequence {
            if let Some(service) = step.service()
                && self.is_held_back(service)
            {
                return;
            }
            if step.service().is_some()
                && let Some(error) = self.supplies.refused.get(step.name())
            {
                return self.fail(step, error.clone());
            }
            (self.report)(Event::Started(step));
            let begun = Instant::now();
            match self.step(step, &mut replaced).await {
                Ok(()) => {
                    self.outcome.lock().expect("no step panics while it holds the outcome").done += 1;
                    (self.report)(Event::Finished(step, begun.elapsed()));
                }
                Err(error) => {
                    let error = self.engine.put_back(&mut replaced, error).await;
                    return self.fail(step, error);
                }
            }
        }
    }

    /// Stops a container that is to be replaced, and whose port or name another one gets. Where that fails, its replacement
    /// tells.
    async fn give_way(&self, step: &Step) {
        if let Step::ReplaceContainer { id, service, container, yields: true, .. } = step
            && !self.supplies.refused.contains_key(container)
            && !self.is_held_back(service)
        {
            let aside = self.engine.set_aside(id, container, service.container.settings.stop_grace_period).await;
            if let Ok(Some(aside)) = aside {
                self.aside.lock().expect("no step panics while it holds the map").insert(id.clone(), aside);
            }
        }
    }

    /// Containers that gave way to others, and whose own replacement failed or was not tried, are what they were: nothing that
    /// ran is down because of a mistake.
    async fn take_back(&self) {
        let left = std::mem::take(&mut *self.aside.lock().expect("no step panics while it holds the map"));
        for (id, aside) in left {
            if let Err(error) = self.engine.return_from(&aside, &id).await {
                let step = format!("have container `{}` back, which stopped for another one", aside.from());
                let failure = Failure { step, service: None, error };
                self.outcome.lock().expect("no step panics while it holds the outcome").failures.push(failure);
            }
        }
    }

    /// Whether something the service needs has failed. It is then left as it is.
    fn is_held_back(&self, service: &Service) -> bool {
        let mut broken = self.broken.lock().expect("no step panics while it holds the set");
        let needs = service.depends_on.iter().map(|dependency| &dependency.service);
        let mut needs = needs.chain([&service.image.reference]);
        let mut networks = service.container.all_networks();
        let is_held_back = needs.any(|need| broken.contains(need))
            || networks.any(|attachment| broken.contains(&network_key(&attachment.network)));
        if !is_held_back {
            return false;
        }
        broken.insert(service.name.clone());
        drop(broken);
        let mut outcome = self.outcome.lock().expect("no step panics while it holds the outcome");
        outcome.held_back.insert(service.name.clone());
        true
    }

    fn fail(&self, step: &Step, error: Error) {
        let service = step.service().map(|service| service.name.clone());
        let key = match step {
            Step::CreateNetwork { network, .. } | Step::ReplaceNetwork { network, .. } => {
                Some(network_key(&network.name))
            }
            _ => service.clone().or_else(|| step.image_reference().map(str::to_owned)),
        };
        self.broken.lock().expect("no step panics while it holds the set").extend(key);
        (self.report)(Event::Failed(step, error.clone()));
        let failure = Failure { step: step.to_string(), service, error };
        self.outcome.lock().expect("no step panics while it holds the outcome").failures.push(failure);
    }

    async fn step(&self, step: &Step, replaced: &mut Replaced) -> Result<(), Error> {
        let engine = self.engine;
        match step {
            Step::GetImage { image, .. } => {
                let news = |text: String| (self.report)(Event::Progress(step, text));
                super::images::obtain(engine, image, &news).await
            }
            Step::CreateNetwork { network, .. } => engine.create_network(network, &self.supplies.source.stack).await,
            Step::RemoveNetwork { id, network, .. } => engine.remove_network(id, network).await,
            Step::ReplaceNetwork { id, network, members, .. } => {
                engine.replace_network(id, network, members, &self.supplies.source.stack).await
            }
            Step::CreateVolume { volume, .. } => engine.create_volume(volume, &self.supplies.source.stack).await,
            Step::RemoveContainer { id, container, .. } => engine.remove_container(id, container, None).await,
            Step::CreateContainer { service, replica, container, .. } => {
                engine.await_dependencies(service, &self.supplies.source.stack, self.supplies.timeout).await?;
                let id = self.create(service, *replica, container, &[]).await?;
                engine.start(&id, container).await
            }
            Step::ReplaceContainer { id, service, replica, container, .. } => {
                engine.await_dependencies(service, &self.supplies.source.stack, self.supplies.timeout).await?;
                engine.await_twin(service, container, &self.supplies.source.stack, self.supplies.timeout).await?;
                self.replace(id, service, *replica, container).await
            }
            Step::StartContainer { id, service, container, paused, .. } => {
                engine.await_dependencies(service, &self.supplies.source.stack, self.supplies.timeout).await?;
                if *paused { engine.unpause(id, container).await } else { engine.start(id, container).await }
            }
            Step::Connect { id, service, container, network, again, .. } => {
                if *again {
                    engine.leave(id, container, network).await?;
                }
                engine.join(id, service, container, network).await
            }
            Step::WriteFile { id, container, source, target, live, check, .. } => {
                let text = self.supplies.files.0.get(source).map(String::as_str).unwrap_or_default();
                if *check {
                    engine.check_file(id, container, target, text).await?;
                }
                if *live {
                    replaced.keep(id, target, engine.read_file(id, target).await?);
                }
                if *check {
                    replaced.await_proof(target, text);
                    return engine.place_unproven(id, target, text).await;
                }
                engine.place_file(id, target, text).await
            }
            Step::Reload { id, service, container, .. } => {
                engine.reload(id, service, container, replaced, self.supplies.judge).await
            }
        }
    }

    /// Makes a container with its files in place, not started. `kept` are volumes without a name to carry over.
    async fn create(
        &self,
        service: &Service,
        replica: u32,
        name: &str,
        kept: &[bollard::models::Mount],
    ) -> Result<String, Error> {
        let engine = self.engine;
        let mut request = body(service, replica, self.supplies.source);
        if let Some(mounts) = request.host_config.as_mut().and_then(|host| host.mounts.as_mut()) {
            mounts.retain(|mount| !kept.iter().any(|carried| carried.target == mount.target));
            mounts.extend_from_slice(kept);
        }
        let platform = service.container.settings.platform.as_deref().unwrap_or_default();
        let options = CreateContainerOptionsBuilder::new().name(name).platform(platform).build();
        let begun = Instant::now();
        let id = loop {
            let create = async || engine.docker.create_container(Some(options.clone()), request.clone()).await;
            match engine.act(create).await {
                Ok(created) => break created.id,
                Err(error)
                    if status(&error) == Some(409)
                        && begun.elapsed() < IN_FLIGHT
                        && engine.clear_unfinished(name, &self.supplies.source.stack).await? =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    let is_missing = status(&error) == Some(404) && error.to_string().contains("No such image");
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
    async fn replace(&self, old: &str, service: &Service, replica: u32, name: &str) -> Result<(), Error> {
        let engine = self.engine;
        let kept = engine.nameless_volumes(old, service).await?;
        let new_name = format!("{name}.{}", short(old));
        engine.remove_leftover(&new_name, &self.supplies.source.stack).await?;
        engine.check_new_image(service, name, self.supplies.files, &self.supplies.source.stack).await?;
        let id = self.create(service, replica, &new_name, &kept).await?;
        let gave_way = || self.aside.lock().expect("no step panics while it holds the map").remove(old);
        let aside = match engine.set_aside(old, name, service.container.settings.stop_grace_period).await {
            Ok(aside) => gave_way().or(aside),
            Err(error) => {
                engine.remove_unstarted(&id, &new_name).await?;
                return Err(error);
            }
        };
        let begun = match engine.rename(&id, &new_name, name).await {
            Ok(()) => engine.start(&id, name).await,
            Err(error) => Err(error),
        };
        match begun {
            Ok(()) => engine.remove_container(old, name, None).await,
            Err(error) => Err(engine.bring_back(old, aside.as_ref(), &id, error).await),
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

/// As much of an id as people see of it.
pub(super) fn short(id: &str) -> &str {
    &id[..id.len().min(12)]
}

/// How a network stands among services and image references, which have no space in their names.
fn network_key(name: &str) -> String {
    format!("network {name}")
}

impl Engine {
    async fn create_volume(&self, volume: &Volume, stack: &str) -> Result<(), Error> {
        let mut labels: std::collections::HashMap<_, _> = volume.labels.clone().into_iter().collect();
        labels.extend([
            (labels::PROJECT.to_owned(), stack.to_owned()),
            (labels::VOLUME.to_owned(), volume.key.clone()),
            (labels::VERSION.to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            (labels::PARTS.to_owned(), serde_json::json!(volume_parts(volume)).to_string()),
            (labels::STACK.to_owned(), stack.to_owned()),
        ]);
        let request = VolumeCreateRequest {
            name: Some(volume.name.clone()),
            driver: Some(volume.driver.clone()),
            driver_opts: Some(volume.driver_opts.clone().into_iter().collect()),
            labels: Some(labels),
            ..Default::default()
        };
        let created = self.act(async || self.docker.create_volume(request.clone()).await).await;
        created.map(drop).map_err(cannot(format!("create volume `{}`", volume.name)))
    }

    pub(super) async fn start(&self, id: &str, name: &str) -> Result<(), Error> {
        let started = self.act(async || self.docker.start_container(id, None).await).await;
        started.map_err(cannot(format!("start container `{name}`")))
    }

    async fn unpause(&self, id: &str, name: &str) -> Result<(), Error> {
        match self.act(async || self.docker.unpause_container(id).await).await {
            // Asked twice, because the first answer was lost.
            Err(error) if super::error::cause(&error).contains("is not paused") => Ok(()),
            answer => answer.map_err(cannot(format!("unpause container `{name}`"))),
        }
    }
}
