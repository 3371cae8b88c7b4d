//! Replicas.

use super::super::document::Path;
use super::super::{App, Port, ServiceName, Stack, Wrong, suggest};
use super::Examination;
use super::names::{Fixed, LONGEST_CONTAINER_NAME, fixed_names};

/// More replicas than one engine carries.
const MOST_REPLICAS: u32 = 1000;

/// Whether an app can run so many replicas, as for `up --scale APP=N`.
///
/// # Errors
/// Says why not, and what to write in the stack file instead.
pub fn check_scale(stack: &Stack, app_name: &str, replicas: u32) -> Result<(), Wrong> {
    let Some(app) = stack.apps.get(app_name) else { return Err(no_app(stack, app_name, replicas)) };
    if let Some((_, wrong)) = obstacle(app_name, app, replicas) {
        return Err(wrong);
    }
    if app.container.container_name.is_some() {
        return Ok(());
    }
    let called = |replica: u32| format!("{}-{app_name}-{replica}", stack.name);
    for Fixed { service, name, .. } in fixed_names(stack) {
        if (1..=replicas).any(|replica| called(replica) == name) {
            let message = format!("a replica of `{app_name}` would be called `{name}`, as `{service}` is");
            return Err(Wrong::new(message, format!("give `{service}` another `container_name`")));
        }
    }
    let longest = called(replicas);
    if longest.len() <= LONGEST_CONTAINER_NAME {
        return Ok(());
    }
    Err(Wrong::new(format!("container name `{longest}` is too long for DNS"), "shorten the app's name"))
}

/// Why a name that no app has cannot be scaled.
fn no_app(stack: &Stack, name: &str, replicas: u32) -> Wrong {
    if name == "alertmanager" {
        let help =
            format!("write `alertmanager: {{ replicas: {replicas} }}` into the stack file, and run `stackctl up`");
        return Wrong::new("Alertmanager is no app: it has its own key for that", help);
    }
    if stack.attached.contains_key(name) {
        let help = "scale it where it was started: every replica that is found there is scraped";
        return Wrong::new(format!("`{name}` is attached, and somebody else runs it"), help);
    }
    if stack.exporters.contains_key(name) || ["prometheus", "grafana"].contains(&name) {
        let message = format!("`{name}` is no app: one of it runs");
        return Wrong::new(message, format!("apps can be scaled: {}", apps(stack)));
    }
    let known = stack.apps.keys().map(ServiceName::as_str).chain(["alertmanager"]);
    suggest::unknown_name("app", name, known, format!("apps here: {}", apps(stack)))
}

fn apps(stack: &Stack) -> String {
    let names: Vec<&str> = stack.apps.keys().map(ServiceName::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { suggest::listed(&names) }
}

/// Replicas cannot share a port of the host or a name.
pub(super) fn replicas_can_stand_side_by_side(examination: &mut Examination) {
    let stack = examination.stack;
    for (name, app) in &stack.apps {
        if let Some((key, wrong)) = obstacle(name.as_str(), app, app.replicas()) {
            let path = Path::ROOT.key("apps");
            let path = path.key(name.as_str());
            examination.wrong(path.key(key), wrong);
        }
    }
}

/// What stands against so many replicas, and the key that says it.
fn obstacle(name: &str, app: &App, replicas: u32) -> Option<(&'static str, Wrong)> {
    if replicas > MOST_REPLICAS {
        let wrong = Wrong::new(format!("{replicas} replicas of `{name}`"), format!("the most is {MOST_REPLICAS}"));
        return Some(("scale", wrong));
    }
    if replicas < 2 {
        return None;
    }
    if let Some(fixed) = &app.container.container_name {
        let message = format!("{replicas} replicas of `{name}` cannot all be called `{fixed}`");
        return Some(("container_name", Wrong::new(message, "remove `container_name`, or `scale`")));
    }
    let room = |port: &Port| port.choice().map_or(1, |choice| choice.len());
    let wanted = usize::try_from(replicas).unwrap_or(usize::MAX);
    let port = app.container.ports.0.iter().find(|port| port.host_port.is_some() && room(port) < wanted)?;
    let (host_ports, inside) = (port.host_ports()?, format!("{}{}", port.container_port, port.protocol.suffix()));
    let are_several = if port.choice().is_some() { "ports" } else { "port" };
    let message = format!("{replicas} replicas of `{name}` cannot share {are_several} {host_ports} of the host");
    let last = port.host_port?.checked_add(u16::try_from(replicas - 1).ok()?);
    let of_these =
        last.map(|last| format!(", `\"{}-{last}:{inside}\"` one of these", port.host_port.unwrap_or_default()));
    let help = format!("write `ports: [\"{inside}\"]`: each replica gets a free port{}", of_these.unwrap_or_default());
    Some(("ports", Wrong::new(message, help)))
}
