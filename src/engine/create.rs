//! A service's container as the engine's API wants it.

use std::collections::{BTreeSet, HashMap};

use bollard::models::{
    ContainerCreateBody, DeviceMapping, EndpointSettings, HealthConfig, HostConfig, HostConfigLogConfig, Mount,
    MountBindOptions, MountBindOptionsPropagationEnum, MountTmpfsOptions, MountType, MountVolumeOptions,
    NetworkingConfig, PortBinding, ResourcesUlimits,
};

use super::labels;
use super::limits::{bytes, nano_cpus, restart_policy};
use super::remove::is_nameless;
use crate::desired::{
    Attachment, ContainerSettings, Duration, Healthcheck, HealthcheckTest, MountSource, Port, Propagation, Service,
};
use crate::plan::parts;

/// Where a stack was read from; Compose shows it in `docker compose ls`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackSource {
    /// Name of the stack.
    pub stack: String,
    /// Absolute paths of the stack files.
    pub files: Vec<String>,
    /// Folder of the first one.
    pub folder: String,
}

/// What is a security option to people, and two lists of paths to the engine.
const SYSTEM_PATHS: &str = "systempaths=unconfined";

/// The request that makes one replica.
pub(super) fn body(service: &Service, replica: u32, source: &StackSource) -> ContainerCreateBody {
    let settings = &service.container.settings;
    ContainerCreateBody {
        image: Some(service.image.reference.clone()),
        cmd: settings.command.as_ref().map(|command| command.0.clone()),
        entrypoint: settings.entrypoint.as_ref().map(|command| command.0.clone()),
        env: Some(settings.environment.iter().map(|(key, value)| format!("{key}={value}")).collect()),
        hostname: settings.hostname.clone(),
        user: settings.user.clone(),
        working_dir: settings.working_dir.clone(),
        stop_signal: settings.stop_signal.clone(),
        stop_timeout: settings.stop_grace_period.map(whole_seconds),
        healthcheck: settings.healthcheck.as_ref().map(health_config),
        exposed_ports: Some(exposed(settings)),
        labels: Some(labels_of(service, replica, source)),
        host_config: Some(host_config(service, &source.stack)),
        networking_config: first_network(service),
        ..Default::default()
    }
}

/// How a container joins a network: under its service's name beside its own.
pub(super) fn endpoint(attachment: &Attachment) -> EndpointSettings {
    EndpointSettings { aliases: Some(attachment.aliases.clone()), ..Default::default() }
}

fn first_network(service: &Service) -> Option<NetworkingConfig> {
    let first = service.container.networks.first()?;
    let endpoints = HashMap::from([(first.network.clone(), endpoint(first))]);
    Some(NetworkingConfig { endpoints_config: Some(endpoints) })
}

fn labels_of(service: &Service, replica: u32, source: &StackSource) -> HashMap<String, String> {
    let settings = &service.container.settings;
    let container = &service.container;
    let files = container.files.iter().map(|file| file.target.as_str());
    let files: Vec<&str> = files.chain(container.secrets.iter().map(|secret| secret.target.as_str())).collect();
    let own = [
        (labels::PROJECT, source.stack.clone()),
        (labels::SERVICE, service.name.clone()),
        (labels::NUMBER, replica.to_string()),
        (labels::ONEOFF, "False".to_owned()),
        (labels::CONFIG_HASH, service.fingerprint.clone()),
        (labels::CONFIG_FILES, source.files.join(",")),
        (labels::WORKING_DIR, source.folder.clone()),
        (labels::VERSION, env!("CARGO_PKG_VERSION").to_owned()),
        (labels::STACK, source.stack.clone()),
        (labels::FINGERPRINT, service.fingerprint.clone()),
        (labels::PARTS, serde_json::json!(parts(service)).to_string()),
        (labels::FILES, serde_json::json!(files).to_string()),
    ];
    let written = settings.labels.iter().map(|(key, value)| (key.clone(), value.clone()));
    written.chain(own.into_iter().map(|(key, value)| (key.to_owned(), value))).collect()
}

