//! The way to the Docker engine, and what it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};

use indexmap::IndexMap;

use super::error::{cannot, found};
use super::patience::Patience;
use super::ping::{Pong, ping};
use super::tunnel::Tunnel;
use super::{Address, Error, ObservedImage, host, images};
use crate::desired::{ImageChoice, ImageSource, WantedImage, without_url_secrets};

/// Lowest API version that has all that a stack needs: `host-gateway` came with Engine 20.10, which speaks 1.41.
const LOWEST_API: (usize, usize) = (1, 41);

/// What helps where ssh says no.
const SSH_ADVICE: &str = "try it by hand: `ssh HOST docker version` has to work without a question, by a key or an agent; \
                          the far user has to be allowed to use Docker there";

/// Seconds until an engine has to begin its answer, whatever it is asked. Each call has a limit of its own below that.
const CALL_TIMEOUT: u64 = 600;

/// Time that the engine may take for its first answer.
const FIRST_ANSWER: Duration = Duration::from_secs(10);

/// The same through ssh, which has to reach the host and log in first.
const FIRST_ANSWER_BY_SSH: Duration = Duration::from_secs(45);

/// Time that one change may take: to make a container of a large image on a slow disk takes a while.
const CHANGE: Duration = Duration::from_secs(60);

/// Another time than that, in the words of the stack file: `3m`.
const CHANGE_VARIABLE: &str = "STACKCTL_ENGINE_TIMEOUT";

/// A connection to one Docker engine.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) docker: Docker,
    pub(super) patience: Patience,
    facts: EngineFacts,
    /// The socket of this host that leads to it, where there is one.
    socket: Option<PathBuf>,
    /// The way through ssh, where the engine is behind one. It lasts as long as the engine is used.
    _tunnel: Option<Arc<Tunnel>>,
}

/// What the engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineFacts {
    /// Where it was found, such as `unix:///var/run/docker.sock`.
    pub address: String,
    /// The API version in use, such as `1.41`.
    pub api_version: String,
    /// It runs on this very host, as far as its address tells.
    pub is_local: bool,
    /// It is Podman, which speaks Docker's API.
    pub is_podman: bool,
}

impl Engine {
    /// Connects to an engine, and agrees on an API version.
    pub async fn connect(address: &Address) -> Result<Self, Error> {
        // An address may hold a password.
        Self::connect_to(address).await.map_err(|Error { attempt, cause, advice }| {
            let [attempt, cause] = [attempt, cause].map(|text| without_url_secrets(&text));
            Error { attempt, cause, advice: advice.map(|text| without_url_secrets(&text)) }
        })
    }

    async fn connect_to(address: &Address) -> Result<Self, Error> {
        let tunnel = address.url.starts_with("ssh://").then(|| Tunnel::open(&address.url)).transpose()?.map(Arc::new);
        let near = tunnel.as_ref().map(|tunnel| Address { url: tunnel.url(), tls: None });
        let docker = open(near.as_ref().unwrap_or(address))?;
        let socket = near.as_ref().unwrap_or(address).url.strip_prefix("unix://").map(PathBuf::from);
        let address = address.url.clone();
        let pong = if let Some(pong) = ping(&address).await {
            pong
        } else {
            let patience = if tunnel.is_some() { FIRST_ANSWER_BY_SSH } else { FIRST_ANSWER };
            let version = tokio::time::timeout(patience, docker.version()).await;
            let version = version.unwrap_or(Err(bollard::errors::Error::RequestTimeoutError));
            let version = version.map_err(|error| match tunnel.as_ref().and_then(|tunnel| tunnel.last_words()) {
                Some(words) => Error::new(format!("cannot reach Docker at {address}"), words).advise(SSH_ADVICE),
                None => unreachable(&address, &error),
            })?;
            let is_podman = host::is_podman(&version);
            Pong { api_version: version.api_version.unwrap_or_default(), is_podman }
        };
        let facts = EngineFacts {
            is_local: address.starts_with("unix://"),
            api_version: agreed_version(&pong.api_version, &address)?,
            is_podman: pong.is_podman,
            address,
        };
        let docker = pin(docker, facts.api_version.clone(), facts.is_podman);
        Ok(Self { docker, patience: Patience::new(time_for_changes()?), facts, socket, _tunnel: tunnel })
    }

    /// What the engine is.
    pub fn facts(&self) -> &EngineFacts {
        &self.facts
    }

    /// The socket by which Podman is asked what the client does not understand. `None`: it is no Podman, or has none here.
    pub(super) fn podman(&self) -> Option<&Path> {
        self.socket.as_deref().filter(|_| self.facts.is_podman)
    }

    /// The client itself, for what the other folders of `engine` do.
    pub fn docker(&self) -> &Docker {
        &self.docker
    }

