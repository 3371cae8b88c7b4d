//! `daemon.json`, the Docker engine's own settings: read, merged, written and taken back as a careful administrator would.
//!
//! The parts that decide are pure: [`Document`], [`Change`], [`objections`], [`gateway`], [`Flags`]. Those that touch the
//! world are apart: `file`, `backup`, `stand_in`, `left_over`, `process`, `mounts`, `shims`, `service`, `validate`, `words`. Nothing here speaks
//! to the engine's API.

mod attributes;
mod backup;
mod by_hand;
mod change;
mod credentials;
mod document;
mod edit;
mod error;
mod file;
mod flags;
mod gateway;
mod ignored;
mod keys;
mod left_over;
mod members;
mod mounts;
mod objection;
mod process;
mod release;
mod service;
mod shims;
mod stand_in;
mod validate;
mod words;

pub use backup::{Backup, Restored};
pub use by_hand::{BackByHand, ByHand};
pub use change::{Change, Edit, diff, needs_restart};
pub use credentials::without_credentials;
pub use document::{Document, Malformed, Setting};
pub use error::Error;
pub use file::{ConfigFile, Turn};
pub use flags::{Flag, Flags};
pub use gateway::{Gateway, NoGateway, gateway, host_gateway_to_keep, on_bridge};
pub use ignored::ignored;
pub use keys::names as setting_names;
pub use left_over::LeftOver;
pub use objection::{FILE, Objection, objections};
pub use process::{Dockerd, Holder, clash};
pub use release::Release;
pub use service::{Ran, Service, end};
pub use shims::{NAMESPACE, Shim, containers_run};
pub use stand_in::{Interlude, StandIn};
pub use validate::{refused_by, validate};
pub use words::Words;

/// Where dockerd looks for its settings unless it is told otherwise.
pub const DEFAULT_FILE: &str = "/etc/docker/daemon.json";

/// The setting that switches the engine's metrics on, and says where.
pub const METRICS_KEY: &str = "metrics-addr";
