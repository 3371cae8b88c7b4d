//! What is asked for otherwise where the engine is Podman, so that the same comes of it.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use bollard::errors::Error as EngineError;
use bollard::models::{ContainerCreateBody, VolumeCreateRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::error::cannot;
use super::{Engine, Error, labels};
use crate::desired::Service;

/// Whether a network is one that an engine has by itself, in which nobody is known by name: `bridge` of Docker, `podman` of Podman.
pub fn is_default_bridge(network: &str) -> bool {
    matches!(network, "bridge" | "podman")
}

/// Has Podman make of a request what Docker makes of it.
pub(super) fn as_docker_does(request: &mut ContainerCreateBody, service: &Service, replica: u32) {
    let Some(host) = request.host_config.as_mut() else { return };
    // Docker lets every user of a container listen on ports below 1024 (moby 20.10, `oci_linux.go`), Podman root alone.
    if !service.container.networks.is_empty() {
        let sysctls = host.sysctls.get_or_insert_default();
        sysctls.entry("net.ipv4.ip_unprivileged_port_start".to_owned()).or_insert_with(|| "0".to_owned());
    }
    let bindings = host.port_bindings.iter_mut().flat_map(|bindings| bindings.values_mut()).flatten().flatten();
    for binding in bindings {
        if let Some(port) = binding.host_port.as_deref().and_then(|range| one_of(range, replica)) {
            binding.host_port = Some(port);
        }
    }
}

impl Engine {
    /// Makes the volumes that a container gets for files of stackctl's: Podman gives those that it makes itself no labels.
    pub(super) async fn make_volumes_of_files(&self, request: &mut ContainerCreateBody) -> Result<(), Error> {
        let mounts = request.host_config.iter_mut().filter_map(|host| host.mounts.as_mut()).flatten();
        for mount in mounts.filter(|mount| mount.source.is_none()) {
            let Some(labels) = mount.volume_options.as_ref().and_then(|options| options.labels.clone()) else {
                continue;
            };
            let volume = VolumeCreateRequest { labels: Some(labels), ..VolumeCreateRequest::default() };
            let made = self.act(async || self.docker.create_volume(volume.clone()).await).await;
            mount.source = Some(made.map_err(cannot("create a volume for files of a container"))?.name);
        }
        Ok(())
    }

    /// The names of such volumes of a stack, which no inspection of a container tells from others without a name.
    pub(super) async fn volumes_of_files(&self, stack: &str) -> Result<BTreeSet<String>, Error> {
        let filters = HashMap::from([("label".to_owned(), vec![format!("{}={stack}", labels::PLACED)])]);
        Ok(self.list_volumes(filters).await?.into_iter().map(|volume| volume.name).collect())
    }
}

/// States that Podman has and Docker's API has no word for, each with the word that comes nearest. One that has ended is `stopped`
/// until Podman has cleaned up after it, which may be never.
const STATES: [(&str, &str); 4] =
    [("stopped", "exited"), ("configured", "created"), ("initialized", "created"), ("unknown", "dead")];

/// What an answer of Podman's says, in Docker's words: of one container or of a list of them.
pub(super) fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, EngineError> {
    let mut value: Value = serde_json::from_slice(answer)?;
    let list = value.as_array_mut().map(Vec::as_mut_slice);
    for container in list.unwrap_or_default() {
        translate(container.get_mut("State"));
    }
    translate(value.get_mut("State").and_then(|state| state.get_mut("Status")));
    Ok(serde_json::from_value(value)?)
}

fn translate(state: Option<&mut Value>) {
    let Some(state) = state else { return };
    if let Some((_, word)) = STATES.iter().find(|(podman, _)| state == podman) {
        *state = Value::from(*word);
    }
}

/// Asks Podman behind a socket of this host, whose answer has words that the client would take for no answer.
pub(super) async fn ask<T: DeserializeOwned>(socket: &Path, path: &str) -> Result<T, EngineError> {
    let mut connection = UnixStream::connect(socket).await?;
    connection.write_all(format!("GET {path} HTTP/1.0\r\nHost: podman\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(answer.len());
    let (head, body) = (String::from_utf8_lossy(&answer[..end]), answer.get(end + 4..).unwrap_or_default());
    let status_code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(502);
    if status_code == 200 {
        return read(body);
    }
    let told = serde_json::from_slice::<Value>(body).ok().and_then(|told| Some(told["message"].as_str()?.to_owned()));
    Err(EngineError::DockerResponseServerError { status_code, message: told.unwrap_or_default() })
}

/// Docker takes a free port of a range, Podman's service knows no ranges (`compat/containers_create.go` reads a number): each
/// replica has one of its own. `None`: it is no range.
fn one_of(range: &str, replica: u32) -> Option<String> {
    let (first, last) = range.split_once('-')?;
    let [first, last]: [u32; 2] = [first.parse().ok()?, last.parse().ok()?];
    Some((first + replica.saturating_sub(1) % (last.saturating_sub(first) + 1)).to_string())
}

#[cfg(test)]
mod tests {
    use bollard::models::{
        ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary, ContainerSummaryStateEnum,
    };

    use super::{one_of, read};

    #[test]
    fn a_state_that_docker_does_not_know_is_the_one_that_comes_nearest() {
        let listed: Vec<ContainerSummary> = read(br#"[{"State": "stopped"}, {"State": "running"}]"#).expect("a list");
        let states: Vec<_> = listed.into_iter().filter_map(|container| container.state).collect();
        assert_eq!(states, [ContainerSummaryStateEnum::EXITED, ContainerSummaryStateEnum::RUNNING]);
        let one: ContainerInspectResponse = read(br#"{"State": {"Status": "stopped", "ExitCode": 7}}"#).expect("one");
        let state = one.state.expect("it has one");
        assert_eq!((state.status, state.exit_code), (Some(ContainerStateStatusEnum::EXITED), Some(7)));
    }

    #[test]
    fn each_replica_has_a_port_of_the_range() {
        let ports = [1, 2, 3, 4].map(|replica| one_of("8000-8002", replica).expect("a range"));
        assert_eq!(ports, ["8000", "8001", "8002", "8000"]);
        assert_eq!((one_of("8000", 1), one_of("", 1)), (None, None));
    }
}
