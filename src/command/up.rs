//! `up`: makes it so, waits until ready, verifies, and says where everything is.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::changes::{Changes, Extent};
use super::glance::{Glance, glance};
use super::host_ports::Taken;
use super::progress::Progress;
use super::situation::{Situation, Wishes};
use super::wait::Waited;
use super::{
    Exit, Failure, findings, host_ports, interrupt, learn, lock, obstacles, outcome, output, panels, prove, published,
    rules, secrets, situation, summary, wait,
};
use crate::cli::Global;
use crate::desired::{PullPolicy, Role, Service};
use crate::engine::{self, ContainerState, Engine, Error, Event, Interruption, Outcome};
use crate::plan::{Plan, Step};
use crate::stack::Loaded;
use crate::verify::{Finding, Status};

/// Time that writing a few files into a container may take.
const TIME_FOR_FILES: Duration = Duration::from_secs(30);

/// How long who wants to stop is told nothing of what is still finished.
const UNSAID: Duration = Duration::from_millis(300);

/// How often what remains is tried again in one run.
const ROUNDS: usize = 3;

/// Time in which what was started beside a step that failed falls, or does not.
const TIME_TO_FALL: Duration = Duration::from_secs(3);

/// Arguments of `up`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl up
  stackctl up --scale accesslog=3
  stackctl -f stacks/demo.yml up --timeout 5m")]
pub struct Arguments {
    #[command(flatten)]
    scale: crate::cli::Scale,
    #[command(flatten)]
    locked: crate::cli::Locked,
    /// How long to wait until everything is ready and scraped
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = crate::cli::duration)]
    timeout: Duration,
    /// Return as soon as everything is started, without waiting and verifying
    #[arg(long)]
    no_wait: bool,
    /// Try again to get images that could not be had before
    #[arg(long)]
    pull: bool,
    /// Replace and remove containers even though another stack file of the same `name` made them
    #[arg(long)]
    take_over: bool,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    bring_up(global, arguments, true).await
}

/// The same. `tells_images`: whether it says what is left out or another version than the file names.
pub(super) async fn bring_up(global: &Global, arguments: &Arguments, tells_images: bool) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let mut interrupt = pin!(interrupt::interrupt()?);
    let loaded = situation::load(global)?;
    situation::check_scales(&loaded.stack, &arguments.scale.scale)?;
    let of_variables = loaded.warnings.of_variables();
    if !global.quiet && !of_variables.is_empty() {
        output::say_problems(&of_variables);
    }
    let progress = Progress::new(global.quiet);
    let stack = loaded.stack.name.to_string();
    let engine = tokio::select! {
        engine = situation::connect() => engine?,
        () = &mut interrupt => {
            output::say(&progress.interrupted(&stack));
            return Ok(Exit::Interrupted);
        }
    };
    let wishes = Wishes { scale: &arguments.scale.scale, ask_again: arguments.pull, locked: arguments.locked.locked };
    let work = Work {
        global,
        arguments,
        tells_images,
        begun,
        progress,
        interruption: Interruption::default(),
        changes: AtomicBool::default(),
    };
    let mut up = pin!(work.bring_up(loaded, engine, wishes));
    tokio::select! {
        done = &mut up => return done,
        () = &mut interrupt => work.interruption.ask(),
    }
    // What only looks and waits can be left at any moment.
    if work.changes.load(Ordering::Relaxed) {
        let said = async {
            tokio::time::sleep(UNSAID).await;
            work.progress.finishing();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            done = &mut up => drop(done?),
            // The lock stays, as that of a killed one: the next command knows by it that the engine may still be busy.
            () = &mut interrupt => {}
            () = said => {}
        }
    }
    output::say(&work.progress.interrupted(&stack));
    Ok(Exit::Interrupted)
}

/// One run.
struct Work<'a> {
    global: &'a Global,
    arguments: &'a Arguments,
    /// Whether it says what is left out, or another version than the file names.
    tells_images: bool,
    begun: Instant,
    progress: Progress,
    /// Whether somebody wants to stop.
    interruption: Interruption,
    /// A plan is carried out at this moment.
    changes: AtomicBool,
}

