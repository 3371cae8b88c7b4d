//! What `up` says at its end: where everything is, and what is otherwise than the file says.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexSet;

use super::advice::typed;
use super::progress::seconds;
use super::published::Silent;
use super::situation::Situation;
use super::{output, secrets};
use crate::catalog::grafana::ADMIN_PASSWORD;
use crate::catalog::prometheus::PROMETHEUS;
use crate::desired::{Desired, Role, SecretSource, Service};
use crate::pins::NOT_IN_LOCK;
use crate::stack::counted;

/// The column right of the names.
const MARGIN: usize = 19;

/// What to do about an image that could not be had.
fn again(reason: &str) -> &'static str {
    if reason == NOT_IN_LOCK {
        "(`stackctl lock --update` looks for it again)"
    } else {
        "(`stackctl up --pull` tries again)"
    }
}

/// Another stack of these very files: one whose `name` was changed runs on under the old one.
pub(super) async fn say_renamed(situation: &Situation) {
    let source = situation.source();
    let is_standard_input = source.files.iter().any(|file| file.ends_with("/-"));
    let names = situation.engine.stacks_of(&source.files).await.unwrap_or_default();
    for name in names.iter().filter(|name| **name != source.stack && !is_standard_input) {
        output::say(&format!(
            "note: stack `{name}` runs from this very file, too. Where `{}` is its new name, `stackctl down --name {name}` takes \
             the old one away; its volumes stay, under the old name",
            source.stack
        ));
    }
}

/// Where everything is, in a few lines. `silent`: published ports behind which nobody listens. `images`: whether to tell, too,
/// what is left out or another version than the file names.
pub(super) fn say(situation: &Situation, elapsed: Duration, silent: &BTreeSet<Silent>, images: bool) {
    let desired = &situation.desired;
    for volume in situation.unlabelled_volumes() {
        output::say(&format!(
            "volume `{volume}` was made by somebody else: it is used, and `down --volumes` leaves it"
        ));
    }
    output::say(&format!("\nstack `{}` after {}", desired.stack, seconds(elapsed)));
    for service in &desired.services {
        let hint = password_hint(situation, service.role).unwrap_or_else(|| stand_in_hint(desired, service, images));
        for (name, url) in addresses(situation, service) {
            output::say(&format!("  {name:<16} {url}{hint}{}", login_of_view(situation, service)));
        }
    }
    for Silent { service, container, port, is_on_loopback } in silent {
        let text = if *is_on_loopback {
            format!(
                "on port {port} of `{container}`, which `ports` publishes, the app listens on loopback only: have it listen on \
                 0.0.0.0:{port}"
            )
        } else {
            format!("nobody listens on port {port} of `{container}`, which `ports` publishes: correct that number")
        };
        output::say(&format!("  {service:<16} {}", in_lines(&text)));
    }
    if images {
        say_images(situation);
    }
    say_scales(desired);
}

/// What is left out, and what runs in another version than the file names.
fn say_images(situation: &Situation) {
    let view = situation.desired.view_service().filter(|service| !addresses(situation, service).is_empty());
    let stood_in_for = view.map(|service| service.name.as_str());
    for (reason, mut components) in situation.left_out() {
        let is_told = components.iter().any(|component| Some(*component) == stood_in_for);
        components.retain(|component| Some(*component) != stood_in_for);
        if !components.is_empty() {
            let reason = if is_told { "for the same reason as Grafana" } else { reason };
            let names = components.join(", ");
            let text = format!("left out: {reason} {}", again(reason));
            output::say(&format!("  {names:<16} {}", in_lines(&text)));
        }
    }
    situation.say_other_versions();
}

/// Which apps run in other numbers than the file says.
pub(super) fn say_scales(desired: &Desired) {
    for (app_name, scale) in &desired.scale {
        let file = scale.file.unwrap_or(1);
        let replicas = counted(scale.replicas as usize, "replica");
        output::say(&format!("  {app_name:<16} {replicas} instead of the file's {file}"));
    }
}

/// Every published address of a service, as the engine has it: under the service's name, or the replica's where several are
/// published.
fn addresses(situation: &Situation, service: &Service) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for container in situation.observed.containers.iter().filter(|container| container.service == service.name) {
        let wanted: IndexSet<u16> = service.container.settings.ports.0.iter().map(|port| port.container_port).collect();
        for port in wanted {
            let suffix = format!("->{port}/tcp");
            let published = container.ports.iter().filter_map(|published| published.strip_suffix(&suffix));
            // The same place once more, for IPv6.
            let published = published.filter(|place| !place.starts_with(":::"));
            found.extend(published.map(|place| (container.replica, url(situation, service, port, place))));
        }
    }
    let several = found.iter().any(|(replica, _)| *replica != found[0].0);
    let name = |replica| if several { format!("{}-{replica}", service.name) } else { service.name.clone() };
    found.into_iter().map(|(replica, url)| (name(replica), url)).collect()
}

fn url(situation: &Situation, service: &Service, port: u16, place: &str) -> String {
    let guard = situation.desired.prometheus.as_ref().and_then(|config| config.guard.as_ref());
    let is_prometheus = service.role == Role::Prometheus && port == PROMETHEUS.port;
    let is_https = is_prometheus && guard.is_some_and(|guard| guard.tls.is_some());
    let scheme = if is_https { "https" } else { "http" };
    format!("{scheme}://{}", place.replace("0.0.0.0", "127.0.0.1"))
}

/// What a page is that stands in for another.
fn stand_in_hint(desired: &Desired, service: &Service, says_why: bool) -> String {
    if service.role != Role::View {
        return String::new();
    }
    if !says_why {
        return "   stackctl's own view of the dashboards, in place of Grafana".to_owned();
    }
    let reason = desired.left_out.iter().find(|left_out| left_out.component == service.name);
    let (colon, reason) = reason.map_or(("", ""), |left_out| (":", left_out.reason.as_str()));
    let reason = format!("{reason} {}", again(reason));
    let margin = " ".repeat(MARGIN);
    format!("   stackctl's own view of the dashboards, in place of Grafana{colon}\n{margin}{}", in_lines(reason.trim()))
}

/// What is right of the names.
fn in_lines(text: &str) -> String {
    output::wrapped(&typed(text), MARGIN, output::COLUMNS)
}

/// Where the password of Grafana's `admin` is kept, where it was generated.
fn generated_password(situation: &Situation, service: &Service) -> Option<PathBuf> {
    let generated = service.container.secrets.iter().find(|secret| secret.source == SecretSource::Generated)?;
    secrets::kept_at(&situation.desired.stack, &generated.name).ok()
}

/// With what the page in Grafana's place lets people in, where it asks.
fn login_of_view(situation: &Situation, service: &Service) -> String {
    let asks =
        service.role == Role::View && service.container.secrets.iter().any(|secret| secret.name == ADMIN_PASSWORD);
    if !asks {
        return String::new();
    }
    let password = generated_password(situation, service).map_or_else(
        || "`grafana.admin_password` of the stack file".to_owned(),
        |path| format!("password in {}", path.display()),
    );
    format!("\n{}user admin, {password}", " ".repeat(MARGIN))
}

fn password_hint(situation: &Situation, role: Role) -> Option<String> {
    let grafana = situation.desired.services.iter().find(|service| service.role == role && role == Role::Grafana)?;
    generated_password(situation, grafana).map(|path| format!("   user admin, password in {}", path.display()))
}
