//! The Docker engine's own metrics: what `daemon.json` shall say, and where Prometheus finds them.

use std::net::{IpAddr, SocketAddr};

use super::assemble::Input;
use super::{DEFAULT_GATEWAY, DaemonSettings, HOST, HostSettings, Logging};
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

/// Log drivers that keep files on the host, which would grow for ever without limits.
const FILE_DRIVERS: [&str; 2] = ["json-file", "local"];

/// Limits of a container's log files, unless the stack file gives others.
const ROTATION: [(&str, &str); 2] = [("max-size", "10m"), ("max-file", "3")];

/// What else `daemon.json` shall say.
pub(super) fn host(input: Input) -> HostSettings {
    let engine = &input.stack.engine;
    HostSettings {
        live_restore: engine.live_restore,
        logging: engine.logging.clone().map(rotated),
        address_pools: engine.address_pools.clone(),
    }
}

fn rotated(mut logging: Logging) -> Logging {
    if FILE_DRIVERS.contains(&logging.driver.as_str()) {
        for (option, value) in ROTATION {
            logging.options.entry(option.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
    logging
}

/// `HOST:PORT` of the engine as a container sees it. An address that means the host is reached by the host's name.
pub(super) fn target(input: Input) -> Option<String> {
    let address = settings(input)?.metrics_address;
    let is_the_host = address.ip() == gateway(input) || address.ip().is_unspecified() || address.ip().is_loopback();
    Some(if is_the_host { format!("{HOST}:{}", address.port()) } else { address.to_string() })
}
