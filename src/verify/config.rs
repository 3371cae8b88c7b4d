//! Does Prometheus run what was rendered, and do the containers hold the rendered files?

use crate::client::{self, Prometheus, RuntimeInfo, yaml_to_json};
use crate::desired::{Desired, PlacedFile, Service, without_url_secrets};
use crate::engine::{ContainerState, FileStamp, Observed, ObservedContainer, Prober};
use crate::render::Files;

use super::contains::Difference;
use super::{Cause, Finding, Trouble, contains};

const CHECK: &str = "config";

/// Where `render` puts Prometheus' configuration.
const PROMETHEUS_FILE: &str = "prometheus/prometheus.yml";

/// What the check calls the configuration that Prometheus works by, whatever lies in its file.
const IN_FORCE: &str = "configuration in force";

/// What Prometheus says of its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigState {
    /// The configuration in force, as YAML.
    pub running: Result<String, client::Error>,
    /// How it stands to the file it was read from.
    pub runtime: Result<RuntimeInfo, client::Error>,
    /// What Prometheus' log says of a refused file; empty where it was not looked for.
    pub reason: String,
}

/// Asks Prometheus, and judges. No `prober`: a refusal goes without its reason from the log.
pub async fn config(
    desired: &Desired,
    files: &Files,
    observed: &Observed,
    prometheus: Option<&Prometheus>,
    prober: Option<&Prober>,
) -> Vec<Finding> {
    let state = match prometheus {
        Some(prometheus) => Some(ask(desired, observed, prometheus, prober).await),
        None => None,
    };
    judge_config(desired, files, observed, state.as_ref())
}

async fn ask(desired: &Desired, observed: &Observed, prometheus: &Prometheus, prober: Option<&Prober>) -> ConfigState {
    let (running, runtime) = tokio::join!(prometheus.config(), prometheus.runtime_info());
    let refused = runtime.as_ref().is_ok_and(|runtime| !runtime.reload_config_success);
    let container = desired.prometheus_service().and_then(|service| container(observed, service, 1));
    let reason = match (refused, prober, container) {
        (true, Some(prober), Some(container)) => reason_in(&prober.last_log_lines(&container.id, 50).await),
        _ => String::new(),
    };
    ConfigState { running, runtime, reason }
}

/// What the last line says in which Prometheus tells why it refused a configuration.
fn reason_in(lines: &[String]) -> String {
    let tells = |line: &&String| line.contains("config") && (line.contains("err=") || line.contains("error"));
    let line = lines.iter().rev().find(tells).map(String::as_str).unwrap_or_default();
    let error = line.split_once("err=").map_or(line, |(_, error)| error);
    error.trim_matches('"').replace("\\\"", "\"")
}

/// Judges what was found: one finding for Prometheus' configuration, one for each file in each container.
pub fn judge_config(
    desired: &Desired,
    files: &Files,
    observed: &Observed,
    state: Option<&ConfigState>,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    if let (Some(state), Some(service)) = (state, desired.prometheus_service()) {
        let instance = service.container_name(&desired.stack, 1);
        let rendered = files.0.get(PROMETHEUS_FILE).map(String::as_str);
        let edited = || is_edited(service, files, observed);
        findings.extend(rendered.map(|rendered| running_config(rendered, state, &instance, edited)));
    }
    if let (None, Some(service), true) = (state, desired.prometheus_service(), desired.prometheus.is_some()) {
        let instance = service.container_name(&desired.stack, 1);
        findings.push(Finding::fail(CHECK, IN_FORCE, Some(&instance), unreachable(&super::not_running())));
    }
    for service in &desired.services {
        for replica in 1..=service.replicas {
            let container = container(observed, service, replica);
            let running = container.filter(|container| container.state == ContainerState::Running);
            let placed = service.container.files.iter();
            findings.extend(
                running
                    .into_iter()
                    .flat_map(|container| placed.clone().filter_map(|file| placed_file(file, files, container))),
            );
        }
    }
    findings
}

/// Whether the configuration in force is the rendered one. `false`, too, where Prometheus does not answer.
pub async fn runs_rendered(prometheus: &Prometheus, files: &Files) -> bool {
    let running = prometheus.config().await.ok().and_then(|text| yaml_to_json(&text).ok());
    let rendered = files.0.get(PROMETHEUS_FILE).and_then(|text| yaml_to_json(text).ok());
    matches!((running, rendered), (Some(running), Some(rendered)) if contains(&running, &rendered).is_ok())
}

