//! Whether an engine could open what its file has it open: the socket of its metrics, and a bridge of somebody's own.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::super::super::Failure;
use super::super::subject::{LIVE_RESTORE, Running};
use super::Proposal;
use crate::daemon::{self, Document, Holder, METRICS_KEY};
use crate::engine::{Error, Publisher};

/// Why an engine could not listen at an address.
#[derive(Debug)]
pub(in super::super) struct NoRoom {
    /// Where.
    pub(in super::super) address: SocketAddr,
    /// Why not.
    pub(in super::super) why: Why,
}

/// What is in the way of a socket.
#[derive(Debug)]
pub(in super::super) enum Why {
    /// A container has the port.
    Published(Publisher),
    /// A process has it.
    Held(Holder),
    /// The bridge that is to have the address stays where it is while containers run on.
    BridgeStays,
    /// The host does not have the address.
    NoAddress,
}

impl fmt::Display for NoRoom {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match &self.why {
            Why::Published(Publisher { container, address }) => {
                write!(formatter, "container `{container}` publishes {address}, and has it before the engine")?;
            }
            Why::Held(holder) => {
                let process = holder.process.as_ref().map(|process| format!(" by {process}")).unwrap_or_default();
                write!(formatter, "{} is taken already{process}", holder.address)?;
            }
            Why::BridgeStays => {
                formatter.write_str("the default bridge does not move there while containers run on (live-restore)")?;
            }
            Why::NoAddress => formatter.write_str("this host has no such address")?,
        }
        formatter.write_str("; the engine would not start")
    }
}

impl Running {
    /// Why it could not serve its metrics there, once it starts with this document. `None`: it could, as far as can be told.
    pub(in super::super) async fn no_room(
        &self,
        document: &Document,
        address: SocketAddr,
    ) -> Result<Option<NoRoom>, Failure> {
        let Some(dockerd) = &self.dockerd else { return Ok(None) };
        let no = |why: Why| Ok(Some(NoRoom { address, why }));
        let publishers = self.engine.publishers().await?;
        if let Some(publisher) = publishers.into_iter().find(|one| daemon::clash(one.address, address)) {
            return no(Why::Published(publisher));
        }
        if let Some(holder) = dockerd.in_the_way(address) {
            return no(Why::Held(holder));
        }
        let (known, ip) = (dockerd.addresses(), address.ip());
        if known.is_empty() || known.contains(&ip) || ip.is_unspecified() {
            return Ok(None);
        }
        let outlive = self.host.live_restore || document.get(LIVE_RESTORE) == Some(true.into());
        match (self.bip(document) == Some(ip), outlive && !self.containers.is_empty()) {
            (true, false) => Ok(None),
            (true, true) => no(Why::BridgeStays),
            (false, _) => no(Why::NoAddress),
        }
    }

    /// The host's address on the default bridge, where that file or a flag says it.
    pub(in super::super) fn bip(&self, document: &Document) -> Option<IpAddr> {
        self.says(document, "bip")?.split('/').next()?.parse().ok()
    }

    /// The bridge of somebody's own that it would look for and not find: it makes none but `docker0`. `None`: it would find it.
    pub(in super::super) fn lacks_bridge(&self, document: &Document) -> Option<String> {
        let bridge = self.says(document, "bridge").filter(|bridge| !["none", "docker0"].contains(&bridge.as_str()))?;
        let is_there = self.dockerd.as_ref().is_none_or(|dockerd| dockerd.has_interface(&bridge));
        (!is_there).then_some(bridge)
    }
}

impl Proposal {
    /// Refuses a bridge of somebody's own that is not there.
    pub(super) fn expect_bridge(&self) -> Result<(), Failure> {
        let lacks = self.running.as_ref().and_then(|running| running.lacks_bridge(&self.change.after));
        let Some(bridge) = lacks else { return Ok(()) };
        let path = self.file.path().display();
        Err(Failure::arguments(
            format!("`bridge` is `{bridge}`, which this host does not have, and the engine would not start"),
            format!("make it first (`ip link add {bridge} type bridge`), or take `bridge` out of {path}"),
        ))
    }

    /// Refuses an address that the engine could not listen on.
    pub(super) async fn expect_room(&self) -> Result<(), Failure> {
        let is_new = self.change.edits.iter().any(|edit| edit.path == METRICS_KEY);
        let opens = is_new || self.is_served() == Some(false);
        let (Some(address), Some(running), true) = (self.address, &self.running, opens) else { return Ok(()) };
        let Some(no_room) = running.no_room(&self.change.after, address).await? else { return Ok(()) };
        let other = SocketAddr::new(address.ip(), address.port().saturating_add(1));
        let advice = match &no_room.why {
            Why::Published(_) => format!("publish another port there, or write one: `engine.metrics: {other}`"),
            Why::Held(_) => format!("stop that, or write another port: `engine.metrics: {other}`"),
            Why::BridgeStays => {
                "stop every container first (`docker stop $(docker ps -q)`), or take `bip` out of daemon.json"
                    .to_owned()
            }
            Why::NoAddress => match self.no_gateway() {
                None => "write `engine.metrics: gateway`, or an address of `ip address`".to_owned(),
                Some(none) => format!("write an address of `ip address`; {}: {}", none.message, none.help),
            },
        };
        let attempt = format!("cannot have the engine serve its metrics on {address}");
        Err(Error::new(attempt, no_room).advise(advice).into())
    }
}
