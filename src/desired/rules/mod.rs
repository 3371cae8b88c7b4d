//! The rules of the stack: alerts, recordings and objectives as files that Prometheus reads.

mod alert;
mod app;
mod behind;
mod jobs;
mod objective;
mod place;
mod watcher;
mod whole;

pub use objective::{Objective, ObjectiveKind};
pub(super) use objective::{longest_window, objectives};
pub use place::{is_preset, rule_place};

use indexmap::IndexMap;

use super::assemble::Input;
use super::dashboards::watched_apps;
use super::{Duration, Job, PrometheusConfig, Rule, RuleFile, RuleGroup, RuleKind, Service, prometheus_duration};
use crate::catalog::prometheus::RULES_FOLDER;
use crate::dashboard::{Exposed, Signals};
use crate::promql::{Operator, Selector};
use crate::stack::{self, OWN_RULE_FILES, Prometheus, Stack};

/// A rule that is wanted and cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingRule {
    /// The app that it is about.
    pub app: String,
    /// Its job.
    pub job: String,
    /// What is wanted, such as `availability` or `error-ratio`.
    pub wanted: String,
    /// Why it cannot be made, in words.
    pub reason: String,
    /// What to do.
    pub remedy: String,
    /// What to write into the stack file, such as `apps.web.signals: { … }`.
    pub signals: String,
    /// The alerts that are not there for that.
    pub alerts: &'static [&'static str],
    /// Somebody asks for it by name. Else it is one of the presets, and comes with what is learned.
    pub is_asked: bool,
}

/// Every file of rules: what stackctl makes, then those that the stack file names. And what could not be made.
pub(super) fn all(
    input: Input,
    section: &Prometheus,
    config: &PrometheusConfig,
    services: &[Service],
) -> (Vec<RuleFile>, Vec<MissingRule>) {
    let is_about_apps = alert::are_wanted(input.stack) || longest_window(input.stack).is_some();
    let apps = if is_about_apps { watched(input, config, services) } else { Vec::new() };
    let mut missing = Vec::new();
    let [alerts_name, recordings_name, objectives_name] = OWN_RULE_FILES;
    let whole = whole::group(input.stack, config, &apps);
    let of_apps = apps.iter().map(|app| app::group(input.stack, app, &mut missing));
    let alerts: Vec<_> = std::iter::once(whole).chain(of_apps).collect();
    let objectives = objective::groups(&apps, &mut missing);
    let made = [(alerts_name, alerts), (recordings_name, vec![recordings(input.stack)]), (objectives_name, objectives)];
    let made = made.into_iter().filter_map(|(name, groups)| {
        let groups: Vec<_> = groups.into_iter().filter(|group| !group.rules.is_empty()).collect();
        (!groups.is_empty()).then(|| RuleFile { name: name.to_owned(), text: None, groups })
    });
    let named = section.rule_files.iter().map(|file| RuleFile {
        name: file.file_name().to_owned(),
        text: Some(file.text.clone()),
        groups: file.groups.clone(),
    });
    (made.chain(named).collect(), missing)
}

/// Where the files of rules may lie inside Prometheus' container: those that what is known of the apps may bring, too.
pub fn rule_paths(stack: &Stack) -> Vec<String> {
    let Some(section) = stack.prometheus.as_option() else { return Vec::new() };
    let has_alerts = alert::are_wanted(stack);
    let possible = [has_alerts, !stack.rules.is_empty(), longest_window(stack).is_some()];
    let own = OWN_RULE_FILES.into_iter().zip(possible).filter(|(_, is_possible)| *is_possible).map(|(name, _)| name);
    let named = section.rule_files.iter().map(stack::RuleFile::file_name);
    own.chain(named).map(|name| format!("{RULES_FOLDER}/{name}")).collect()
}

fn recordings(stack: &Stack) -> RuleGroup {
    let rules = stack.rules.iter().map(|(name, recording)| Rule {
        name: name.clone(),
        expression: recording.query.clone(),
        labels: recording.labels.clone(),
        kind: RuleKind::Record,
    });
    RuleGroup { name: "recordings".to_owned(), interval: None, rules: rules.collect() }
}

