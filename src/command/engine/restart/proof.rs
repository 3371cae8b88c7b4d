//! The proof that the engine's metrics can be scraped: from inside a container's network, where Prometheus would stand.

use super::super::super::Failure;
use super::super::super::prove::DEFAULT_BRIDGE;
use super::super::subject::change;
use crate::desired::Desired;
use crate::engine::images::own_image;
use crate::engine::{Engine, Error, Prober, Question};
use crate::verify::{self, Finding};

/// Looks from inside the stack's network, and from the default bridge while the stack has none yet. Nothing where the metrics
/// are not wanted. `sees_sockets`: this host's sockets are the engine's.
pub(in super::super) async fn findings(
    engine: &Engine,
    desired: &Desired,
    sees_sockets: bool,
) -> Result<Vec<Finding>, Failure> {
    if desired.daemon.is_none() {
        return Ok(Vec::new());
    }
    let image = own_image().map_err(Error::from)?;
    let question = Question { stack: desired.stack.clone(), ..Question::default() };
    let present = engine.observe(&question).await?.networks;
    let service = desired.prometheus_service();
    let attached = service.map(|service| service.container.networks.as_slice()).unwrap_or_default();
    let networks: Vec<String> = attached
        .iter()
        .map(|attachment| attachment.network.clone())
        .filter(|name| present.iter().any(|network| network.name == *name))
        .collect();
    let networks = if networks.is_empty() { vec![DEFAULT_BRIDGE.to_owned()] } else { networks };
    let prober = Prober::new(engine.clone(), &desired.stack, &image, networks);
    Ok(verify::engine(desired, Some(&prober), sees_sockets, false, change(engine)).await)
}
