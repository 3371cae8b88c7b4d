//! Which jobs Prometheus scrapes, and where their targets are.

use std::collections::HashMap;

use super::assemble::Input;
use super::lookup::find;
use super::scrape::{Timing, job};
use super::{ContainerSettings, Duration, HOST, Job, JobOrigin, JobTargets, Protocol, Role, Service, StaticTarget};
use super::{daemon, exporter};
use crate::catalog;
use crate::stack::{Discovery, Metrics};

/// Port that is scraped where nothing is said about ports at all.
const LAST_RESORT_PORT: u16 = 80;

/// Every job, in order: Prometheus itself, the engine, apps, exporters, Grafana, things elsewhere.
pub(super) fn all(input: Input, services: &[Service], timing: &Timing) -> Vec<Job> {
    let stack = input.stack;
    let by_name: HashMap<&str, &Service> = services.iter().map(|service| (service.name.as_str(), service)).collect();
    let mut jobs = vec![of_prometheus(timing)];
    jobs.extend(daemon::target(input).map(|target| fixed("docker", JobOrigin::Engine, vec![(target, None)], timing)));
    for (app_name, app) in &stack.apps {
        if let (Some(metrics), Some(service)) = (&app.metrics, by_name.get(app_name.as_str())) {
            let port = metrics.port.unwrap_or_else(|| first_port(&app.container));
            jobs.push(of_service(input, service, metrics, port, timing));
        }
    }
    for service in services.iter().filter(|service| service.role == Role::Exporter) {
        if let Some(exporter) = find(&stack.exporters, &service.name) {
            let port = exporter::port(&service.name, exporter);
            jobs.push(of_service(input, service, &exporter.metrics, port, timing));
        }
    }
    jobs.extend(services.iter().filter(|service| service.role == Role::Grafana).map(|service| {
        let port = catalog::grafana::GRAFANA.port;
        of_service(input, service, &Metrics::default(), port, timing)
    }));
    for (job_name, scrape) in &stack.scrape {
        let targets = scrape.targets.iter().map(|address| StaticTarget { address: address.clone(), replica: None });
        let targets = JobTargets::Static(targets.collect());
        jobs.push(job(job_name.as_str(), JobOrigin::Elsewhere, targets, &scrape.metrics, timing));
    }
    jobs
}

/// The first of `expose`, else the first TCP container port of `ports`, else 80.
pub(super) fn first_port(settings: &ContainerSettings) -> u16 {
    let published = settings.ports.0.iter().filter(|port| port.protocol == Protocol::Tcp);
    let mut candidates = settings.expose.iter().copied().chain(published.map(|port| port.container_port));
    candidates.next().unwrap_or(LAST_RESORT_PORT)
}

/// `localhost`, not the service's name: on a network shared with another stack that name may be somebody else's.
fn of_prometheus(timing: &Timing) -> Job {
    let component = &catalog::prometheus::PROMETHEUS;
    let target = (format!("localhost:{}", component.port), Some(1));
    fixed(component.name, JobOrigin::Prometheus, vec![target], timing)
}

fn fixed(job_name: &str, origin: JobOrigin, targets: Vec<(String, Option<u32>)>, timing: &Timing) -> Job {
    let targets = targets.into_iter().map(|(address, replica)| StaticTarget { address, replica });
    job(job_name, origin, JobTargets::Static(targets.collect()), &Metrics::default(), timing)
}

fn of_service(input: Input, service: &Service, metrics: &Metrics, port: u16, timing: &Timing) -> Job {
    let on_host = service.container.settings.network_mode.as_deref() == Some("host");
    let targets = if metrics.discovery == Discovery::Dns && !on_host {
        let refresh_interval = refresh_interval(metrics.interval.unwrap_or(timing.interval));
        JobTargets::Dns { name: service.name.clone(), port, refresh_interval }
    } else {
        JobTargets::Static(static_targets(input, service, port, on_host))
    };
    job(&service.name, JobOrigin::Service(service.name.clone()), targets, metrics, timing)
}

/// One target for each replica, each under a name that is its own.
fn static_targets(input: Input, service: &Service, port: u16, on_host: bool) -> Vec<StaticTarget> {
    let host = |replica| {
        if on_host {
            HOST.to_owned()
        } else if service.replicas == 1 && service.container.settings.container_name.is_none() {
            service.name.clone()
        } else {
            service.container_name(input.stack.name.as_str(), replica)
        }
    };
    let replicas = 1..=service.replicas;
    replicas
        .map(|replica| StaticTarget { address: format!("{}:{port}", host(replica)), replica: Some(replica) })
        .collect()
}

/// As often as the job scrapes, so that a new replica is seen at the next scrape; within what spares the name server.
fn refresh_interval(interval: Duration) -> Duration {
    interval.clamp(Duration::from_secs(1), Duration::from_secs(15))
}
