//! The settings of a container as keys of a Compose service, in the order in which people write them.

use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::desired::{
    ByteSize, ContainerSettings, Healthcheck, HealthcheckTest, Logging, Port, Restart, compose_duration, compose_size,
};

/// Every setting that says more than the default. Labels are left to the service, which adds its own.
pub(super) fn entries(settings: &ContainerSettings) -> IndexMap<&'static str, Value> {
    let size = |size: ByteSize| json!(compose_size(size));
    let entries = [
        ("container_name", settings.container_name.as_ref().map(|name| json!(name))),
        ("hostname", settings.hostname.as_ref().map(|name| json!(name))),
        ("platform", settings.platform.as_ref().map(|platform| json!(platform))),
        ("entrypoint", settings.entrypoint.as_ref().map(|command| json!(command.0))),
        ("command", settings.command.as_ref().map(|command| json!(command.0))),
        ("working_dir", settings.working_dir.as_ref().map(|folder| json!(folder))),
        ("user", settings.user.as_ref().map(|user| json!(user))),
        ("environment", unless_empty(&settings.environment)),
        ("ports", list(settings.ports.0.iter().map(port))),
        ("expose", list(settings.expose.iter().map(u16::to_string))),
        ("network_mode", settings.network_mode.as_ref().map(|mode| json!(mode))),
        ("pid", settings.pid.as_ref().map(|pid| json!(pid))),
        ("extra_hosts", list(settings.extra_hosts.iter().map(|(host, address)| format!("{host}:{address}")))),
        ("dns", list(settings.dns.iter().map(ToString::to_string))),
        ("privileged", settings.privileged.then_some(json!(true))),
        ("read_only", settings.read_only.then_some(json!(true))),
        ("cap_add", list(settings.cap_add.iter().cloned())),
        ("cap_drop", list(settings.cap_drop.iter().cloned())),
        ("security_opt", list(settings.security_opt.iter().map(|option| security_option(settings, option)))),
        ("devices", list(settings.devices.iter().cloned())),
        ("tmpfs", list(settings.tmpfs.iter().cloned())),
        ("sysctls", unless_empty(&settings.sysctls)),
        ("ulimits", (!settings.ulimits.is_empty()).then(|| json!(settings.ulimits))),
        ("shm_size", settings.shm_size.map(size)),
        ("mem_limit", settings.mem_limit.map(size)),
        ("mem_reservation", settings.mem_reservation.map(size)),
        ("cpus", settings.cpus.map(|cores| json!(cores))),
        ("pids_limit", settings.pids_limit.map(|limit| json!(limit))),
        ("init", settings.init.then_some(json!(true))),
        ("stop_signal", settings.stop_signal.as_ref().map(|signal| json!(signal))),
        ("stop_grace_period", settings.stop_grace_period.map(|time| json!(compose_duration(time)))),
        ("restart", restart(settings.restart).map(Value::String)),
        ("healthcheck", settings.healthcheck.as_ref().map(healthcheck)),
        ("logging", settings.logging.as_ref().map(logging)),
    ];
    entries.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

/// Compose reads a profile for seccomp from its file.
fn security_option(settings: &ContainerSettings, option: &str) -> String {
    match settings.security_files.get(option) {
        Some(file) => format!("seccomp={file}"),
        None => option.to_owned(),
    }
}

fn unless_empty(map: &IndexMap<String, String>) -> Option<Value> {
    (!map.is_empty()).then(|| json!(map))
}

fn list(items: impl Iterator<Item = String>) -> Option<Value> {
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then(|| json!(items))
}

/// `ADDRESS:[PORT|FIRST-LAST]:CONTAINER_PORT[/udp]`. An address is always there, so that nothing is open to the LAN by accident:
/// without one, every address of the host is meant.
fn port(port: &Port) -> String {
    let inside = format!("{}{}", port.container_port, port.protocol.suffix());
    match port.host_ports() {
        Some(host_ports) if port.every_family => format!("{host_ports}:{inside}"),
        None if port.every_family => inside,
        host_ports => format!("{}:{}:{inside}", port.address(), host_ports.unwrap_or_default()),
    }
}

fn restart(restart: Restart) -> Option<String> {
    match restart {
        Restart::No => None,
        Restart::Always => Some("always".to_owned()),
        Restart::UnlessStopped => Some("unless-stopped".to_owned()),
        Restart::OnFailure(None) => Some("on-failure".to_owned()),
        Restart::OnFailure(Some(times)) => Some(format!("on-failure:{times}")),
    }
}

fn healthcheck(check: &Healthcheck) -> Value {
    let test = match &check.test {
        HealthcheckTest::Disabled => return json!({ "disable": true }),
        HealthcheckTest::Inherit => None,
        HealthcheckTest::Words(words) => Some(prefixed("CMD", words)),
        HealthcheckTest::Shell(line) => Some(prefixed("CMD-SHELL", std::slice::from_ref(line))),
    };
    let entries = [
        ("test", test),
        ("interval", check.interval.map(|time| json!(compose_duration(time)))),
        ("timeout", check.timeout.map(|time| json!(compose_duration(time)))),
        ("retries", check.retries.map(|times| json!(times))),
        ("start_period", check.start_period.map(|time| json!(compose_duration(time)))),
    ];
    let present: IndexMap<_, _> = entries.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    json!(present)
}

fn prefixed(first: &str, words: &[String]) -> Value {
    json!(std::iter::once(first).chain(words.iter().map(String::as_str)).collect::<Vec<_>>())
}

fn logging(logging: &Logging) -> Value {
    let mut entry = json!({});
    if !logging.driver.is_empty() {
        entry["driver"] = json!(logging.driver);
    }
    if !logging.options.is_empty() {
        entry["options"] = json!(logging.options);
    }
    entry
}
