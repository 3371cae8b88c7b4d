//! What must be known of the world before choices can be made. Gathered by a command, plain data here.

use std::net::IpAddr;

use indexmap::IndexMap;

use super::{Content, ImageOrigin, LearnedFrom};
use crate::dashboard::Exposed;

/// What is known of the world. `Facts::default()` is what `check` and `render` assume without an engine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Gateway of the engine's default bridge. `None`: not known, the usual one is assumed.
    pub gateway: Option<IpAddr>,
    /// The engine's host is known to have its root as a shared mount, so that a container can follow later mounts.
    pub root_is_shared: bool,
    /// For each component (`prometheus`, `grafana`, `node`, `cadvisor` …) the image that can be had.
    /// A component that is not here gets what the stack file and the catalogue say.
    pub images: IndexMap<String, ImageChoice>,
    /// What runs in place of an app's image, by the reference that the stack file writes. One that is not here runs as written.
    pub exact_images: IndexMap<String, String>,
    /// What images have to be, by reference.
    pub contents: IndexMap<String, Content>,
    /// Reference of stackctl's own image, which names the build. `None`: nobody looked, the tag is left out.
    pub own_image: Option<String>,
    /// For each attached app the containers that were found. An app without any is scraped where its name says.
    pub attached: IndexMap<String, Vec<AttachedContainer>>,
    /// Scales given on the command line now, or remembered by the running stack.
    pub scale: IndexMap<String, ScaleOverride>,
    /// What each job is known to expose, as the running Prometheus says or the running stack remembers.
    pub exposed: IndexMap<String, Exposed>,
    /// What each of them ran from when that was learned.
    pub learned_from: IndexMap<String, LearnedFrom>,
}

/// Which image a component gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageChoice {
    /// This one.
    Take {
        /// Reference, such as `prom/prometheus:v3.5.0`.
        reference: String,
        /// Version of the component, such as `3.5.0`. It decides flags and configuration keys.
        version: String,
        /// Where it comes from.
        origin: ImageOrigin,
    },
    /// None can be had: the component is left out, for this reason.
    LeaveOut {
        /// Why, in words.
        reason: String,
    },
}

/// A container that somebody else runs, and how Prometheus reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedContainer {
    /// Its name.
    pub name: String,
    /// The network in which Prometheus reaches it. `None`: it is on the host's network.
    pub network: Option<String>,
    /// Its address there, where its name is not known: on the engine's default bridge.
    pub address: Option<IpAddr>,
    /// The first port that it exposes.
    pub port: Option<u16>,
}

/// A scale that differs from the file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ScaleOverride {
    /// Replicas wanted.
    pub replicas: u32,
    /// What the file said when this was given; `None`: nothing. Once the file says something else, the file wins.
    pub file: Option<u32>,
}
