//! Running containers that the stack runs from now on, with all that they were made with.

use std::path::Path;

use serde_json::Value;

use super::answers::Wishes;
use super::look::Seen;
use super::unseen;
use crate::command::engine::usual_logging;
use crate::command::{Failure, output, situation};
use crate::engine::{Engine, Fleeting, Made, Neighbour, UsualLogging};
use crate::import::{FreshApp, FreshMetrics, Origin, TakenOver};
use crate::stack::Environment;

/// Where the stack file will lie, and what is known there.
pub(super) struct Surroundings<'a> {
    pub(super) folder: &'a Path,
    pub(super) environment: &'a Environment,
    pub(super) is_quiet: bool,
}

/// The containers that were named, as apps. `secrets`: variables that stand for passwords; those of the containers come to them.
pub(super) async fn over(
    seen: &Seen,
    wishes: &Wishes,
    surroundings: &Surroundings<'_>,
    secrets: &mut Vec<(String, String)>,
) -> Result<Vec<FreshApp>, Failure> {
    let mut apps = Vec::new();
    if wishes.container.is_empty() {
        return Ok(apps);
    }
    let engine = situation::connect().await?;
    let logging = usual_logging(&engine).await;
    for name in &wishes.container {
        let found = seen.containers.iter().find(|(known, _)| known.name == *name);
        let Some((container, metrics)) = found else { return Err(unseen::of_container(&engine, name).await?) };
        apps.push(app((&engine, &logging), container, metrics.as_ref(), surroundings, secrets).await?);
    }
    Ok(apps)
}

async fn app(
    (engine, logging): (&Engine, &UsualLogging),
    container: &Neighbour,
    metrics: Option<&FreshMetrics>,
    surroundings: &Surroundings<'_>,
    secrets: &mut Vec<(String, String)>,
) -> Result<FreshApp, Failure> {
    let made = engine.made(&container.name, logging).await?.unwrap_or_default();
    let name = container.service.clone().unwrap_or_else(|| container.name.clone());
    let mut notes = vec![beside(&container.name, &made)];
    if let Some(fleeting) = engine.fleeting(&container.name).await? {
        let lines = going(&fleeting);
        if !surroundings.is_quiet {
            output::say(&format!("warning: {}: {}", container.name, lines.join("\n  ")));
        }
        notes.extend(lines);
    }
    let Made { settings, volumes, binds, networks, left } = made;
    if !left.is_empty() {
        let note = format!("Not carried, as a stack file has no word for it: {}", left.join(", "));
        if !surroundings.is_quiet {
            output::say(&format!("{}: {note}", container.name));
        }
        notes.push(note);
    }
    let taken = TakenOver { container: container.name.clone(), settings, volumes, binds, networks };
    Ok(FreshApp {
        settings: taken.settings(&name, surroundings.folder, surroundings.environment, secrets),
        name,
        origin: Origin::Image(container.image.clone()),
        metrics: metrics.cloned(),
        notes,
        ..FreshApp::default()
    })
}

/// What goes with a container that is stopped, and how to keep it.
fn going(fleeting: &Fleeting) -> Vec<String> {
    let name = &fleeting.container;
    let Some(holding) = fleeting.holding() else {
        return vec![format!(
            "It was made with `--rm`: STOPPING IT REMOVES IT, and all that it wrote outside of volumes"
        )];
    };
    let (lost, which) = match fleeting.volumes.as_slice() {
        [_] => ("ITS VOLUME WITHOUT A NAME", "the volume"),
        _ => ("ITS VOLUMES WITHOUT A NAME", "the volumes"),
    };
    vec![
        format!("It was made with `--rm`: STOPPING IT REMOVES IT AND {lost}, with all data in there. To keep {which}:"),
        format!("1. `{holding}`, which holds {which} and is never started"),
        format!("2. `docker stop {name}`"),
        format!("3. `stackctl up`, and when it runs, `{}`", fleeting.releasing()),
    ]
}

/// What to do about the container that runs.
fn beside(name: &str, made: &Made) -> String {
    let is_fixed = |port: &Value| port.as_str().is_some_and(|port| !port.contains("::"));
    let ports = made.settings.get("ports").and_then(Value::as_array);
    let shared = [
        ("ports", ports.is_some_and(|ports| ports.iter().any(is_fixed))),
        ("volumes", !made.volumes.is_empty()),
        ("folders of the host", !made.binds.is_empty()),
    ];
    let shared: Vec<&str> = shared.into_iter().filter(|(_, is_so)| *is_so).map(|(what, _)| what).collect();
    if shared.is_empty() {
        return format!(
            "Runs already as container `{name}`, which goes on running beside this one until it is stopped"
        );
    }
    format!("Runs already as container `{name}`: stop that one before `up`, they share {}", shared.join(" and "))
}