fn exposed(settings: &ContainerSettings) -> Vec<String> {
    let published = settings.ports.0.iter().map(port_key);
    published.chain(settings.expose.iter().map(|port| format!("{port}/tcp"))).collect()
}

fn port_key(port: &Port) -> String {
    format!("{}/{}", port.container_port, port.protocol)
}

fn host_config(service: &Service, stack: &str) -> HostConfig {
    let settings = &service.container.settings;
    HostConfig {
        network_mode: network_mode(service),
        port_bindings: Some(port_bindings(settings)),
        restart_policy: Some(restart_policy(settings.restart)),
        binds: some_if_any(service.container.mounts.iter().filter_map(made_bind).collect()),
        mounts: Some(mounts(service, stack)),
        tmpfs: Some(settings.tmpfs.iter().map(|path| tmpfs(path)).collect()),
        extra_hosts: Some(settings.extra_hosts.iter().map(|(host, address)| format!("{host}:{address}")).collect()),
        dns: some_if_any(settings.dns.iter().map(ToString::to_string).collect()),
        cap_add: some_if_any(settings.cap_add.clone()),
        cap_drop: some_if_any(settings.cap_drop.clone()),
        privileged: Some(settings.privileged),
        readonly_rootfs: Some(settings.read_only),
        security_opt: some_if_any(security_options(settings)),
        // Empty: none of the kernel's own files is hidden or read-only.
        masked_paths: shows_system_paths(settings).then(Vec::new),
        readonly_paths: shows_system_paths(settings).then(Vec::new),
        init: settings.init.then_some(true),
        pid_mode: pid_mode(service),
        devices: some_if_any(settings.devices.iter().map(|device| device_mapping(device)).collect()),
        ulimits: some_if_any(ulimits(settings)),
        sysctls: Some(settings.sysctls.clone().into_iter().collect()),
        shm_size: settings.shm_size.map(bytes),
        log_config: settings.logging.as_ref().map(|logging| HostConfigLogConfig {
            typ: Some(logging.driver.clone()).filter(|driver| !driver.is_empty()),
            config: Some(logging.options.clone().into_iter().collect()),
        }),
        memory: settings.mem_limit.map(bytes),
        memory_reservation: settings.mem_reservation.map(bytes),
        nano_cpus: settings.cpus.map(nano_cpus),
        pids_limit: settings.pids_limit,
        ..Default::default()
    }
}

fn some_if_any<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// Options that the engine knows as such.
fn security_options(settings: &ContainerSettings) -> Vec<String> {
    settings.security_opt.iter().filter(|option| *option != SYSTEM_PATHS).cloned().collect()
}

fn shows_system_paths(settings: &ContainerSettings) -> bool {
    settings.security_opt.iter().any(|option| option == SYSTEM_PATHS)
}

fn network_mode(service: &Service) -> Option<String> {
    let written = service.container.settings.network_mode.clone();
    written.or_else(|| service.container.networks.first().map(|first| first.network.clone()))
}

/// A shared process namespace is named by its container. The engine takes the name for the one that has it now, from then on.
fn pid_mode(service: &Service) -> Option<String> {
    let shared = service.container.processes_of.as_ref().map(|owner| format!("container:{owner}"));
    shared.or_else(|| service.container.settings.pid.clone())
}

fn port_bindings(settings: &ContainerSettings) -> HashMap<String, Option<Vec<PortBinding>>> {
    let mut bindings: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for port in &settings.ports.0 {
        let binding = PortBinding {
            // To the engine, none is every one of both families, as far as the host has them.
            host_ip: Some(if port.every_family { String::new() } else { port.host_ip.to_string() }),
            host_port: Some(port.host_ports().unwrap_or_default()),
        };
        bindings.entry(port_key(port)).or_default().get_or_insert_default().push(binding);
    }
    bindings
}

