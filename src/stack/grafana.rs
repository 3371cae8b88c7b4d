//! `grafana`: the Grafana that shows the dashboards.

use super::{ByteSize, Publish, Secret};

/// Grafana's settings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grafana {
    /// Tag of the catalogue's image.
    pub version: Option<String>,
    /// Replaces the catalogue's image.
    pub image: Option<String>,
    /// Where it is published: `PORT`, `ADDRESS:PORT` or `off`. Default 127.0.0.1:3000.
    pub port: Publish,
    /// Password of the user `admin`. Left out: generated once and kept, mode 0600, in the state folder.
    pub admin_password: Option<Secret>,
    /// Environment for Grafana, such as `GF_USERS_ALLOW_SIGN_UP`.
    pub environment: indexmap::IndexMap<String, String>,
    /// Memory limit.
    pub mem_limit: Option<ByteSize>,
}
