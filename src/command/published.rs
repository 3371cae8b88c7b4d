//! Ports that are published, and behind which nobody listens: a number in `ports` that no scrape proves.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use tokio::net::TcpStream;

use super::prove;
use super::situation::Situation;
use crate::desired::Protocol;
use crate::engine::{ContainerState, ObservedContainer, Prober};
use crate::probe::{Listener, Request};

/// Time that a program may take until it listens there, after all else stands.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(150);

/// Time that one try may take.
const TRY: Duration = Duration::from_millis(300);

/// Ports that are tried at the same time.
const CONCURRENCY: usize = 64;

/// A port of a container that refuses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Silent {
    pub(super) service: String,
    pub(super) container: String,
    pub(super) port: u16,
    /// Somebody listens there, on loopback of the container alone.
    pub(super) is_on_loopback: bool,
}

/// The published ports that refuse at every address of their container. The host's own end tells nothing: Docker takes
/// connections there, whoever listens. Nothing where the engine's containers cannot be reached from here.
pub(super) async fn silent(situation: &Situation) -> BTreeSet<Silent> {
    if !situation.engine.facts().is_local {
        return BTreeSet::new();
    }
    let running = situation.observed.containers.iter().filter(|container| container.state == ContainerState::Running);
    let places = running.flat_map(|container| {
        let service = situation.desired.service(&container.service).into_iter();
        let ports = service.flat_map(|service| &service.container.settings.ports.0);
        let ports = ports.filter(|port| port.protocol == Protocol::Tcp).map(|port| port.container_port);
        ports.collect::<BTreeSet<u16>>().into_iter().map(move |port| (container, port))
    });
    let places: Vec<_> = places.collect();
    let prober = &prove::prober(situation);
    let looks = stream::iter(places).map(async |(container, port)| look(container, port, prober).await);
    looks.buffer_unordered(CONCURRENCY).filter_map(async |found| found).collect().await
}

async fn look(container: &ObservedContainer, port: u16, prober: &Prober) -> Option<Silent> {
    let addresses: Vec<IpAddr> = container.addresses.values().flatten().copied().collect();
    let begun = Instant::now();
    while !addresses.is_empty() && refuse(&addresses, port).await {
        if begun.elapsed() >= PATIENCE {
            let is_on_loopback = is_on_loopback(container, port, prober).await;
            let (service, container) = (container.service.clone(), container.name.clone());
            return Some(Silent { service, container, port, is_on_loopback });
        }
        tokio::time::sleep(PAUSE).await;
    }
    None
}

/// Whether a look from inside finds somebody on that port after all.
async fn is_on_loopback(container: &ObservedContainer, port: u16, prober: &Prober) -> bool {
    let request = Request { listeners: Some(Vec::new()), ..Request::default() };
    let report = prober.beside(&container.id, &request).await;
    let is_it = |listener: &Listener| listener.address.port() == port && listener.address.ip().is_loopback();
    report.is_ok_and(|report| report.listeners.iter().any(is_it))
}

/// Whether all of them refuse. Silence may have many reasons.
async fn refuse(addresses: &[IpAddr], port: u16) -> bool {
    for address in addresses {
        let tried = tokio::time::timeout(TRY, TcpStream::connect(SocketAddr::new(*address, port))).await;
        if !matches!(tried, Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_that_somebody_listens_on_does_not_refuse() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        assert!(!refuse(&[address.ip()], address.port()).await);
        drop(listener);
        assert!(refuse(&[address.ip()], address.port()).await);
    }
}
