//! Carries out a plan, step by step and several at a time, and reports. What fails leaves the rest running.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;

use super::create::StackSource;
use super::interruption::Interruption;
use super::place::Secrets;
use super::reload::{Judge, Taken};
use super::renewal::Renewal;
use super::replaced::Replaced;
use super::sharing::Sharer;
use super::successor::Aside;
use super::together::Held;
use super::{Engine, Error};
use crate::plan::{Plan, Sequence, Step};
use crate::render::Files;

/// Work on containers that runs at the same time. More does not help: the engine is the limit (2.9 s for 20 containers
/// at 4, 8 and 16, measured on Engine 20.10 with two cores).
const CONCURRENCY: usize = 6;

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
    /// Whether somebody wants to stop.
    pub interruption: &'a Interruption,
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
    /// Containers that were told to read their new files, and have not said that they took them.
    pub unproven: Vec<String>,
}

/// One run of a plan.
pub(super) struct Run<'a> {
    pub(super) engine: &'a Engine,
    pub(super) supplies: &'a Supplies<'a>,
    report: &'a (dyn Fn(Event) + Sync),
    pub(super) plan: &'a Plan,
    pub(super) outcome: Mutex<Outcome>,
    /// Services, image references and networks that failed.
    pub(super) broken: Mutex<BTreeSet<String>>,
    /// By engine id: containers that stand aside for others, and are not replaced yet.
    pub(super) aside: Mutex<BTreeMap<String, Aside>>,
    /// Containers that were replaced together with others that are not yet.
    pub(super) held: Mutex<Vec<Held>>,
    /// Containers that ran in the processes of one that is replaced, in the order of the plan.
    pub(super) sharers: Vec<Sharer>,
    /// Names of containers that were replaced.
    pub(super) replaced: Mutex<BTreeSet<String>>,
}

/// How a step ended that did not fail.
enum End {
    Done,
    /// Somebody wants to stop, and it had only waited.
    Interrupted,
}

