//! A container with every reference resolved: mounts, networks, secrets, dependencies.

use indexmap::{IndexMap, IndexSet};

use super::lookup::find;
use super::{Container, Dependency, DependencyCondition, PlacedSecret, network, secret, volume};
use crate::stack::{ContainerSettings, MountedSecret, Stack, Wiring};

/// The container of a service, from what the stack file says about it.
pub(super) fn make(stack: &Stack, service_name: &str, settings: ContainerSettings, wiring: &Wiring) -> Container {
    let networks = match settings.network_mode {
        Some(_) => Vec::new(),
        None => network::attachments(stack, service_name, &wiring.networks),
    };
    Container {
        mounts: wiring.volumes.iter().map(|mount| volume::mount(stack, mount)).collect(),
        networks,
        visited: Vec::new(),
        files: Vec::new(),
        secrets: secrets(stack, &wiring.secrets),
        processes_of: sharing(&settings).map(|owner| first_container(stack, owner)),
        settings: sorted(settings),
    }
}

/// The service whose process namespace a container shares.
fn sharing(settings: &ContainerSettings) -> Option<&str> {
    settings.pid.as_deref()?.strip_prefix("service:")
}

/// Name of the first replica's container of an app or exporter.
fn first_container(stack: &Stack, service_name: &str) -> String {
    let app = find(&stack.apps, service_name).map(|app| &app.container);
    let settings = app.or_else(|| find(&stack.exporters, service_name).map(|exporter| &exporter.container));
    let fixed = settings.and_then(|settings| settings.container_name.clone());
    fixed.unwrap_or_else(|| format!("{}-{service_name}-1", stack.name))
}

/// What has to be true of other services first. To share another's process namespace is to depend on it.
pub(super) fn dependencies(settings: &ContainerSettings, wiring: &Wiring) -> Vec<Dependency> {
    let written = wiring.depends_on.iter();
    let mut dependencies: Vec<Dependency> = written
        .map(|(service_name, condition)| Dependency { service: service_name.to_string(), condition: *condition })
        .collect();
    if let Some(service) = sharing(settings).filter(|name| dependencies.iter().all(|known| known.service != *name)) {
        dependencies.push(Dependency { service: service.to_owned(), condition: DependencyCondition::Started });
    }
    dependencies
}

fn secrets(stack: &Stack, mounted: &[MountedSecret]) -> Vec<PlacedSecret> {
    let mounted: IndexSet<&MountedSecret> = mounted.iter().collect();
    let known = mounted.into_iter().filter_map(|one| Some((one, find(&stack.secrets, one.source.as_str())?)));
    let place = |(one, secret): (&MountedSecret, _)| PlacedSecret {
        name: one.source.to_string(),
        target: one.target.clone(),
        source: secret::source(secret),
    };
    known.map(place).collect()
}

/// The same settings with every map in the order of its keys: the order of the file shall not matter.
pub(super) fn sorted(mut settings: ContainerSettings) -> ContainerSettings {
    settings.environment.sort_keys();
    settings.labels.sort_keys();
    settings.extra_hosts.sort_keys();
    settings.ulimits.sort_keys();
    settings.sysctls.sort_keys();
    if let Some(logging) = &mut settings.logging {
        logging.options.sort_keys();
    }
    settings
}

/// Adds what is not there yet.
pub(super) fn fill(map: &mut IndexMap<String, String>, defaults: &[(&str, &str)]) {
    for (key, value) in defaults {
        map.entry((*key).to_owned()).or_insert_with(|| (*value).to_owned());
    }
}
