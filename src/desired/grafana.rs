//! Grafana: its configuration and its service.

use super::assemble::Input;
use super::component::{self, Listening};
use super::image::Chosen;
use super::{
    ContainerSettings, Datasource, GrafanaConfig, OnChange, PlacedFile, PlacedSecret, PrometheusServer, Role,
    SecretSource, Service, StackDashboard,
};
use super::{container, guard, network, prometheus, secret, server, volume};
use crate::catalog::grafana::{ADMIN_PASSWORD, DASHBOARDS_FOLDER, GRAFANA};
use crate::dashboard::DATASOURCE_UID;
use crate::stack::{Grafana, Prometheus};

/// Configuration and service. `fed_by`: the Prometheus that runs beside it.
pub(super) fn make(
    input: Input,
    section: &Grafana,
    chosen: Chosen,
    fed_by: Option<&Prometheus>,
) -> (GrafanaConfig, Service) {
    let config = GrafanaConfig {
        datasources: fed_by.map(|prometheus| datasources(input, prometheus)).unwrap_or_default(),
        prometheus_guard: fed_by.and_then(guard::of),
        time_interval: prometheus::scrape_interval(fed_by.unwrap_or(&Prometheus::default())),
        dashboards_folder: DASHBOARDS_FOLDER.to_owned(),
        extra_datasources: section.extra_datasources.clone(),
        published: component::published(section.port, GRAFANA.port),
    };
    let mut service = service(input, section, chosen, &config);
    service.container.secrets.extend(fed_by.into_iter().flat_map(guard::grafana_secrets));
    (config, service)
}

/// One for each server that has the whole: where the first has fallen, people choose another.
fn datasources(input: Input, prometheus: &Prometheus) -> Vec<Datasource> {
    let servers = server::all(input, prometheus).into_iter().filter(PrometheusServer::has_the_whole);
    let one = |server: PrometheusServer| {
        let url = guard::url(input.stack, prometheus, &server.service);
        if server.is_first() {
            return Datasource { name: "Prometheus".to_owned(), uid: DATASOURCE_UID.to_owned(), url };
        }
        Datasource { name: format!("Prometheus ({})", server.service), uid: server.service, url }
    };
    servers.map(one).collect()
}

fn service(input: Input, section: &Grafana, chosen: Chosen, config: &GrafanaConfig) -> Service {
    let settings = settings(section, &chosen, config);
    let mut container = container::make(input.stack, GRAFANA.name, settings, &section.wiring);
    volume::add_data(input.stack, &GRAFANA, GRAFANA.name, &mut container.mounts);
    container.networks = network::with_default(input.stack, GRAFANA.name, &section.wiring.networks);
    container.files = files(config);
    container.secrets.push(admin_password(section));
    Service {
        name: GRAFANA.name.to_owned(),
        role: Role::Grafana,
        image: chosen.image,
        replicas: 1,
        file_scale: 1,
        depends_on: Vec::new(),
        wave: 0,
        container,
        fingerprint: String::new(),
    }
}

fn settings(section: &Grafana, chosen: &Chosen, config: &GrafanaConfig) -> ContainerSettings {
    let mut settings = section.container.clone();
    settings.ports.0.extend(config.published.map(|address| component::port(address, GRAFANA.port)));
    component::settings(&GRAFANA, chosen, settings, &Listening { host_address: None, port: GRAFANA.port })
}

/// What `admin` logs in with: Grafana's own, and what stands in its place.
pub(super) fn admin_password(section: &Grafana) -> PlacedSecret {
    match &section.admin_password {
        Some(written) => secret::place(ADMIN_PASSWORD.to_owned(), written),
        None => secret::at_usual_place(ADMIN_PASSWORD.to_owned(), SecretSource::Generated),
    }
}

/// Grafana looks at its dashboards every few seconds.
pub(super) fn dashboard_files(dashboards: &[StackDashboard]) -> impl Iterator<Item = PlacedFile> {
    dashboards.iter().map(|dashboard| PlacedFile {
        source: format!("grafana/dashboards/{}.json", dashboard.name),
        target: format!("{DASHBOARDS_FOLDER}/{}.json", dashboard.name),
        on_change: OnChange::Nothing,
    })
}

/// Grafana reads its provisioning at start only.
fn files(config: &GrafanaConfig) -> Vec<PlacedFile> {
    let placed = |path: &str| PlacedFile {
        source: format!("grafana/{path}"),
        target: format!("/etc/grafana/{path}"),
        on_change: OnChange::Replace,
    };
    let has_source = !config.datasources.is_empty() || !config.extra_datasources.is_empty();
    let datasource = has_source.then(|| placed("provisioning/datasources/prometheus.yml"));
    datasource.into_iter().chain([placed("provisioning/dashboards/stackctl.yml")]).collect()
}
