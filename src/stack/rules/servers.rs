//! Several Prometheus servers: each has a place of its own, and a label that tells it from the others.

use super::super::document::Path;
use super::super::{MountKind, Prometheus};
use super::Examination;
use super::remotes::{LABEL_HELP, is_label};
use crate::catalog::prometheus::PROMETHEUS;

/// As many as there can be, each with a name and a folder that is its own.
pub(super) fn servers_stand_side_by_side(examination: &mut Examination) {
    let Some(section) = examination.stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    if section.replicas.is_some_and(|replicas| replicas == 0 || replicas > Prometheus::MOST_REPLICAS) {
        let message = format!("Prometheus servers are one to {}", Prometheus::MOST_REPLICAS);
        let help = "two are enough to survive one; `prometheus: off` runs none";
        examination.error(path.key("replicas"), message, help);
    }
    if !section.has_several() {
        return;
    }
    if section.container.container_name.is_some() {
        let help = "remove it: they are called after their services, `STACK-prometheus-1` and so on";
        examination.error_at_key(path.key("container_name"), "one name for several containers", help);
    }
    let folder = PROMETHEUS.data.as_ref().map(|data| data.path);
    let list = path.key("volumes");
    for (index, mount) in section.wiring.volumes.iter().enumerate() {
        let is_folder = matches!(mount.kind, MountKind::Bind { .. });
        if is_folder && Some(mount.target.trim_end_matches('/')) == folder {
            let help = "write the name of a volume, of which each server gets one of its own, or remove it";
            examination.error(list.index(index), "several servers cannot keep their samples in one folder", help);
        }
    }
}

/// Two or more, and no job that each of them would scrape.
pub(super) fn shards_divide_something(examination: &mut Examination) {
    let Some(section) = examination.stack.prometheus.as_option() else { return };
    let Some(shards) = section.shards else { return };
    let path = Path::ROOT.key("prometheus");
    let most = Prometheus::MOST_SHARDS;
    if !(2..=most).contains(&shards) {
        let help = "without `shards` one server scrapes everything";
        examination.error(path.key("shards"), format!("targets are shared by two to {most} servers"), help);
    }
    if section.telling_label().is_some() {
        let help = "keep one of them: `replicas` against a fall, `shards` against too much for one server";
        examination.error(path.key("shards"), "`shards` together with `replicas` is not known here", help);
    }
    let extra = path.key("extra_config");
    for (key, message, help) in [
        (
            "remote_read",
            "the front's `remote_read` is stackctl's own",
            "write it as an item of `prometheus.remote_read`",
        ),
        ("scrape_config_files", "every shard would scrape these jobs", "write them under `extra_scrape_configs`"),
    ] {
        if section.extra_config.contains_key(key) {
            examination.error_at_key(extra.key(key), message, help);
        }
    }
}

/// What leaves a replica says which one it was, but for alerts: those of all replicas are the same.
pub(super) fn replicas_are_told_apart(examination: &mut Examination) {
    let Some(section) = examination.stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    if let Some(label) = &section.replica_label {
        let here = path.key("replica_label");
        if !is_label(label) {
            examination.error(here, format!("`{}` cannot be a label", label.escape_debug()), LABEL_HELP);
        }
    }
    let Some(label) = section.telling_label() else { return };
    if section.external_labels.contains_key(label) {
        let here = path.key("external_labels");
        let message = format!("stackctl writes the label `{label}` itself, for each replica its own");
        let help = "remove it, or have replicas told apart by another one: `replica_label: NAME`";
        examination.error_at_key(here.key(label), message, help);
    }
    let written = section.extra_config.get("alerting");
    if written.is_some_and(|alerting| alerting["alert_relabel_configs"].as_array().is_none_or(Vec::is_empty)) {
        let here = path.key("extra_config");
        let help = format!("add `alert_relabel_configs: [{{ regex: {label}, action: labeldrop }}]` to it");
        examination.warning(here.key("alerting"), "each replica would be told of as an alert of its own", help);
    }
}
