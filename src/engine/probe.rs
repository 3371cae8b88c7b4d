//! Runs the probe: a short-lived container of stackctl's own image, where Prometheus stands or beside a container.
//! It also reads what only the engine can give a check: log lines, and files inside containers.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error as EngineError;
use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, HostConfigLogConfig, NetworkConnectRequest, NetworkingConfig,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
    UploadToContainerOptionsBuilder,
};
use futures_util::{Stream, StreamExt, TryStreamExt};

use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::error::status;
use super::images::{self, ImageError, Progress};
use super::leftover::labels_of_short_life;
use super::{Engine, Error, labels};
use crate::probe::{Report, Request};

/// Path of the executable in stackctl's own image.
const EXECUTABLE: &str = "/stackctl";

/// Where the request lies in the probe's container.
const REQUEST_FILE: &str = "stackctl-probe.json";

/// The probe needs no rights: `nobody` and `nogroup`.
const USER: u64 = 65534;

/// Stands for the host's address in a container's `/etc/hosts`, on engines that have one for it.
const HOST_GATEWAY: &str = "host-gateway";

/// What the engine may take on top of the request's own budget: start, stop, logs.
const GRACE: Duration = Duration::from_secs(20);

/// Time between two looks whether a name is free.
const TURN: Duration = Duration::from_millis(250);

/// A container that writes longer lines than this has them cut where they are shown.
const LONGEST_LINE: usize = 400;

/// The same where they are read for what they say: a value cut in its middle would be another one.
const LONGEST_LINE_IN_FULL: usize = 16 * 1024;

/// Runs probes for one stack.
#[derive(Debug, Clone)]
pub struct Prober {
    pub(super) engine: Engine,
    pub(super) stack: String,
    image: String,
    networks: Vec<String>,
    /// The image was found missing, and made.
    made: OnceCell<()>,
}

/// Why a probe could not be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeError(String);

impl fmt::Display for ProbeError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "cannot run the probe: {}", self.0)
    }
}

impl std::error::Error for ProbeError {}

impl ProbeError {
    /// Why, in the engine's words where it has said so.
    pub fn reason(&self) -> &str {
        &self.0
    }
}

impl From<EngineError> for ProbeError {
    fn from(error: EngineError) -> Self {
        Self(match error {
            EngineError::DockerResponseServerError { message, .. } => message,
            other => other.to_string(),
        })
    }
}

impl Prober {
    /// A prober for `stack`: `image` is stackctl's own, `networks` (engine names) are those Prometheus is in.
    pub fn new(engine: Engine, stack: &str, image: &str, networks: Vec<String>) -> Self {
        Self { engine, stack: stack.to_owned(), image: image.to_owned(), networks, made: OnceCell::new() }
    }

    /// Asks from where Prometheus stands: the same networks, the same `host.docker.internal`.
    pub async fn inside(&self, request: &Request) -> Result<Report, ProbeError> {
        self.stand(&self.any_name(), &self.networks, request).await
    }

    /// Asks in these networks (engine names), under a name by which others find the probe there. One at a time: two that
    /// answer to one name would take each other's messages.
    pub async fn under_name(&self, name: &str, networks: &[String], request: &Request) -> Result<Report, ProbeError> {
        let longest = Duration::from_millis(request.budget_ms) + GRACE;
        let deadline = Instant::now() + longest;
        loop {
            self.await_turn(name, deadline).await?;
            match self.stand(name, networks, request).await {
                // Another one was quicker.
                Err(error) if error.0.contains("is already in use") && Instant::now() < deadline => {}
                outcome => return outcome,
            }
        }
    }

    async fn stand(&self, name: &str, networks: &[String], request: &Request) -> Result<Report, ProbeError> {
        let Some((first, others)) = networks.split_first() else {
            return Err(ProbeError("there is no network to stand in".to_owned()));
        };
        let endpoints = HashMap::from([(first.clone(), EndpointSettings::default())]);
        let networking = NetworkingConfig { endpoints_config: Some(endpoints) };
        let with_host =
            HostConfig { extra_hosts: Some(vec![format!("host.docker.internal:{HOST_GATEWAY}")]), ..in_network(first) };
        match self.run(name, with_host, Some(networking.clone()), others, request).await {
            // An engine without a default bridge makes no container with that name. Prometheus has it only where it is asked for.
            Err(error) if error.0.contains(HOST_GATEWAY) => {
                self.run(name, in_network(first), Some(networking), others, request).await
            }
            outcome => outcome,
        }
    }

