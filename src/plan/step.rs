//! One step of a plan: a variant for each kind of work, with all that is needed to carry it out.

use std::sync::Arc;

use serde::Serialize;

use crate::desired::{Image, Network, Service, Volume};

/// One step, with all that is needed to carry it out, and why.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Get an image: pull it, or build it from Debian packages or from stackctl itself.
    GetImage {
        /// The image.
        image: Image,
        /// Why.
        reason: String,
    },
    /// Make a network.
    CreateNetwork {
        /// The network.
        network: Network,
        /// Why.
        reason: String,
    },
    /// Take a network away that stands in the way of another one of its name.
    RemoveNetwork {
        /// Engine id.
        id: String,
        /// Name.
        network: String,
        /// Why.
        reason: String,
    },
    /// Put a new network in the place of one that has other settings. The stack's containers in it move over.
    ReplaceNetwork {
        /// Engine id of the old one.
        id: String,
        /// The new one.
        network: Network,
        /// The stack's containers that are in the old one.
        members: Vec<Member>,
        /// Subnets of the old one, which somebody else can have once it is gone.
        frees: Vec<String>,
        /// Why.
        reason: String,
    },
    /// Make a named volume.
    CreateVolume {
        /// The volume.
        volume: Volume,
        /// Why.
        reason: String,
    },
    /// Stop a container and take it away. Its volumes stay.
    RemoveContainer {
        /// Engine id.
        id: String,
        /// Name.
        container: String,
        /// Why.
        reason: String,
    },
    /// Make a container and start it.
    CreateContainer {
        /// What it is a replica of.
        service: Arc<Service>,
        /// Number of the replica, from 1.
        replica: u32,
        /// Name.
        container: String,
        /// Why.
        reason: String,
    },
    /// Put a new container in the place of an old one, with the same volumes.
    ReplaceContainer {
        /// Engine id of the old one.
        id: String,
        /// What it is a replica of.
        service: Arc<Service>,
        /// Number of the replica, from 1.
        replica: u32,
        /// Name.
        container: String,
        /// Whether the old one stops and gives up its name before anything starts: another container gets its port, or that.
        yields: bool,
        /// Replacements of the same number stand or fall together. `None`: it stands or falls alone.
        group: Option<usize>,
        /// Why.
        reason: String,
    },
    /// Start a container that stands still.
    StartContainer {
        /// Engine id.
        id: String,
        /// What it is a replica of.
        service: Arc<Service>,
        /// Name.
        container: String,
        /// Whether it is frozen and only has to go on.
        paused: bool,
        /// Why.
        reason: String,
    },
    /// Join a network that the container should be in.
    Connect {
        /// Engine id.
        id: String,
        /// What it is a replica of.
        service: Arc<Service>,
        /// Name.
        container: String,
        /// Name of the network at the engine.
        network: String,
        /// Whether it is there under the wrong names, and has to leave first.
        again: bool,
        /// Why.
        reason: String,
    },
    /// Write a rendered file into a container.
    WriteFile {
        /// Engine id.
        id: String,
        /// What it is a replica of.
        service: Arc<Service>,
        /// Name.
        container: String,
        /// Path among the rendered files.
        source: String,
        /// Path inside the container.
        target: String,
        /// Whether the container runs. Where it does not, the file is read at its next start.
        live: bool,
        /// Whether the image's own checker shall see the file before it is put in place.
        check: bool,
        /// Why.
        reason: String,
    },
    /// Have a program read its files again, and roll the files back if it refuses them.
    Reload {
        /// Engine id.
        id: String,
        /// What it is a replica of.
        service: Arc<Service>,
        /// Name.
        container: String,
        /// Why.
        reason: String,
    },
}

/// A container of the stack in a network that is replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Engine id.
    pub id: String,
    /// Name.
    pub container: String,
    /// What it is a replica of; `None`: it leaves the network for good.
    pub service: Option<Arc<Service>>,
    /// Whether it is stopped first: one that ends again and again would be started into the old network at any moment.
    pub stops: bool,
}

/// What a step does. The words are part of the JSON contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Make something that is not there.
    Create,
    /// Put a new one in the place of an old one.
    Replace,
    /// Start what stands still.
    Start,
    /// Take away.
    Remove,
    /// Write a file.
    Write,
    /// Read files again.
    Reload,
    /// Join a network.
    Connect,
}

/// What a step is done to. The words are part of the JSON contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each word says itself")]
pub enum Kind {
    Network,
    Volume,
    Image,
    Container,
    File,
}

