//! Which jobs Prometheus scrapes, and where their targets are.

use std::collections::HashMap;

use super::assemble::Input;
use super::called::{Asked, Asker};
use super::lookup::find;
use super::scrape::{Timing, job};
use super::{ContainerSettings, Duration, Job, JobOrigin, JobTargets, Protocol, Role, Service, StaticTarget};
use super::{attached, daemon, exporter, guard, probe, server, watched};
use crate::catalog;
use crate::catalog::prometheus::PROMETHEUS;
use crate::stack::defaults::METRICS_PORT;
use crate::stack::{Discovery, Metrics, Prometheus};

/// Every job, in order: Prometheus itself, the engine, apps, attached ones, exporters, Grafana, Alertmanager, probes,
/// things elsewhere.
pub(super) fn all(input: Input, section: &Prometheus, services: &[Service], timing: &Timing) -> Vec<Job> {
    let mut jobs = vec![of_prometheus(input, section, timing)];
    jobs.retain(|own| !is_written_out(input, &own.name));
    jobs.extend(daemon::target(input).map(|target| of_engine(target, timing)));
    jobs.extend(of_apps(input, services, timing));
    jobs.extend(attached::jobs(input, timing));
    jobs.extend(of_role(services, Role::Exporter).filter_map(|service| of_exporter(input, service, timing)));
    let grafana = of_role(services, Role::Grafana).map(|service| of_grafana(input, service, timing));
    let port = catalog::alertmanager::ALERTMANAGER.port;
    let alertmanagers = of_role(services, Role::Alertmanager)
        .map(|service| of_service(input, service, &Metrics::default(), port, timing));
    let own = grafana.chain(alertmanagers);
    jobs.extend(own.filter(|own| !is_written_out(input, &own.name)));
    jobs.extend(probe::jobs(input, services, timing));
    jobs.extend(of_things_elsewhere(input, timing));
    jobs
}

/// Whether the stack file writes a job of that name out, which then stands in for stackctl's own.
fn is_written_out(input: Input, job_name: &str) -> bool {
    let extra = input.stack.prometheus.as_option().map(|section| section.extra_scrape_configs.as_slice());
    let mut extra = extra.unwrap_or_default().iter().filter_map(|job| job.get("job_name")?.as_str());
    find(&input.stack.scrape, job_name).is_some() || extra.any(|name| name == job_name)
}

fn of_apps(input: Input, services: &[Service], timing: &Timing) -> Vec<Job> {
    let by_name: HashMap<&str, &Service> =
        of_role(services, Role::App).map(|service| (service.name.as_str(), service)).collect();
    let watched = input.stack.apps.iter().filter_map(|(app_name, app)| {
        let (metrics, service) = (app.metrics.as_ref()?, by_name.get(app_name.as_str())?);
        let port = metrics.port.unwrap_or_else(|| first_port(&app.container));
        Some(of_service(input, service, metrics, port, timing))
    });
    watched.collect()
}

fn of_exporter(input: Input, service: &Service, timing: &Timing) -> Option<Job> {
    let exporter = find(&input.stack.exporters, &service.name)?;
    let port = exporter::port(&service.name, exporter);
    let mut job = of_service(input, service, &exporter.metrics, port, timing);
    let component = catalog::component(exporter.kind(&service.name));
    job.honor_labels |= component.is_some_and(|component| component.honor_labels);
    let watched = watched::of(input, &service.name, exporter);
    let unnamed = || component.and_then(watched::says_of_unnamed);
    job.says = watched.map(|watched| watched.says()).or_else(unnamed);
    Some(job)
}

fn of_grafana(input: Input, service: &Service, timing: &Timing) -> Job {
    of_service(input, service, &Metrics::default(), catalog::grafana::GRAFANA.port, timing)
}

fn of_things_elsewhere(input: Input, timing: &Timing) -> impl Iterator<Item = Job> {
    input.stack.scrape.iter().map(|(job_name, scrape)| {
        let targets = scrape.targets.iter().map(|address| StaticTarget { address: address.clone(), replica: None });
        let targets = JobTargets::Static(targets.collect());
        job(job_name.as_str(), JobOrigin::Elsewhere, targets, &scrape.metrics, timing)
    })
}

fn of_role(services: &[Service], role: Role) -> impl Iterator<Item = &Service> {
    services.iter().filter(move |service| service.role == role)
}

/// The first of `expose`, else the first TCP container port of `ports`, else 80.
pub(super) fn first_port(settings: &ContainerSettings) -> u16 {
    let published = settings.ports.0.iter().filter(|port| port.protocol == Protocol::Tcp);
    let mut candidates = settings.expose.iter().copied().chain(published.map(|port| port.container_port));
    candidates.next().unwrap_or(METRICS_PORT)
}

/// Every server, in order.
fn of_prometheus(input: Input, section: &Prometheus, timing: &Timing) -> Job {
    let addresses = server::addresses(input, section).into_iter();
    let targets = addresses.map(|address| StaticTarget { address, replica: Some(1) });
    let targets = JobTargets::Static(targets.collect());
    let job = job(PROMETHEUS.name, JobOrigin::Prometheus, targets, &Metrics::default(), timing);
    match guard::of(section) {
        Some(guard) => Job { scheme: guard.scheme(), basic_auth: guard.basic_auth, tls: guard.tls, ..job },
        None => job,
    }
}

fn of_engine(address: String, timing: &Timing) -> Job {
    let targets = JobTargets::Static(vec![StaticTarget { address, replica: None }]);
    job("docker", JobOrigin::Engine, targets, &Metrics::default(), timing)
}

fn of_service(input: Input, service: &Service, metrics: &Metrics, port: u16, timing: &Timing) -> Job {
    let on_host = service.container.settings.network_mode.as_deref() == Some("host");
    let targets = if metrics.discovery == Discovery::Dns && !on_host {
        let refresh_interval = refresh_interval(metrics.interval.unwrap_or(timing.interval));
        JobTargets::Dns { name: service.name.clone(), port, refresh_interval }
    } else {
        JobTargets::Static(static_targets(input, service, port))
    };
    let job_name = metrics.job.as_ref().map_or(service.name.as_str(), |job| job.as_str());
    job(job_name, JobOrigin::Service(service.name.clone()), targets, metrics, timing)
}

/// One target for each replica, each under a name that is its own.
fn static_targets(input: Input, service: &Service, port: u16) -> Vec<StaticTarget> {
    let (settings, replicas) = (&service.container.settings, service.replicas);
    let asked = Asked { name: &service.name, settings, replicas };
    let host = |replica| asked.host(input.stack, replica, Asker::Prometheus);
    (1..=replicas)
        .map(|replica| StaticTarget { address: format!("{}:{port}", host(replica)), replica: Some(replica) })
        .collect()
}

/// As often as the job scrapes, so that a new replica is seen at the next scrape; within what spares the name server.
fn refresh_interval(interval: Duration) -> Duration {
    interval.clamp(Duration::from_secs(1), Duration::from_secs(15))
}
