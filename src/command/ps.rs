//! `ps`: state of every replica.

use serde_json::json;

use super::by_name::{ByName, Seen};
use super::{Exit, Failure, facts, output};
use crate::cli::{Format, Global};
use crate::desired::{Desired, Role, Service};
use crate::engine::{ContainerState, Health, Observed, ObservedContainer, without_secrets};
use crate::stack::{Stack, counted};

/// Arguments of `ps`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    which: ByName,
    #[command(flatten)]
    pub(super) output: crate::cli::Output,
}

/// One replica, there or missing.
struct Line {
    app: String,
    replica: u32,
    container: String,
    state: &'static str,
    health: &'static str,
    /// The state with what matters about it.
    described: String,
    image: String,
    ports: Vec<String>,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let Seen { observed, name, stack, .. } = arguments.which.look(global).await?;
    let missing = stack.iter().flat_map(|stack| missing(stack, &observed));
    let mut lines: Vec<Line> = observed.containers.iter().map(Line::of).chain(missing).collect();
    lines.sort_by(|left, right| (&left.app, left.replica).cmp(&(&right.app, right.replica)));
    lines.extend(observed.attached.iter().map(|attached| Line::of(&attached.container)));
    match arguments.output.format {
        Format::Json => output::print_json(&lines.iter().map(entry).collect::<Vec<_>>()),
        Format::Text if lines.is_empty() => {
            output::say(&format!("stack `{name}` has no containers: `stackctl up` starts it"));
        }
        Format::Text => {
            let rows: Vec<_> = lines.iter().map(row).collect();
            output::print(&output::table(&["APP", "REPLICA", "CONTAINER", "STATE", "IMAGE", "PORTS"], &rows));
        }
    }
    Ok(Exit::Done)
}

/// Replicas that shall run and do not exist. A stack that is down misses nothing.
fn missing(stack: &Stack, observed: &Observed) -> Vec<Line> {
    if observed.containers.is_empty() {
        return Vec::new();
    }
    let desired = Desired::of(stack, &facts::of_running(stack, observed));
    let is_there = |service: &Service, replica| {
        observed.containers.iter().any(|found| found.service == service.name && found.replica == replica)
    };
    let replicas =
        desired.services.iter().flat_map(|service| (1..=service.replicas).map(move |replica| (service, replica)));
    replicas
        .filter(|(service, replica)| !is_there(service, *replica))
        .map(|(service, replica)| Line {
            app: service.name.clone(),
            replica,
            container: service.container_name(&desired.stack, replica),
            state: "missing",
            health: health(Health::None),
            described: output::paint(output::RED, "missing"),
            // Where a component comes from is found out by `up`.
            image: if service.role == Role::App {
                without_secrets(service.image.reference.clone())
            } else {
                String::new()
            },
            ports: Vec::new(),
        })
        .collect()
}

impl Line {
    fn of(container: &ObservedContainer) -> Self {
        Self {
            app: container.service.clone(),
            replica: container.replica,
            container: container.name.clone(),
            state: state(container.state),
            health: health(container.health),
            described: described(container),
            image: without_secrets(container.image.clone()),
            ports: container.ports.clone(),
        }
    }
}

fn entry(line: &Line) -> serde_json::Value {
    json!({
        "app": line.app,
        "replica": line.replica,
        "container": line.container,
        "state": line.state,
        "health": line.health,
        "image": line.image,
        "ports": line.ports,
    })
}

fn row(line: &Line) -> Vec<String> {
    vec![
        line.app.clone(),
        line.replica.to_string(),
        line.container.clone(),
        line.described.clone(),
        line.image.clone(),
        line.ports.join(", "),
    ]
}

/// State, with what matters about it: `running (healthy)`, `exited (137)`, `restarting (1), 7 restarts`.
fn described(container: &ObservedContainer) -> String {
    let state = state(container.state);
    let style = match (container.state, container.health) {
        (ContainerState::Running, Health::Unhealthy) => output::RED,
        (ContainerState::Running, _) if container.restarts > 0 => output::YELLOW,
        (ContainerState::Running, Health::Starting) | (ContainerState::Created | ContainerState::Paused, _) => {
            output::YELLOW
        }
        (ContainerState::Running, _) => output::GREEN,
        _ => output::RED,
    };
    let detail = match (container.exit_code, container.health) {
        (Some(code), _) if !matches!(container.state, ContainerState::Running | ContainerState::Created) => {
            format!(" ({code})")
        }
        (_, Health::None) => String::new(),
        (_, health_now) => format!(" ({})", health(health_now)),
    };
    let restarts = match container.restarts {
        0 => String::new(),
        restarts => format!(", {}", counted(usize::try_from(restarts).unwrap_or(usize::MAX), "restart")),
    };
    output::paint(style, &format!("{state}{detail}{restarts}"))
}

pub(super) fn state(state: ContainerState) -> &'static str {
    match state {
        ContainerState::Created => "created",
        ContainerState::Running => "running",
        ContainerState::Paused => "paused",
        ContainerState::Restarting => "restarting",
        ContainerState::Removing => "removing",
        ContainerState::Exited => "exited",
        ContainerState::Dead => "dead",
    }
}

fn health(health: Health) -> &'static str {
    match health {
        Health::None => "none",
        Health::Starting => "starting",
        Health::Healthy => "healthy",
        Health::Unhealthy => "unhealthy",
    }
}
