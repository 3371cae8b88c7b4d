//! `grafana/provisioning/`: the data sources, and where dashboards lie.

use serde::Serialize;

use super::{template, yaml};
use crate::desired::{Desired, prometheus_duration};

/// `grafana/provisioning/datasources/prometheus.yml`, where there is anything to read from.
pub(super) fn datasource(desired: &Desired) -> Option<String> {
    #[derive(Serialize)]
    struct View<'a> {
        header: &'static str,
        uid: &'a str,
        url: Option<&'a str>,
        time_interval: String,
        extra: Vec<String>,
    }
    let grafana = desired.grafana.as_ref()?;
    if grafana.prometheus_url.is_none() && grafana.extra_datasources.is_empty() {
        return None;
    }
    let view = View {
        header: yaml::HEADER,
        uid: &grafana.datasource_uid,
        url: grafana.prometheus_url.as_deref(),
        time_interval: prometheus_duration(grafana.time_interval),
        extra: grafana.extra_datasources.iter().map(yaml::list_entry).collect(),
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
