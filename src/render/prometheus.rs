//! `prometheus/prometheus.yml`: what its template fills in. Keys whose default is meant are left out.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Value, json};

use super::{template, yaml};
use crate::desired::{
    BasicAuth, Desired, Duration, Duty, Job, JobTargets, PrometheusConfig, PrometheusServer, Remote, RuleFile, Scheme,
    Tls, prometheus_duration, prometheus_size,
};

/// Where the file is rendered, and what it says, for each Prometheus that runs.
pub(super) fn files(desired: &Desired) -> impl Iterator<Item = (String, String)> {
    desired.prometheus.iter().flat_map(|config| {
        let text = |server| template::fill("prometheus/prometheus.yml", &View::of(config, server));
        config.servers.iter().map(move |server| (server.source(), text(server)))
    })
}

/// `prometheus/client.yml`: how promtool is let in, where Prometheus asks who comes.
pub(super) fn client(desired: &Desired) -> Option<String> {
    #[derive(Serialize)]
    struct Client<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        basic_auth: Option<&'a BasicAuth>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tls_config: Option<&'a Tls>,
    }
    let guard = desired.prometheus.as_ref()?.guard.as_ref()?;
    let client = Client { basic_auth: guard.basic_auth.as_ref(), tls_config: guard.tls.as_ref() };
    Some(format!("{}{}", yaml::HEADER, yaml::document(&client)))
}

#[derive(Serialize)]
struct View<'a> {
    header: &'static str,
    scrape_interval: String,
    scrape_timeout: String,
    evaluation_interval: String,
    external_labels: Vec<Pair<'a>>,
    replica_label: Option<&'a str>,
    retention: Option<RetentionView>,
    jobs: Vec<JobView<'a>>,
    extra_scrape_configs: Vec<String>,
    rule_files: Vec<String>,
    alertmanagers: &'a [String],
    remote_write: Vec<String>,
    remote_read: Vec<String>,
    extra_config: Option<String>,
}

/// A name and its value. Prometheus' templates and label values are free text, so both are quoted where needed.
#[derive(Serialize)]
struct Pair<'a> {
    name: &'a str,
    value: String,
}

#[derive(Serialize)]
struct RetentionView {
    time: String,
    size: Option<String>,
}

#[derive(Serialize)]
struct JobView<'a> {
    name: &'a str,
    interval: Option<String>,
    timeout: Option<String>,
    path: Option<&'a str>,
    scheme: Option<&'static str>,
    params: Vec<Param<'a>>,
    honor_labels: bool,
    sample_limit: Option<String>,
    fallback_scrape_protocol: Option<&'a str>,
    basic_auth: Option<&'a BasicAuth>,
    bearer_token_file: Option<&'a str>,
    tls: Option<&'a Tls>,
    dns: Option<Dns<'a>>,
    targets: Vec<&'a str>,
    labels: Vec<Pair<'a>>,
    prober: Option<&'a str>,
    shard: Option<Shard>,
    relabels: bool,
}

/// The part of the targets that a shard scrapes.
#[derive(Clone, Copy, Serialize)]
struct Shard {
    number: u32,
    of: u32,
}

impl Shard {
    fn of(server: &PrometheusServer) -> Option<Self> {
        match server.duty {
            Duty::Shard { number, of } => Some(Self { number, of }),
            _ => None,
        }
    }

    /// The same in a job that is written in Prometheus' own words: before all that the job does to its addresses.
    fn into_job(self, job: &Value) -> Value {
        let mut job = job.clone();
        let written = job["relabel_configs"].as_array().cloned().unwrap_or_default();
        let hash = json!({ "source_labels": ["__address__"], "modulus": self.of, "target_label": "__tmp_hash", "action": "hashmod" });
        let keep = json!({ "source_labels": ["__tmp_hash"], "regex": self.number.to_string(), "action": "keep" });
        job["relabel_configs"] = [hash, keep].into_iter().chain(written).collect();
        job
    }
}

#[derive(Serialize)]
struct Param<'a> {
    name: &'a str,
    values: &'a [String],
}

#[derive(Serialize)]
struct Dns<'a> {
    name: &'a str,
    port: u16,
    refresh_interval: String,
}

