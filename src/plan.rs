//! Desired × Files × Observed → exactly what will be done, in order, and why. Pure; knows neither bollard nor async.

use crate::desired::{Network, Service, Volume};

/// Exactly what `up` will do. An empty plan means: what runs is what the file says.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Name of the stack.
    pub stack: String,
    /// Steps, in order. Steps that stand side by side in one wave may be carried out together.
    pub steps: Vec<Step>,
}

/// One step, with all that is needed to carry it out.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Get an image: pull it, or build it from Debian packages or from stackctl itself.
    GetImage { image: crate::desired::Image, reason: String },
    /// Make a network.
    CreateNetwork { network: Network, reason: String },
    /// Make a named volume.
    CreateVolume { volume: Volume, reason: String },
    /// Take a container away: its service is gone from the file, or its replica is one too many.
    RemoveContainer { id: String, container: String, reason: String },
    /// Make and start a container.
    CreateContainer { service: Box<Service>, replica: u32, container: String, reason: String },
    /// Take a container away and put a new one in its place, with the same volumes.
    ReplaceContainer { id: String, service: Box<Service>, replica: u32, container: String, reason: String },
    /// Start a container that stands still.
    StartContainer { id: String, service: Box<Service>, container: String, reason: String },
    /// Join a network that the container should be in.
    Connect { id: String, service: Box<Service>, container: String, network: String, reason: String },
    /// Write a file into a running container.
    WriteFile {
        id: String,
        service: Box<Service>,
        container: String,
        source: String,
        target: String,
        previous: Option<String>,
        reason: String,
    },
    /// Have a program read its files again.
    Reload { id: String, service: Box<Service>, container: String, reason: String },
    /// Take a network away that nothing uses any more.
    RemoveNetwork { id: String, network: String, reason: String },
}