    /// Whether the host's root is known to be a shared mount: so says the kernel, where the engine is on this host.
    pub fn root_is_shared(&self) -> bool {
        // proc_pid_mountinfo(5): the fifth field is the mount point, the optional ones from the seventh on end at `-`.
        let is_shared_root = |line: &str| {
            let fields: Vec<&str> = line.split(' ').collect();
            fields.get(4) == Some(&"/")
                && fields.iter().skip(6).take_while(|field| **field != "-").any(|field| field.starts_with("shared:"))
        };
        self.facts.is_local
            && fs_err::read_to_string("/proc/self/mountinfo").is_ok_and(|text| text.lines().any(is_shared_root))
    }

    /// Chooses an image for each component: one of those that are here, else one that can be had.
    pub async fn choose_images(
        &self,
        wanted: &[WantedImage],
        source: ImageSource,
        here: &BTreeMap<String, ObservedImage>,
        ask_again: bool,
    ) -> IndexMap<String, ImageChoice> {
        images::choose(&self.docker, source, wanted, here, ask_again, &images::Progress::silent()).await
    }

    /// The gateway of the default bridge, where the engine's own metrics are reached from containers.
    /// `None`: there is no default bridge.
    pub async fn gateway(&self) -> Result<Option<std::net::IpAddr>, Error> {
        let bridge = self.look(async || self.docker.inspect_network("bridge", None).await).await;
        let bridge = found(bridge).map_err(cannot("inspect network `bridge`"))?;
        let config = bridge.and_then(|bridge| bridge.ipam?.config?.into_iter().next());
        Ok(config.and_then(|config| {
            config.gateway.and_then(|gateway| gateway.parse().ok()).or_else(|| first_address(&config.subnet?))
        }))
    }
}

fn time_for_changes() -> Result<Duration, Error> {
    let Some(text) = std::env::var(CHANGE_VARIABLE).ok().filter(|text| !text.is_empty()) else { return Ok(CHANGE) };
    match text.parse::<crate::desired::Duration>() {
        Ok(duration) if duration.as_millis() >= 1000 => Ok(Duration::from_millis(duration.as_millis())),
        _ => Err(Error::new(
            format!("cannot read {CHANGE_VARIABLE}"),
            format!("`{text}` is no time of a second or more"),
        )
        .advise("write how long one change may take the engine, such as `3m`")),
    }
}

/// First address of a subnet in CIDR form, which the engine gives to the bridge where no gateway is set.
fn first_address(subnet: &str) -> Option<std::net::IpAddr> {
    let (network, _) = subnet.split_once('/')?;
    let network: std::net::Ipv4Addr = network.parse().ok()?;
    Some(std::net::Ipv4Addr::from(u32::from(network) + 1).into())
}

fn open(Address { url: address, tls }: &Address) -> Result<Docker, Error> {
    let docker = if let Some(path) = address.strip_prefix("unix://") {
        if !Path::new(path).exists() {
            return Err(Error::new(format!("cannot connect to Docker at {address}"), "no such socket")
                .advise(start_it(address)));
        }
        Docker::connect_with_unix(path, CALL_TIMEOUT, API_DEFAULT_VERSION)
    } else if let (true, Some(folder)) = (address.starts_with("tcp://") || address.starts_with("https://"), tls) {
        let files = ["key.pem", "cert.pem", "ca.pem"];
        let missing: Vec<&str> = files.into_iter().filter(|file| !folder.join(file).is_file()).collect();
        if !missing.is_empty() {
            let cause = format!("{} has no {}", folder.display(), missing.join(" and no "));
            return Err(Error::new(format!("cannot connect to Docker at {address}"), cause).advise(
                "the folder has to hold ca.pem, the engine's authority, and cert.pem and key.pem, with which you show who you are; \
                 name another one with DOCKER_CERT_PATH",
            ));
        }
        let [key, certificate, authority] = files.map(|file| folder.join(file));
        Docker::connect_with_ssl(address, &key, &certificate, &authority, CALL_TIMEOUT, API_DEFAULT_VERSION)
    } else if address.starts_with("tcp://") || address.starts_with("http://") {
        Docker::connect_with_http(address, CALL_TIMEOUT, API_DEFAULT_VERSION)
    } else {
        return Err(Error::new(format!("cannot connect to Docker at {address}"), "unknown kind of address")
            .advise("write unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST into DOCKER_HOST"));
    };
    docker.map_err(cannot(format!("connect to Docker at {address}")))
}

fn unreachable(address: &str, error: &bollard::errors::Error) -> Error {
    let cause = super::error::cause(error);
    let start_it = start_it(address);
    let advice = if matches!(error, bollard::errors::Error::RequestTimeoutError) {
        "it was reached and says nothing: see `journalctl -u docker`, and restart it (`systemctl restart docker`) where it hangs"
    } else if cause.contains("ermission denied") {
        "add your user to the group `docker` and log in again, or run with sudo"
    } else if cause.contains("HTTP request to an HTTPS server") {
        "this engine wants TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem"
    } else if cause.contains("certificate") {
        "the ca.pem, cert.pem and key.pem of DOCKER_CERT_PATH have to be those that this engine was set up with"
    } else {
        &start_it
    };
    Error::new(format!("cannot reach Docker at {address}"), cause).advise(advice)
}

