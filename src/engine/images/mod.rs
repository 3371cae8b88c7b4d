//! Getting images: pulled from a registry, made of stackctl's own executable, or built from the host's Debian packages.
//!
//! Images are imported as one layer through the engine's API, so that neither a builder nor a registry is needed.

mod apt;
mod bundle;
mod choose;
mod credentials;
mod debian;
mod elf;
mod error;
mod identity;
mod import;
mod obtain;
mod own;
mod progress;
mod pull;
mod refusal;
mod registry;
mod root;
mod unused;

pub use choose::choose;
pub use debian::{build_debian, debian_version, upstream_version};
pub(super) use elf::hexadecimal;
pub use error::{ImageError, ImageErrorKind};
pub(super) use identity::platform_of;
pub use identity::{Identity, identity, platform, registry_digest};
pub(super) use obtain::{built_from, obtain};
pub use own::{build_own, own_build, own_executable, own_image};
pub use progress::{Activity, Event, Progress};
pub use pull::pull;
pub(super) use registry::{full_name, short_name};
pub use unused::UnusedImage;

/// Label of the images that stackctl makes: what they were made from.
pub const BUILT_FROM_LABEL: &str = "io.stackctl.built-from";

/// Label of stackctl's own images: the path of the executable they were made of. A newer one replaces an older one.
const EXECUTABLE_LABEL: &str = "io.stackctl.executable";
