//! Docker: look, carry out a plan, get images, run the probe. The only folder that knows bollard.

pub mod images;
mod observed;

pub use observed::{
    ContainerState, Health, Observed, ObservedContainer, ObservedImage, ObservedNetwork, ObservedVolume,
};
