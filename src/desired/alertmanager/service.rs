//! The services that run Alertmanager: one, or several that make a cluster, each with a volume of its own.

use super::super::assemble::Input;
use super::super::component::{self, Listening};
use super::super::image::Chosen;
use super::super::{ContainerSettings, Dependency, HOST, OnChange, PlacedFile, Role, Scheme, Service};
use super::super::{container, network, volume};
use super::{AlertmanagerConfig, Destination, Told, receiver};
use crate::catalog::alertmanager::{ALERTMANAGER, CLUSTER_PORT, CONFIG_FILE};
use crate::stack::Alertmanager;

/// How many of them run.
fn replicas(section: &Alertmanager) -> u32 {
    section.replicas.unwrap_or(1)
}

/// `alertmanager`, `alertmanager-2` …: replicas of one service would share one volume.
fn name(replica: u32) -> String {
    if replica == 1 { ALERTMANAGER.name.to_owned() } else { format!("{}-{replica}", ALERTMANAGER.name) }
}

/// Name of its container: on a network shared with another stack the service's name may be somebody else's.
fn host(input: Input, section: &Alertmanager, replica: u32) -> String {
    let fixed = section.container.container_name.clone();
    fixed.unwrap_or_else(|| format!("{}-{}-1", input.stack.name, name(replica)))
}

/// Where each of them is reached inside the stack's network.
pub(super) fn addresses(input: Input, section: &Alertmanager) -> Vec<String> {
    (1..=replicas(section)).map(|replica| format!("{}:{}", host(input, section, replica), ALERTMANAGER.port)).collect()
}

/// One service for each.
pub(super) fn all(input: Input, section: &Alertmanager, chosen: &Chosen, config: &AlertmanagerConfig) -> Vec<Service> {
    (1..=replicas(section)).map(|replica| service(input, section, chosen, config, replica)).collect()
}

fn service(
    input: Input,
    section: &Alertmanager,
    chosen: &Chosen,
    config: &AlertmanagerConfig,
    replica: u32,
) -> Service {
    let before = (replica > 1).then(|| Dependency::on_start_of(&name(replica - 1)));
    let name = name(replica);
    let settings = settings(input, section, chosen, config, replica);
    let mut container = container::make(input.stack, &name, settings, &section.wiring);
    volume::add_data(input.stack, &ALERTMANAGER, &name, &mut container.mounts);
    container.networks = network::with_default(input.stack, &name, &section.wiring.networks);
    container.files = files(config);
    container.secrets.extend(receiver::secrets(section));
    Service {
        name,
        role: Role::Alertmanager,
        image: chosen.image.clone(),
        replicas: 1,
        file_scale: 1,
        // One after the other: of two, one is there while the other is replaced.
        depends_on: before.into_iter().collect(),
        wave: 0,
        container,
        fingerprint: String::new(),
    }
}

fn settings(
    input: Input,
    section: &Alertmanager,
    chosen: &Chosen,
    config: &AlertmanagerConfig,
    replica: u32,
) -> ContainerSettings {
    let mut settings = section.container.clone();
    if replica == 1 {
        settings.ports.0.extend(config.published.map(|address| component::port(address, ALERTMANAGER.port)));
    } else {
        settings.ports.0.clear();
    }
    let listening = Listening { host_address: None, port: ALERTMANAGER.port };
    let mut settings = component::settings(&ALERTMANAGER, chosen, settings, &listening);
    component::outlive_reloads(&mut settings);
    let names_host = |told: &Told| matches!(&told.destination, Destination::At { host, .. } if host == HOST);
    if config.told.iter().any(names_host) {
        container::fill(&mut settings.extra_hosts, &[(HOST, "host-gateway")]);
    }
    if let Some(command) = &mut settings.command {
        command.0.extend(cluster_flags(input, section, replica));
        command.0.extend(component::url_flags(section.external_url.as_ref(), config.published, Scheme::Http));
        command.0.extend(section.extra_flags.iter().cloned());
    }
    settings
}

/// One alone opens no port for others.
fn cluster_flags(input: Input, section: &Alertmanager, replica: u32) -> Vec<String> {
    if replicas(section) == 1 {
        return vec!["--cluster.listen-address=".to_owned()];
    }
    let others = (1..=replicas(section)).filter(|other| *other != replica);
    let peers = others.map(|other| format!("--cluster.peer={}:{CLUSTER_PORT}", host(input, section, other)));
    std::iter::once(format!("--cluster.listen-address=0.0.0.0:{CLUSTER_PORT}")).chain(peers).collect()
}

fn files(config: &AlertmanagerConfig) -> Vec<PlacedFile> {
    let templates = config.templates.iter().map(|file| (file.rendered(), file.placed()));
    // The configuration last: its checker reads the templates.
    let all = templates.chain([("alertmanager/alertmanager.yml".to_owned(), CONFIG_FILE.to_owned())]);
    all.map(|(source, target)| PlacedFile { source, target, on_change: OnChange::Reload }).collect()
}
