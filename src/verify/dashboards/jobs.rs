//! How the jobs stand that panels and rules ask for: what is not scraped, nothing can show or count, and that is told once
//! by the targets.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::{Health, Target, Targets};
use crate::desired::{Desired, Job, JobOrigin, Role, Says};
use crate::promql::{Matcher, Operator, Selector};
use crate::verify::series::{Found, OF_ALERTS, SelectorState};
use crate::verify::server::one_whole;
use crate::verify::targets::{Unreached, see};
use crate::verify::{Cause, Server, Trouble};

/// What panels have to know of the jobs.
#[derive(Debug, Clone, Default)]
pub struct Jobs {
    /// Those that have nothing to show, and why.
    unwell: BTreeMap<String, State>,
    /// Those of services that shall have no replica.
    unmanned: BTreeSet<String>,
    /// Those of apps, whose signals the stack file names.
    apps: BTreeSet<String>,
    /// Names of the alerts that there are rules for.
    alerts: BTreeSet<String>,
}

/// Why a selector finds nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::verify) enum Reason {
    /// A job that should have something to show, and has not.
    Trouble(Trouble),
    /// Nobody is to be scraped, as the stack file or `--scale` has it. In words.
    NoReplica(String),
}

/// Why a job has nothing to show.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// None of its targets has been scraped yet.
    Pending,
    /// Every scrape fails.
    Failing,
    /// An exporter, which does not reach its app, or what its own settings name.
    Unreached(Option<String>),
    /// A probe none of whose targets answers as it shall.
    Unanswered,
}

/// How metrics begin that only a certificate brings which the probe trusts.
const OF_CERTIFICATES: &str = "probe_ssl_";

/// Asks Prometheus how its jobs stand.
pub(in crate::verify) async fn ask(desired: &Desired, servers: &[Server]) -> Jobs {
    let view = see(desired, one_whole(servers)).await.into_iter().next();
    let (targets, unreached) = view.map(|view| (view.targets.ok(), view.evidence.unreached)).unwrap_or_default();
    Jobs::of(desired, targets.as_ref(), &unreached)
}

impl Jobs {
    /// `targets`: `None` where they are not known, so that no panel waits for one.
    pub fn of(desired: &Desired, targets: Option<&Targets>, unreached: &Unreached) -> Self {
        let (unmanned, apps, alerts) = (unmanned(desired), apps(desired), alerts(desired));
        let mut jobs = Self { unwell: BTreeMap::new(), unmanned, apps, alerts };
        let (Some(config), Some(targets)) = (&desired.prometheus, targets) else { return jobs };
        let mut by_job: BTreeMap<&str, Vec<&Target>> = BTreeMap::new();
        for target in &targets.active {
            by_job.entry(&target.pool).or_default().push(target);
        }
        let own = config.jobs.iter().map(|job| (job.name.as_str(), Some(job)));
        let extra = config.extra_scrape_configs.iter().filter_map(|job| Some((job["job_name"].as_str()?, None)));
        for (name, job) in own.chain(extra) {
            let found = by_job.get(name).map(Vec::as_slice).unwrap_or_default();
            // Prometheus gathers its targets for some seconds. A job in its own words may well find none for ever.
            let state = match (found.is_empty(), targets.active.is_empty(), job) {
                (true, true, _) => Some(State::Pending),
                (true, false, Some(_)) => Some(State::Failing),
                (true, false, None) => None,
                (false, ..) => state(job, found, unreached),
            };
            if let Some(state) = state.filter(|_| !jobs.unmanned.contains(name)) {
                jobs.unwell.insert(name.to_owned(), state);
            }
        }
        jobs
    }

    /// Whether a job is an app's, which has `signals` in the stack file.
    pub(super) fn is_app(&self, job: &str) -> bool {
        self.apps.contains(job)
    }

