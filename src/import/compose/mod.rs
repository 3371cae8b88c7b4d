//! Compose files → apps of a stack file.

mod dependencies;
mod deploy;
mod elsewhere;
mod env_files;
mod habits;
mod joined;
pub(super) mod merge;
pub(super) mod mounts;
mod names;
pub(super) mod ports;
pub(super) mod project;
mod service;
mod top;

pub(super) use elsewhere::Elsewhere;
pub(super) use env_files::are_read_by;
pub(super) use names::{Names, Role, free, is_bitnami, split_image, usual_config, valid};
pub(super) use project::Project;
pub(super) use service::{KEPT, Services};
pub(super) use top::{networks, secrets, volumes, volumes_elsewhere};
