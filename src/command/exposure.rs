//! `exposure`: every port that can be reached from outside this host, and why.

use std::net::{IpAddr, SocketAddr};

use serde_json::json;

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, output};
use crate::cli::{Format, Global};
use crate::desired::{Exposure, SaidBy};
use crate::engine::ObservedContainer;

/// Arguments of `exposure`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exits with 3 when something can be reached that the stack file does not ask for in so many words: an address that is not \
loopback, or the ports under `expose` of what stands in the host's network. A firewall on this host does not keep anybody \
from published ports: Docker's own rules come first.

Examples:
  stackctl exposure
  stackctl exposure --format json | jq '.exposures[].address'")]
pub struct Arguments {
    #[command(flatten)]
    pub(super) output: crate::cli::Output,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let situation = Situation::of(global, Wishes::default()).await?;
    let exposures = exposures(&situation);
    let ok = exposures.iter().all(|exposure| exposure.said_by.is_some());
    let stack = &situation.desired.stack;
    match arguments.output.format {
        Format::Json => output::print_json(&json!({ "stack": stack, "ok": ok, "exposures": exposures })),
        Format::Text if exposures.is_empty() => {
            output::print(&format!("nothing of stack `{stack}` can be reached from outside this host"));
        }
        Format::Text => output::print(&text(&exposures)),
    }
    if !ok && !global.quiet {
        output::say(&format!(
            "{} write `127.0.0.1:` before a port to close it, or the address that it shall be reached on, so that the file \
             says so; then run `stackctl up`",
            output::paint(output::CYAN, " help:")
        ));
    }
    Ok(if ok { Exit::Done } else { Exit::NotAsDesired })
}

/// What the file asks for, then what runs and is not asked for, then what others run.
fn exposures(situation: &Situation) -> Vec<Exposure> {
    let gateway = situation.facts.gateway;
    let mut found = situation.desired.exposures(gateway);
    for container in &situation.observed.containers {
        let unasked: Vec<Exposure> = open_ports(container, gateway)
            .filter(|port| !found.iter().any(|known| is_same(known, port)))
            .map(|port| port.exposure(container, "published by the running container, and not by the file", None))
            .collect();
        found.extend(unasked);
    }
    for attached in &situation.observed.attached {
        let container = &attached.container;
        let why = format!("published by whoever runs `{}`, which is only attached", container.name);
        found.extend(open_ports(container, gateway).map(|port| port.exposure(container, &why, Some(SaidBy::Others))));
    }
    found
}

/// A published port as the engine lists it.
struct Open {
    address: SocketAddr,
    container_port: u16,
    protocol: String,
}

impl Open {
    fn exposure(&self, container: &ObservedContainer, why: &str, said_by: Option<SaidBy>) -> Exposure {
        Exposure {
            service: container.service.clone(),
            address: self.address.to_string(),
            container_port: Some(self.container_port),
            protocol: self.protocol.clone(),
            why: why.to_owned(),
            said_by,
        }
    }
}

/// The ports of a container that are published elsewhere than on loopback and on the gateway of the engine's own bridge, which
/// this host and its containers reach, and nobody else.
fn open_ports(container: &ObservedContainer, gateway: Option<IpAddr>) -> impl Iterator<Item = Open> {
    let is_outside = move |open: &Open| !open.address.ip().is_loopback() && Some(open.address.ip()) != gateway;
    container.ports.iter().filter_map(|line| open(line)).filter(is_outside)
}

/// `0.0.0.0:8010->80/tcp`; an address of IPv6 has colons of its own.
fn open(line: &str) -> Option<Open> {
    let (host, container) = line.split_once("->")?;
    let (ip, port) = host.rsplit_once(':')?;
    let (container_port, protocol) = container.split_once('/')?;
    let ip: IpAddr = ip.trim_matches(['[', ']']).parse().ok()?;
    let address = SocketAddr::new(ip, port.parse().ok()?);
    Some(Open { address, container_port: container_port.parse().ok()?, protocol: protocol.to_owned() })
}

/// Whether a port that is open is one that the file asks for. `*`: the engine has picked its number.
fn is_same(known: &Exposure, open: &Open) -> bool {
    let on_any_port = SocketAddr::new(open.address.ip(), 0).to_string();
    let address = known.address.strip_suffix('*').map_or(known.address.clone(), |start| format!("{start}0"));
    known.container_port == Some(open.container_port)
        && known.protocol == open.protocol
        && (address == open.address.to_string() || address == on_any_port)
}

fn text(exposures: &[Exposure]) -> String {
    let rows = exposures.iter().map(|exposure| {
        let said = match exposure.said_by {
            Some(SaidBy::File) => output::paint(output::GREEN, "the file"),
            Some(SaidBy::Others) => output::paint(output::YELLOW, "others"),
            None => output::paint(output::RED, "nobody"),
        };
        let port = exposure.container_port.map_or("-".to_owned(), |port| port.to_string());
        let address = format!("{}/{}", exposure.address, exposure.protocol);
        vec![said, exposure.service.clone(), address, port, exposure.why.clone()]
    });
    output::table(&["SAID BY", "SERVICE", "ADDRESS", "PORT", "WHY"], &rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_port_is_read_as_the_engine_lists_it() {
        let read = |line: &str| open(line).map(|open| (open.address.to_string(), open.container_port, open.protocol));
        let expected = Some(("0.0.0.0:8010".to_owned(), 80, "tcp".to_owned()));
        assert_eq!(read("0.0.0.0:8010->80/tcp"), expected);
        assert_eq!(read(":::8010->80/udp"), Some(("[::]:8010".to_owned(), 80, "udp".to_owned())));
        assert_eq!(read("80/tcp"), None);
    }
}
