//! `engine`: the Docker engine's own metrics, and the settings of the engine that a monitored host wants.

use std::net::SocketAddr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Logging;
use super::shape::written_as_text;
use super::wrong::Wrong;

/// What the stack wants of the Docker engine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Engine {
    /// Where the engine serves its own metrics.
    pub metrics: EngineMetrics,
    /// Containers go on running while the engine restarts. Not on a node of a Swarm.
    pub live_restore: bool,
    /// Where new containers of the host log to. `json-file` and `local` rotate unless their options say otherwise.
    pub logging: Option<Logging>,
    /// Where the engine takes the subnets of new networks from, in this order.
    pub address_pools: Vec<AddressPool>,
}

/// A range of addresses that is cut into subnets of one size.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressPool {
    /// The range in CIDR form, such as `10.200.0.0/16`.
    pub base: String,
    /// Prefix length of each subnet, such as 24.
    pub size: u8,
}

/// Where the engine serves its own metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineMetrics {
    /// Not scraped, `daemon.json` left alone.
    #[default]
    Off,
    /// Port 9323 of the default bridge's gateway: containers reach it, the LAN does not.
    Gateway,
    /// This address.
    Address(SocketAddr),
}

impl FromStr for EngineMetrics {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        match text {
            "off" | "false" => Ok(Self::Off),
            "gateway" => Ok(Self::Gateway),
            _ => address(text).map(Self::Address).ok_or_else(|| {
                let message = format!("`{text}` is not a place for the engine's metrics");
                Wrong::new(message, "write `gateway`, `ADDRESS:PORT` such as `172.17.0.1:9323`, or `off`")
            }),
        }
    }
}

/// An address in the one form that it has (`[::ffff:0.0.0.0]` is 0.0.0.0), with a port from 1 on: nobody could tell
/// Prometheus which one the engine picked for 0.
fn address(text: &str) -> Option<SocketAddr> {
    let written: SocketAddr = text.parse().ok()?;
    (written.port() > 0).then(|| SocketAddr::new(written.ip().to_canonical(), written.port()))
}

written_as_text!(EngineMetrics, "`gateway`, `ADDRESS:PORT` or `off`", {
    "type": ["string", "boolean"],
    "description": "Where the engine serves its metrics: `gateway`, `ADDRESS:PORT` or `off`.",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_the_dress_of_another_family_is_what_it_is() {
        for (text, address) in [
            ("[::ffff:0.0.0.0]:9323", "0.0.0.0:9323"),
            ("[::ffff:172.17.0.1]:9323", "172.17.0.1:9323"),
            ("[::1]:9323", "[::1]:9323"),
        ] {
            assert_eq!(text.parse(), Ok(EngineMetrics::Address(address.parse().unwrap())), "{text}");
        }
    }

    #[test]
    fn what_prometheus_could_not_ask_is_refused() {
        for text in ["172.17.0.1:0", "[::ffff:0.0.0.0]:0", ":9323", "9323", "host:9323", ""] {
            let wrong = text.parse::<EngineMetrics>().expect_err(text);
            assert!(wrong.help.contains("ADDRESS:PORT"), "{text}: {}", wrong.help);
        }
    }
}
