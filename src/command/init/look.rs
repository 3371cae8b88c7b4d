//! What runs here, and which of it answers with metrics.

use std::net::IpAddr;

use indexmap::IndexMap;

use crate::command::{output, situation};
use crate::engine::Neighbour;
use crate::import::FreshMetrics;
use crate::probe::{self, Answer, PATHS, Request, Target};
use crate::stack::counted;

/// What was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Containers that run, and where each answers with metrics.
    pub(super) containers: Vec<(Neighbour, Option<FreshMetrics>)>,
    /// The client library that speaks there, by the container's name.
    libraries: IndexMap<String, &'static str>,
}

/// What somebody else runs: a container, or all replicas of a service of Compose.
#[derive(Debug, Clone)]
pub(super) struct Running {
    /// Name of the first container.
    pub(super) container: String,
    /// Project and service, where it is one of Compose.
    pub(super) service: Option<(String, String)>,
    pub(super) image: String,
    pub(super) metrics: Option<FreshMetrics>,
    /// The client library that speaks there, where it is known.
    pub(super) library: Option<&'static str>,
}

impl Running {
    /// As the stack file names it under `attach`.
    pub(super) fn name(&self) -> String {
        self.service
            .as_ref()
            .map_or_else(|| self.container.clone(), |(project, service)| format!("{project}/{service}"))
    }

    pub(super) fn is_called(&self, name: &str) -> bool {
        self.container == name || self.name() == name
    }

    /// What to call it as an app, the likeliest first.
    pub(super) fn app_name(&self) -> &str {
        self.service.as_ref().map_or(self.container.as_str(), |(_, service)| service.as_str())
    }

    pub(super) fn line(&self) -> String {
        let place = self.metrics.as_ref().and_then(|metrics| Some((metrics.port?, &metrics.path)));
        let place = place.map(|(port, path)| format!(", metrics at :{port}{path}")).unwrap_or_default();
        let library = self.library.map(|library| format!(" by {library}")).unwrap_or_default();
        format!("{} ({}{place}{library})", self.name(), self.image)
    }
}

/// Time that one port may take.
const TIMEOUT_MILLIS: u64 = 800;

/// Time for all.
const BUDGET_MILLIS: u64 = 5_000;

impl Seen {
    /// Looks. Where there is no engine, nothing runs.
    pub(super) async fn look(quiet: bool) -> Self {
        let Ok(engine) = situation::connect().await else { return Self::default() };
        let Ok(containers) = engine.neighbours().await else { return Self::default() };
        if !quiet && !containers.is_empty() {
            output::say(&format!("looking at {} …", counted(containers.len(), "running container")));
        }
        let mut request = Request { patience_ms: 0, budget_ms: BUDGET_MILLIS, ..Request::default() };
        for (index, container) in containers.iter().enumerate() {
            let Some(address) = container.addresses.first() else { continue };
            for (port, _) in &container.ports {
                request.targets.push(target(format!("{index} {port}"), url(address, *port, PATHS[0])));
            }
        }
        let report = probe::run(request).await;
        let containers = containers.into_iter().map(|container| (container, None)).collect();
        let mut seen = Self { containers, libraries: IndexMap::new() };
        for looked in report.targets {
            let Some((index, port)) = looked.id.split_once(' ') else { continue };
            let (Ok(index), Ok(port)) = (index.parse::<usize>(), port.parse::<u16>()) else { continue };
            let path = match &looked.answer {
                Some(Answer::Http(http)) if http.is_metrics() => Some(PATHS[0].to_owned()),
                _ => looked.others.first().map(|other| other.path.clone()),
            };
            if let (Some(path), Some((_, metrics @ None))) = (path, seen.containers.get_mut(index)) {
                *metrics = Some(FreshMetrics { port: Some(port), path });
            }
        }
        seen.listen().await;
        seen
    }

    /// Asks those that answer once more, to know their client libraries.
    async fn listen(&mut self) {
        let place = |(container, metrics): &(Neighbour, Option<FreshMetrics>)| {
            let (metrics, address) = (metrics.as_ref()?, container.addresses.first()?);
            Some((container.name.clone(), url(address, metrics.port?, &metrics.path)))
        };
        let (names, urls): (Vec<String>, Vec<String>) = self.containers.iter().filter_map(place).unzip();
        let libraries = probe::libraries(&urls).await;
        self.libraries =
            names.into_iter().zip(libraries).filter_map(|(name, library)| Some((name, library?))).collect();
    }

    /// Where the services of a Compose project answer with metrics.
    pub(super) fn metrics_of(&self, project: &str) -> IndexMap<String, FreshMetrics> {
        let mut found = IndexMap::new();
        for (container, metrics) in self.of_project(project) {
            if let (Some(service), Some(metrics)) = (&container.service, metrics) {
                found.entry(service.clone()).or_insert_with(|| metrics.clone());
            }
        }
        found
    }

    /// Services of a Compose project that run, as `attach` names them.
    pub(super) fn attachable(&self, project: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .of_project(project)
            .filter_map(|(container, _)| Some(format!("{project}/{}", container.service.as_ref()?)))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    fn of_project(&self, project: &str) -> impl Iterator<Item = &(Neighbour, Option<FreshMetrics>)> {
        self.containers.iter().filter(move |(container, _)| container.project.as_deref() == Some(project))
    }

    /// What runs, replicas of one service as one.
    pub(super) fn running(&self) -> Vec<Running> {
        let mut running: Vec<Running> = Vec::new();
        for (container, metrics) in &self.containers {
            let service = container.project.clone().zip(container.service.clone());
            let known = running.iter_mut().find(|found| service.is_some() && found.service == service);
            match known {
                Some(found) => found.metrics = found.metrics.take().or_else(|| metrics.clone()),
                None => running.push(Running {
                    container: container.name.clone(),
                    service,
                    image: container.image.clone(),
                    metrics: metrics.clone(),
                    library: self.libraries.get(&container.name).copied(),
                }),
            }
        }
        running
    }
}

fn url(address: &IpAddr, port: u16, path: &str) -> String {
    let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
    format!("http://{host}:{port}{path}")
}

fn target(id: String, url: String) -> Target {
    Target {
        id,
        url,
        timeout_ms: TIMEOUT_MILLIS,
        credentials: None,
        fallback: Some("PrometheusText0.0.4".to_owned()),
        paths: PATHS[1..].iter().map(|path| (*path).to_owned()).collect(),
        ports: Vec::new(),
    }
}
