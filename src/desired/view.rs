//! stackctl's own view of the dashboards: a service on Grafana's place, where Grafana's image cannot be had.

use super::assemble::Input;
use super::component;
use super::{Command, ContainerSettings, Desired, OnChange, PlacedFile, PullPolicy, Restart, Role, Service};
use super::{app, container, grafana, guard, network, secret};
use crate::catalog::grafana::{ADMIN_PASSWORD, GRAFANA};
use crate::catalog::own;
use crate::catalog::prometheus::PROMETHEUS;
use crate::dashboard::Library;
use crate::stack::{Grafana, Prometheus, Stack, Wiring};

/// The rendered file with the dashboards.
pub const LIBRARY_SOURCE: &str = "view/dashboards.json";

/// Where it lies in the container.
const LIBRARY_FILE: &str = "/etc/stackctl/dashboards.json";

/// The service. It has Grafana's name and port, so that links hold once Grafana can be had.
pub(super) fn service(input: Input, section: &Grafana, prometheus: &Prometheus) -> Service {
    let published = component::published(section.port, GRAFANA.port);
    let on_loopback = published.is_some_and(|address| address.ip().is_loopback());
    let mut settings = ContainerSettings {
        command: Some(command(input.stack, prometheus, on_loopback)),
        mem_limit: section.container.mem_limit,
        restart: Restart::UnlessStopped,
        ..ContainerSettings::default()
    };
    component::restrict(&mut settings);
    settings.ports.0.extend(published.map(|address| component::port(address, GRAFANA.port)));
    let mut container = container::make(input.stack, GRAFANA.name, settings, &Wiring::default());
    container.networks = network::with_default(input.stack, GRAFANA.name, &section.wiring.networks);
    container.secrets = guard::view_secrets(prometheus).0;
    if !on_loopback {
        container.secrets.push(grafana::admin_password(section));
    }
    // The view reads it for each page.
    let (source, target) = (LIBRARY_SOURCE.to_owned(), LIBRARY_FILE.to_owned());
    container.files = vec![PlacedFile { source, target, on_change: OnChange::Nothing }];
    Service {
        name: GRAFANA.name.to_owned(),
        role: Role::View,
        image: app::image(input, own::IMAGE, PullPolicy::Never),
        replicas: 1,
        file_scale: 1,
        depends_on: Vec::new(),
        wave: 0,
        container,
        fingerprint: String::new(),
    }
}

/// Published on loopback, it answers to the names of loopback only: another site's name that leads there is a trick to
/// read the page (DNS rebinding). Everywhere else it asks for what Grafana would ask for.
fn command(stack: &Stack, prometheus: &Prometheus, on_loopback: bool) -> Command {
    let (_, access) = guard::view_secrets(prometheus);
    let prometheus = guard::url(stack, prometheus, PROMETHEUS.name);
    let port = GRAFANA.port.to_string();
    let words =
        ["view", "--serve-from", LIBRARY_FILE, "--prometheus", &prometheus, "--bind", "0.0.0.0", "--port", &port];
    let guard = if on_loopback {
        vec!["--only-this-host".to_owned()]
    } else {
        vec!["--login-password-file".to_owned(), secret::path(ADMIN_PASSWORD)]
    };
    Command(words.into_iter().map(str::to_owned).chain(guard).chain(access).collect())
}

impl Desired {
    /// Every dashboard, and what has to be known to ask for its numbers.
    #[expect(clippy::cast_precision_loss, reason = "an interval is far below 2^53 ms")]
    pub fn library(&self) -> Library {
        let interval = self.prometheus.as_ref().map_or(15_000, |prometheus| prometheus.scrape_interval.as_millis());
        Library {
            stack: self.stack.clone(),
            interval: interval as f64 / 1000.0,
            dashboards: self.dashboards.iter().map(|dashboard| dashboard.dashboard.clone()).collect(),
        }
    }

    /// The service that stands in for Grafana.
    pub fn view_service(&self) -> Option<&Service> {
        self.services.iter().find(|service| service.role == Role::View)
    }
}
