//! The Docker engine's own metrics: what `daemon.json` shall say, and where Prometheus finds them.

use std::net::{IpAddr, SocketAddr};

use super::assemble::Input;
use super::{DEFAULT_GATEWAY, DaemonSettings, HOST};
use crate::stack::EngineMetrics;

/// Port of the engine's metrics, by convention.
const PORT: u16 = 9323;

/// Gateway of the engine's default bridge.
pub(super) fn gateway(input: Input) -> IpAddr {
    input.facts.gateway.unwrap_or(DEFAULT_GATEWAY)
}

/// What `daemon.json` shall say.
pub(super) fn settings(input: Input) -> Option<DaemonSettings> {
    let metrics_address = match input.stack.engine.metrics {
        EngineMetrics::Off => return None,
        EngineMetrics::Gateway => SocketAddr::new(gateway(input), PORT),
        EngineMetrics::Address(address) => address,
    };
    Some(DaemonSettings { metrics_address })
}

/// `HOST:PORT` of the engine as a container sees it. An address that means the host is reached by the host's name.
pub(super) fn target(input: Input) -> Option<String> {
    let address = settings(input)?.metrics_address;
    let is_the_host = address.ip() == gateway(input) || address.ip().is_unspecified() || address.ip().is_loopback();
    Some(if is_the_host { format!("{HOST}:{}", address.port()) } else { address.to_string() })
}