impl Engine {
    /// Carries out a plan. Events are reported as they happen.
    ///
    /// # Panics
    /// When a step has panicked, which is a bug.
    pub async fn apply(&self, plan: &Plan, supplies: &Supplies<'_>, report: &(dyn Fn(Event) + Sync)) -> Outcome {
        let (outcome, broken, aside) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (replaced, held) = (Mutex::default(), Mutex::default());
        let sharers = self.sharers(plan).await;
        let run = Run { engine: self, supplies, report, plan, outcome, broken, aside, held, sharers, replaced };
        let mut has_yielded = false;
        for batch in plan.batches() {
            if !has_yielded && batch.iter().flatten().any(|step| step.service().is_some()) {
                has_yielded = true;
                stream::iter(&plan.steps).for_each_concurrent(CONCURRENCY, |step| run.give_way(step)).await;
            }
            stream::iter(batch).for_each_concurrent(CONCURRENCY, |sequence| run.sequence(sequence)).await;
        }
        run.take_back().await;
        run.start_sharers().await;
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
        if sequence.iter().any(|step| step.replaced_network().is_some()) {
            return self.renew(&sequence).await;
        }
        let mut replaced = Replaced::default();
        for step in sequence {
            if self.supplies.interruption.is_asked() && !self.is_owed(step) {
                // Nobody is told to read what was written.
                if let Err(error) = self.engine.restore(&mut replaced).await {
                    self.fail(step, error);
                }
                return;
            }
            if let Some(service) = step.service()
                && !self.joins_what_stays(step)
                && (self.is_held_back(service) || self.would_end_a_sharer(step, service))
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
                Ok(End::Done) => self.finish(step, begun),
                Ok(End::Interrupted) => return,
                Err(error) => {
                    let error = self.engine.put_back(&mut replaced, error).await;
                    return self.fail(step, error);
                }
            }
        }
    }

    /// Networks one of which gets the subnet of another one, and what alone is replaced: all of them, or none.
    async fn renew(&self, steps: &[&Step]) {
        if self.supplies.interruption.is_asked() {
            return;
        }
        let begun = Instant::now();
        for step in steps {
            (self.report)(Event::Started(step));
        }
        let renewals: Vec<Renewal> = steps.iter().filter_map(|step| Renewal::of(step)).collect();
        match self.engine.renew_networks(&renewals, &self.supplies.source.stack).await {
            Ok(()) => {
                for step in steps {
                    self.finish(step, begun);
                }
            }
            Err(error) => {
                let (last, others) = steps.split_last().expect("a sequence has a step");
                for step in others {
                    self.give_up(step, &error);
                }
                self.fail(last, error);
            }
        }
    }

    fn finish(&self, step: &Step, begun: Instant) {
        if let Step::ReplaceContainer { container, .. } = step {
            self.replaced.lock().expect("no step panics while it holds the set").insert(container.clone());
        }
        self.outcome.lock().expect("no step panics while it holds the outcome").done += 1;
        (self.report)(Event::Finished(step, begun.elapsed()));
    }

    fn fail(&self, step: &Step, error: Error) {
        let error = self.with_outsiders(step, error);
        self.give_up(step, &error);
        let service = step.service().map(|service| service.name.clone());
        self.note(Failure { step: step.to_string(), service, error });
    }

    pub(super) fn has_failed(&self, service: &str) -> bool {
        let outcome = self.outcome.lock().expect("no step panics while it holds the outcome");
        outcome.failures.iter().any(|failure| failure.service.as_deref() == Some(service))
    }

    pub(super) fn note(&self, failure: Failure) {
        self.outcome.lock().expect("no step panics while it holds the outcome").failures.push(failure);
    }

    /// What depends on the step is not tried.
    fn give_up(&self, step: &Step, error: &Error) {
        let key = match step {
            Step::CreateNetwork { network, .. } | Step::ReplaceNetwork { network, .. } => {
                Some(network_key(&network.name))
            }
            _ => {
                let service = step.service().map(|service| service.name.clone());
                service.or_else(|| step.image_reference().map(str::to_owned))
            }
        };
        self.broken.lock().expect("no step panics while it holds the set").extend(key);
        (self.report)(Event::Failed(step, error.clone()));
    }

    /// A network that cannot be made, and what runs without it, as a replacement that was killed leaves it.
    fn with_outsiders(&self, step: &Step, error: Error) -> Error {
        let Step::CreateNetwork { network, .. } = step else { return error };
        let outside: Vec<String> = self
            .plan
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Connect { container, network: joined, again: false, .. } if *joined == network.name => {
                    Some(format!("`{container}`"))
                }
                _ => None,
            })
            .collect();
        if outside.is_empty() {
            return error;
        }
        let told =
            format!("until it is there, these run outside of it and are not reached in it: {}", outside.join(", "));
        Error { cause: format!("{}; {told}", error.cause), ..error }
    }

    async fn step(&self, step: &Step, replaced: &mut Replaced) -> Result<End, Error> {
        let engine = self.engine;
        // What only waits is not waited for by who wants to stop.
        let Some(()) = self.await_needs(step).await.transpose()? else { return Ok(End::Interrupted) };
        match step {
            Step::GetImage { image, .. } => {
                let news = |text: String| (self.report)(Event::Progress(step, text));
                let got = self.supplies.interruption.or_done(super::images::obtain(engine, image, &news)).await;
                got.transpose().map(|got| got.map_or(End::Interrupted, |()| End::Done))
            }
            Step::Reload { id, service, container, .. } => {
                let interruption = self.supplies.interruption;
                let judge = self.supplies.judge;
                let taken = engine.reload(id, service, container, replaced, judge, interruption).await?;
                let is_proven = taken == Taken::Yes;
                if !is_proven && interruption.is_asked() {
                    return Ok(End::Interrupted);
                }
                if !is_proven {
                    let mut outcome = self.outcome.lock().expect("no step panics while it holds the outcome");
                    outcome.unproven.push(container.clone());
                }
                Ok(End::Done)
            }
            _ => self.change(step, replaced).await.map(|()| End::Done),
        }
    }

    /// Waits for what the step's container needs, where it is to be started. `None`: somebody wants to stop.
    async fn await_needs(&self, step: &Step) -> Option<Result<(), Error>> {
        let (Step::CreateContainer { service, .. }
        | Step::ReplaceContainer { service, .. }
        | Step::StartContainer { service, .. }) = step
        else {
            return Some(Ok(()));
        };
        let (stack, timeout) = (&self.supplies.source.stack, self.supplies.timeout);
        let news = |text: String| (self.report)(Event::Progress(step, text));
        let needs = async {
            self.engine.await_dependencies(service, stack, timeout, &news).await?;
            match step {
                Step::ReplaceContainer { container, .. } => {
                    self.engine.await_twin(service, container, stack, timeout).await
                }
                _ => Ok(()),
            }
        };
        if self.is_owed(step) { Some(needs.await) } else { self.supplies.interruption.or_done(needs).await }
    }

    /// What is begun here comes to its end, whoever wants to stop.
    async fn change(&self, step: &Step, replaced: &mut Replaced) -> Result<(), Error> {
        let engine = self.engine;
        match step {
            Step::GetImage { .. } | Step::Reload { .. } | Step::ReplaceNetwork { .. } => Ok(()),
            Step::CreateNetwork { network, .. } => {
                engine.create_network(network, &self.supplies.source.stack).await.map(drop)
            }
            Step::RemoveNetwork { id, network, .. } => engine.remove_network(id, network).await,
            Step::CreateVolume { volume, .. } => engine.create_volume(volume, self.supplies.source).await,
            Step::RemoveContainer { id, container, .. } => engine.remove_container(id, container, None).await,
            Step::CreateContainer { service, replica, container, .. } => {
                let id = self.create(service, *replica, container, &[]).await?;
                engine.start(&id, container).await
            }
            Step::ReplaceContainer { id, service, replica, container, .. } => {
                self.replace(id, service, *replica, container).await
            }
            Step::StartContainer { id, container, paused: true, .. } => engine.unpause(id, container).await,
            Step::StartContainer { id, container, .. } => engine.start(id, container).await,
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
        }
    }
}

/// How a network stands among services and image references, which have no space in their names.
pub(super) fn network_key(name: &str) -> String {
    format!("network {name}")
}
