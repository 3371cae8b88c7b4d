//! Docker: look, carry out a plan, get images, run the probe. The only folder that knows bollard.
//!
//! It carries out what the plan says and decides nothing. It touches no object that lacks the stack's label.

mod address;
mod after_restart;
mod apply;
mod attached;
mod connect;
mod create;
mod dependency;
mod ended;
mod error;
mod fleeting;
mod held_back;
mod holder;
mod host;
pub mod images;
mod interruption;
mod labels;
mod leftover;
mod limits;
mod lock;
mod log_driver;
mod logs;
mod made;
mod memory;
mod neighbour;
mod network;
mod observe;
mod observed;
mod once;
mod owner;
mod patience;
mod ping;
mod place;
mod podman;
mod probe;
mod reload;
mod remove;
mod renewal;
mod replace;
mod replaced;
mod secrecy;
mod sharing;
mod stacks;
mod stranger;
mod successor;
mod summary;
mod together;
mod tunnel;
mod twin;
mod volume;

pub use address::{Address, Hints};
pub use after_restart::{AfterRestart, Place, RunningContainer, StoppedContainer};
pub use apply::{Event, Failure, Outcome, Supplies};
pub use attached::ObservedAttached;
pub use connect::{Engine, EngineFacts};
pub use create::StackSource;
pub use error::Error;
pub use fleeting::Fleeting;
pub use holder::Holder;
use holder::Whereabouts;
pub use host::{Bridge, Containerd, EngineHost, EngineKind, Publisher, Storage};
pub use interruption::Interruption;
pub use limits::ObservedLimits;
pub use lock::{Lock, ObservedLock};
pub use logs::{LogLine, keeps_nothing};
pub use made::{Made, UsualLogging};
pub use memory::keep_memory;
pub use neighbour::{Called, Neighbour, OnHost};
pub use observe::Question;
pub use observed::{
    ContainerState, FileStamp, Health, Observed, ObservedContainer, ObservedImage, ObservedNetwork, ObservedSettings,
    ObservedVolume,
};
pub use once::{Ended, Once};
pub use owner::{Named, Owner};
pub use place::Secrets;
pub use podman::is_default_bridge;
pub use probe::{ProbeError, Prober};
pub use reload::{Judge, Taken, Verdict};
pub use remove::Removal;
pub use secrecy::{keep_secret, without_secrets};
pub use stacks::ObservedStack;
pub use stranger::ObservedStranger;
