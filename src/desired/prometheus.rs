//! Prometheus: its configuration and its service.

use indexmap::IndexSet;

use super::assemble::Input;
use super::attached;
use super::component::{self, Listening};
use super::container::{self, fill};
use super::image::Chosen;
use super::scrape::{Timing, secrets};
use super::unit::{prometheus_duration, prometheus_size};
use super::{
    AlertmanagerConfig, Guard, PlacedSecret, PrometheusConfig, PrometheusServer, Retention, Role, Scheme, Service,
    guard, jobs, network, remote, rules, server, volume,
};
use super::{Attachment, ContainerSettings, Duration, HOST, Job, JobOrigin, JobTargets, OnChange, PlacedFile};
use crate::catalog::Version;
use crate::catalog::prometheus::{
    CLIENT_FILE, EXTERNAL_LABELS_EXPANDED, FLUSH_DEADLINE, FLUSH_DEADLINE_KNOWN, MEMORY_FILE, PROMETHEUS,
    RETENTION_IN_FILE,
};
use crate::stack::Prometheus;
use crate::stack::defaults::{RETENTION_TIME, SCRAPE_INTERVAL, SCRAPE_TIMEOUT};

/// Configuration and services, one for each server, for the services that shall be scraped.
pub(super) fn make(
    input: Input,
    section: &Prometheus,
    chosen: &Chosen,
    services: &[Service],
    alertmanager: Option<&AlertmanagerConfig>,
) -> (PrometheusConfig, Vec<Service>) {
    let version = chosen.parsed_version(&PROMETHEUS);
    let timing = timing(section, version);
    let mut config = PrometheusConfig {
        servers: server::all(input, section),
        version: chosen.version.clone(),
        scrape_interval: timing.interval,
        scrape_timeout: timing.timeout,
        evaluation_interval: section.evaluation_interval.unwrap_or(timing.interval),
        external_labels: section.external_labels.clone(),
        expands_external_labels: version >= EXTERNAL_LABELS_EXPANDED,
        retention: (version >= RETENTION_IN_FILE).then(|| retention(input, section)),
        jobs: jobs::all(input, section, services, &timing),
        extra_scrape_configs: section.extra_scrape_configs.clone(),
        rule_files: Vec::new(),
        missing_rules: Vec::new(),
        tests: input.stack.tests.clone(),
        alertmanagers: alertmanager.map(|config| config.addresses.clone()).unwrap_or_default(),
        remote_write: remote::writes(section),
        remote_read: remote::reads(section),
        extra_config: section.extra_config.clone(),
        guard: guard::of(section),
        published: component::published(section.port, PROMETHEUS.port),
    };
    (config.rule_files, config.missing_rules) = rules::all(input, section, &config, services);
    let made = config.servers.iter().map(|server| service(input, section, chosen, services, &config, server)).collect();
    (config, made)
}

/// Time between two scrapes: Grafana wants to know it, too.
pub(super) fn scrape_interval(section: &Prometheus) -> Duration {
    section.scrape_interval.unwrap_or(SCRAPE_INTERVAL)
}

fn timing(section: &Prometheus, version: Version) -> Timing {
    let interval = scrape_interval(section);
    Timing { interval, timeout: section.scrape_timeout.unwrap_or(SCRAPE_TIMEOUT).min(interval), version }
}

/// As long as the file says, else as long as the longest objective looks back.
fn retention(input: Input, section: &Prometheus) -> Retention {
    let usual = rules::longest_window(input.stack).unwrap_or_default().max(RETENTION_TIME);
    Retention { time: section.retention.time.unwrap_or(usual), size: section.retention.size }
}

fn service(
    input: Input,
    section: &Prometheus,
    chosen: &Chosen,
    services: &[Service],
    config: &PrometheusConfig,
    server: &PrometheusServer,
) -> Service {
    let name = server.service.as_str();
    let settings = settings(input, section, chosen, config, server);
    let mut container = container::make(input.stack, name, settings, &section.wiring);
    volume::add_data(input.stack, &PROMETHEUS, name, &mut container.mounts);
    container.networks = networks(input, section, services, config, name);
    container.visited = attached::attachments(input);
    container.visited.retain(|visited| container.networks.iter().all(|own| own.network != visited.network));
    container.files = files(config, server);
    container.secrets.extend(job_secrets(input, config, server));
    container.secrets.extend(remote::secrets(section));
    container.secrets.extend(guard::secrets(input.stack.name.as_str(), section));
    Service {
        name: name.to_owned(),
        role: Role::Prometheus,
        image: chosen.image.clone(),
        replicas: 1,
        file_scale: 1,
        depends_on: server::before(&config.servers, server),
        wave: 0,
        container,
        fingerprint: String::new(),
    }
}

fn settings(
    input: Input,
    section: &Prometheus,
    chosen: &Chosen,
    config: &PrometheusConfig,
    server: &PrometheusServer,
) -> ContainerSettings {
    let mut settings = section.container.clone();
    if server.is_first() {
        settings.ports.0.extend(config.published.map(|address| component::port(address, PROMETHEUS.port)));
    } else {
        settings.ports.0.clear();
    }
    if config.jobs.iter().any(needs_host) || config.remotes().any(|remote| remote.host == HOST) {
        fill(&mut settings.extra_hosts, &[(HOST, "host-gateway")]);
    }
    if chosen.as_published {
        let check = || guard::healthcheck(config.guard.as_ref(), chosen.parsed_version(&PROMETHEUS));
        settings.healthcheck = settings.healthcheck.or_else(check);
    }
    let listening = Listening { host_address: None, port: PROMETHEUS.port };
    let mut settings = component::settings(&PROMETHEUS, chosen, settings, &listening);
    component::outlive_reloads(&mut settings);
    if let Some(command) = &mut settings.command {
        command.0.insert(0, format!("--config.file={}", server.placed()));
        command.0.extend(retention_flags(input, section, config));
        command.0.extend(guard::flag(section));
        command.0.extend(flush_flag(section, config, chosen.parsed_version(&PROMETHEUS)));
        command.0.extend(url_flags(section, config, server));
        command.0.extend(section.extra_flags.iter().cloned());
    }
    settings
}

