//! What stackctl knows of each component: image, versions and what changed between them, ports, user id, flags. Data, not behaviour.

pub mod alertmanager;
pub mod cadvisor;
mod checker;
mod component;
mod debian;
pub mod grafana;
pub mod node;
pub mod own;
pub mod prometheus;
mod version;

pub use checker::checker;
pub use component::{Bind, Component, ContainerDefaults, DataFolder, Health};
pub use debian::{DebianPackage, NOBODY, OwnedFolder, Owner};
pub use version::Version;

/// Every component with an image of its own. A new one is a new file and a line here.
pub static COMPONENTS: &[&Component] =
    &[&prometheus::PROMETHEUS, &alertmanager::ALERTMANAGER, &grafana::GRAFANA, &node::NODE, &cadvisor::CADVISOR];

/// Components that a stack file can name under `exporters`.
pub const EXPORTERS: &[&str] = &["cadvisor", "node"];

/// The component of that name.
pub fn component(component_name: &str) -> Option<&'static Component> {
    COMPONENTS.iter().copied().find(|component| component.name == component_name)
}

#[cfg(test)]
mod tests {
    use super::{COMPONENTS, EXPORTERS, component};

    #[test]
    fn a_component_is_found_by_its_name_and_names_are_unique() {
        for known in COMPONENTS {
            assert!(component(known.name).is_some_and(|found| std::ptr::eq(found, *known)), "{}", known.name);
        }
        assert_eq!(component("elsewhere"), None);
    }

    #[test]
    fn a_debian_image_starts_a_binary_it_has_and_owns_the_folder_of_its_data() {
        for known in COMPONENTS {
            let Some(package) = &known.debian else { continue };
            assert!(package.binaries.contains(&package.entrypoint[0]), "{}", known.name);
            assert!(package.ports.contains(&known.port), "{}", known.name);
            let is_owned =
                |path| package.folders.iter().any(|folder| folder.path == path && folder.owner == package.user);
            assert!(known.data.as_ref().is_none_or(|data| is_owned(data.path)), "{}", known.name);
        }
    }

    #[test]
    fn every_exporter_that_a_stack_file_can_name_is_known() {
        assert!(EXPORTERS.iter().all(|name| component(name).is_some()));
    }

    #[test]
    fn health_checks_stand_oldest_first() {
        for known in COMPONENTS {
            assert!(known.health.is_sorted_by_key(|health| health.since), "{}", known.name);
        }
    }
}
