//! What of the stack can be reached from outside the host, and which words of the stack file say so.
//!
//! Only what the stack file asks for. What runs and was asked for by nobody is the engine's to tell.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use serde::Serialize;

use super::{Desired, Port, Protocol, Service};

/// The way from another host to a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exposure {
    /// The service; `engine` is the Docker engine itself.
    pub service: String,
    /// Where on this host: `0.0.0.0:8080`; `*`: on ports that nobody has named.
    pub address: String,
    /// Port inside the container.
    pub container_port: Option<u16>,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Why it can be reached.
    pub why: String,
    /// Who has said that it shall be so.
    pub said_by: Option<SaidBy>,
}

/// Who has said that something shall be reached from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SaidBy {
    /// The stack file, in so many words: an address that is not loopback, or the ports of a container in the host's network.
    File,
    /// Whoever runs what the stack file only attaches.
    Others,
}

impl Desired {
    /// Everything that the stack file lets be reached from outside. `gateway`: the address of the engine's own bridge, which
    /// this host and its containers reach, and nobody else.
    pub fn exposures(&self, gateway: Option<IpAddr>) -> Vec<Exposure> {
        let is_outside = |address: IpAddr| !address.is_loopback() && Some(address) != gateway;
        let services =
            self.services.iter().flat_map(|service| match service.container.settings.network_mode.as_deref() {
                Some("host") => on_host(service, &is_outside),
                _ => published(service, &is_outside),
            });
        let metrics = self.daemon.as_ref().map(|daemon| daemon.metrics_address);
        let engine = metrics.filter(|address| is_outside(address.ip())).map(|address| Exposure {
            service: "engine".to_owned(),
            address: address.to_string(),
            container_port: None,
            protocol: Protocol::Tcp.to_string(),
            why: format!("`engine.metrics: {address}`"),
            said_by: Some(SaidBy::File),
        });
        services.chain(engine).collect()
    }
}

/// Ports without an address are published on loopback: any other address was written.
fn published(service: &Service, is_outside: &dyn Fn(IpAddr) -> bool) -> Vec<Exposure> {
    let ports = service.container.settings.ports.0.iter().filter(|port| is_outside(port.host_ip));
    let families = |port: &Port| {
        let other = Port { host_ip: IpAddr::V6(Ipv6Addr::UNSPECIFIED), ..*port };
        std::iter::once(*port).chain(port.every_family.then_some(other))
    };
    ports
        .flat_map(families)
        .map(|port| Exposure {
            service: service.name.clone(),
            address: address(&port),
            container_port: Some(port.container_port),
            protocol: port.protocol.to_string(),
            why: if port.every_family {
                "published on `*`, which is every address, in the stack file".to_owned()
            } else {
                format!("published on {}, an address of the stack file", port.host_ip)
            },
            said_by: Some(SaidBy::File),
        })
        .collect()
}

fn address(port: &Port) -> String {
    let number = port.host_ports().unwrap_or("*".to_owned());
    match port.host_ip {
        IpAddr::V4(address) => format!("{address}:{number}"),
        IpAddr::V6(address) => format!("[{address}]:{number}"),
    }
}

/// In the host's network a program listens where it likes. Its ports are said where the file lists them under `expose`.
fn on_host(service: &Service, is_outside: &dyn Fn(IpAddr) -> bool) -> Vec<Exposure> {
    let exposure = |address: String, why: String, said_by| Exposure {
        service: service.name.clone(),
        address,
        container_port: None,
        protocol: Protocol::Tcp.to_string(),
        why,
        said_by,
    };
    let settings = &service.container.settings;
    if let Some(address) = listens_on(service) {
        let why = format!("`network_mode: host`, told to listen on {address}");
        let said_by = (!address.ip().is_unspecified()).then_some(SaidBy::File);
        return is_outside(address.ip()).then(|| exposure(address.to_string(), why, said_by)).into_iter().collect();
    }
    if settings.expose.is_empty() {
        let why = "`network_mode: host`: every port that it listens on, and the file names none under `expose`";
        return vec![exposure("*".to_owned(), why.to_owned(), None)];
    }
    let ports = settings.expose.iter();
    ports
        .map(|port| {
            let why = "`network_mode: host`, and `expose` names the port".to_owned();
            exposure(format!("0.0.0.0:{port}"), why, Some(SaidBy::File))
        })
        .collect()
}

/// The address in a word of the command such as `--web.listen-address=172.17.0.1:9100`.
fn listens_on(service: &Service) -> Option<SocketAddr> {
    let command = service.container.settings.command.as_ref()?;
    command.0.iter().find_map(|word| word.split_once("listen-address=")?.1.parse().ok())
}
