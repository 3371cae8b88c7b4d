//! Addresses of the host, and of servers, in a stack file.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::super::defaults::PUBLISH_ADDRESS;
use super::super::shape::{from_text, one_or_many, written_as_text};
use super::super::wrong::Wrong;

/// What stands for every address of the host, of IPv4 and of IPv6.
pub(super) const EVERY_ADDRESS: &str = "*";

/// An address of the host without a port. `::ffff:0.0.0.0` is 0.0.0.0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address {
    pub(super) ip: IpAddr,
    pub(super) every_family: bool,
}

impl Address {
    /// Where ports are published that name no address.
    pub(super) const USUAL: Self = Self { ip: PUBLISH_ADDRESS, every_family: false };
}

impl FromStr for Address {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        if text == EVERY_ADDRESS {
            return Ok(Self { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), every_family: true });
        }
        let ip = text.parse::<IpAddr>().map(|ip| Self { ip: ip.to_canonical(), every_family: false });
        let help = "write an IP address, such as `10.0.0.1`, or `*` for every address of the host";
        ip.map_err(|_| Wrong::new(format!("`{text}` is not an address"), help))
    }
}

written_as_text!(Address, "an IP address", { "type": "string", "description": "An IP address, or `*` for all." });

/// An address of another program.
struct Server(IpAddr);

impl FromStr for Server {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let address = text.parse::<IpAddr>().map(|address| Self(address.to_canonical()));
        address
            .map_err(|_| Wrong::new(format!("`{text}` is not an address"), "write an IP address, such as `10.0.0.1`"))
    }
}

impl<'de> Deserialize<'de> for Server {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "an IP address")
    }
}

/// Reads one IP address, or a list.
pub(in crate::stack) fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpAddr>, D::Error> {
    let addresses = one_or_many::<Server, D>(deserializer)?;
    Ok(addresses.into_iter().map(|address| address.0).collect())
}
