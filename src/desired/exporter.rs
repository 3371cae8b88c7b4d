//! An exporter as a service.

use super::assemble::{Input, or_left_out};
use super::component::{self, Listening};
use super::container::fill;
use super::image::Chosen;
use super::probe;
use super::{ContainerSettings, LeftOut, Mount, PullPolicy, Restart, Role, Service};
use super::{container, daemon, image, jobs, volume, watched};
use crate::catalog::blackbox::{BLACKBOX, ECHO_SETTING};
use crate::catalog::{self, Component};
use crate::stack::Exporter;

/// Every exporter whose image can be had, in the order of the file.
pub(super) fn services(input: Input, left_out: &mut Vec<LeftOut>) -> Vec<Service> {
    let exporters = input.stack.exporters.iter();
    exporters
        .filter_map(|(exporter_name, exporter)| {
            let chosen = or_left_out(image::choose(input, exporter_name.as_str()), left_out)?;
            Some(service(input, exporter_name.as_str(), exporter, chosen))
        })
        .collect()
}

/// Port an exporter is scraped on.
pub(super) fn port(exporter_name: &str, exporter: &Exporter) -> u16 {
    let written = exporter.metrics.port;
    let usual = catalog::component(exporter.kind(exporter_name)).map(|component| component.port);
    written.or(usual).unwrap_or_else(|| jobs::first_port(&exporter.container))
}

fn service(input: Input, exporter_name: &str, exporter: &Exporter, mut chosen: Chosen) -> Service {
    let component = catalog::component(exporter.kind(exporter_name));
    let watched = watched::of(input, exporter_name, exporter);
    let mut settings = settings(input, exporter_name, exporter, component, &chosen);
    if let Some(watched) = &watched {
        watched.complete(&mut settings, exporter.container.command.is_some());
    }
    let pull_policy = std::mem::take(&mut settings.pull_policy);
    if pull_policy != PullPolicy::Missing {
        chosen.image.pull_policy = pull_policy;
    }
    let mut depends_on = container::dependencies(&settings, &exporter.wiring);
    let mut container = container::make(input.stack, exporter_name, settings, &exporter.wiring);
    container.mounts = mounts(input, component, container.mounts);
    if let Some(component) = component {
        volume::add_data(input.stack, component, component.name, &mut container.mounts);
        if component.name == BLACKBOX.name {
            container.files.push(probe::file());
            container.secrets.extend(probe::secrets(input.stack));
            if probe::has_echo(input.stack) {
                fill(&mut container.settings.sysctls, &[ECHO_SETTING]);
            }
        }
    }
    if let Some(watched) = watched {
        if exporter.wiring.networks.is_empty() && container.settings.network_mode.is_none() {
            container.networks = watched.networks(input.stack, exporter_name);
        }
        let dependency = watched.dependency();
        if depends_on.iter().all(|known| known.service != dependency.service) {
            depends_on.push(dependency);
        }
        container.secrets.extend(watched.secret());
    }
    // The engine takes no file into a container whose root cannot be written to.
    if !container.secrets.is_empty() || !container.files.is_empty() {
        container.settings.read_only = exporter.container.read_only;
    }
    Service {
        name: exporter_name.to_owned(),
        role: Role::Exporter,
        image: chosen.image,
        replicas: 1,
        file_scale: 1,
        depends_on,
        wave: 0,
        container,
        fingerprint: String::new(),
    }
}

/// The file's settings over the catalogue's. An exporter that names networks stands in them, not in the host's.
fn settings(
    input: Input,
    exporter_name: &str,
    exporter: &Exporter,
    component: Option<&'static Component>,
    chosen: &Chosen,
) -> ContainerSettings {
    let mut settings = exporter.container.clone();
    if settings.restart == Restart::No {
        settings.restart = Restart::UnlessStopped;
    }
    let Some(component) = component else { return settings };
    if component.container.host_network && exporter.wiring.networks.is_empty() && settings.network_mode.is_none() {
        settings.network_mode = Some("host".to_owned());
    }
    let on_host = settings.network_mode.as_deref() == Some("host");
    let host_address = on_host.then(|| daemon::gateway(input));
    let listening = Listening { host_address, port: port(exporter_name, exporter) };
    component::settings(component, chosen, settings, &listening)
}

/// The catalogue's mounts first; one that the file mounts something else at gives way.
fn mounts(input: Input, component: Option<&Component>, written: Vec<Mount>) -> Vec<Mount> {
    let binds = component.map_or(&[][..], |component| component.container.binds);
    let usual = binds.iter().filter(|bind| written.iter().all(|mount| mount.target != bind.target));
    let mut mounts: Vec<Mount> = usual.map(|bind| volume::host_path(bind, input.facts.root_is_shared)).collect();
    mounts.extend(written);
    mounts
}
