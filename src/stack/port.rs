//! Published ports: `80`, `8080:80`, `8000-8010:80`, `127.0.0.1:8000-8002:80-82/udp`, or the long form with `target` and
//! `published`.

mod address;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::shape::{from_text, written_as_text};
use super::wrong::Wrong;
pub(super) use address::addresses;
use address::{Address, EVERY_ADDRESS};

/// Ports of one service at most. What needs many, such as a media server its 10,000 for RTP, is below it.
const MOST_PORTS: usize = 20_000;

/// The published ports of a service, ranges already spread out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Ports(pub Vec<Port>);

/// One port of a container, published on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Port {
    /// Address of the host. Default 127.0.0.1.
    pub host_ip: IpAddr,
    /// Every address of the host, those of IPv6 as well, where it has some; `host_ip` is 0.0.0.0 then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub every_family: bool,
    /// Port of the host. `None`: the engine picks a free one.
    pub host_port: Option<u16>,
    /// The engine picks a free one from `host_port` to this one, each replica another. `None`: it has to be `host_port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_port_up_to: Option<u16>,
    /// Port inside the container.
    pub container_port: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: Protocol,
}

impl Port {
    /// The address as the stack file has it before a port: `127.0.0.1`, `[::1]`, `*`.
    pub fn address(&self) -> String {
        match self.host_ip {
            _ if self.every_family => EVERY_ADDRESS.to_owned(),
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        }
    }

    /// The one port of the host that it has to be. `None`: the engine picks one.
    pub fn fixed_host_port(&self) -> Option<u16> {
        self.host_port.filter(|_| self.host_port_up_to.is_none())
    }

    /// The ports of the host of which the engine picks one, where they are written.
    pub fn choice(&self) -> Option<RangeInclusive<u16>> {
        Some(self.host_port?..=self.host_port_up_to?)
    }

    /// Ports of the host as Compose and the engine write them: `8080`, `8000-8010`. `None`: any.
    pub fn host_ports(&self) -> Option<String> {
        let last = self.host_port_up_to.map(|last| format!("-{last}")).unwrap_or_default();
        self.host_port.map(|first| format!("{first}{last}"))
    }
}

/// Protocol of a published port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
pub enum Protocol {
    /// `tcp`
    #[default]
    Tcp,
    /// `udp`
    Udp,
    /// `sctp`
    Sctp,
}

impl Protocol {
    /// What a port in short form ends in: nothing for TCP.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Tcp => "",
            Self::Udp => "/udp",
            Self::Sctp => "/sctp",
        }
    }
}

impl FromStr for Protocol {
    type Err = Wrong;

    /// In capitals, too, as Compose takes it.
    fn from_str(text: &str) -> Result<Self, Wrong> {
        match text.to_ascii_lowercase().as_str() {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            "sctp" => Ok(Self::Sctp),
            _ => {
                Err(Wrong::new(format!("`{}` is not a protocol", text.escape_debug()), "write `tcp`, `udp` or `sctp`"))
            }
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        })
    }
}

written_as_text!(Protocol, "`tcp`, `udp` or `sctp`", { "enum": ["tcp", "udp", "sctp", "TCP", "UDP", "SCTP"] });

impl FromStr for Ports {
    type Err = Wrong;

    /// One entry in short form: `[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]`, where `HOST` and `CONTAINER` may be ranges.
    fn from_str(text: &str) -> Result<Self, Wrong> {
        let (rest, protocol) = text.rsplit_once('/').map_or((text, None), |(rest, protocol)| (rest, Some(protocol)));
        let protocol = protocol.map(str::parse).transpose()?.unwrap_or_default();
        let (rest, container) = rest.rsplit_once(':').unwrap_or(("", rest));
        let (address, host) = split_address(rest).ok_or_else(|| not_a_port(text))?;
        let container = PortRange::read(container, text)?;
        let host = if host.is_empty() { None } else { Some(PortRange::read(host, text)?) };
        spread(address, host, container, protocol, text)
    }
}

/// `ADDRESS:HOST` → both; the address may stand in brackets, and may be left out.
fn split_address(text: &str) -> Option<(Address, &str)> {
    match text.rsplit_once(':') {
        None => match text.parse::<Address>() {
            Ok(address) => Some((address, "")),
            Err(_) => Some((Address::USUAL, text)),
        },
        Some((address, host)) => {
            let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']')).unwrap_or(address);
            Some((bare.parse::<Address>().ok()?, host))
        }
    }
}

fn not_a_port(text: &str) -> Wrong {
    let help = "write `CONTAINER`, `HOST:CONTAINER` or `ADDRESS:HOST:CONTAINER`, such as `8080:80`";
    Wrong::new(format!("`{text}` is not a published port"), help)
}

/// One port, or several in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    fn read(text: &str, whole: &str) -> Result<Self, Wrong> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let range = Self { first: port_number(first, whole)?, last: port_number(last, whole)? };
        if range.first > range.last {
            let help = format!("write `{}-{}`", range.last, range.first);
            return Err(Wrong::new(format!("range `{text}` ends before it begins"), help));
        }
        Ok(range)
    }

    fn len(self) -> u32 {
        u32::from(self.last) - u32::from(self.first) + 1
    }
}

/// A port from 1 on; `whole` is the text that it stands in.
pub(super) fn port_number(text: &str, whole: &str) -> Result<u16, Wrong> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(not_a_port(whole));
    }
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(Wrong::new(format!("there is no port `{text}`"), "ports go from 1 to 65535")),
    }
}

