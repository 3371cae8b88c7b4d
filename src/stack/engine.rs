//! `engine`: the Docker engine's own metrics.

use std::net::SocketAddr;

/// What the stack wants of the Docker engine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Engine {
    /// Where the engine serves its own metrics.
    pub metrics: EngineMetrics,
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
