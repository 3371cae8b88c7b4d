//! Alerts about what others are watched by: an exporter, a prober, a shard of Prometheus. Where one falls, nothing is known of what
//! stands behind it: that is told once, by its own alert, which names it.

use super::super::{
    Duration, Duty, Job, JobOrigin, JobTargets, PrometheusConfig, PrometheusServer, Rule, StaticTarget,
};
use super::alert::{Usual, of_preset, settings};
use super::{behind, jobs};
use crate::catalog::blackbox::BLACKBOX;
use crate::catalog::prometheus::PROMETHEUS;
use crate::stack::Stack;

/// Names that are told at most.
const MOST_NAMES: usize = 10;

/// Something that others are watched by.
pub(super) struct Watcher<'a> {
    /// Its job.
    pub(super) job: &'a str,
    /// Labels of its alert that name it, beside the job's.
    label: Option<(&'static str, &'a str)>,
    /// Which of the job's targets it is. `None`: all.
    instance: Option<&'a str>,
    /// What people call it.
    name: &'a str,
    /// What nobody watches while it is away.
    watched: Vec<String>,
}

/// Everything that others are watched by, in order.
pub(super) fn all<'a>(stack: &'a Stack, config: &'a PrometheusConfig) -> Vec<Watcher<'a>> {
    let exporters = config.jobs.iter().filter_map(|job| exporter(stack, job));
    let asked = behind::probes(config);
    let prober = prober(stack, config).filter(|_| !asked.is_empty()).map(|job| Watcher {
        job: &job.name,
        label: None,
        instance: None,
        name: &job.name,
        watched: asked.into_iter().map(str::to_owned).collect(),
    });
    exporters.chain(prober).chain(shards(config)).collect()
}

fn exporter<'a>(stack: &'a Stack, job: &'a Job) -> Option<Watcher<'a>> {
    let JobOrigin::Service(service) = &job.origin else { return None };
    let (_, exporter) = stack.exporters.iter().find(|(name, _)| name.as_str() == service)?;
    let app = exporter.watched.as_ref()?.app.as_str();
    let watched = vec![app.to_owned()];
    Some(Watcher { job: &job.name, label: Some(("app", app)), instance: None, name: &job.name, watched })
}

/// The job of what carries out the probes.
pub(super) fn prober<'a>(stack: &Stack, config: &'a PrometheusConfig) -> Option<&'a Job> {
    let (name, _) = stack.exporters.iter().find(|(name, exporter)| exporter.kind(name.as_str()) == BLACKBOX.name)?;
    config.jobs.iter().find(|job| job.origin == JobOrigin::Service(name.to_string()))
}

/// Whether several servers share the targets.
pub(super) fn has_shards(config: &PrometheusConfig) -> bool {
    config.servers.iter().any(is_shard) && own_job(config).is_some()
}

/// How many targets of a job each shard has, by the address under which the front scrapes it. Empty: there are no shards, or
/// nobody knows whose a target will be.
pub(super) fn parts<'a>(config: &'a PrometheusConfig, job: &Job) -> Vec<(&'a str, usize)> {
    let JobTargets::Static(targets) = &job.targets else { return Vec::new() };
    let servers = own_job(config).into_iter().flat_map(|(_, servers)| config.servers.iter().zip(servers));
    let shards = servers.filter(|(server, _)| is_shard(server) && server.has(job));
    let count = |server: &PrometheusServer| targets.iter().filter(|target| server.scrapes(&target.address)).count();
    shards.map(|(server, own)| (own.address.as_str(), count(server))).filter(|(_, count)| *count > 0).collect()
}

fn is_shard(server: &PrometheusServer) -> bool {
    matches!(server.duty, Duty::Shard { .. })
}

/// The job that watches the servers; `None`: the stack file writes another in its place.
fn own_job(config: &PrometheusConfig) -> Option<(&Job, &[StaticTarget])> {
    let job = config.jobs.iter().find(|job| job.origin == JobOrigin::Prometheus && job.name == PROMETHEUS.name)?;
    match &job.targets {
        JobTargets::Static(targets) => Some((job, targets)),
        JobTargets::Dns { .. } => None,
    }
}

fn shards(config: &PrometheusConfig) -> impl Iterator<Item = Watcher<'_>> {
    own_job(config).into_iter().flat_map(|(job, targets)| {
        // The targets of the job are the servers, in order.
        let shards = config.servers.iter().zip(targets).filter(|(server, _)| is_shard(server));
        shards.map(|(server, target)| Watcher {
            job: &job.name,
            label: Some(("shard", &server.service)),
            instance: Some(&target.address),
            name: &server.service,
            watched: part(config, server),
        })
    })
}

/// What a shard scrapes, in words. Of what is found by name or by Prometheus' own words only that some of it may be.
fn part(config: &PrometheusConfig, server: &PrometheusServer) -> Vec<String> {
    let own = config.jobs.iter().filter(|job| server.has(job)).filter_map(|job| {
        let JobTargets::Static(targets) = &job.targets else { return Some(format!("some of {}", job.name)) };
        let count = targets.iter().filter(|target| server.scrapes(&target.address)).count();
        match count {
            0 => None,
            all if all == targets.len() => Some(job.name.clone()),
            some => Some(format!("{some} of {} targets of {}", targets.len(), job.name)),
        }
    });
    let extra = config.extra_scrape_configs.iter().filter_map(|job| job["job_name"].as_str());
    own.chain(extra.map(|name| format!("some of {name}"))).collect()
}

impl Watcher<'_> {
    /// The alert that it is down.
    pub(super) fn down(&self, stack: &Stack) -> Option<Rule> {
        let settings = settings(stack, "target-down", true)?;
        let (job, instance) = (jobs::matcher(&[self.job]), self.instance);
        let job =
            instance.map_or(job.clone(), |instance| format!("{},instance=\"{instance}\"}}", job.trim_end_matches('}')));
        let usual = Usual {
            name: "TargetDown",
            holds_for: Duration::from_secs(2 * 60),
            severity: "critical",
            summary: format!("{} is down, and nobody watches {}", self.name, self.words()),
            description: "What it watches may well be fine: nothing is known of it. `stackctl verify targets` says why.",
        };
        let labels: Vec<(&str, &str)> = self.label.into_iter().chain([("job", self.job)]).collect();
        Some(of_preset(usual, &format!("up{job} == 0"), &settings, &labels))
    }

    fn words(&self) -> String {
        match self.watched.as_slice() {
            [] => "nothing else by it".to_owned(),
            [one] => one.clone(),
            names if names.len() > MOST_NAMES => {
                format!("{} and {} more", names[..MOST_NAMES].join(", "), names.len() - MOST_NAMES)
            }
            [names @ .., last] => format!("{} and {last}", names.join(", ")),
        }
    }
}