fn container<'a>(observed: &'a Observed, service: &Service, replica: u32) -> Option<&'a ObservedContainer> {
    let is_it = |container: &&ObservedContainer| container.replica == replica && container.service == service.name;
    observed.containers.iter().find(is_it)
}

/// Whether the configuration that lies in Prometheus' container is another one than was rendered.
fn is_edited(service: &Service, files: &Files, observed: &Observed) -> bool {
    let placed = service.container.files.iter().find(|file| file.source == PROMETHEUS_FILE);
    let found = placed.zip(container(observed, service, 1)).and_then(|(file, it)| it.files.get(&file.target));
    let rendered = files.0.get(PROMETHEUS_FILE).map(|text| FileStamp::of(text));
    found.is_some_and(|found| *found != rendered)
}

fn running_config(rendered: &str, state: &ConfigState, instance: &str, edited: impl Fn() -> bool) -> Finding {
    let subject = IN_FORCE;
    let trouble = match (&state.running, &state.runtime) {
        (Err(error), _) | (_, Err(error)) if !error.answered => Some(unreachable(error)),
        (_, Ok(runtime)) if !runtime.reload_config_success => Some(rejected(&state.reason, edited())),
        (Ok(running), _) => stale(running, rendered),
        (Err(error), _) => Some(unreachable(error)),
    };
    match trouble {
        Some(trouble) => Finding::fail(CHECK, subject, Some(instance), trouble),
        None => Finding::ok(CHECK, subject, Some(instance), "Prometheus runs what was rendered".to_owned()),
    }
}

fn unreachable(error: &client::Error) -> Trouble {
    let fix = "see `stackctl ps` and `stackctl logs prometheus`, then run `stackctl up`";
    Trouble::new(Cause::PrometheusUnreachable, error.to_string(), fix)
}

fn rejected(reason: &str, edited: bool) -> Trouble {
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let message = format!("Prometheus refused its configuration and goes on with the one before{why}");
    let fix = if edited {
        "run `stackctl up`, which puts the rendered file in the place of the edited one; \
         until then a restart of Prometheus would fail"
    } else {
        "mend what `extra_scrape_configs` or a rule breaks, then run `stackctl up`; \
         until then a restart of Prometheus would fail"
    };
    Trouble::new(Cause::ConfigRejected, message, fix)
}

fn stale(running: &str, rendered: &str) -> Option<Trouble> {
    let read = |text, whose| yaml_to_json(text).map_err(|error| format!("{whose} configuration is no YAML: {error}"));
    let message = match (read(running, "the running"), read(rendered, "the rendered")) {
        (Err(error), _) | (_, Err(error)) => error,
        (Ok(running), Ok(rendered)) => {
            let difference = contains(&running, &rendered).err()?;
            format!(
                "Prometheus does not run what was rendered: `{}` is {}, and shall be {}",
                difference.path,
                shown(&difference, difference.running.as_deref().unwrap_or("not there")),
                shown(&difference, &difference.rendered),
            )
        }
    };
    Some(Trouble::new(
        Cause::ConfigStale,
        message,
        "run `stackctl up`, which has Prometheus read its configuration again",
    ))
}

/// A value as far as people may see it: tokens are written into headers and URLs.
fn shown(difference: &Difference, value: &str) -> String {
    if difference.path.contains("headers") {
        "a value that is not shown".to_owned()
    } else {
        short(&without_url_secrets(value))
    }
}

fn short(value: &str) -> String {
    let start: String = value.chars().take(80).collect();
    if start.len() < value.len() { format!("{start}…") } else { start }
}

/// A file inside a container; `None` where nothing was rendered for it, or nobody looked.
fn placed_file(file: &PlacedFile, files: &Files, container: &ObservedContainer) -> Option<Finding> {
    let rendered = files.0.get(&file.source)?;
    let found = container.files.get(&file.target)?;
    let (target, name) = (&file.target, &container.name);
    let message = match found {
        Some(stamp) if *stamp == FileStamp::of(rendered) => {
            let message = format!("`{target}` is as rendered");
            return Some(Finding::ok(CHECK, &file.source, Some(name), message));
        }
        Some(_) => format!("`{target}` in `{name}` is not what was rendered"),
        None => format!("`{target}` is gone from `{name}`"),
    };
    let fix = "run `stackctl up`, which writes it again; to keep a change, make it in the stack file";
    Some(Finding::fail(CHECK, &file.source, Some(name), Trouble::new(Cause::ConfigStale, message, fix)))
}

#[cfg(test)]
mod tests;
