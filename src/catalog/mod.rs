//! What stackctl knows of each component: image, versions and what changed between them, ports, user id, flags. Data, not behaviour.

pub mod cadvisor;
mod component;
mod debian;
pub mod grafana;
pub mod node;
pub mod own;
pub mod prometheus;
mod version;

pub use component::{Bind, Component, ContainerDefaults, DataFolder, Health};
pub use debian::{DebianPackage, NOBODY, OwnedFolder, Owner};
pub use version::Version;

/// Every component with an image of its own. A new one is a new file and a line here.
pub const COMPONENTS: &[&Component] = &[&prometheus::PROMETHEUS, &grafana::GRAFANA, &node::NODE, &cadvisor::CADVISOR];

/// Components that a stack file can name under `exporters`.
pub const EXPORTERS: &[&str] = &[node::NODE.name, cadvisor::CADVISOR.name];

/// Presets that a stack file can name under `dashboards`.
pub const PRESETS: &[&str] = &["cadvisor", "docker-engine", "node", "overview", "prometheus"];

/// The component of that name.
pub fn component(component_name: &str) -> Option<&'static Component> {
    COMPONENTS.iter().copied().find(|component| component.name == component_name)
}