impl Step {
    /// What is done.
    pub fn action(&self) -> Action {
        match self {
            Self::GetImage { .. }
            | Self::CreateNetwork { .. }
            | Self::CreateVolume { .. }
            | Self::CreateContainer { .. } => Action::Create,
            Self::RemoveContainer { .. } | Self::RemoveNetwork { .. } => Action::Remove,
            Self::ReplaceContainer { .. } | Self::ReplaceNetwork { .. } => Action::Replace,
            Self::StartContainer { .. } => Action::Start,
            Self::Connect { .. } => Action::Connect,
            Self::WriteFile { .. } => Action::Write,
            Self::Reload { .. } => Action::Reload,
        }
    }

    /// What it is done to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::GetImage { .. } => Kind::Image,
            Self::CreateNetwork { .. } | Self::RemoveNetwork { .. } | Self::ReplaceNetwork { .. } => Kind::Network,
            Self::CreateVolume { .. } => Kind::Volume,
            Self::WriteFile { .. } => Kind::File,
            Self::RemoveContainer { .. }
            | Self::CreateContainer { .. }
            | Self::ReplaceContainer { .. }
            | Self::StartContainer { .. }
            | Self::Connect { .. }
            | Self::Reload { .. } => Kind::Container,
        }
    }

    /// Name of the thing: engine name of a network, volume or container, reference of an image, path of a rendered file.
    pub fn name(&self) -> &str {
        match self {
            Self::GetImage { image, .. } => &image.reference,
            Self::CreateNetwork { network, .. } | Self::ReplaceNetwork { network, .. } => &network.name,
            Self::RemoveNetwork { network, .. } => network,
            Self::CreateVolume { volume, .. } => &volume.name,
            Self::WriteFile { source, .. } => source,
            Self::RemoveContainer { container, .. }
            | Self::CreateContainer { container, .. }
            | Self::ReplaceContainer { container, .. }
            | Self::StartContainer { container, .. }
            | Self::Connect { container, .. }
            | Self::Reload { container, .. } => container,
        }
    }

    /// Why.
    pub fn reason(&self) -> &str {
        match self {
            Self::GetImage { reason, .. }
            | Self::CreateNetwork { reason, .. }
            | Self::RemoveNetwork { reason, .. }
            | Self::ReplaceNetwork { reason, .. }
            | Self::CreateVolume { reason, .. }
            | Self::RemoveContainer { reason, .. }
            | Self::CreateContainer { reason, .. }
            | Self::ReplaceContainer { reason, .. }
            | Self::StartContainer { reason, .. }
            | Self::Connect { reason, .. }
            | Self::WriteFile { reason, .. }
            | Self::Reload { reason, .. } => reason,
        }
    }

    /// The service whose container the step concerns; `None` for images, networks, volumes and what is taken away.
    pub fn service(&self) -> Option<&Arc<Service>> {
        match self {
            Self::CreateContainer { service, .. }
            | Self::ReplaceContainer { service, .. }
            | Self::StartContainer { service, .. }
            | Self::Connect { service, .. }
            | Self::WriteFile { service, .. }
            | Self::Reload { service, .. } => Some(service),
            Self::GetImage { .. }
            | Self::CreateNetwork { .. }
            | Self::RemoveNetwork { .. }
            | Self::ReplaceNetwork { .. }
            | Self::CreateVolume { .. }
            | Self::RemoveContainer { .. } => None,
        }
    }

    /// Whether something is to be there, or to be gone, after the step. One that is pulled each time is not meant.
    pub fn makes_or_takes_away(&self) -> bool {
        matches!(
            self,
            Self::CreateNetwork { .. }
                | Self::CreateVolume { .. }
                | Self::CreateContainer { .. }
                | Self::ReplaceContainer { .. }
                | Self::RemoveContainer { .. }
                | Self::RemoveNetwork { .. }
                | Self::ReplaceNetwork { .. }
                | Self::Connect { .. }
        )
    }

    /// The container that the step starts, and its service.
    pub fn starts(&self) -> Option<(&str, &Service)> {
        match self {
            Self::CreateContainer { service, container, .. }
            | Self::ReplaceContainer { service, container, .. }
            | Self::StartContainer { service, container, paused: false, .. } => Some((container, service)),
            _ => None,
        }
    }

    /// Engine id of the container that is no more after the step.
    pub fn ends(&self) -> Option<&str> {
        match self {
            Self::ReplaceContainer { id, .. } | Self::RemoveContainer { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Engine ids of the containers that are in another network after the step.
    pub fn moves(&self) -> impl Iterator<Item = &str> {
        let members = match self {
            Self::ReplaceNetwork { members, .. } => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|member| member.id.as_str())
    }

    /// Name of the network that is another one after the step.
    pub fn replaced_network(&self) -> Option<&str> {
        match self {
            Self::ReplaceNetwork { network, .. } => Some(&network.name),
            _ => None,
        }
    }

    /// Reference of the image that the step gets.
    pub fn image_reference(&self) -> Option<&str> {
        match self {
            Self::GetImage { image, .. } => Some(&image.reference),
            _ => None,
        }
    }
}
