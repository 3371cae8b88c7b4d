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
        login: Option<Login>,
        tls: Option<Trust>,
        time_interval: String,
        extra: Vec<String>,
    }
    /// Who Grafana says that it is.
    #[derive(Serialize)]
    struct Login {
        username: String,
        password: String,
    }
    /// Whom Grafana trusts.
    #[derive(Serialize)]
    struct Trust {
        server_name: String,
        authority: String,
    }
    let grafana = desired.grafana.as_ref()?;
    if grafana.prometheus_url.is_none() && grafana.extra_datasources.is_empty() {
        return None;
    }
    let guard = grafana.prometheus_guard.as_ref();
    let login = guard
        .and_then(|guard| guard.basic_auth.as_ref())
        .map(|auth| Login { username: auth.username.replace('$', "$$"), password: from_file(&auth.password_file) });
    let tls = guard.and_then(|guard| guard.tls.as_ref()).map(|tls| Trust {
        server_name: tls.server_name.as_deref().unwrap_or_default().replace('$', "$$"),
        authority: from_file(tls.ca_file.as_deref().unwrap_or_default()),
    });
    let view = View {
        header: yaml::HEADER,
        uid: &grafana.datasource_uid,
        url: grafana.prometheus_url.as_deref(),
        login,
        tls,
        time_interval: prometheus_duration(grafana.time_interval),
        extra: grafana.extra_datasources.iter().map(yaml::list_entry).collect(),
    };
    Some(template::fill("grafana/provisioning/datasources/prometheus.yml", &view))
}

/// Grafana's words for "what this file says".
fn from_file(path: &str) -> String {
    format!("$__file{{{path}}}")
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