fn mounts(service: &Service, stack: &str) -> Vec<Mount> {
    let written = service.container.mounts.iter().filter(|mount| made_bind(mount).is_none());
    written.map(mount).chain(folders_of_files(service, stack)).collect()
}

/// The text of a bind whose folder on the host the engine makes where it is missing, which it does only for this form. It has
/// no way to write a path with a colon in it.
fn made_bind(mount: &crate::desired::Mount) -> Option<String> {
    let MountSource::Bind { path, propagation, create_host_path: Some(true) } = &mount.source else { return None };
    let spread = propagation.map(spread);
    let options = spread.iter().map(AsRef::as_ref).chain(mount.read_only.then_some("ro")).collect::<Vec<_>>().join(",");
    let options = if options.is_empty() { options } else { format!(":{options}") };
    let has_colon = path.contains(':') || mount.target.contains(':');
    (!has_colon).then(|| format!("{path}:{}{options}", mount.target))
}

fn mount(mount: &crate::desired::Mount) -> Mount {
    let volume_options =
        mount.no_copy.then(|| MountVolumeOptions { no_copy: Some(true), ..MountVolumeOptions::default() });
    let base = Mount { target: Some(mount.target.clone()), read_only: Some(mount.read_only), ..Default::default() };
    match &mount.source {
        MountSource::Volume { name, .. } => {
            let labels = is_nameless(name).then(|| HashMap::from([(labels::NAMED.to_owned(), "true".to_owned())]));
            let volume_options = match labels {
                Some(labels) => Some(MountVolumeOptions { labels: Some(labels), ..volume_options.unwrap_or_default() }),
                None => volume_options,
            };
            Mount { typ: Some(MountType::VOLUME), source: Some(name.clone()), volume_options, ..base }
        }
        MountSource::Anonymous => Mount { typ: Some(MountType::VOLUME), volume_options, ..base },
        MountSource::Bind { path, propagation, .. } => Mount {
            typ: Some(MountType::BIND),
            source: Some(path.clone()),
            bind_options: propagation
                .map(|propagation| MountBindOptions { propagation: Some(spread(propagation)), ..Default::default() }),
            ..base
        },
        MountSource::Tmpfs { size } => Mount {
            typ: Some(MountType::TMPFS),
            tmpfs_options: size.map(|size| MountTmpfsOptions { size_bytes: Some(bytes(size)), ..Default::default() }),
            ..base
        },
    }
}

/// Volumes for files and secrets that the engine could not put anywhere else, where the root is read-only, or that what is
/// mounted around their folder would hide or keep. One right below the root, such as `/etc`, would take the protection
/// from more than the file.
fn folders_of_files(service: &Service, stack: &str) -> Vec<Mount> {
    let container = &service.container;
    let files = container.files.iter().map(|file| file.target.as_str());
    let files = files.chain(container.secrets.iter().map(|secret| secret.target.as_str()));
    let folders: BTreeSet<&str> = files.filter_map(|file| Some(file.rsplit_once('/')?.0)).collect();
    let is_deep = |folder: &&str| folder.matches('/').count() > 1;
    let memory =
        container.settings.tmpfs.iter().map(|text| text.split_once(':').map_or(text.as_str(), |(path, _)| path));
    let targets: Vec<&str> = container.mounts.iter().map(|mount| mount.target.as_str()).chain(memory).collect();
    let is_mounted = |folder: &str| targets.iter().any(|target| target.trim_end_matches('/') == folder);
    let is_covered = |folder: &str| targets.iter().any(|target| lies_in(folder, target));
    let needs_one = |folder: &&str| container.settings.read_only || is_covered(folder);
    let mut mounted: Vec<&str> = Vec::new();
    for folder in folders.into_iter().filter(is_deep).filter(needs_one).filter(|folder| !is_mounted(folder)) {
        // In order, a folder comes before those in it.
        if !mounted.iter().any(|outer| lies_in(folder, outer)) {
            mounted.push(folder);
        }
    }
    let labels = HashMap::from([(labels::PLACED.to_owned(), stack.to_owned())]);
    let options = MountVolumeOptions { labels: Some(labels), ..Default::default() };
    let volume = |folder: &str| Mount {
        typ: Some(MountType::VOLUME),
        target: Some(folder.to_owned()),
        volume_options: Some(options.clone()),
        ..Default::default()
    };
    mounted.into_iter().map(volume).collect()
}