/// Each container port with its host port. One container port with a range of host ports gets a free one of them.
fn spread(
    address: Address,
    host: Option<PortRange>,
    container: PortRange,
    protocol: Protocol,
    text: &str,
) -> Result<Ports, Wrong> {
    let port = |host_port, host_port_up_to, container_port| Port {
        host_ip: address.ip,
        every_family: address.every_family,
        host_port,
        host_port_up_to,
        container_port,
        protocol,
    };
    if let Some(host) = host.filter(|host| host.len() > 1 && container.len() == 1) {
        return Ok(Ports(vec![port(Some(host.first), Some(host.last), container.first)]));
    }
    if host.is_some_and(|host| host.len() != container.len()) {
        let message = format!("the two ranges of `{text}` differ in length");
        return Err(Wrong::new(message, "give each container port one host port, or one container port several"));
    }
    let ports = (container.first..=container.last).enumerate().map(|(offset, container_port)| {
        let host_port = host.and_then(|host| host.first.checked_add(u16::try_from(offset).ok()?));
        port(host_port, None, container_port)
    });
    Ok(Ports(ports.collect()))
}

impl<'de> Deserialize<'de> for Ports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PortsVisitor)
    }
}

struct PortsVisitor;

impl<'de> Visitor<'de> for PortsVisitor {
    type Value = Ports;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a list of ports such as `[\"8080:80\"]`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Ports, A::Error> {
        let mut ports = Vec::new();
        while let Some(item) = items.next_element::<PublishedPort>()? {
            ports.extend(item.0.0);
            if ports.len() > MOST_PORTS {
                return Err(A::Error::custom(Wrong::new(
                    format!("these are more than {MOST_PORTS} ports, and the engine starts a process for each of them"),
                    "write `network_mode: host`: the service then has the ports of the host itself, and `ports` is not needed",
                )));
            }
        }
        Ok(Ports(ports))
    }
}

/// One entry of `ports`, in either form.
pub(super) struct PublishedPort(pub(super) Ports);

impl<'de> Deserialize<'de> for PublishedPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(PublishedPortVisitor).map(PublishedPort)
    }
}

struct PublishedPortVisitor;

impl<'de> Visitor<'de> for PublishedPortVisitor {
    type Value = Ports;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a port such as `8080:80`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Ports, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ports, A::Error> {
        let long = LongPort::deserialize(MapAccessDeserializer::new(map))?;
        long.spread().map_err(A::Error::custom)
    }
}

/// A published port in Compose's long form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "`name`, `mode` and `app_protocol` are read so that Compose files with them are understood"
)]
struct LongPort {
    /// Port inside the container.
    target: String,
    /// Port of the host, or a range of which the engine picks one. Left out: it picks any free one.
    #[serde(default)]
    published: Option<String>,
    /// Address of the host, or `*` for all of them, of IPv6 as well. Default 127.0.0.1.
    #[serde(default)]
    host_ip: Option<Address>,
    /// `tcp`, `udp` or `sctp`.
    #[serde(default)]
    protocol: Protocol,
    /// Compose's word for documentation.
    #[serde(default)]
    name: Option<String>,
    /// Compose's `host` or `ingress`; means the same on one host.
    #[serde(default)]
    mode: Option<String>,
    /// Compose's word for documentation.
    #[serde(default)]
    app_protocol: Option<String>,
}

impl LongPort {
    fn spread(&self) -> Result<Ports, Wrong> {
        let container = PortRange::read(&self.target, &self.target)?;
        let host = self.published.as_deref().map(|host| PortRange::read(host, host)).transpose()?;
        spread(self.host_ip.unwrap_or(Address::USUAL), host, container, self.protocol, &self.target)
    }
}

impl JsonSchema for Ports {
    fn schema_name() -> Cow<'static, str> {
        "Ports".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = generator.subschema_for::<LongPort>();
        json_schema!({
            "type": ["array", "null"],
            "description": "Published ports: `80`, `8080:80`, `0.0.0.0:8080:80`, `*:8080:80` for IPv6 as well, `8000-8002:80-82/udp`, `8000-8010:80` for a free one of these, or the long form.",
            "items": { "anyOf": [{ "type": ["string", "integer"] }, long] },
        })
    }
}

/// Reads ports that are open inside the stack only; ranges are spread out.
pub(super) fn exposed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    let entries = Vec::<Exposed>::deserialize(deserializer)?;
    Ok(entries.into_iter().flat_map(|entry| entry.0.first..=entry.0.last).collect())
}

/// The schema of [`exposed`].
pub(super) fn exposed_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["array", "null"], "items": { "type": ["string", "integer"] } })
}

struct Exposed(PortRange);

impl FromStr for Exposed {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let bare = match text.rsplit_once('/') {
            Some((bare, protocol)) if protocol.parse::<Protocol>().is_ok() => bare,
            _ => text,
        };
        let is_range = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if !is_range {
            return Err(Wrong::new(
                format!("`{text}` is not a port"),
                "write a number or a range, such as `80` or `80-82`",
            ));
        }
        PortRange::read(bare, text).map(Self)
    }
}

impl<'de> Deserialize<'de> for Exposed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a port such as `80`")
    }
}

#[cfg(test)]
mod tests;
