//! `grafana/provisioning/`: the data source, and where dashboards lie.

use serde::Serialize;

use super::{template, yaml};
use crate::desired::{Desired, prometheus_duration};

/// `grafana/provisioning/datasources/prometheus.yml`, where there is a Prometheus to read from.
pub(super) fn datasource(desired: &Desired) -> Option<String> {
    #[derive(Serialize)]
    struct View<'a> {
        header: &'static str,
        uid: &'a str,
        url: &'a str,
        time_interval: String,
    }
    let grafana = desired.grafana.as_ref()?;
    let view = View {
        header: yaml::HEADER,
        uid: &grafana.datasource_uid,
        url: grafana.prometheus_url.as_ref()?,
        time_interval: prometheus_duration(grafana.time_interval),
    };
    Some(template::fill("grafana/provisioning/datasources/prometheus.yml", &view))
}

/// `grafana/provisioning/dashboards/stackctl.yml`.
pub(super) fn dashboard_provider(desired: &Desired) -> Option<String> {
    #[derive(Serialize)]
    struct View<'a> {
        header: &'static str,
        folder: &'a str,
    }
    let grafana = desired.grafana.as_ref()?;
    let view = View { header: yaml::HEADER, folder: &grafana.dashboards_folder };
    Some(template::fill("grafana/provisioning/dashboards/stackctl.yml", &view))
}