impl Work<'_> {
    async fn bring_up(&self, loaded: Loaded, engine: Engine, wishes: Wishes<'_>) -> Result<Exit, Failure> {
        let (stack, sweeper) = (loaded.stack.name.clone(), engine.clone());
        let looked = tokio::join!(
            Situation::with_engine(self.global, loaded, engine, wishes),
            sweeper.sweep_probes(stack.as_str())
        );
        let mut situation = looked.0?;
        let plan = situation.plan();
        // Where there is nothing to do, nobody has to be kept away.
        if plan.is_empty() && situation.observed.lock.is_none() {
            obstacles::refuse(&situation, &plan).await?;
            let (engine, stack) = (situation.engine.clone(), situation.desired.stack.clone());
            let places_files = situation.desired.services.iter().any(|service| service.container.settings.read_only);
            let sweep = async {
                // What a killed `up` left behind holds values of secrets.
                if places_files { engine.remove_placed(&stack).await } else { Ok(()) }
            };
            let (swept, exit) = tokio::join!(sweep, self.go_on(&mut situation, None, false));
            swept?;
            return exit;
        }
        let lock = lock::take(&situation.engine, &situation.desired.stack, "up", self.global.quiet).await?;
        let interrupted = lock.taken_over.clone();
        lock::under(lock, async {
            // Another one may have changed everything since the first look.
            situation.look_afresh(wishes).await?;
            situation.observed.lock = interrupted;
            self.make_it_so(&mut situation).await
        })
        .await
    }

    /// Carries the plan out, and goes on from there.
    async fn make_it_so(&self, situation: &mut Situation) -> Result<Exit, Failure> {
        let plan = situation.plan();
        obstacles::refuse(situation, &plan).await?;
        if !self.arguments.take_over
            && let Some(refusal) = situation.taken_over(&plan)
        {
            return Err(refusal.into());
        }
        let taken = host_ports::taken(situation, &plan).await?;
        if !self.global.quiet {
            summary::say_renamed(situation).await;
            let extent = if self.global.verbose > 0 { Extent::Full } else { Extent::Short };
            let changes = Changes::of(situation, &plan, extent).await.shown("");
            if !changes.is_empty() {
                output::say(&changes);
            }
        }
        let is_changed = !plan.is_empty();
        let may_mend = plan.steps.iter().any(may_mend);
        let mut next = plan;
        for round in 1.. {
            if next.is_empty() {
                break;
            }
            if round > ROUNDS {
                return Err(outcome::not_done(&next).into());
            }
            let report = |event: Event| self.progress.show(&event);
            let work = situation.apply_but(&taken, &next, self.arguments.timeout, &report, &self.interruption);
            self.changes.store(true, Ordering::Relaxed);
            let outcome = work.await?;
            if !outcome.failures.is_empty() {
                // What was started beside may have died.
                let deaths = prove::settle(situation, Instant::now() + TIME_TO_FALL).await.unwrap_or_default();
                outcome::say_deaths(&deaths);
                outcome::say_failures(situation, &outcome);
            }
            if self.interruption.is_asked() {
                return Ok(Exit::Interrupted);
            }
            self.changes.store(false, Ordering::Relaxed);
            if !outcome.failures.is_empty() {
                return Ok(Exit::WorldSaidNo);
            }
            outcome::say_unproven(&outcome);
            if !self.global.quiet {
                outcome::say_nameless(&situation.observed, &next);
            }
            situation.look_at_everything().await?;
            situation.keep_memory();
            next = undone(situation);
        }
        self.go_on(situation, Some(is_changed), may_mend).await
    }

    /// Waits, verifies and says where everything is. `changed`: whether something was changed; `None`: the stack is not
    /// locked, because nothing was to be done. `may_mend`: whether that may have mended a target.
    async fn go_on(&self, situation: &mut Situation, changed: Option<bool>, may_mend: bool) -> Result<Exit, Failure> {
        if self.arguments.no_wait {
            if !self.global.quiet && self.tells_images {
                situation.say_left_out();
            }
            return Ok(Exit::Done);
        }
        let deadline = self.begun + self.arguments.timeout;
        let exit = prove_it(situation, (changed, may_mend), deadline, &self.progress, self.global).await?;
        if !self.global.quiet {
            let elapsed = self.begun.elapsed();
            summary::say(situation, elapsed, &published::silent(situation).await, self.tells_images);
        }
        Ok(exit)
    }
}

/// What is not as it should be after a plan was carried out: an image that had to be pulled again is a newer one, somebody
/// else changed the stack meanwhile, or stands between and answers in the engine's place.
fn undone(situation: &Situation) -> Plan {
    let mut plan = situation.plan();
    let is_pulled_each_time = |service: &Service| service.image.pull_policy == PullPolicy::Always;
    let is_new = |id: &str| {
        let mut containers = situation.observed.containers.iter();
        containers.any(|container| container.id == id && container.state == ContainerState::Created)
    };
    plan.steps.retain(|step| {
        let is_about_files = matches!(step, Step::WriteFile { .. } | Step::Reload { .. });
        // One that ended since it was started has its own end.
        let never_started = matches!(step, Step::StartContainer { id, .. } if is_new(id));
        (step.makes_or_takes_away() || is_about_files || never_started)
            && !step.service().is_some_and(|service| is_pulled_each_time(service))
    });
    plan
}

/// Whether a target may come to answer by a step. What shows the numbers changes nothing of that.
fn may_mend(step: &Step) -> bool {
    step.service().is_none_or(|service| !matches!(service.role, Role::Grafana | Role::View))
}

