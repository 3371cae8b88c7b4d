//! `images`: where the components' images come from.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where the images of the catalogue's components come from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Images {
    /// Registry, Debian packages, or the one that works.
    pub from: ImageSource,
    /// A registry to pull through, such as `mirror.example:5000`.
    pub mirror: Option<String>,
}

/// Where a component's image comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImageSource {
    /// The registry first; where it cannot be reached, Debian packages. `up` says which it took.
    #[default]
    Auto,
    /// The registry only.
    Registry,
    /// Built from the host's own Debian packages: needs no registry.
    Debian,
}
