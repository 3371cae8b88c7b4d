//! Docker: look, carry out a plan, get images, run the probe. The only folder that knows bollard.

mod observed;
mod probe;

pub use observed::{
    ContainerState, Health, Observed, ObservedContainer, ObservedImage, ObservedNetwork, ObservedVolume,
};
pub use probe::{ProbeError, Prober};
