//! Does Prometheus run what was rendered, and do the containers hold the rendered files?

use futures_util::future::join_all;

use crate::client::{self, Prometheus, RuntimeInfo, yaml_to_json};
use crate::desired::{Desired, PlacedFile, Service, without_url_secrets};
use crate::engine::{ContainerState, FileStamp, Observed, ObservedContainer, Prober};
use crate::render::Files;

use super::contains::Difference;
use super::delivery::container;
use super::{Cause, Finding, Server, Trouble, contains};

const CHECK: &str = "config";

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

/// Asks every Prometheus, and judges. No `prober`: a refusal goes without its reason from the log.
pub async fn config(
    desired: &Desired,
    files: &Files,
    observed: &Observed,
    servers: &[Server],
    prober: Option<&Prober>,
) -> Vec<Finding> {
    let asked = servers.iter().map(|server| async {
        let service = desired.service(&server.service);
        let container = service.and_then(|service| container(observed, service));
        let state = match &server.client {
            Some(prometheus) => Some(ask(prometheus, container, prober).await),
            None => None,
        };
        (server.service.as_str(), state)
    });
    judge_config(desired, files, observed, &join_all(asked).await)
}

async fn ask(prometheus: &Prometheus, container: Option<&ObservedContainer>, prober: Option<&Prober>) -> ConfigState {
    let (running, runtime) = tokio::join!(prometheus.config(), prometheus.runtime_info());
    let refused = runtime.as_ref().is_ok_and(|runtime| !runtime.reload_config_success);
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

/// Judges what was found: one finding for the configuration of each Prometheus, one for each file in each container.
/// `states`: by the service's name; `None`: it does not run.
pub fn judge_config(
    desired: &Desired,
    files: &Files,
    observed: &Observed,
    states: &[(&str, Option<ConfigState>)],
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (service_name, state) in states {
        let Some((service, source)) = desired.service(service_name).zip(source(desired, service_name)) else {
            continue;
        };
        let instance = service.container_name(&desired.stack, 1);
        let Some(state) = state else {
            let trouble = unreachable(&super::not_running(), service_name);
            findings.push(Finding::fail(CHECK, IN_FORCE, Some(&instance), trouble));
            continue;
        };
        let rendered = files.0.get(&source).map(String::as_str);
        let edited = || is_edited(service, &source, files, observed);
        findings.extend(rendered.map(|rendered| running_config(rendered, state, service, &instance, edited)));
    }
    for service in &desired.services {
        for replica in 1..=service.replicas {
            let is_it =
                |container: &&ObservedContainer| container.replica == replica && container.service == service.name;
            let container = observed.containers.iter().find(is_it);
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

/// Where `render` puts the configuration of the Prometheus of a service.
fn source(desired: &Desired, service_name: &str) -> Option<String> {
    Some(desired.prometheus.as_ref()?.server(service_name)?.source())
}

/// Whether the configuration in force is the one rendered for the Prometheus of that service. `false`, too, where it does not
/// answer.
pub async fn runs_rendered(desired: &Desired, service_name: &str, prometheus: &Prometheus, files: &Files) -> bool {
    let running = prometheus.config().await.ok().and_then(|text| yaml_to_json(&text).ok());
    let rendered = source(desired, service_name).and_then(|source| yaml_to_json(files.0.get(&source)?).ok());
    matches!((running, rendered), (Some(running), Some(rendered)) if contains(&running, &rendered).is_ok())
}

/// Whether the configuration that lies in Prometheus' container is another one than was rendered.
fn is_edited(service: &Service, source: &str, files: &Files, observed: &Observed) -> bool {
    let placed = service.container.files.iter().find(|file| file.source == source);
    let found = placed.zip(container(observed, service)).and_then(|(file, it)| it.files.get(&file.target));
    let rendered = files.0.get(source).map(|text| FileStamp::of(text));
    found.is_some_and(|found| *found != rendered)
}

fn running_config(
    rendered: &str,
    state: &ConfigState,
    service: &Service,
    instance: &str,
    edited: impl Fn() -> bool,
) -> Finding {
    let subject = IN_FORCE;
    let trouble = match (&state.running, &state.runtime) {
        (Err(error), _) | (_, Err(error)) if !error.answered => Some(unreachable(error, &service.name)),
        (_, Ok(runtime)) if !runtime.reload_config_success => Some(rejected(&state.reason, edited())),
        (Ok(running), _) => stale(running, rendered),
        (Err(error), _) => Some(unreachable(error, &service.name)),
    };
    match trouble {
        Some(trouble) => Finding::fail(CHECK, subject, Some(instance), trouble),
        None => Finding::ok(CHECK, subject, Some(instance), "Prometheus runs what was rendered".to_owned()),
    }
}

fn unreachable(error: &client::Error, service: &str) -> Trouble {
    let fix = format!("see `stackctl ps` and `stackctl logs {service}`, then run `stackctl up`");
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