/// A scraped app, as far as rules are made of it.
struct Watched<'a> {
    /// Its name in the stack file.
    name: &'a str,
    job: &'a Job,
    alerts: &'a crate::stack::Alerts,
    objectives: Option<&'a crate::stack::Objectives>,
    /// How many replicas run, where that number is known.
    replicas: Option<u32>,
    /// A replica that is gone leaves no target behind.
    follows: bool,
    signals: Signals,
    /// Time between two of its scrapes.
    interval: Duration,
    /// It is known what it exposes.
    is_known: bool,
    /// Several servers share the targets.
    is_shared: bool,
    /// How many of its replicas each of them scrapes, by its own address. Empty: that is not known, or one scrapes all.
    parts: Vec<(&'a str, usize)>,
}

impl Watched<'_> {
    /// What has an answer while a server is away that scrapes some of its replicas, or that may: a replica that nobody scrapes is
    /// not known to be down. `None`: one server scrapes all.
    fn away(&self) -> Option<String> {
        let addresses: Vec<String> = self.parts.iter().map(|(address, _)| jobs::exactly(address)).collect();
        let instances =
            if addresses.is_empty() { String::new() } else { format!(",instance=~\"{}\"", addresses.join("|")) };
        self.is_shared.then(|| format!("up{{job=\"prometheus\"{instances}}} == 0"))
    }

    /// The number of replicas that somebody scrapes: those of a shard that is away are not known to be missing. `None`: nobody knows
    /// how many a shard has.
    fn watched_replicas(&self, replicas: u32) -> Option<String> {
        let of_shard = |(address, count): &(&str, usize)| {
            format!(" - {count} * (count(up{{job=\"prometheus\",instance=\"{address}\"}} == 0) or vector(0))")
        };
        let away: String = self.parts.iter().map(of_shard).collect();
        (!away.is_empty()).then(|| format!("{replicas}{away}"))
    }

    /// Whether its replicas are counted, in place of looking at each.
    fn is_counted(&self) -> bool {
        self.follows || self.replicas.is_some_and(|replicas| replicas > 1)
    }

    /// The selector for this app alone.
    fn of_job(&self, selector: &Selector) -> Selector {
        selector.clone().with("job", Operator::Equal, &self.job.name)
    }

    /// A length of time over which a rate has enough scrapes to go by.
    fn at_least(&self, length: Duration) -> Duration {
        length.max(Duration::from_millis(self.interval.as_millis() * 4))
    }

    /// What a second brings of that counter.
    fn rate(&self, counter: &Selector, window: Duration) -> String {
        format!("sum(rate({}[{}]))", self.of_job(counter), prometheus_duration(window))
    }
}

fn watched<'a>(input: Input<'a>, config: &'a PrometheusConfig, services: &[Service]) -> Vec<Watched<'a>> {
    let stack = input.stack;
    let known = watched_apps(input, Some(config)).into_iter().map(|app| (app.name, (app.signals, app.exposed)));
    let mut known: IndexMap<&str, (Signals, &Exposed)> = known.collect();
    let replicas: IndexMap<&str, u32> =
        services.iter().map(|service| (service.name.as_str(), service.replicas)).collect();
    let watched = config.jobs.iter().filter_map(|job| {
        let (super::JobOrigin::Service(name) | super::JobOrigin::Attached(name)) = &job.origin else { return None };
        let run = stack.apps.get_key_value(name.as_str());
        let run = run.map(|(name, app)| (name, &app.alerts, app.slo.as_ref()));
        let attached = || stack.attached.get_key_value(name.as_str());
        let (name, alerts, objectives) =
            run.or_else(|| attached().map(|(name, app)| (name, &app.alerts, app.slo.as_ref())))?;
        let (signals, exposed) = known.swap_remove(job.name.as_str())?;
        Some(Watched {
            name: name.as_str(),
            job,
            alerts,
            objectives,
            replicas: replicas.get(name.as_str()).copied(),
            follows: matches!(job.targets, super::JobTargets::Dns { .. }),
            signals,
            interval: job.interval.unwrap_or(config.scrape_interval),
            is_known: !exposed.is_empty(),
            is_shared: watcher::has_shards(config),
            parts: watcher::parts(config, job),
        })
    });
    watched.collect()
}
