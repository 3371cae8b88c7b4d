//! stackctl's own image, which holds the demo apps and the probe.

/// What a stack file writes for it.
pub const IMAGE: &str = "stackctl/self";

/// What it is called at the engine: `stackctl/self:0.1.0-8f14e45fceea`.
///
/// The tag names the build, so that two builds of stackctl on one host keep out of each other's way, and that a newer
/// stackctl brings a newer image. `build` is a hash over the executable, in hex.
pub fn reference(build: &str) -> String {
    format!("{IMAGE}:{}-{}", env!("CARGO_PKG_VERSION"), build.get(..12).unwrap_or(build))
}
