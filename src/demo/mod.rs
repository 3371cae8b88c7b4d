//! The demo apps `image-gallery`, `iotd` and `accesslog`, served by stackctl's own image.
//!
//! Small web apps with real metrics, so that a first stack needs no registry. Each can be broken on purpose, in every
//! way that `verify` tells apart. They know nothing of stacks, plans or Docker.

mod accesslog;
mod app;
mod faults;
mod image_gallery;
mod iotd;
mod metrics_page;
mod neighbour;
mod options;
mod process;
mod requests;
mod server;

pub use app::DemoApp;
pub use options::{BasicAuth, ContentType, ExitAfter, MetricsBody, Options};
pub use server::serve;
