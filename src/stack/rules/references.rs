//! Volumes, networks, secrets and labels that a service names.

use std::collections::HashSet;
use std::net::IpAddr;

use super::super::document::Path;
use super::super::{MountKind, Network, ServiceName, Volume, suggest};
use super::{Examination, each_container, services};

/// Prefixes of labels that are not the writer's.
const TAKEN_LABELS: [&str; 2] = ["com.docker.compose.", "io.stackctl."];

/// A named volume stands under `volumes`.
pub(super) fn volumes_exist(examination: &mut Examination) {
    each_container(examination, |examination, path, _, wiring| {
        let stack = examination.stack;
        let list = path.key("volumes");
        for (index, mount) in wiring.volumes.iter().enumerate() {
            let MountKind::Volume(name) = &mount.kind else { continue };
            if !examination.is_written("volumes", name) {
                let add = format!("add `volumes: {{ {name}: {{}} }}` at the top, or write `./{name}` for a folder");
                let known = stack.volumes.keys().map(ServiceName::as_str);
                examination.wrong(list.index(index), suggest::unknown_name("volume", name, known, add));
            }
        }
    });
}

/// Environment and command reach the kernel as they are.
pub(super) fn processes_can_be_told(examination: &mut Examination) {
    each_container(examination, |examination, path, container, _| {
        let list = path.key("environment");
        for (index, (name, value)) in container.environment.iter().enumerate() {
            let item = examination.item_path(&list, index, name);
            if name.is_empty() || name.contains(['=', '\0']) {
                let message = format!("`{}` is not the name of a variable", name.escape_debug());
                examination.error_at_key(item, message, "write a name without `=`, such as `LOG_LEVEL`");
            } else if value.contains('\0') {
                examination.error(item, format!("the value of `{name}` holds a NUL byte"), "remove `\\0`");
            }
        }
        for (key, command) in [("command", &container.command), ("entrypoint", &container.entrypoint)] {
            if command.as_ref().is_some_and(|command| command.0.iter().any(|word| word.contains('\0'))) {
                examination.error(path.key(key), "a NUL byte in a command", "remove `\\0`");
            }
        }
    });
}

/// A subnet is a range with room for the gateway and a container.
pub(super) fn subnets_have_room(examination: &mut Examination) {
    let stack = examination.stack;
    for (name, network) in &stack.networks {
        let Some(subnet) = &network.subnet else { continue };
        let parsed = subnet
            .split_once('/')
            .and_then(|(address, length)| Some((address.parse::<IpAddr>().ok()?, length.parse::<u8>().ok()?)));
        let message = match parsed {
            Some((IpAddr::V4(_), length)) if length <= 30 => continue,
            Some((IpAddr::V6(_), length)) if length <= 126 => continue,
            Some((IpAddr::V4(_), 31 | 32) | (IpAddr::V6(_), 127 | 128)) => {
                format!("`{subnet}` has no room for a gateway and a container")
            }
            _ => format!("`{}` is no range of addresses", subnet.escape_debug()),
        };
        let path = Path::ROOT.key("networks");
        examination.error(path.key(name.as_str()).key("subnet"), message, "write one such as `10.201.0.0/24`");
    }
}

/// Networks that an engine has of its own. No service has a name there, and none can be made under theirs.
const ENGINES_NETWORKS: [&str; 4] = ["bridge", "host", "none", "default"];

/// A network is one in which services can find each other.
pub(super) fn networks_can_be_joined(examination: &mut Examination) {
    let stack = examination.stack;
    let joined = services(stack).flat_map(|service| service.wiring.networks.keys()).map(ServiceName::as_str);
    // Whoever names no network is in `default`.
    let joined: HashSet<&str> = joined.chain(["default"]).collect();
    for (key, network) in &stack.networks {
        let top = Path::ROOT.key("networks");
        let path = top.key(key.as_str());
        let name = network.name.as_deref().unwrap_or(key.as_str());
        let is_named = network.external || network.name.is_some();
        if name.is_empty() {
            examination.error(path.key("name"), "an empty name", "write one, or remove `name`");
        } else if is_named && ENGINES_NETWORKS.contains(&name) && (!network.external || joined.contains(key.as_str())) {
            let message =
                format!("`{name}` is a network of the engine's own, in which no service is found by its name");
            let help = match name {
                "host" | "none" => format!("write `network_mode: {name}` in the service instead"),
                _ => "leave out `external` and `name`: the stack gets a network of its own".to_owned(),
            };
            examination.error(path.key(if network.name.is_some() { "name" } else { "external" }), message, help);
        }
        if !network.external && matches!(network.driver.as_deref(), Some("host" | "null" | "none")) {
            let help = "write `network_mode: host` or `network_mode: none` in the service instead";
            examination.error(path.key("driver"), "an engine has one such network, and makes no second", help);
        }
    }
}

/// What has one name at the engine is one thing: it is not the stack's own and external as well, and has one lot of settings.
/// A network `default` that nobody has written gives way to an external one of its name.
pub(super) fn names_are_one_owners(examination: &mut Examination) {
    let stack = examination.stack;
    let named = |key: &ServiceName, name: Option<&String>, external: bool| match name {
        Some(name) => name.clone(),
        None if external => key.to_string(),
        None => format!("{}_{key}", stack.name),
    };
    let volumes = stack.volumes.iter().map(|(key, volume)| Written {
        key: key.as_str(),
        name: named(key, volume.name.as_ref(), volume.external),
        external: volume.external,
        settings: Volume { name: None, ..volume.clone() },
    });
    let networks = stack.networks.iter().map(|(key, network)| Written {
        key: key.as_str(),
        name: named(key, network.name.as_ref(), network.external),
        external: network.external,
        settings: Network { name: None, ..network.clone() },
    });
    told_apart(examination, "volumes", &volumes.collect::<Vec<_>>());
    told_apart(examination, "networks", &networks.collect::<Vec<_>>());
}