/// What to do about an engine that does not listen. Only the usual one is known to be a service.
fn start_it(address: &str) -> String {
    let how = match address {
        "unix:///var/run/docker.sock" | "unix:///run/docker.sock" => {
            "start the engine (`systemctl start docker`)".to_owned()
        }
        _ => format!("start the engine that listens at {address}"),
    };
    format!("{how}, or point DOCKER_HOST at the one to use")
}

fn agreed_version(offered: &str, address: &str) -> Result<String, Error> {
    let offer = parse_version(offered);
    if offered.is_empty() {
        let cause = "what answers there tells no API version: it is no Docker engine";
        return Err(Error::new(format!("cannot use Docker at {address}"), cause)
            .advise("point DOCKER_HOST at the engine, or unset it for the usual one"));
    }
    if offer < Some(LOWEST_API) {
        return Err(Error::new(
            format!("cannot use Docker at {address}"),
            format!("it speaks API `{offered}`, and stackctl needs at least 1.41"),
        )
        .advise("upgrade the engine to 20.10 or later"));
    }
    let known = (API_DEFAULT_VERSION.major_version, API_DEFAULT_VERSION.minor_version);
    let (major, minor) = offer.unwrap_or(LOWEST_API).min(known);
    Ok(format!("{major}.{minor}"))
}

fn parse_version(text: &str) -> Option<(usize, usize)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Has every request name its API version: bollard 0.21.1 sends none (fussybeaver/bollard#736), and an engine then
/// answers in its newest dialect. It also sends the instructions for an imported image as one text of several lines, of
/// which Podman makes a single instruction: each becomes a parameter of its own. What a registry says Podman tells at a path
/// of its own.
fn pin(docker: Docker, version: String, is_podman: bool) -> Docker {
    docker.with_request_modifier(move |mut request| {
        let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        if path.starts_with("/v1.") {
            return request;
        }
        let path = match path.split_once("changes=") {
            Some((before, changes)) => format!("{before}changes={}", changes.replace("%0A", "&changes=")),
            None => path.to_owned(),
        };
        let path = if is_podman { as_podman_has_it(path) } else { path };
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(format!("/v{version}{path}").parse().expect("a path with a prefix is a path"));
        *request.uri_mut() = http::Uri::from_parts(parts).expect("only the path changed");
        request
    })
}

/// Podman has no `/distribution`; its own API reads a manifest from the registry under the image's full name alone.
fn as_podman_has_it(path: String) -> String {
    match path.strip_prefix("/distribution/").and_then(|rest| rest.strip_suffix("/json")) {
        Some(reference) => format!("/libpod/manifests/{}/json", images::full_name(reference)),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn podman_is_asked_for_an_image_of_a_registry_by_its_full_name() {
        let asked = |path: &str| as_podman_has_it(path.to_owned());
        assert_eq!(asked("/distribution/redis:7/json"), "/libpod/manifests/docker.io/library/redis:7/json");
        assert_eq!(asked("/distribution/prom/node:1/json"), "/libpod/manifests/docker.io/prom/node:1/json");
        assert_eq!(asked("/distribution/r.example/a/b:1/json"), "/libpod/manifests/r.example/a/b:1/json");
        assert_eq!(asked("/containers/json?all=true"), "/containers/json?all=true");
    }

    #[test]
    fn an_engine_older_than_20_10_is_refused_with_what_to_do() {
        let error = agreed_version("1.40", "unix:///x").expect_err("1.40 is too old");
        assert_eq!(error.advice.as_deref(), Some("upgrade the engine to 20.10 or later"));
        let error = agreed_version("", "tcp://x:9090").expect_err("a web server of another kind");
        assert!(error.cause.contains("no Docker engine"), "{error}");
    }

    #[test]
    fn only_the_usual_engine_is_started_as_a_service() {
        assert!(start_it("unix:///var/run/docker.sock").contains("systemctl start docker"));
        let own = start_it("unix:///srv/d.sock");
        assert!(own.starts_with("start the engine that listens at unix:///srv/d.sock, or point DOCKER_HOST"), "{own}");
    }

    #[test]
    fn the_lower_of_both_api_versions_is_used() {
        assert_eq!(agreed_version("1.41", "x").expect("1.41 will do"), "1.41");
        let newest = format!("{}.{}", API_DEFAULT_VERSION.major_version, API_DEFAULT_VERSION.minor_version);
        assert_eq!(agreed_version("1.999", "x").expect("newer will do"), newest);
    }

    #[test]
    fn the_bridge_has_the_first_address_of_its_subnet() {
        assert_eq!(first_address("172.17.0.0/16"), Some([172, 17, 0, 1].into()));
    }
}
