//! `Desired::of`: puts the parts together.

use super::image::{self, Chosen};
use super::{AlertmanagerConfig, Desired, Facts, GrafanaConfig, LeftOut, PrometheusConfig, Role, Service};
use super::{
    alertmanager, app, attached, daemon, dashboards, exporter, fingerprint, grafana, network, order, prometheus, view,
    volume,
};
use crate::stack::{Stack, Toggle};

/// What every part is made from.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) stack: &'a Stack,
    pub(super) facts: &'a Facts,
}

impl Desired {
    /// Makes every choice. Pure: the same stack and the same facts give the same value.
    pub fn of(stack: &Stack, facts: &Facts) -> Self {
        let input = Input { stack, facts };
        let Parts { mut services, prometheus, grafana, alertmanager, left_out } = Parts::of(input);
        let dashboards = dashboards::all(input, prometheus.as_ref());
        if let Some(service) = services.iter_mut().find(|service| service.role == Role::Grafana) {
            service.container.files.extend(grafana::dashboard_files(&dashboards));
        }
        let mut services = order::arrange(services);
        for service in &mut services {
            service.image.content = facts.contents.get(&service.image.reference).cloned();
            service.fingerprint = fingerprint::of(&service.image.reference, &service.container);
        }
        let mut networks = network::used(stack, &services);
        networks.extend(attached::networks(&attached::attachments(input), &networks));
        Self {
            stack: stack.name.as_str().to_owned(),
            networks,
            volumes: volume::used(stack, &services),
            services,
            exposed: dashboards::known(input, prometheus.as_ref()),
            learned_from: dashboards::learned_from(input, prometheus.as_ref()),
            golden: dashboards::golden(input, prometheus.as_ref()),
            prometheus,
            grafana,
            alertmanager,
            dashboards,
            probes: super::probe::modules(stack),
            daemon: daemon::settings(input),
            host: daemon::host(input),
            left_out,
            scale: app::scale_in_force(input),
        }
    }
}

/// References of the images that the services run from, in no order: what [`Desired::of`] says of them, at a fraction of the
/// work.
pub fn image_references(stack: &Stack, facts: &Facts) -> Vec<String> {
    Parts::of(Input { stack, facts }).services.into_iter().map(|service| service.image.reference).collect()
}

/// All services, in no order, and what the components among them are set to.
struct Parts {
    services: Vec<Service>,
    prometheus: Option<PrometheusConfig>,
    grafana: Option<GrafanaConfig>,
    alertmanager: Option<AlertmanagerConfig>,
    left_out: Vec<LeftOut>,
}

impl Parts {
    /// Apps and exporters, then Prometheus, Grafana and Alertmanager, as far as they are on and can be had.
    fn of(input: Input) -> Self {
        let mut left_out = Vec::new();
        let mut services = app::services(input);
        services.extend(exporter::services(input, &mut left_out));
        let prometheus = wanted(input, "prometheus", &input.stack.prometheus, &mut left_out);
        let fed_by = prometheus.as_ref().map(|(section, _)| *section);
        let grafana = wanted(input, "grafana", &input.stack.grafana, &mut left_out).map(|(section, chosen)| {
            let (config, service) = grafana::make(input, section, chosen, fed_by);
            services.push(service);
            config
        });
        let alertmanager = wanted(input, "alertmanager", &input.stack.alertmanager, &mut left_out);
        let alertmanager = alertmanager.map(|(section, chosen)| {
            let (config, made) = alertmanager::make(input, section, &chosen);
            services.extend(made);
            config
        });
        let prometheus = prometheus.map(|(section, chosen)| {
            let (config, made) = prometheus::make(input, section, &chosen, &services, alertmanager.as_ref());
            services.extend(made);
            config
        });
        if let (Some(section), None, Some(fed_by)) = (input.stack.grafana.as_option(), &grafana, fed_by) {
            services.push(view::service(input, section, fed_by));
        }
        Self { services, prometheus, grafana, alertmanager, left_out }
    }
}

/// The section and the image of a component that is on and can be had.
fn wanted<'a, T>(
    input: Input,
    component_name: &str,
    section: &'a Toggle<T>,
    left_out: &mut Vec<LeftOut>,
) -> Option<(&'a T, Chosen)> {
    Some((section.as_option()?, or_left_out(image::choose(input, component_name), left_out)?))
}

/// Takes what can be had, and notes what cannot.
pub(super) fn or_left_out<T>(choice: Result<T, LeftOut>, left_out: &mut Vec<LeftOut>) -> Option<T> {
    choice.map_err(|missing| left_out.push(missing)).ok()
}