/// A volume or network as it is written, under the name that it has at the engine.
struct Written<'a, T> {
    key: &'a str,
    name: String,
    external: bool,
    settings: T,
}

fn told_apart<T: PartialEq>(examination: &mut Examination, section: &str, all: &[Written<T>]) {
    for (index, this) in all.iter().enumerate() {
        let Some(other) = all[..index].iter().find(|other| other.name == this.name) else { continue };
        let (name, key) = (&this.name, this.key);
        let message = match (this.external, other.external) {
            (true, true) => continue,
            (true, false) => format!("`{name}` is external here, and the stack's own by `{section}.{}`", other.key),
            (false, true) => format!("`{name}` is the stack's own here, and external by `{section}.{}`", other.key),
            (false, false) if this.settings == other.settings => continue,
            (false, false) => format!("`{name}` has other settings here than by `{section}.{}`", other.key),
        };
        let help = "keep one of the two, and name that one in the services; or give one another `name`";
        examination.error_at_key(Path::ROOT.key(section).key(key), message, help);
    }
}

/// A network stands under `networks`; `default` is always there.
pub(super) fn networks_exist(examination: &mut Examination) {
    each_container(examination, |examination, path, _, wiring| {
        let stack = examination.stack;
        let list = path.key("networks");
        for (index, name) in wiring.networks.keys().enumerate() {
            if name.as_str() != "default" && !examination.is_written("networks", name.as_str()) {
                let add = format!("add `networks: {{ {name}: {{}} }}` at the top");
                let known = stack.networks.keys().map(ServiceName::as_str).chain(["default"]);
                let wrong = suggest::unknown_name("network", name.as_str(), known, add);
                let item = examination.item_path(&list, index, name.as_str());
                examination.error_at_key(item, wrong.message, wrong.help);
            }
        }
    });
}

/// A secret stands under `secrets`.
pub(super) fn secrets_exist(examination: &mut Examination) {
    each_container(examination, |examination, path, _, wiring| {
        let stack = examination.stack;
        let list = path.key("secrets");
        for (index, mounted) in wiring.secrets.iter().enumerate() {
            let name = &mounted.source;
            if !examination.is_written("secrets", name.as_str()) {
                let add = format!("add `secrets: {{ {name}: {{ file: PATH }} }}` at the top");
                let known = stack.secrets.keys().map(ServiceName::as_str);
                examination.wrong(list.index(index), suggest::unknown_name("secret", name.as_str(), known, add));
            }
        }
    });
}

/// `network_mode` and `pid` say only what stackctl can carry out.
pub(super) fn modes_are_carried(examination: &mut Examination) {
    each_container(examination, |examination, path, container, wiring| {
        let stack = examination.stack;
        if let Some(pid) = container.pid.as_deref().filter(|pid| *pid != "host") {
            let other = pid.strip_prefix("service:");
            let exists = other.is_some_and(|name| stack.apps.contains_key(name) || stack.exporters.contains_key(name));
            if !exists {
                let help = "write `host`, or `service:NAME` with a service of this stack";
                examination.error(path.key("pid"), format!("`{pid}` is not a process space"), help);
            }
        }
        let Some(mode) = container.network_mode.as_deref() else { return };
        if !matches!(mode, "host" | "none") {
            let help = "write `host` or `none`, or name networks under `networks`";
            examination.error(path.key("network_mode"), format!("`{mode}` is not a network mode"), help);
        } else if !wiring.networks.is_empty() {
            let help = "keep `networks` or `network_mode`";
            examination.error_at_key(path.key("networks"), format!("no networks under `network_mode: {mode}`"), help);
        } else if !container.ports.0.is_empty() {
            let help = "remove `ports`, or `network_mode`";
            examination.error_at_key(
                path.key("ports"),
                format!("no ports are published under `network_mode: {mode}`"),
                help,
            );
        }
    });
}

/// Labels by which stackctl and Compose know their containers are theirs.
pub(super) fn labels_are_free(examination: &mut Examination) {
    each_container(examination, |examination, path, container, _| {
        let list = path.key("labels");
        for (index, name) in container.labels.keys().enumerate() {
            label_is_free(examination, &list, index, name);
        }
    });
    let stack = examination.stack;
    let volumes = stack.volumes.iter().map(|(name, volume)| ("volumes", name, &volume.labels));
    let networks = stack.networks.iter().map(|(name, network)| ("networks", name, &network.labels));
    for (section, name, labels) in volumes.chain(networks) {
        let path = Path::ROOT.key(section);
        let path = path.key(name.as_str());
        let list = path.key("labels");
        for (index, name) in labels.keys().enumerate() {
            label_is_free(examination, &list, index, name);
        }
    }
}

fn label_is_free(examination: &mut Examination, list: &Path, index: usize, name: &str) {
    if let Some(prefix) = TAKEN_LABELS.iter().find(|prefix| name.starts_with(*prefix)) {
        let item = examination.item_path(list, index, name);
        let message = format!("labels that begin with `{prefix}` are stackctl's own");
        examination.error_at_key(item, message, "choose another label");
    }
}