    /// What a selector without series waits for; `None`: nothing that could bring it one. `shown`: the jobs that it may
    /// mean where it names none. `who`: what waits, such as `panels`.
    pub(in crate::verify) fn awaited(&self, state: &SelectorState, shown: &[String], who: &str) -> Option<Reason> {
        let named = named_jobs(&state.selector);
        let metric = state.selector.metric.as_deref().unwrap_or_default();
        let asked: Vec<&str> = if named.is_empty() { shown.iter().map(String::as_str).collect() } else { named };
        if let Some(job) = asked.first().filter(|_| asked.iter().all(|job| self.unmanned.contains(*job))) {
            return (state.found != Found::Series).then(|| Reason::NoReplica(no_replica(job, who)));
        }
        // An alert that is not pending waits for nobody.
        if self.is_quiet_alert(state) {
            return None;
        }
        let is_misspelled = match &state.found {
            Found::NoMetric { nearest } => nearest.is_some(),
            Found::NoMatch { .. } => true,
            Found::Rests => false,
            // What comes and goes has gone with its job, where that is known.
            Found::Before if !asked.is_empty() => false,
            _ => return None,
        };
        let is_asked = |job: &&String| asked.is_empty() || asked.contains(&job.as_str());
        let unwell = || self.unwell.iter().filter(|(job, _)| is_asked(job));
        if let Some((job, state)) = unwell().find(|(_, state)| **state == State::Pending) {
            return Some(Reason::Trouble(trouble(job, state, metric, who)));
        }
        // One that is scraped has said what there is; where nobody is named, any may be meant.
        let may_help = if asked.is_empty() { !is_misspelled } else { asked.iter().all(|job| self.says_nothing(job)) };
        if !may_help {
            return None;
        }
        let unwell: Vec<_> = unwell().collect();
        let trouble = match unwell[..] {
            [] => return self.unmanned.first().map(|job| Reason::NoReplica(no_replica(job, who))),
            [(job, state)] => trouble(job, state, metric, who),
            [(job, state), ..] if !asked.is_empty() => trouble(job, state, metric, who),
            // Nobody says whose the metric is: none of them is to be blamed alone.
            _ => trouble_of_any(unwell.iter().map(|(job, _)| job.as_str()), who),
        };
        Some(Reason::Trouble(trouble))
    }

    /// Whether a selector asks for alerts that there are rules for, and that are neither pending nor firing.
    pub(super) fn is_quiet_alert(&self, state: &SelectorState) -> bool {
        let is_empty = matches!(state.found, Found::NoMetric { .. } | Found::NoMatch { .. } | Found::Before);
        let metric = state.selector.metric.as_deref().unwrap_or_default();
        let is_known = |matcher: &Matcher| match matcher.operator {
            Operator::Equal => self.alerts.contains(&matcher.value),
            _ => !self.alerts.is_empty(),
        };
        let mut names = state.selector.matchers.iter().filter(|matcher| matcher.label == "alertname");
        is_empty && OF_ALERTS.contains(&metric) && !self.alerts.is_empty() && names.all(is_known)
    }

    fn says_nothing(&self, job: &str) -> bool {
        self.unwell.contains_key(job) || self.unmanned.contains(job)
    }
}

fn alerts(desired: &Desired) -> BTreeSet<String> {
    let files = desired.prometheus.iter().flat_map(|prometheus| &prometheus.rule_files);
    let rules = files.flat_map(|file| &file.groups).flat_map(|group| &group.rules);
    rules.filter(|rule| rule.is_alert()).map(|rule| rule.name.clone()).collect()
}

fn apps(desired: &Desired) -> BTreeSet<String> {
    let jobs = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    let has_signals = |job: &&Job| match &job.origin {
        JobOrigin::Service(name) => {
            desired.services.iter().any(|service| service.name == *name && service.role == Role::App)
        }
        origin => matches!(origin, JobOrigin::Attached(_)),
    };
    jobs.filter(has_signals).map(|job| job.name.clone()).collect()
}

