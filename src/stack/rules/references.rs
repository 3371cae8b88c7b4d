//! Volumes, networks, secrets and labels that a service names.

use super::super::{MountKind, ServiceName, suggest};
use super::{Examination, each_container};

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
        for (index, name) in wiring.secrets.iter().enumerate() {
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
            if let Some(prefix) = TAKEN_LABELS.iter().find(|prefix| name.starts_with(*prefix)) {
                let item = examination.item_path(&list, index, name);
                let message = format!("labels that begin with `{prefix}` are stackctl's own");
                examination.error_at_key(item, message, "choose another label");
            }
        }
    });
}
