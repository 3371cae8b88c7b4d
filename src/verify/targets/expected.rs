//! What Prometheus ought to scrape: every replica of every job, and the container behind it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};

use crate::desired::{Desired, Job, JobOrigin, JobTargets, Role, Service, StaticTarget};
use crate::engine::{ContainerState, Observed, ObservedContainer};

/// One replica, or one thing elsewhere, that Prometheus ought to scrape.
#[derive(Debug, Clone)]
pub(super) struct Expected<'a> {
    pub(super) job: &'a Job,
    /// The service it is a replica of.
    pub(super) service: Option<&'a Service>,
    pub(super) container: Option<&'a ObservedContainer>,
    /// Name of the container, or the address of something elsewhere.
    pub(super) instance: String,
    /// Addresses, `HOST:PORT`, under which Prometheus may know it. Empty: its container has none.
    pub(super) addresses: Vec<String>,
    /// `HOST:PORT` to ask from inside the network.
    pub(super) ask: Option<String>,
    /// Who asks it in Prometheus' place, where it is probed.
    pub(super) prober: Option<Asking<'a>>,
}

/// The exporter that carries out probes.
#[derive(Debug, Clone)]
pub(super) struct Asking<'a> {
    pub(super) service: &'a Service,
    pub(super) container: Option<&'a ObservedContainer>,
    /// Name of its container.
    pub(super) instance: String,
}

impl Expected<'_> {
    /// Tells probe answers apart.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.job.name, self.instance)
    }

    /// Full URL of the scrape from inside the network.
    pub(super) fn url(&self) -> Option<String> {
        self.ask
            .as_ref()
            .map(|address| format!("{}://{address}{}{}", self.job.scheme.word(), self.job.path, query(self.job)))
    }

    /// The same as people are told it.
    pub(super) fn shown_url(&self) -> String {
        without_parameters(self.job, &self.url().unwrap_or_default())
    }

    pub(super) fn port(&self) -> Option<u16> {
        port_of(self.ask.as_ref()?)
    }

    /// Where the stack file says how this is scraped; `None` for what stackctl itself decides.
    pub(super) fn setting(&self) -> Option<String> {
        match (&self.job.origin, self.service.map(|service| service.role)) {
            (JobOrigin::Elsewhere, _) => Some(format!("scrape.{}", self.job.name)),
            (JobOrigin::Probe, _) => Some(format!("probes.{}", self.job.name)),
            (JobOrigin::Attached(name), _) | (JobOrigin::Service(name), Some(Role::App)) => {
                Some(format!("apps.{name}.metrics"))
            }
            (JobOrigin::Service(name), Some(Role::Exporter)) => Some(format!("exporters.{name}.metrics")),
            _ => None,
        }
    }

    /// Advice to write `key: value` under this job's settings.
    pub(super) fn write(&self, key: &str, value: &str) -> String {
        self.write_all(&[(key, value)])
    }

    /// The same for several keys.
    pub(super) fn write_all(&self, keys: &[(&str, &str)]) -> String {
        let Some(setting) = self.setting() else {
            return "run `stackctl up` to put stackctl's own settings back".to_owned();
        };
        let keys: Vec<String> = keys.iter().map(|(key, value)| format!("`{setting}.{key}: {value}`")).collect();
        format!("set {} and run `stackctl up`", keys.join(" and "))
    }

    /// Advice where an answer is 401 or 403: to send credentials, or others than those that are sent.
    pub(super) fn authenticate(&self) -> String {
        let sent = [
            ("basic_auth", self.job.basic_auth.is_some()),
            ("bearer_token_file", self.job.bearer_token_file.is_some()),
        ];
        let sent = sent.iter().find(|(_, is_sent)| *is_sent);
        match (sent, self.setting()) {
            (Some((key, _)), Some(setting)) => {
                format!("correct `{setting}.{key}`, or what stands in the secret that it names, and run `stackctl up`")
            }
            _ => self.write("basic_auth", super::BASIC_AUTH).replace(" and run", " (or `bearer_token_file`) and run"),
        }
    }

    /// Whether Prometheus sends credentials.
    pub(super) fn sends_credentials(&self) -> bool {
        self.job.basic_auth.is_some() || self.job.bearer_token_file.is_some()
    }

    /// Advice to look into the log of what answers.
    pub(super) fn see_log(&self, why: &str) -> String {
        match self.service.or_else(|| self.prober.as_ref().map(|prober| prober.service)) {
            Some(service) => format!("see `stackctl logs {}` for {why}", service.name),
            None if self.container.is_some() => format!("see `docker logs {}` for {why}", self.instance),
            None => format!("see the log of what answers there for {why}"),
        }
    }

    /// The container shares the network of the host, so names and sockets are the host's.
    pub(super) fn is_on_host_network(&self) -> bool {
        match self.service {
            Some(service) => service.container.settings.network_mode.as_deref() == Some("host"),
            None => self.container.is_some_and(|container| container.addresses.contains_key("host")),
        }
    }
}

