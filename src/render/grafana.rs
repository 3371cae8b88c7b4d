//! `grafana/provisioning/`: the data sources, and where dashboards lie.

use serde::Serialize;

use super::{template, yaml};
use crate::desired::{Desired, prometheus_duration};

/// `grafana/provisioning/datasources/prometheus.yml`, where there is anything to read from.
pub(super) fn datasource(desired: &Desired) -> Option<String> {
    #[derive(Serialize)]
    struct View<'a> {
        header: &'static str,
        datasources: Vec<Source<'a>>,
        login: Option<Login>,
        tls: Option<Trust>,
        time_interval: String,
        extra: Vec<String>,
    }
    #[derive(Serialize)]
    struct Source<'a> {
        name: &'a str,
        uid: &'a str,
        url: &'a str,
        is_default: bool,
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
    if grafana.datasources.is_empty() && grafana.extra_datasources.is_empty() {
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
        datasources: grafana
            .datasources
            .iter()
            .enumerate()
            .map(|(index, source)| Source {
                name: &source.name,
                uid: &source.uid,
                url: &source.url,
                is_default: index == 0,
            })
            .collect(),
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
