//! `ps`: state of every replica.

use serde_json::json;

use super::{Exit, Failure, output, situation};
use crate::cli::{Format, Global};
use crate::engine::{ContainerState, Health, ObservedContainer};
use crate::stack::counted;

/// Arguments of `ps`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) output: crate::cli::Output,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let loaded = situation::load(global)?;
    let engine = situation::connect().await?;
    let observed = engine.observe(&situation::question(&loaded.stack, &engine)).await?;
    let attached = observed.attached.iter().map(|attached| &attached.container);
    let containers: Vec<&ObservedContainer> = observed.containers.iter().chain(attached).collect();
    match arguments.output.format {
        Format::Json => output::print_json(&containers.into_iter().map(entry).collect::<Vec<_>>()),
        Format::Text if containers.is_empty() => {
            output::say(&format!("stack `{}` has no containers: `stackctl up` starts it", loaded.stack.name));
        }
        Format::Text => {
            let rows: Vec<_> = containers.into_iter().map(row).collect();
            output::print(&output::table(&["APP", "REPLICA", "CONTAINER", "STATE", "IMAGE", "PORTS"], &rows));
        }
    }
    Ok(Exit::Done)
}

fn entry(container: &ObservedContainer) -> serde_json::Value {
    json!({
        "app": container.service,
        "replica": container.replica,
        "container": container.name,
        "state": state(container.state),
        "health": health(container.health),
        "image": container.image,
        "ports": container.ports,
    })
}

fn row(container: &ObservedContainer) -> Vec<String> {
    vec![
        container.service.clone(),
        container.replica.to_string(),
        container.name.clone(),
        described(container),
        container.image.clone(),
        container.ports.join(", "),
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
        (Some(code), _) if container.state != ContainerState::Running => format!(" ({code})"),
        (_, Health::None) => String::new(),
        (_, health_now) => format!(" ({})", health(health_now)),
    };
    let restarts = match container.restarts {
        0 => String::new(),
        restarts => format!(", {}", counted(usize::try_from(restarts).unwrap_or(usize::MAX), "restart")),
    };
    output::paint(style, &format!("{state}{detail}{restarts}"))
}

fn state(state: ContainerState) -> &'static str {
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
