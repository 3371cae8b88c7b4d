//! What the engine is beyond this stack: its kind and version, its bridge, and who has ports of its host. Looks, changes nothing.

use std::net::{IpAddr, SocketAddr};

use bollard::models::{LocalNodeState, RestartPolicyNameEnum, SystemVersion};
use bollard::query_parameters::ListContainersOptionsBuilder;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::after_restart::{CONCURRENT, places};
use super::error::cannot;
use super::{Engine, Error};
use crate::desired::Protocol;

/// What kind of engine answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// dockerd, run by root.
    Docker,
    /// dockerd, run by a user.
    Rootless,
    /// dockerd inside Docker Desktop's virtual machine.
    Desktop,
    /// Podman, which speaks Docker's API.
    Podman,
}

impl EngineKind {
    /// The kind of a dockerd, by what it says of its system and of how it is secured.
    fn of(operating_system: &str, security_options: &[String]) -> Self {
        let is_rootless = security_options.iter().any(|option| option.contains("name=rootless"));
        match (operating_system == "Docker Desktop", is_rootless) {
            (true, _) => Self::Desktop,
            (false, true) => Self::Rootless,
            (false, false) => Self::Docker,
        }
    }
}

/// What the engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineHost {
    /// Its kind.
    pub kind: EngineKind,
    /// Its version, such as `20.10.24+dfsg1`.
    pub version: String,
    /// It is a node of a Swarm.
    pub in_swarm: bool,
    /// Containers go on running while it restarts.
    pub live_restore: bool,
    /// Where and how its images and containers are kept.
    pub storage: Storage,
    /// The log drivers that it has, `none` aside.
    pub log_drivers: Vec<String>,
    /// Where new containers log to unless they are told otherwise. Empty: it does not say.
    pub log_driver: String,
}

/// Where and how an engine keeps its images and containers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Storage {
    /// The folder. Empty: it does not say.
    pub root: String,
    /// The storage driver. Empty: it does not say.
    pub driver: String,
    /// containerd keeps them, and no driver of the engine's own.
    pub uses_snapshotter: bool,
    /// Where containerd keeps what is the engine's. `None`: it does not say, as before 27.0.
    pub containerd: Option<Containerd>,
    /// Users in containers have other numbers on the host (`userns-remap`), and theirs lie in a folder of their own.
    pub remaps_users: bool,
}

/// Where a containerd keeps what is an engine's: containers of another one, or in another namespace, the engine does not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Containerd {
    /// Path of its socket.
    pub socket: String,
    /// The namespace of containers.
    pub namespace: String,
}

/// The default bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// Address of the host on it.
    pub gateway: IpAddr,
    /// In CIDR form.
    pub subnet: Option<String>,
}

/// A container that has a port of the host, or takes it when the engine starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// Its name.
    pub container: String,
    /// Where it is reached.
    pub address: SocketAddr,
}

/// What `DriverStatus` says as `driver-type` where containerd keeps images and containers.
const SNAPSHOTTER: &str = "io.containerd.snapshotter.v1";

/// Whether what answers with this is Podman.
pub(super) fn is_podman(version: &SystemVersion) -> bool {
    version.components.iter().flatten().any(|component| component.name == "Podman Engine")
}

impl Engine {
    /// What the engine is.
    pub async fn host(&self) -> Result<EngineHost, Error> {
        let version = self.docker.version().await.map_err(cannot("ask the engine for its version"))?;
        if is_podman(&version) {
            let version = version.version.unwrap_or_default();
            return Ok(EngineHost {
                kind: EngineKind::Podman,
                version,
                in_swarm: false,
                live_restore: false,
                storage: Storage::default(),
                log_drivers: Vec::new(),
                log_driver: String::new(),
            });
        }
        let info = self.docker.info().await.map_err(cannot("ask the engine what it is"))?;
        let options = info.security_options.unwrap_or_default();
        let swarm = info.swarm.and_then(|swarm| swarm.local_node_state);
        Ok(EngineHost {
            kind: EngineKind::of(info.operating_system.as_deref().unwrap_or_default(), &options),
            version: info.server_version.or(version.version).unwrap_or_default(),
            in_swarm: !matches!(swarm, None | Some(LocalNodeState::EMPTY | LocalNodeState::INACTIVE)),
            live_restore: info.live_restore_enabled.unwrap_or(false),
            storage: Storage {
                root: info.docker_root_dir.unwrap_or_default(),
                driver: info.driver.unwrap_or_default(),
                uses_snapshotter: info.driver_status.into_iter().flatten().flatten().any(|word| word == SNAPSHOTTER),
                containerd: info.containerd.and_then(|containerd| {
                    Some(Containerd { socket: containerd.address?, namespace: containerd.namespaces?.containers? })
                }),
                remaps_users: options.iter().any(|option| option == "name=userns"),
            },
            log_drivers: info.plugins.and_then(|plugins| plugins.log).unwrap_or_default(),
            log_driver: info.logging_driver.unwrap_or_default(),
        })
    }

    /// The default bridge. `None`: there is none.
    pub async fn bridge(&self) -> Option<Bridge> {
        let gateway = self.gateway().await.ok().flatten()?;
        let inspected = self.docker.inspect_network("bridge", None).await.ok()?;
        let subnet = inspected.ipam.and_then(|ipam| ipam.config?.into_iter().next()?.subnet);
        Some(Bridge { gateway, subnet })
    }

    /// Every port over TCP that a container has, or takes when the engine starts: before the engine opens sockets of its own.
    pub async fn publishers(&self) -> Result<Vec<Publisher>, Error> {
        let options = ListContainersOptionsBuilder::new().all(true).build();
        let listed = self.docker.list_containers(Some(options)).await.map_err(cannot("list containers"))?;
        let ids = listed.into_iter().filter_map(|container| container.id);
        let asked = stream::iter(ids).map(|id| self.published(id)).buffered(CONCURRENT);
        let found: Vec<Vec<Publisher>> = asked.try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn published(&self, id: String) -> Result<Vec<Publisher>, Error> {
        let Some(inspected) = self.inspected(id).await? else { return Ok(Vec::new()) };
        let addresses = places(&inspected).into_iter().filter(|(_, protocol)| *protocol == Protocol::Tcp);
        let addresses: Vec<SocketAddr> = addresses.map(|(address, _)| address).collect();
        let runs = inspected.state.and_then(|state| state.running) == Some(true);
        let policy = inspected.host_config.and_then(|host| host.restart_policy?.name);
        if !runs && policy != Some(RestartPolicyNameEnum::ALWAYS) {
            return Ok(Vec::new());
        }
        let container = inspected.name.unwrap_or_default().trim_start_matches('/').to_owned();
        Ok(addresses.into_iter().map(|address| Publisher { container: container.clone(), address }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `docker info` of each says: `OperatingSystem` and `SecurityOptions`.
    #[test]
    fn engines_tell_their_kind() {
        let seccomp = "name=seccomp,profile=builtin";
        for (system, options, kind) in [
            ("Debian GNU/Linux 12 (bookworm)", &["name=apparmor", seccomp][..], EngineKind::Docker),
            ("Debian GNU/Linux 12 (bookworm)", &[seccomp, "name=userns"], EngineKind::Docker),
            ("Ubuntu 24.04.1 LTS", &[seccomp, "name=rootless", "name=cgroupns"], EngineKind::Rootless),
            ("Docker Desktop", &["name=seccomp,profile=unconfined", "name=cgroupns"], EngineKind::Desktop),
        ] {
            let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
            assert_eq!(EngineKind::of(system, &options), kind, "{system} {options:?}");
        }
    }
}