/// A text about a job's scrape, such as an error of Prometheus, without the values of the parameters in its URL: some
/// programs take a password there. What a probe asks, and how, stays.
pub fn without_parameters(job: &Job, text: &str) -> String {
    const PLAIN: [&str; 2] = ["module", "target"];
    let values = job.params.iter().filter(|(name, _)| !PLAIN.contains(&name.as_str()));
    let pairs = values.flat_map(|(name, values)| values.iter().map(move |value| (escape(name), escape(value))));
    pairs.fold(text.to_owned(), |text, (name, value)| {
        ['?', '&']
            .iter()
            .fold(text, |text, before| text.replace(&format!("{before}{name}={value}"), &format!("{before}{name}=***")))
    })
}

/// The parameters of a job, as they stand behind the path.
fn query(job: &Job) -> String {
    let pairs = job.params.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    let query: Vec<String> = pairs.map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) }
}

fn escape(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escaped).collect()
}

pub(super) fn port_of(address: &str) -> Option<u16> {
    address.rsplit_once(':')?.1.parse().ok()
}

/// What is looked up again and again, by name.
pub(super) struct Index<'a> {
    pub(super) desired: &'a Desired,
    services: HashMap<&'a str, &'a Service>,
    containers: HashMap<(&'a str, u32), &'a ObservedContainer>,
    by_address: HashMap<IpAddr, &'a ObservedContainer>,
    attached: Vec<&'a ObservedContainer>,
    /// Name of the service whose Prometheus is asked.
    server: &'a str,
    /// How the containers of services stand.
    pub(super) states: BTreeMap<&'a str, ContainerState>,
    /// Networks the Prometheus container is in.
    pub(super) prometheus_networks: BTreeSet<&'a str>,
    /// Networks of the stack that are there.
    pub(super) networks: BTreeSet<&'a str>,
}

impl<'a> Index<'a> {
    /// `server`: name of the service whose Prometheus is asked.
    pub(super) fn new(desired: &'a Desired, observed: &'a Observed, server: &'a str) -> Self {
        let mut index = Self {
            desired,
            server,
            services: desired.services.iter().map(|service| (service.name.as_str(), service)).collect(),
            containers: HashMap::new(),
            by_address: HashMap::new(),
            attached: observed.attached.iter().map(|attached| &attached.container).collect(),
            states: super::says::states(observed),
            prometheus_networks: BTreeSet::new(),
            networks: observed.networks.iter().map(|network| network.name.as_str()).collect(),
        };
        for container in &observed.containers {
            index.containers.insert((&container.service, container.replica), container);
            index.by_address.extend(container.addresses.values().flatten().map(|address| (*address, container)));
        }
        index.prometheus_networks = index.prometheus_container().map(networks_of).unwrap_or_default();
        index
    }