/// Jobs of services that shall have no replica: nothing of them is missing.
fn unmanned(desired: &Desired) -> BTreeSet<String> {
    let jobs = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    let is_unmanned = |job: &&Job| match &job.origin {
        JobOrigin::Service(name) => desired.service(name).is_some_and(|service| service.replicas == 0),
        _ => false,
    };
    jobs.filter(is_unmanned).map(|job| job.name.clone()).collect()
}

fn state(job: Option<&Job>, targets: &[&Target], unreached: &Unreached) -> Option<State> {
    let is_up = |target: &&&Target| target.health == Health::Up;
    if !targets.iter().any(|target| is_up(&target)) {
        let is_down = targets.iter().all(|target| target.health == Health::Down);
        return Some(if is_down { State::Failing } else { State::Pending });
    }
    let (metric, state) = match job?.says.as_ref()? {
        Says::Reaches { metric, app } => (metric.as_str(), State::Unreached(app.as_ref().map(|app| app.name.clone()))),
        Says::Probed { .. } => ("probe_success", State::Unanswered),
    };
    let label = |target: &Target, name: &str| target.labels.get(name).cloned().unwrap_or_default();
    let reaches_nothing = |target: &Target| {
        let told = unreached.get(&(label(target, "job"), label(target, "instance")));
        told.is_some_and(|metrics| metrics.contains_key(metric))
    };
    let in_vain = targets.iter().filter(is_up).all(|target| reaches_nothing(target));
    in_vain.then_some(state)
}

/// The jobs that a selector names, one by one.
fn named_jobs(selector: &Selector) -> Vec<&str> {
    let chooses = |operator| matches!(operator, Operator::Equal | Operator::Matches);
    let mut matchers = selector.matchers.iter();
    let matcher = matchers.find(|matcher| matcher.label == "job" && chooses(matcher.operator));
    let named = matcher.into_iter().flat_map(|matcher| matcher.value.split('|'));
    named.filter(|name| !matches!(*name, "" | ".*" | ".+")).collect()
}

fn no_replica(job: &str, who: &str) -> String {
    format!("`{job}` has no replica, and its {who} have nothing to tell")
}

fn trouble_of_any<'a>(jobs: impl Iterator<Item = &'a str>, who: &str) -> Trouble {
    let jobs: Vec<String> = jobs.map(|job| format!("`{job}`")).collect();
    let message =
        format!("no target of {} is scraped, and one of them may have what these {who} ask for", jobs.join(", "));
    Trouble::new(Cause::JobDown, message, MEND_THE_TARGETS)
}

/// The cause lies elsewhere, and is told there.
const MEND_THE_TARGETS: &str =
    "mend the target, whose own cause `stackctl verify targets` names; the data comes with the next scrapes";

fn trouble(job: &str, state: &State, metric: &str, who: &str) -> Trouble {
    let (cause, message) = match state {
        State::Pending => {
            let message = format!("`{job}` has not been scraped yet, and its {who} wait for that");
            return Trouble::new(Cause::DataPending, message, "look again after the next scrape");
        }
        State::Failing => (Cause::JobDown, format!("the {who} have no data, because no target of `{job}` is scraped")),
        State::Unreached(app) => {
            let what = app.as_ref().map_or("what it watches".to_owned(), |app| format!("`{app}`"));
            (Cause::JobDown, format!("the {who} have no data, because the exporter `{job}` does not reach {what}"))
        }
        State::Unanswered if metric.starts_with(OF_CERTIFICATES) => {
            let why = format!("probe `{job}` does not get a certificate that it trusts");
            (Cause::ProbeFailed, format!("the {who} have no data, because {why}"))
        }
        State::Unanswered => {
            let why = format!("probe `{job}` is not answered as it shall be");
            (Cause::ProbeFailed, format!("the {who} have no data, because {why}"))
        }
    };
    Trouble::new(cause, message, MEND_THE_TARGETS)
}

#[cfg(test)]
mod tests;