/// Whether a path is this folder or lies in it.
pub(super) fn lies_in(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn spread(propagation: Propagation) -> MountBindOptionsPropagationEnum {
    match propagation {
        Propagation::Private => MountBindOptionsPropagationEnum::RPRIVATE,
        Propagation::Shared => MountBindOptionsPropagationEnum::RSHARED,
        Propagation::Slave => MountBindOptionsPropagationEnum::RSLAVE,
    }
}

/// `PATH[:OPTIONS]`, as Compose has it.
fn tmpfs(text: &str) -> (String, String) {
    let (path, options) = text.split_once(':').unwrap_or((text, ""));
    (path.to_owned(), options.to_owned())
}

/// `HOST[:CONTAINER][:rwm]`, as Compose has it.
fn device_mapping(text: &str) -> DeviceMapping {
    let (host, rest) = text.split_once(':').unwrap_or((text, ""));
    let is_right = |text: &str| !text.is_empty() && text.chars().all(|letter| matches!(letter, 'r' | 'w' | 'm'));
    let (inside, rights) = match rest.split_once(':') {
        Some((inside, rights)) => (inside, rights),
        None if is_right(rest) => ("", rest),
        None => (rest, "rwm"),
    };
    DeviceMapping {
        path_in_container: Some(if inside.is_empty() { host } else { inside }.to_owned()),
        cgroup_permissions: Some(rights.to_owned()),
        path_on_host: Some(host.to_owned()),
    }
}

fn ulimits(settings: &ContainerSettings) -> Vec<ResourcesUlimits> {
    settings
        .ulimits
        .iter()
        .map(|(name, limit)| ResourcesUlimits {
            name: Some(name.clone()),
            soft: Some(limit.soft),
            hard: Some(limit.hard),
        })
        .collect()
}

fn health_config(check: &Healthcheck) -> HealthConfig {
    HealthConfig {
        test: match &check.test {
            HealthcheckTest::Inherit => None,
            HealthcheckTest::Disabled => Some(vec!["NONE".to_owned()]),
            HealthcheckTest::Words(words) => Some([&["CMD".to_owned()], words.as_slice()].concat()),
            HealthcheckTest::Shell(line) => Some(vec!["CMD-SHELL".to_owned(), line.clone()]),
        },
        interval: check.interval.map(nanoseconds),
        timeout: check.timeout.map(nanoseconds),
        retries: check.retries.map(i64::from),
        start_period: check.start_period.map(nanoseconds),
        ..Default::default()
    }
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).saturating_mul(1_000_000)
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::device_mapping;

    #[test]
    fn a_device_is_read_as_compose_reads_it() {
        let fields = |text: &str| {
            let mapping = device_mapping(text);
            [mapping.path_on_host, mapping.path_in_container, mapping.cgroup_permissions].map(Option::unwrap_or_default)
        };
        assert_eq!(fields("/dev/a"), ["/dev/a", "/dev/a", "rwm"]);
        assert_eq!(fields("/dev/a:/dev/b"), ["/dev/a", "/dev/b", "rwm"]);
        assert_eq!(fields("/dev/a:/dev/b:r"), ["/dev/a", "/dev/b", "r"]);
        assert_eq!(fields("/dev/a:rw"), ["/dev/a", "/dev/a", "rw"]);
    }
}