    /// Waits until nobody has that name. A probe that has it for longer than one lives was left behind, and is taken away.
    async fn await_turn(&self, name: &str, deadline: Instant) -> Result<(), ProbeError> {
        loop {
            let found = match self.engine.docker.inspect_container(name, None::<InspectContainerOptions>).await {
                Ok(found) => found,
                Err(error) if status(&error) == Some(404) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
            let is_ours = labels.get(labels::STACK) == Some(&self.stack)
                && labels.get(labels::ROLE).is_some_and(|role| role == labels::PROBE);
            if !is_ours {
                return Err(ProbeError(format!("another container has the name `{name}`")));
            }
            if Instant::now() >= deadline {
                remove(&self.engine.docker, name).await;
            }
            tokio::time::sleep(TURN).await;
        }
    }

    pub(super) fn any_name(&self) -> String {
        format!("{}-probe-{:08x}", self.stack, RandomState::new().build_hasher().finish() >> 32)
    }

    /// Asks from within the network of one running container: what listens there, on loopback too.
    pub async fn beside(&self, container_id: &str, request: &Request) -> Result<Report, ProbeError> {
        let host = HostConfig { network_mode: Some(format!("container:{container_id}")), ..HostConfig::default() };
        self.run(&self.any_name(), host, None, &[], request).await
    }

    /// The last lines a container wrote, oldest first, blank ones aside. Empty where its log cannot be read.
    pub async fn last_log_lines(&self, container_id: &str, count: usize) -> Vec<String> {
        self.log_lines(container_id, count, LONGEST_LINE).await
    }

    /// The same, with lines long enough to find out what they say.
    pub async fn log_lines_in_full(&self, container_id: &str, count: usize) -> Vec<String> {
        self.log_lines(container_id, count, LONGEST_LINE_IN_FULL).await
    }

    async fn log_lines(&self, container_id: &str, count: usize, longest: usize) -> Vec<String> {
        let lines = self.engine.last_lines(container_id, count).await.unwrap_or_default();
        let written = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
        written.map(|line| line.chars().take(longest).collect()).collect()
    }

    /// What the last health check of a container printed. Empty: nothing, or it has none.
    pub async fn health_check_said(&self, container_id: &str) -> String {
        self.engine.health_check_said(container_id).await
    }

    /// A text file inside a container. `None`: it is not there, or is no text.
    pub async fn read_file(&self, container_id: &str, path: &str) -> Option<String> {
        self.engine.read_file(container_id, path).await.ok().flatten()
    }

    async fn run(
        &self,
        name: &str,
        host: HostConfig,
        networking: Option<NetworkingConfig>,
        more_networks: &[String],
        request: &Request,
    ) -> Result<Report, ProbeError> {
        let id = self.create(name, self.container(host, networking)).await?;
        let container = Removed { docker: self.engine.docker.clone(), id: Some(id.clone()) };
        let patience = Duration::from_millis(request.budget_ms) + GRACE;
        let outcome = tokio::time::timeout(patience, self.converse(&id, more_networks, request)).await;
        container.remove().await;
        outcome.unwrap_or_else(|_| Err(ProbeError(format!("it did not end within {} s", patience.as_secs()))))
    }

    /// A stack that runs nothing from stackctl's own image has no need of it before the first probe.
    pub(super) async fn create(&self, name: &str, body: ContainerCreateBody) -> Result<String, ProbeError> {
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let docker = &self.engine.docker;
        let answer = match docker.create_container(Some(options.clone()), body.clone()).await {
            Err(error) if status(&error) == Some(404) => {
                self.make_image().await?;
                docker.create_container(Some(options), body).await
            }
            answer => answer,
        };
        Ok(answer?.id)
    }

    /// Makes the image once, however many probes ask for it at the same time.
    async fn make_image(&self) -> Result<(), ProbeError> {
        let build = async || {
            let executable = images::own_executable()?;
            images::build_own(&self.engine.docker, &executable, &self.image, &Progress::silent()).await
        };
        let outcome = self.made.get_or_try_init(build).await;
        outcome.copied().map_err(|error: ImageError| ProbeError(Error::from(error).to_string()))
    }

    async fn converse(&self, id: &str, more_networks: &[String], request: &Request) -> Result<Report, ProbeError> {
        for network in more_networks {
            let endpoint = NetworkConnectRequest { container: id.to_owned(), endpoint_config: None };
            self.engine.docker.connect_network(network, endpoint).await?;
        }
        // Through a file: a request may hold secrets, and `docker inspect` shows arguments, labels and environment.
        let target = UploadToContainerOptionsBuilder::new().path("/").build();
        let archive = archive_of(request).map_err(|error| ProbeError(error.to_string()))?;
        self.engine.docker.upload_to_container(id, Some(target), bollard::body_full(archive.into())).await?;
        self.engine.docker.start_container(id, None).await?;
        let end = self.engine.docker.wait_container(id, None).try_collect::<Vec<_>>().await;
        let code = match end {
            Ok(_) => 0,
            Err(EngineError::DockerContainerWaitError { code, .. }) => code,
            Err(error) => return Err(error.into()),
        };
        self.report(id, code).await
    }

    /// Reads the report from what the ended container wrote.
    async fn report(&self, id: &str, code: i64) -> Result<Report, ProbeError> {
        let options = LogsOptionsBuilder::new().stdout(true).build();
        let output =
            collect(self.engine.docker.logs(id, Some(options)), |part| matches!(part, LogOutput::StdOut { .. }))
                .await?;
        match serde_json::from_slice(&output) {
            Ok(report) if code == 0 => Ok(report),
            _ => {
                let lines = self.last_log_lines(id, 3).await.join(" | ");
                Err(ProbeError(format!("it ended with code {code}: {lines}")))
            }
        }
    }

    pub(super) fn container(&self, host: HostConfig, networking: Option<NetworkingConfig>) -> ContainerCreateBody {
        let host = HostConfig {
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            // The engine's own default may be a driver whose logs cannot be read back.
            log_config: Some(HostConfigLogConfig { typ: Some("json-file".to_owned()), config: None }),
            ..host
        };
        ContainerCreateBody {
            image: Some(self.image.clone()),
            entrypoint: Some(vec![EXECUTABLE.to_owned()]),
            cmd: Some(vec!["probe".to_owned(), format!("/{REQUEST_FILE}")]),
            user: Some(format!("{USER}:{USER}")),
            labels: Some(labels_of_short_life(&self.stack)),
            host_config: Some(host),
            networking_config: networking,
            ..ContainerCreateBody::default()
        }
    }
}

fn in_network(network: &str) -> HostConfig {
    HostConfig { network_mode: Some(network.to_owned()), ..HostConfig::default() }
}

/// A container that is taken away in any case, also when whoever waits for it gives up.
pub(super) struct Removed {
    pub(super) docker: Docker,
    pub(super) id: Option<String>,
}

impl Removed {
    pub(super) async fn remove(mut self) {
        if let Some(id) = self.id.take() {
            remove(&self.docker, &id).await;
        }
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        if let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) {
            let docker = self.docker.clone();
            runtime.spawn(async move { remove(&docker, &id).await });
        }
    }
}

/// What cannot be removed carries the stack's label, and goes with the stack.
async fn remove(docker: &Docker, id: &str) {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    let _ = docker.remove_container(id, Some(options)).await;
}

fn archive_of(request: &Request) -> Result<Vec<u8>, std::io::Error> {
    let content = serde_json::to_vec(request)?;
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o400);
    header.set_uid(USER);
    header.set_gid(USER);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, REQUEST_FILE, content.as_slice())?;
    archive.into_inner()
}

pub(super) async fn collect(
    stream: impl Stream<Item = Result<LogOutput, EngineError>>,
    wanted: fn(&LogOutput) -> bool,
) -> Result<Vec<u8>, EngineError> {
    let mut stream = std::pin::pin!(stream);
    let mut output = Vec::new();
    while let Some(part) = stream.next().await {
        let part = part?;
        if wanted(&part) {
            output.extend_from_slice(&part.into_bytes());
        }
    }
    Ok(output)
}
