//! stackctl's own image, which holds the demo apps and the probe.

/// What a stack file writes for it.
pub const IMAGE: &str = "stackctl/self";

/// What it is called at the engine. The version is in the tag, so that a newer stackctl brings a newer image.
pub const REFERENCE: &str = concat!("stackctl/self:", env!("CARGO_PKG_VERSION"));
