//! Published ports.

use serde::Serialize;
use std::net::{IpAddr, SocketAddr};

/// The published ports of a service, ranges already spread out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Ports(pub Vec<Port>);

/// One port of a container, published on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Port {
    /// Address of the host. Default 127.0.0.1.
    pub host_ip: IpAddr,
    /// Port of the host. `None`: the engine picks a free one.
    pub host_port: Option<u16>,
    /// Port inside the container.
    pub container_port: u16,
    /// `tcp` or `udp`.
    pub protocol: Protocol,
}

/// Protocol of a published port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
pub enum Protocol {
    /// `tcp`
    #[default]
    Tcp,
    /// `udp`
    Udp,
}

/// Where a component's one port is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Publish {
    /// The component's usual port on 127.0.0.1.
    #[default]
    Usual,
    /// Not published.
    Off,
    /// This port on 127.0.0.1, or this address.
    At(SocketAddr),
}