/// Flags for a version whose configuration file cannot say it.
fn retention_flags(input: Input, section: &Prometheus, config: &PrometheusConfig) -> Vec<String> {
    if config.retention.is_some() {
        return Vec::new();
    }
    let Retention { time, size } = retention(input, section);
    let time = format!("--storage.tsdb.retention.time={}", prometheus_duration(time));
    let size = size.map(|size| format!("--storage.tsdb.retention.size={}", prometheus_size(size)));
    std::iter::once(time).chain(size).collect()
}

/// Where samples are sent to somebody, and the file does not say how long to wait for him.
fn flush_flag(section: &Prometheus, config: &PrometheusConfig, version: Version) -> Option<String> {
    let sends = !config.remote_write.is_empty() || config.extra_config.contains_key("remote_write");
    let name = FLUSH_DEADLINE.split('=').next().unwrap_or_default();
    let is_written = section.extra_flags.iter().any(|flag| flag.split('=').next() == Some(name));
    (sends && !is_written && version >= FLUSH_DEADLINE_KNOWN).then(|| FLUSH_DEADLINE.to_owned())
}

/// Replicas tell of the same alerts, and one alone is published: its address stands in the links of all. Shards tell of none.
fn url_flags(section: &Prometheus, config: &PrometheusConfig, server: &PrometheusServer) -> Vec<String> {
    if !server.has_the_whole() {
        return Vec::new();
    }
    let scheme = config.guard.as_ref().map_or(Scheme::Http, Guard::scheme);
    component::url_flags(section.external_url.as_ref(), config.published, scheme)
}

/// Does a job name the host by its name?
fn needs_host(job: &Job) -> bool {
    let JobTargets::Static(targets) = &job.targets else { return false };
    targets.iter().any(|target| target.address.rsplit_once(':').is_some_and(|(host, _)| host == HOST))
}

/// `default`, the networks that the file names, and every network on which a service sits that is scraped or written to.
fn networks(
    input: Input,
    section: &Prometheus,
    services: &[Service],
    config: &PrometheusConfig,
    name: &str,
) -> Vec<Attachment> {
    let watched: IndexSet<&str> = config
        .jobs
        .iter()
        .filter_map(|job| match &job.origin {
            JobOrigin::Service(service_name) => Some(service_name.as_str()),
            _ => None,
        })
        .chain(config.remotes().map(|remote| remote.host.as_str()))
        .collect();
    let scraped = services.iter().filter(|service| watched.contains(service.name.as_str()));
    let joined = scraped.flat_map(|service| &service.container.networks).map(|attachment| attachment.key.as_str());
    let mut attachments = network::with_default(input.stack, name, &section.wiring.networks);
    let known: IndexSet<String> = attachments.iter().map(|attachment| attachment.key.clone()).collect();
    let joined: IndexSet<&str> = joined.filter(|key| !known.contains(*key)).collect();
    attachments.extend(joined.into_iter().map(|key| network::visiting(input.stack, key, name)));
    network::in_order(attachments)
}

fn files(config: &PrometheusConfig, server: &PrometheusServer) -> Vec<PlacedFile> {
    let placed = |source: &str, target: &str, on_change| PlacedFile {
        source: source.to_owned(),
        target: target.to_owned(),
        on_change,
    };
    // Rules first: prometheus.yml is looked at with the files that it names.
    let rules = config
        .rule_files
        .iter()
        .filter(|_| server.has_the_whole())
        .map(|file| placed(&file.rendered(), &file.placed(), OnChange::Reload));
    let own = placed(&server.source(), &server.placed(), OnChange::Reload);
    let memory = server.is_first().then(|| placed("prometheus/stackctl.json", MEMORY_FILE, OnChange::Nothing));
    let client = config.guard.as_ref().map(|_| placed("prometheus/client.yml", CLIENT_FILE, OnChange::Nothing));
    rules.chain([own]).chain(memory).chain(client).collect()
}

fn job_secrets(input: Input, config: &PrometheusConfig, server: &PrometheusServer) -> Vec<PlacedSecret> {
    let stack = input.stack;
    let apps = stack.apps.iter().filter_map(|(name, app)| Some((name, app.metrics.as_ref()?)));
    let exporters = stack.exporters.iter().map(|(name, exporter)| (name, &exporter.metrics));
    let attached = stack.attached.iter().map(|(name, attached)| (name, &attached.metrics));
    let elsewhere = stack.scrape.iter().map(|(name, scrape)| (name, &scrape.metrics));
    let present = config.jobs.iter().filter(|job| server.has(job));
    let present: IndexSet<&str> = present.map(|job| job.name.as_str()).collect();
    let all = apps.chain(attached).chain(exporters).chain(elsewhere);
    let named = all.map(|(name, metrics)| (metrics.job.as_ref().unwrap_or(name).as_str(), metrics));
    let watched = named.filter(|(name, _)| present.contains(name));
    watched.flat_map(|(name, metrics)| secrets(name, metrics)).collect()
}
