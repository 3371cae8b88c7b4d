//! The jobs of prometheus.yml: to the apps they mean, to `scrape`, or kept in Prometheus' own words.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::config::Config;
use super::job::{Job, Plain, Targets};
use crate::import::draft::{Item, Map};
use crate::import::remark::{Place, Remarks};
use crate::stack::ServiceName;

/// By which name of which app a target can be meant.
#[derive(Debug, Default)]
pub(in crate::import) struct Hosts(pub(in crate::import) HashMap<String, String>);

/// What the jobs became.
#[derive(Debug, Default)]
pub(in crate::import) struct Jobs {
    /// The section `scrape`.
    pub(in crate::import) scrape: Map,
    /// `prometheus.extra_scrape_configs`.
    pub(in crate::import) extra: Vec<Item>,
    /// How many the file has.
    pub(in crate::import) all: usize,
    /// How many were carried.
    pub(in crate::import) carried: usize,
    names: HashSet<String>,
    /// The stack has an Alertmanager, which is scraped by itself.
    has_alertmanager: bool,
}

/// Names of stackctl's own jobs.
const OWN: [&str; 2] = ["prometheus", "grafana"];

impl Jobs {
    /// Carries every job. Apps get their `metrics`.
    pub(in crate::import) fn carry(
        config: &Config,
        hosts: &Hosts,
        apps: &mut IndexMap<String, Map>,
        has_alertmanager: bool,
        remarks: &mut Remarks,
    ) -> Self {
        let mut jobs = Self { all: config.jobs().len(), has_alertmanager, ..Self::default() };
        for node in config.jobs() {
            let Some(job) = Job::of(node) else { continue };
            if !jobs.names.insert(job.name.to_owned()) {
                let place = Place::at(&config.file.name, job.line, format!("job {}", job.name));
                remarks.not_carried(place, "a job of this name stands above", "give it another name");
                continue;
            }
            jobs.carried += 1;
            jobs.one(config, &job, hosts, apps, remarks);
        }
        jobs
    }

    /// Whether there is a job of that name.
    pub(in crate::import) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    fn one(
        &mut self,
        config: &Config,
        job: &Job,
        hosts: &Hosts,
        apps: &mut IndexMap<String, Map>,
        remarks: &mut Remarks,
    ) {
        let plain = job.plain(&config.times()).filter(|_| job.name.parse::<ServiceName>().is_ok());
        let Some(plain) = plain else {
            self.extra.push(Item::of_literal(job.node));
            return;
        };
        loopback(config, job, &plain, remarks);
        let itself = match job.name {
            "prometheus" => Some("localhost:9090"),
            "alertmanager" if self.has_alertmanager => Some("alertmanager:9093"),
            _ => None,
        };
        let is_own = itself.is_some_and(|itself| plain.settings.is_empty() && is_at(&plain.targets, itself));
        if is_own || give_to_app(config, job, &plain, hosts, apps, remarks) {
            return;
        }
        match plain.targets {
            Targets::Static(targets) => {
                let mut entry = Map::default();
                entry.set("targets", Item::texts(targets));
                entry.0.extend(plain.settings.0);
                self.scrape.set(job.name, Item::Map(entry));
            }
            Targets::Dns { .. } => self.extra.push(Item::of_literal(job.node)),
        }
    }
}

/// Whether a component's own metrics are asked for as stackctl does by itself.
fn is_at(targets: &Targets, address: &str) -> bool {
    matches!(targets, Targets::Static(targets) if targets[..] == [address])
}

/// Writes the job as the `metrics` of the app it means, where that comes to the same targets.
fn give_to_app(
    config: &Config,
    job: &Job,
    plain: &Plain,
    hosts: &Hosts,
    apps: &mut IndexMap<String, Map>,
    remarks: &mut Remarks,
) -> bool {
    let (host, port) = match &plain.targets {
        Targets::Static(targets) => match &targets[..] {
            [target] => target.rsplit_once(':').unwrap_or((target, "80")),
            _ => return false,
        },
        Targets::Dns { name, port } => (name.strip_prefix("tasks.").unwrap_or(name), port.as_str()),
    };
    let is_static = matches!(plain.targets, Targets::Static(_));
    let Some(app_name) = hosts.0.get(host) else { return false };
    let Some(app) =
        apps.get_mut(app_name).filter(|app| app.get("metrics").is_none() && app.get("network_mode").is_none())
    else {
        return false;
    };
    let scale = app.get("scale").and_then(Item::as_text).unwrap_or("1").to_owned();
    let called = app.get("container_name").and_then(Item::as_text).unwrap_or(app_name);
    if (is_static && host != called) || (!is_static && host != app_name) || scale == "0" || OWN.contains(&job.name) {
        return false;
    }
    if is_static && scale != "1" {
        let place = Place::at(&config.file.name, job.line, format!("job {}", job.name));
        let message = format!("one target for {scale} replicas sees another of them each time");
        remarks.changed(place, message, "each replica is a target of its own now");
    }
    let mut metrics = Map::default();
    if job.name != app_name {
        metrics.set("job", Item::text(job.name));
    }
    metrics.set("port", Item::word(port));
    if !is_static {
        metrics.set("discovery", Item::text("dns"));
    }
    metrics.0.extend(plain.settings.0.clone());
    app.set("metrics", Item::Map(metrics));
    true
}

/// `localhost` in Prometheus' container is that container.
fn loopback(config: &Config, job: &Job, plain: &Plain, remarks: &mut Remarks) {
    let Targets::Static(targets) = &plain.targets else { return };
    let is_elsewhere = |target: &&String| {
        let (host, port) = target.rsplit_once(':').unwrap_or((target, ""));
        matches!(host, "localhost" | "127.0.0.1") && port != "9090"
    };
    if let Some(target) = targets.iter().find(is_elsewhere) {
        let place = Place::at(&config.file.name, job.line, format!("job {}", job.name));
        let port = target.rsplit_once(':').map_or("", |(_, port)| port);
        let message = format!("`{target}` is Prometheus' own container when Prometheus runs in one");
        remarks.habit(place, message, format!("write `host.docker.internal:{port}` for the host, or the app's name"));
    }
}
