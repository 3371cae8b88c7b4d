//! Where Prometheus and Grafana are published: `9090`, `0.0.0.0:9090` or `off`.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::Serialize;

use super::defaults::PUBLISH_ADDRESS;
use super::port::port_number;
use super::shape::written_as_text;
use super::wrong::Wrong;

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

impl FromStr for Publish {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        if matches!(text, "off" | "false") {
            return Ok(Self::Off);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::At(SocketAddr::new(PUBLISH_ADDRESS, port_number(text, text)?)));
        }
        let address = text.replace("localhost:", "127.0.0.1:").parse::<SocketAddr>();
        let address = address.map(|written| SocketAddr::new(written.ip().to_canonical(), written.port()));
        address.ok().filter(|address| address.port() > 0).map(Self::At).ok_or_else(|| {
            let help = "write `PORT`, `ADDRESS:PORT` such as `0.0.0.0:9090`, or `off`";
            Wrong::new(format!("`{text}` is not a place to publish a port"), help)
        })
    }
}

written_as_text!(Publish, "`PORT`, `ADDRESS:PORT` or `off`", {
    "type": ["string", "integer", "boolean"],
    "description": "Where a port is published: `PORT` on 127.0.0.1, `ADDRESS:PORT`, or `off`.",
});

/// The address that stands for all addresses of a host.
pub(super) fn is_everywhere(address: IpAddr) -> bool {
    address.to_canonical().is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_published_on_the_loopback_unless_an_address_is_written() {
        assert_eq!("9090".parse(), Ok(Publish::At("127.0.0.1:9090".parse().unwrap())));
        assert_eq!("0.0.0.0:9090".parse(), Ok(Publish::At("0.0.0.0:9090".parse().unwrap())));
        assert_eq!("[::ffff:0.0.0.0]:9090".parse(), Ok(Publish::At("0.0.0.0:9090".parse().unwrap())));
        assert_eq!("off".parse(), Ok(Publish::Off));
        for text in ["", "0", "70000", "nine", "0.0.0.0:0"] {
            assert!(text.parse::<Publish>().is_err(), "{text}");
        }
    }
}