    /// Networks the Prometheus container is to be in.
    pub(super) fn networks_meant(&self) -> impl Iterator<Item = &'a str> {
        let service = self.services.get(self.server).copied();
        service.into_iter().flat_map(|service| service.container.all_networks()).map(|it| it.network.as_str())
    }

    /// Prometheus shares the network of the host, from where it reaches every address.
    pub(super) fn is_on_host_network(&self) -> bool {
        self.prometheus_networks.contains("host")
    }

    pub(super) fn prometheus_container(&self) -> Option<&'a ObservedContainer> {
        self.containers.get(&(self.server, 1)).copied()
    }

    /// The container that has an address, by the host part of `HOST:PORT`.
    pub(super) fn container_at(&self, address: &str) -> Option<&'a ObservedContainer> {
        let host = address.rsplit_once(':')?.0.trim_matches(['[', ']']);
        self.by_address.get(&host.parse().ok()?).copied()
    }

    /// The container that is called so inside the networks: by its own name, or as the only replica of a service.
    pub(super) fn container_called(&self, host: &str) -> Option<&'a ObservedContainer> {
        let is_alone = self.services.get(host).is_some_and(|service| service.replicas == 1);
        let alone = self.containers.get(&(host, 1)).filter(|_| is_alone).copied();
        alone.or_else(|| self.containers.values().find(|container| container.name == host).copied())
    }

    /// Every replica of every job, in order of the jobs.
    pub(super) fn expected(&self) -> Vec<Expected<'a>> {
        let jobs = self.desired.prometheus.as_ref().map(|prometheus| prometheus.jobs.as_slice()).unwrap_or_default();
        jobs.iter().flat_map(|job| self.expected_of(job)).collect()
    }

    fn expected_of(&self, job: &'a Job) -> Vec<Expected<'a>> {
        let service = match &job.origin {
            JobOrigin::Service(name) => self.services.get(name.as_str()).copied(),
            JobOrigin::Prometheus => return self.servers(job),
            JobOrigin::Attached(app_name) => return self.attached(job, app_name),
            JobOrigin::Engine | JobOrigin::Elsewhere | JobOrigin::Probe => None,
        };
        match &job.targets {
            JobTargets::Static(targets) => {
                let prober = job.prober.as_deref().and_then(|address| self.asking(address));
                let one = |target: &'a StaticTarget| Expected {
                    prober: prober.clone(),
                    ..self.written_out(job, service, &target.address, target.replica)
                };
                targets.iter().map(one).collect()
            }
            JobTargets::Dns { port, .. } => {
                let replicas = service.map_or(0, |service| service.replicas);
                service.map_or_else(Vec::new, |service| {
                    (1..=replicas).map(|replica| self.looked_up(job, service, replica, *port)).collect()
                })
            }
        }
    }

    /// Who answers at that address, where it is a service of the stack.
    fn asking(&self, address: &str) -> Option<Asking<'a>> {
        let service = service_called(self.desired, address.rsplit_once(':')?.0)?;
        let instance = service.container_name(&self.desired.stack, 1);
        Some(Asking { service, container: self.container(service, 1), instance })
    }

    /// One for each Prometheus.
    fn servers(&self, job: &'a Job) -> Vec<Expected<'a>> {
        let JobTargets::Static(targets) = &job.targets else { return Vec::new() };
        let all = targets.iter().zip(self.desired.prometheus_services());
        all.map(|(target, service)| self.written_out(job, Some(service), &target.address, Some(1))).collect()
    }

    /// One for each target that is written out. It is named after its container, or after what was looked for in vain.
    fn attached(&self, job: &'a Job, app_name: &str) -> Vec<Expected<'a>> {
        let JobTargets::Static(targets) = &job.targets else { return Vec::new() };
        let found: Vec<&ObservedContainer> =
            self.attached.iter().copied().filter(|it| it.service == app_name).collect();
        let one = |(position, target): (usize, &'a StaticTarget)| {
            let container = found.get(position).copied();
            let host = target.address.rsplit_once(':').map_or(target.address.as_str(), |(host, _)| host);
            let instance = container.map_or(host, |container| &container.name).to_owned();
            let (addresses, ask) = (vec![target.address.clone()], Some(target.address.clone()));
            Expected { job, service: None, container, instance, addresses, ask, prober: None }
        };
        targets.iter().enumerate().map(one).collect()
    }

    fn written_out(
        &self,
        job: &'a Job,
        service: Option<&'a Service>,
        address: &str,
        replica: Option<u32>,
    ) -> Expected<'a> {
        // A lone replica may be written without its number.
        let replica = replica.or_else(|| service.filter(|service| service.replicas == 1).map(|_| 1));
        let named = service.zip(replica);
        let instance = named.map_or_else(
            || address.to_owned(),
            |(service, replica)| service.container_name(&self.desired.stack, replica),
        );
        let container = named.and_then(|(service, replica)| self.container(service, replica));
        let addresses = vec![address.to_owned()];
        let ask = job.prober.clone().unwrap_or_else(|| seen_from_beside(service, &instance, address));
        Expected { job, service, container, instance, addresses, ask: Some(ask), prober: None }
    }

    fn looked_up(&self, job: &'a Job, service: &'a Service, replica: u32, port: u16) -> Expected<'a> {
        let container = self.container(service, replica);
        let sockets = |shared: bool| {
            let addresses = container.into_iter().flat_map(|container| &container.addresses);
            let wanted =
                addresses.filter(|(network, _)| !shared || self.prometheus_networks.contains(network.as_str()));
            wanted
                .filter_map(|(_, address)| address.map(|address| SocketAddr::new(address, port).to_string()))
                .collect()
        };
        let (addresses, shared): (Vec<String>, Vec<String>) = (sockets(false), sockets(true));
        let instance = service.container_name(&self.desired.stack, replica);
        let ask = shared.into_iter().next();
        Expected { job, service: Some(service), container, instance, addresses, ask, prober: None }
    }

    pub(super) fn container(&self, service: &Service, replica: u32) -> Option<&'a ObservedContainer> {
        self.containers.get(&(service.name.as_str(), replica)).copied()
    }
}

/// The service that is called so inside the networks: by its name, or by that of one of its containers.
pub(super) fn service_called<'a>(desired: &'a Desired, host: &str) -> Option<&'a Service> {
    let is_named = |service: &&Service| {
        let mut replicas = 1..=service.replicas;
        service.name == host || replicas.any(|replica| service.container_name(&desired.stack, replica) == host)
    };
    desired.services.iter().find(is_named)
}

/// Prometheus scrapes itself on `localhost`, which is somebody else for a probe that stands beside it.
fn seen_from_beside(service: Option<&Service>, instance: &str, address: &str) -> String {
    match (service, address.rsplit_once(':')) {
        (Some(service), Some(("localhost" | "127.0.0.1", port))) if service.role == Role::Prometheus => {
            format!("{instance}:{port}")
        }
        _ => address.to_owned(),
    }
}

pub(super) fn networks_of(container: &ObservedContainer) -> BTreeSet<&str> {
    container.addresses.keys().map(String::as_str).collect()
}
