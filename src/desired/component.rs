//! The container settings of a component: what the stack file says, and the catalogue's for all that it leaves open.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::container::fill;
use super::image::Chosen;
use super::{Command, Duration, Healthcheck, HealthcheckTest, Port, Protocol, Restart, Scheme};
use crate::catalog::{Component, ContainerDefaults};
use crate::stack::defaults::PUBLISH_ADDRESS;
use crate::stack::{ContainerSettings, Publish, WebUrl};

/// Where a component listens.
pub(super) struct Listening {
    /// In the host's network: on this address of the host only. `None`: on all addresses of the container.
    pub(super) host_address: Option<IpAddr>,
    /// The port.
    pub(super) port: u16,
}

/// Fills what the stack file leaves open.
pub(super) fn settings(
    component: &Component,
    chosen: &Chosen,
    mut settings: ContainerSettings,
    listening: &Listening,
) -> ContainerSettings {
    let defaults = &component.container;
    settings.command = settings.command.or_else(|| command(defaults, listening));
    settings.healthcheck = settings.healthcheck.or_else(|| healthcheck(component, chosen));
    settings.pid = settings.pid.or_else(|| defaults.host_pid.then(|| "host".to_owned()));
    settings.stop_grace_period = settings.stop_grace_period.or(defaults.stop_grace_seconds.map(Duration::from_secs));
    settings.privileged |= defaults.privileged;
    // Nothing is known of what images need that others made.
    if !chosen.by_hand {
        if defaults.least_privileges {
            confine(&mut settings, defaults.cap_add);
        }
        restrict(&mut settings);
    }
    let missing = defaults.devices.iter().filter(|device| settings.devices.iter().all(|known| known != *device));
    let devices: Vec<String> = missing.map(|device| (*device).to_owned()).collect();
    settings.devices.extend(devices);
    let port = listening.port.to_string();
    let environment: Vec<(&str, String)> =
        defaults.environment.iter().map(|(key, value)| (*key, value.replace("{port}", &port))).collect();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(key, value)| (*key, value.as_str())).collect();
    fill(&mut settings.environment, &environment);
    if settings.restart == Restart::No {
        settings.restart = Restart::UnlessStopped;
    }
    settings
}

/// For a program that reads its files again at SIGHUP. The engine takes that signal for a stop by hand: with
/// `unless-stopped` the program would not come back after a crash or a reboot (moby/moby#41302), and with no stop signal of
/// its own not even with `always`.
pub(super) fn outlive_reloads(settings: &mut ContainerSettings) {
    settings.restart = Restart::Always;
    settings.stop_signal = Some("SIGTERM".to_owned());
}

/// What the file writes stays: it may add a capability, or take the confinement back with `privileged`.
fn confine(settings: &mut ContainerSettings, cap_add: &[&str]) {
    if settings.privileged {
        return;
    }
    settings.read_only = true;
    add_words(&mut settings.cap_drop, &["ALL"]);
    add_words(&mut settings.cap_add, cap_add);
    add_words(&mut settings.security_opt, &["no-new-privileges:true"]);
}

fn add_words(list: &mut Vec<String>, words: &[&str]) {
    let missing: Vec<String> =
        words.iter().filter(|word| list.iter().all(|known| known != *word)).map(|word| (*word).to_owned()).collect();
    list.extend(missing);
}

/// Processes and threads that a component may have: a Prometheus under full load has some hundred.
const PROCESSES: i64 = 4096;

/// Takes away every right that a component of the catalogue has no use for. What the stack file says stands; another user
/// than the image's own may need to reach into folders that are not its own.
pub(super) fn restrict(settings: &mut ContainerSettings) {
    settings.pids_limit = settings.pids_limit.or(Some(PROCESSES));
    let is_said = settings.security_opt.iter().any(|option| option.starts_with("no-new-privileges"));
    if !is_said {
        settings.security_opt.push("no-new-privileges:true".to_owned());
    }
    let has_own_rights = settings.privileged || settings.user.is_some();
    if !has_own_rights && settings.cap_add.is_empty() && settings.cap_drop.is_empty() {
        settings.cap_drop.push("ALL".to_owned());
    }
}

/// The address that a component's one port is published on.
pub(super) fn published(publish: Publish, usual_port: u16) -> Option<SocketAddr> {
    match publish {
        Publish::Usual => Some(SocketAddr::new(PUBLISH_ADDRESS, usual_port)),
        Publish::Off => None,
        Publish::At(address) => Some(address),
    }
}

/// What the links in messages begin with: what the file says, else where the program is published. Whatever path that has, it
/// answers at the root, where the stack's own programs and stackctl ask it.
pub(super) fn url_flags(written: Option<&WebUrl>, published: Option<SocketAddr>, scheme: Scheme) -> Vec<String> {
    let written = written.map(|url| url.as_str().to_owned());
    let url = written.or_else(|| Some(format!("{}://{}", scheme.word(), openable(published?))));
    let flags = url.map(|url| [format!("--web.external-url={url}"), "--web.route-prefix=/".to_owned()]);
    flags.into_iter().flatten().collect()
}

/// An address that a browser on this host can open.
fn openable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The same as a port of the container.
pub(super) fn port(address: SocketAddr, container_port: u16) -> Port {
    Port {
        host_ip: address.ip(),
        every_family: false,
        host_port: Some(address.port()),
        host_port_up_to: None,
        container_port,
        protocol: Protocol::Tcp,
    }
}

fn command(defaults: &ContainerDefaults, listening: &Listening) -> Option<Command> {
    let port = listening.port.to_string();
    let listen = match listening.host_address {
        Some(address) => SocketAddr::new(address, listening.port).to_string(),
        None => format!(":{port}"),
    };
    let words = defaults.command.iter().map(|word| word.replace("{listen}", &listen).replace("{port}", &port));
    (!defaults.command.is_empty()).then(|| Command(words.collect()))
}

/// The newest check that the image can carry out. Nothing is known of images that others made.
fn healthcheck(component: &Component, chosen: &Chosen) -> Option<Healthcheck> {
    if !chosen.as_published {
        return None;
    }
    let version = chosen.parsed_version(component);
    let health = component.health.iter().rfind(|health| health.since <= version)?;
    Some(check(health.command))
}

/// These words every ten seconds.
pub(super) fn check(words: &[&str]) -> Healthcheck {
    Healthcheck {
        test: HealthcheckTest::Words(words.iter().map(|word| (*word).to_owned()).collect()),
        interval: Some(Duration::from_secs(10)),
        timeout: Some(Duration::from_secs(5)),
        retries: Some(3),
        start_period: Some(Duration::from_secs(30)),
    }
}
