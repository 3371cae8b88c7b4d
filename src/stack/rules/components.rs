//! Prometheus' and Grafana's own settings.

use std::collections::HashSet;

use super::super::Duration;
use super::super::document::Path;
use super::Examination;

/// Flags that stackctl sets, and the key to use instead.
const OWN_FLAGS: [(&str, &str); 5] = [
    ("--config.file", "remove it: stackctl writes the configuration"),
    ("--storage.tsdb.path", "remove it: stackctl mounts the volume"),
    ("--storage.tsdb.retention.time", "write `retention: { time: … }`"),
    ("--storage.tsdb.retention.size", "write `retention: { size: … }`"),
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
    let mut seen = HashSet::new();
    for (index, job) in prometheus.extra_scrape_configs.iter().enumerate() {
        let Some(name) = job.get("job_name").and_then(serde_json::Value::as_str) else {
            let help = "write it as in prometheus.yml: `- job_name: NAME`";
            examination.error(list.index(index), "a job without `job_name`", help);
            continue;
        };
        let is_taken = super::names::RESERVED.contains(&name)
            || stack.apps.contains_key(name)
            || stack.exporters.contains_key(name)
            || stack.scrape.contains_key(name);
        if is_taken || !seen.insert(name) {
            let message = format!("job `{name}` is there already");
            examination.error(list.index(index).key("job_name"), message, "give this job another name");
        }
    }
}

/// Grafana's password is a secret and has a key of its own.
pub(super) fn grafana_settings_fit(examination: &mut Examination) {
    let Some(grafana) = examination.stack.grafana.as_option() else { return };
    let path = Path::ROOT.key("grafana");
    if grafana.environment.contains_key("GF_SECURITY_ADMIN_PASSWORD") {
        let help = "write `admin_password: { env: NAME }` or `{ file: PATH }`";
        let message = "a secret does not belong into `environment`";
        examination.error_at_key(path.key("environment").key("GF_SECURITY_ADMIN_PASSWORD"), message, help);
    }
}
