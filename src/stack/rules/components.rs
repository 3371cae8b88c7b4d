//! Prometheus' and Grafana's own settings.

use std::collections::HashSet;

use super::super::document::Path;
use super::super::{ContainerSettings, Duration, OWN_RULE_FILES, ServiceName, Wiring};
use super::Examination;
use super::names::job_names;

/// Flags that stackctl sets, and the key to use instead.
const OWN_FLAGS: [(&str, &str); 7] = [
    ("--config.file", "remove it: stackctl writes the configuration"),
    ("--storage.tsdb.path", "remove it: stackctl mounts the volume"),
    ("--storage.tsdb.retention.time", "write `retention: { time: … }`"),
    ("--storage.tsdb.retention.size", "write `retention: { size: … }`"),
    ("--web.external-url", "write `external_url: …`"),
    ("--web.route-prefix", "remove it: stackctl asks Prometheus at `/`; `external_url` may have a path"),
    ("--web.listen-address", "write `port: …` for the place where it is published"),
];

/// Times and flags of Prometheus.
pub(super) fn prometheus_settings_fit(examination: &mut Examination) {
    let Some(prometheus) = examination.stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    if prometheus.retention.time == Some(Duration::default()) {
        let help = "write how long samples are kept, such as `15d`";
        examination.error(path.key("retention").key("time"), "a time of zero", help);
    }
    let list = path.key("extra_flags");
    for (index, flag) in prometheus.extra_flags.iter().enumerate() {
        let name = flag.split('=').next().unwrap_or_default();
        if !flag.starts_with("--") {
            examination.error(list.index(index), format!("`{flag}` is not a flag"), "flags begin with `--`");
        } else if let Some((_, instead)) = OWN_FLAGS.iter().find(|(own, _)| *own == name) {
            examination.error(list.index(index), format!("`{name}` is stackctl's own flag"), *instead);
        }
    }
}

/// Each job in Prometheus' own words has a name, and nobody else has it.
pub(super) fn extra_jobs_are_jobs(examination: &mut Examination) {
    let stack = examination.stack;
    let Some(prometheus) = stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    let list = path.key("extra_scrape_configs");
    let taken: HashSet<&str> =
        job_names(stack).map(|(name, _)| name).chain(stack.scrape.keys().map(ServiceName::as_str)).collect();
    let mut seen = HashSet::new();
    for (index, job) in prometheus.extra_scrape_configs.iter().enumerate() {
        let Some(name) = job.get("job_name").and_then(serde_json::Value::as_str) else {
            let help = "write it as in prometheus.yml: `- job_name: NAME`";
            examination.error(list.index(index), "a job without `job_name`", help);
            continue;
        };
        if taken.contains(name) || !seen.insert(name) {
            let message = format!("job `{name}` is there already");
            examination.error(list.index(index).key("job_name"), message, "give this job another name");
        }
    }
}

/// Grafana's password is a secret and has a key of its own.
pub(super) fn grafana_settings_fit(examination: &mut Examination) {
    let Some(grafana) = examination.stack.grafana.as_option() else { return };
    let path = Path::ROOT.key("grafana");
    if grafana.container.environment.contains_key("GF_SECURITY_ADMIN_PASSWORD") {
        let help = "write `admin_password: { env: NAME }` or `{ file: PATH }`";
        let message = "a secret does not belong into `environment`";
        examination.error_at_key(path.key("environment").key("GF_SECURITY_ADMIN_PASSWORD"), message, help);
    }
}

/// What stackctl decides about the containers of its components.
pub(super) fn containers_are_carried(examination: &mut Examination) {
    let stack = examination.stack;
    if let Some(section) = stack.prometheus.as_option() {
        let path = Path::ROOT.key("prometheus");
        container_is_carried(examination, path, &section.container, &section.wiring);
        if section.container.command.is_some() {
            let help = "write the flags under `extra_flags`";
            examination.error_at_key(path.key("command"), "Prometheus' command is stackctl's own", help);
        }
    }
    if let Some(section) = stack.grafana.as_option() {
        container_is_carried(examination, Path::ROOT.key("grafana"), &section.container, &section.wiring);
    }
    if let Some(section) = stack.alertmanager.as_option() {
        let path = Path::ROOT.key("alertmanager");
        container_is_carried(examination, path, &section.container, &section.wiring);
        if section.container.command.is_some() {
            let help = "write the flags under `extra_flags`";
            examination.error_at_key(path.key("command"), "Alertmanager's command is stackctl's own", help);
        }
    }
}

fn container_is_carried(examination: &mut Examination, path: Path, container: &ContainerSettings, wiring: &Wiring) {
    if container.network_mode.is_some() {
        let help = "remove it; its place on the host is `port: ADDRESS:PORT`";
        examination.error_at_key(path.key("network_mode"), "it stands in the networks of what it watches", help);
    }
    if !wiring.depends_on.is_empty() {
        let help = "remove it: it waits for nobody, and finds its targets when they come";
        examination.error_at_key(path.key("depends_on"), "a component of stackctl's starts by itself", help);
    }
}

/// Rule files lie side by side inside the container.
pub(super) fn rule_files_have_one_name_each(examination: &mut Examination) {
    let Some(prometheus) = examination.stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    let list = path.key("rule_files");
    let mut seen = HashSet::new();
    for (index, file) in prometheus.rule_files.iter().enumerate() {
        if OWN_RULE_FILES.contains(&file.file_name()) {
            let message = format!("stackctl writes a file `{}` itself", file.file_name());
            examination.error(list.index(index), message, "give this one another name");
        }
        if !seen.insert(file.file_name()) {
            let message = format!("two rule files are called `{}`", file.file_name());
            examination.error(list.index(index), message, "give one of them another name");
        }
    }
}

/// Keys of prometheus.yml that stackctl writes, and the key to use instead.
const OWN_KEYS: [(&str, &str); 4] = [
    ("global", "write `scrape_interval`, `external_labels` and their neighbours"),
    ("rule_files", "write `rule_files` beside `extra_config`"),
    ("scrape_configs", "write `extra_scrape_configs` beside `extra_config`"),
    ("storage", "write `retention` beside `extra_config`"),
];

/// One key of prometheus.yml has one writer.
pub(super) fn extra_config_is_not_stackctls(examination: &mut Examination) {
    let Some(prometheus) = examination.stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    let map = path.key("extra_config");
    for key in prometheus.extra_config.keys() {
        if let Some((_, instead)) = OWN_KEYS.iter().find(|(own, _)| own == key) {
            examination.error_at_key(map.key(key), format!("stackctl writes `{key}` itself"), *instead);
        } else if (key == "remote_write" && !prometheus.remote_write.is_empty())
            || (key == "remote_read" && !prometheus.remote_read.is_empty())
        {
            let help = format!("write it as one more item of `prometheus.{key}`");
            examination.error_at_key(map.key(key), format!("`{key}` in two places"), help);
        } else if key == "alerting" && examination.stack.alertmanager.as_option().is_some() {
            let help = "remove it, or the section `alertmanager`, whose Alertmanager Prometheus is told of";
            examination.error_at_key(map.key(key), "stackctl writes `alerting` itself", help);
        }
    }
}
