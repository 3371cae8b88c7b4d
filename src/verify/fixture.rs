//! A small stack as plain values, for the tests of the judges: Prometheus and `web` with two replicas.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use indexmap::IndexMap;

use crate::client::{Health, Target, Targets};
use crate::desired::{
    Attachment, Container, Desired, Duration, Duty, HostSettings, Image, ImageOrigin, Job, JobOrigin, JobTargets,
    PrometheusConfig, PrometheusServer, PullPolicy, Role, Scheme, Service, StaticTarget,
};
use crate::engine::{ContainerState, Health as ContainerHealth, Observed, ObservedContainer};

pub(crate) const NETWORK: &str = "demo_default";

pub(crate) fn service(name: &str, role: Role, replicas: u32) -> Service {
    let attachment = Attachment { key: "default".into(), network: NETWORK.into(), aliases: vec![name.into()] };
    Service {
        name: name.into(),
        role,
        image: Image {
            reference: "x:1".into(),
            origin: ImageOrigin::Registry,
            pull_policy: PullPolicy::Missing,
            content: None,
        },
        replicas,
        file_scale: replicas,
        depends_on: Vec::new(),
        wave: 0,
        container: Container { networks: vec![attachment], ..Container::default() },
        fingerprint: String::new(),
    }
}

pub(crate) fn job(name: &str, origin: JobOrigin, targets: JobTargets) -> Job {
    Job {
        name: name.into(),
        origin,
        targets,
        path: "/metrics".into(),
        scheme: Scheme::Http,
        interval: None,
        timeout: None,
        labels: IndexMap::new(),
        params: IndexMap::new(),
        basic_auth: None,
        bearer_token_file: None,
        tls: None,
        fallback_scrape_protocol: None,
        sample_limit: None,
        honor_labels: false,
        prober: None,
        says: None,
    }
}

pub(crate) fn written_out(addresses: &[(&str, Option<u32>)]) -> JobTargets {
    let target =
        |(address, replica): &(&str, Option<u32>)| StaticTarget { address: (*address).into(), replica: *replica };
    JobTargets::Static(addresses.iter().map(target).collect())
}

pub(crate) fn by_name(name: &str, port: u16) -> JobTargets {
    JobTargets::Dns { name: name.into(), port, refresh_interval: Duration::from_secs(5) }
}

pub(crate) fn web_job() -> Job {
    let targets = written_out(&[("demo-web-1:80", Some(1)), ("demo-web-2:80", Some(2))]);
    job("web", JobOrigin::Service("web".into()), targets)
}

pub(crate) fn desired(services: Vec<Service>, jobs: Vec<Job>) -> Desired {
    let prometheus = PrometheusConfig {
        servers: vec![PrometheusServer { service: "prometheus".into(), replica: None, duty: Duty::Everything }],
        guard: None,
        version: "3.5.0".into(),
        scrape_interval: Duration::from_secs(15),
        scrape_timeout: Duration::from_secs(10),
        evaluation_interval: Duration::from_secs(15),
        external_labels: IndexMap::new(),
        expands_external_labels: true,
        jobs,
        retention: None,
        extra_scrape_configs: Vec::new(),
        rule_files: Vec::new(),
        missing_rules: Vec::new(),
        tests: IndexMap::new(),
        alertmanagers: Vec::new(),
        remote_write: Vec::new(),
        remote_read: Vec::new(),
        extra_config: IndexMap::new(),
        published: None,
    };
    Desired {
        host: HostSettings::default(),
        stack: "demo".into(),
        networks: Vec::new(),
        volumes: Vec::new(),
        services,
        prometheus: Some(prometheus),
        grafana: None,
        alertmanager: None,
        probes: IndexMap::new(),
        dashboards: Vec::new(),
        exposed: IndexMap::new(),
        learned_from: IndexMap::new(),
        golden: IndexMap::new(),
        daemon: None,
        left_out: Vec::new(),
        scale: IndexMap::new(),
    }
}

/// Prometheus and two replicas of `web`, with `jobs` beside none.
pub(crate) fn demo(jobs: Vec<Job>) -> Desired {
    desired(vec![service("prometheus", Role::Prometheus, 1), service("web", Role::App, 2)], jobs)
}

pub(crate) fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(172, 18, 0, last).into()
}

pub(crate) fn container(service: &str, replica: u32, last: u8) -> ObservedContainer {
    ObservedContainer {
        stack_files: Vec::new(),
        id: format!("id-{service}-{replica}"),
        name: format!("demo-{service}-{replica}"),
        service: service.into(),
        replica,
        image: "x:1".into(),
        image_id: String::new(),
        state: ContainerState::Running,
        health: ContainerHealth::None,
        exit_code: None,
        started_at: 0,
        restarts: 0,
        seconds_up: None,
        fingerprint: None,
        parts: std::collections::BTreeMap::new(),
        addresses: [(NETWORK.to_owned(), Some(address(last)))].into(),
        aliases: std::collections::BTreeMap::new(),
        limits: None,
        ports: Vec::new(),
        host_ports: BTreeSet::new(),
        files: std::collections::BTreeMap::new(),
        nameless: Vec::new(),
        mounts: BTreeSet::new(),
    }
}

/// What the engine runs for [`demo`]: Prometheus on .2, `web` on .11 and .12.
pub(crate) fn observed() -> Observed {
    let containers = vec![container("prometheus", 1, 2), container("web", 1, 11), container("web", 2, 12)];
    Observed { containers, ..Observed::default() }
}

pub(crate) fn target(job: &str, address: &str, health: Health) -> Target {
    Target {
        pool: job.into(),
        address: address.into(),
        url: format!("http://{address}/metrics"),
        labels: [("job", job), ("instance", address)].map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        health,
        last_scrape_seconds: 0.002,
        ..Target::default()
    }
}

pub(crate) fn targets(active: Vec<Target>) -> Targets {
    Targets { active, dropped: Vec::new() }
}

/// What Prometheus says when all of [`demo`] is well.
pub(crate) fn all_up() -> Targets {
    targets(vec![target("web", "demo-web-1:80", Health::Up), target("web", "demo-web-2:80", Health::Up)])
}