/// Waits, looks, and prints what was found.
async fn prove_it(
    situation: &mut Situation,
    (changed, may_mend): (Option<bool>, bool),
    deadline: Instant,
    progress: &Progress,
    global: &Global,
) -> Result<Exit, Failure> {
    let mut fallen = BTreeSet::new();
    if changed == Some(true) {
        let waiting = progress.waiting("waiting until everything stands");
        let deaths = prove::settle(situation, deadline).await?;
        drop(waiting);
        outcome::say_deaths(&deaths);
        // Without a Prometheus nothing is known of the others.
        let mut servers = situation.desired.prometheus_services().peekable();
        let has_died = |service: &Service| deaths.iter().any(|death| death.service == service.name);
        if servers.peek().is_some() && servers.all(has_died) {
            return Ok(Exit::WorldSaidNo);
        }
        fallen = deaths.into_iter().map(|death| death.container).collect();
    }
    let glance = if changed.is_none() { glance(situation).await? } else { None };
    let (Waited { scraped, looked }, seen, beside) = if let Some(Glance { scraped, seen, config, objectives }) = glance
    {
        (Waited::scraped(scraped), seen, Some((config, objectives)))
    } else {
        let waiting = progress.telling("waiting until every target is scraped");
        let waited = wait::for_targets(situation, deadline, may_mend, &fallen, &waiting).await?;
        drop(waiting);
        // One that is not scraped keeps nobody from learning what the others expose.
        let prometheus = prove::prometheus(situation)?;
        (waited, learn::look(situation, prometheus.as_ref()).await, None)
    };
    let has_learned = seen.is_some_and(|seen| situation.learn(seen));
    // What was found beside the targets is of the dashboards and rules as they were.
    let (config, objectives) = beside.filter(|_| !has_learned).unzip();
    let panels = if scraped.is_some() || has_learned {
        fill_panels(situation, changed, has_learned, deadline, progress, global).await?
    } else {
        panels::look_kindly(situation).await?
    };
    let rules = match objectives {
        Some(objectives) => objectives,
        None if scraped.is_some() && panels.is_empty() && changed != Some(true) => {
            rules::look_at_objectives(situation, &prove::servers(situation)?).await
        }
        None => rules::look(situation).await?,
    };
    // As with panels: an `up` that has nothing to do sends no alert.
    let delivered = (changed != Some(true)).then(Vec::new);
    let known = prove::Known { scraped, looked, panels: Some(panels), rules: Some(rules), delivered, config };
    let mut findings = prove::findings(situation, &[], known).await?;
    findings.extend(learn::unknown(situation, &findings));
    if !findings.is_empty() {
        findings::show(&findings, global);
    }
    let kept = findings.iter().all(|finding| finding.status != Status::Fail);
    Ok(match (fallen.is_empty(), kept) {
        (false, _) => Exit::WorldSaidNo,
        (true, true) => Exit::Done,
        (true, false) => Exit::NotAsDesired,
    })
}

/// Makes the dashboards what the apps turn out to expose, and looks whether they show it. Where nothing changed nobody
/// looks: an `up` that has nothing to do is quick, and `verify` looks at any time.
async fn fill_panels(
    situation: &mut Situation,
    changed: Option<bool>,
    has_learned: bool,
    deadline: Instant,
    progress: &Progress,
    global: &Global,
) -> Result<Vec<Finding>, Failure> {
    if changed != Some(true) && !has_learned {
        return Ok(Vec::new());
    }
    if has_learned {
        if changed.is_some() {
            write_dashboards(situation, progress).await?;
        } else {
            let lock = lock::take(&situation.engine, &situation.desired.stack, "up", global.quiet).await?;
            lock::under(lock, write_dashboards(situation, progress)).await?;
        }
    }
    let waiting = progress.waiting("waiting until every panel shows data");
    let findings = panels::wait_until_filled(situation, deadline).await?;
    if let Some(waiting) = waiting {
        waiting.finish_and_clear();
    }
    Ok(findings)
}

async fn write_dashboards(situation: &mut Situation, progress: &Progress) -> Result<(), Failure> {
    situation.look_at_everything().await?;
    let plan = situation.plan();
    situation.apply(&plan, TIME_FOR_FILES, &|event: Event| progress.show(&event)).await?;
    situation.look_again().await?;
    situation.keep_memory();
    Ok(())
}

impl Situation {
    /// Carries out a plan.
    pub(super) async fn apply(
        &self,
        plan: &Plan,
        timeout: Duration,
        report: &(dyn Fn(Event) + Sync),
    ) -> Result<Outcome, Error> {
        self.apply_but(&Taken::new(), plan, timeout, report, &Interruption::default()).await
    }

    /// Carries out a plan, and leaves those containers as they are that are known not to start.
    async fn apply_but(
        &self,
        refused: &Taken,
        plan: &Plan,
        timeout: Duration,
        report: &(dyn Fn(Event) + Sync),
        interruption: &Interruption,
    ) -> Result<Outcome, Error> {
        let secrets = secrets::read(&self.desired, &self.loaded.environment)?;
        let source = self.source();
        let judge = prove::ReloadJudge { situation: self };
        let (files, secrets, source) = (&self.files, &secrets, &source);
        let supplies = engine::Supplies { files, secrets, source, timeout, refused, judge: &judge, interruption };
        Ok(self.engine.apply(plan, &supplies, report).await)
    }
}