impl<'a> View<'a> {
    fn of(config: &'a PrometheusConfig, server: &'a PrometheusServer) -> Self {
        let (shard, evaluates) = (Shard::of(server), server.has_the_whole());
        let escape = if config.expands_external_labels { double_dollars } else { str::to_owned };
        Self {
            header: yaml::HEADER,
            scrape_interval: prometheus_duration(config.scrape_interval),
            scrape_timeout: prometheus_duration(config.scrape_timeout),
            evaluation_interval: prometheus_duration(config.evaluation_interval),
            external_labels: external_labels(config, server, escape),
            replica_label: server.replica.as_ref().map(|(label, _)| label.as_str()),
            retention: config.retention.map(|retention| RetentionView {
                time: prometheus_duration(retention.time),
                size: retention.size.map(prometheus_size),
            }),
            jobs: config.jobs.iter().filter(|job| server.has(job)).map(|job| JobView::of(job, shard)).collect(),
            extra_scrape_configs: extra_jobs(config, server),
            rule_files: config.rule_files.iter().filter(|_| evaluates).map(RuleFile::placed).collect(),
            alertmanagers: if evaluates { config.alertmanagers.as_slice() } else { &[] },
            remote_write: remotes(&config.remote_write),
            remote_read: reads(config, server),
            extra_config: (!config.extra_config.is_empty()).then(|| yaml::document(&config.extra_config)),
        }
    }
}

impl<'a> JobView<'a> {
    fn of(job: &'a Job, shard: Option<Shard>) -> Self {
        let (targets, dns, escape): (Vec<&str>, _, fn(&str) -> String) = match &job.targets {
            JobTargets::Static(targets) => {
                (targets.iter().map(|target| target.address.as_str()).collect(), None, str::to_owned)
            }
            JobTargets::Dns { name, port, refresh_interval } => {
                let refresh_interval = prometheus_duration(*refresh_interval);
                (Vec::new(), Some(Dns { name, port: *port, refresh_interval }), double_dollars)
            }
        };
        let duration = |duration: Option<Duration>| duration.map(prometheus_duration);
        Self {
            name: &job.name,
            interval: duration(job.interval),
            timeout: duration(job.timeout),
            path: (job.path != "/metrics").then_some(job.path.as_str()),
            scheme: (job.scheme == Scheme::Https).then_some("https"),
            params: job.params.iter().map(|(name, values)| Param { name, values }).collect(),
            honor_labels: job.honor_labels,
            sample_limit: job.sample_limit.map(|limit| limit.to_string()),
            fallback_scrape_protocol: job.fallback_scrape_protocol.as_deref(),
            basic_auth: job.basic_auth.as_ref(),
            bearer_token_file: job.bearer_token_file.as_deref(),
            tls: job.tls.as_ref(),
            relabels: shard.is_some() || job.prober.is_some() || dns.is_some() && !job.labels.is_empty(),
            shard,
            dns,
            targets,
            labels: pairs(&job.labels, escape),
            prober: job.prober.as_deref(),
        }
    }
}

fn extra_jobs(config: &PrometheusConfig, server: &PrometheusServer) -> Vec<String> {
    let jobs = config.extra_scrape_configs.iter().filter(|_| server.has_extra_jobs());
    let shard = Shard::of(server);
    jobs.map(|job| shard.map_or_else(|| yaml::list_entry(job), |shard| yaml::list_entry(&shard.into_job(job))))
        .collect()
}

/// The shards, where it asks any, and what else the stack file names.
fn reads(config: &PrometheusConfig, server: &PrometheusServer) -> Vec<String> {
    match &server.duty {
        Duty::Everything => remotes(&config.remote_read),
        Duty::Front { shards } => remotes(shards).into_iter().chain(remotes(&config.remote_read)).collect(),
        Duty::Shard { .. } => Vec::new(),
    }
}

fn remotes(remotes: &[Remote]) -> Vec<String> {
    remotes.iter().map(|remote| yaml::list_entry(&remote.settings)).collect()
}

/// Those of all servers, and the one that tells this one from its replicas.
fn external_labels<'a>(
    config: &'a PrometheusConfig,
    server: &'a PrometheusServer,
    escape: fn(&str) -> String,
) -> Vec<Pair<'a>> {
    let own = server.replica.as_ref().map(|(name, value)| Pair { name, value: escape(value) });
    pairs(&config.external_labels, escape).into_iter().chain(own).collect()
}

fn pairs(map: &IndexMap<String, String>, escape: fn(&str) -> String) -> Vec<Pair<'_>> {
    map.iter().map(|(name, value)| Pair { name, value: escape(value) }).collect()
}

/// In a relabelling's replacement, and in external labels of newer versions, `$` starts a reference and `$$` is a `$`.
fn double_dollars(text: &str) -> String {
    text.replace('$', "$$")
}
