//! Every default of the stack file, in one place. Other modules take them from here; `check --explain` shows them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::Duration;

/// Address on which ports are published unless another is written.
pub const PUBLISH_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Where Prometheus is published.
pub const PROMETHEUS_ADDRESS: SocketAddr = SocketAddr::new(PUBLISH_ADDRESS, 9090);
/// Where Grafana is published.
pub const GRAFANA_ADDRESS: SocketAddr = SocketAddr::new(PUBLISH_ADDRESS, 3000);
/// Where Alertmanager is published.
pub const ALERTMANAGER_ADDRESS: SocketAddr = SocketAddr::new(PUBLISH_ADDRESS, 9093);
/// Labels that the alerts of one message have in common: one for each app and what is wrong with it, whatever its replicas.
pub const GROUP_BY: [&str; 2] = ["alertname", "job"];
/// How long to wait for more alerts before the first message about a group.
pub const GROUP_WAIT: Duration = Duration::from_secs(30);
/// How long to wait before a message about new alerts of a group.
pub const GROUP_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// How long until an alert that goes on is told of again.
pub const REPEAT_INTERVAL: Duration = Duration::from_secs(4 * 3600);
/// Time between two scrapes.
pub const SCRAPE_INTERVAL: Duration = Duration::from_secs(15);
/// Time one scrape may take, where the interval is not shorter.
pub const SCRAPE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long Prometheus keeps samples.
pub const RETENTION_TIME: Duration = Duration::from_secs(15 * 24 * 3600);
/// Time over which an objective is counted.
pub const OBJECTIVE_WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many Prometheus servers run that do the same.
pub const PROMETHEUS_SERVERS: u32 = 1;
/// External label that tells replicas of Prometheus apart: the one of the Prometheus Operator (`replicaExternalLabelName`).
pub const REPLICA_LABEL: &str = "prometheus_replica";
/// Path of an app's metrics.
pub const METRICS_PATH: &str = "/metrics";
/// Port of an app's metrics where neither `expose` nor `ports` says one.
pub const METRICS_PORT: u16 = 80;
/// How many replicas of an app run.
pub const SCALE: u32 = 1;

/// Path and value of every default, in the order of the stack file.
pub fn defaults_table() -> Vec<(String, String)> {
    table().into_iter().map(|(path, value)| (path.to_owned(), value)).collect()
}

fn table() -> Vec<(&'static str, String)> {
    vec![
        ("engine.metrics", "off".to_owned()),
        ("engine.live_restore", "false".to_owned()),
        ("images.from", "auto".to_owned()),
        ("prometheus", "on".to_owned()),
        ("prometheus.port", PROMETHEUS_ADDRESS.to_string()),
        ("prometheus.replicas", PROMETHEUS_SERVERS.to_string()),
        ("prometheus.shards", "none: one server scrapes everything".to_owned()),
        ("prometheus.replica_label", REPLICA_LABEL.to_owned()),
        ("prometheus.scrape_interval", SCRAPE_INTERVAL.to_string()),
        ("prometheus.scrape_timeout", format!("{SCRAPE_TIMEOUT}, or the scrape interval where that is shorter")),
        ("prometheus.evaluation_interval", "the scrape interval".to_owned()),
        ("prometheus.retention.time", RETENTION_TIME.to_string()),
        ("prometheus.web.tls.server_name", "prometheus".to_owned()),
        ("grafana", "on".to_owned()),
        ("grafana.port", GRAFANA_ADDRESS.to_string()),
        ("grafana.admin_password", "generated once and kept".to_owned()),
        ("alertmanager", "off".to_owned()),
        ("alertmanager.port", ALERTMANAGER_ADDRESS.to_string()),
        ("alertmanager.replicas", "1".to_owned()),
        ("alertmanager.receiver", "the first of `receivers`, else nobody".to_owned()),
        ("alertmanager.group_by", GROUP_BY.join(", ")),
        ("alertmanager.group_wait", GROUP_WAIT.to_string()),
        ("alertmanager.group_interval", GROUP_INTERVAL.to_string()),
        ("alertmanager.repeat_interval", REPEAT_INTERVAL.to_string()),
        ("alertmanager.receivers.*.send_resolved", "true".to_owned()),
        ("apps.*.scale", SCALE.to_string()),
        ("apps.*.ports address", PUBLISH_ADDRESS.to_string()),
        ("apps.*.restart", "no".to_owned()),
        ("apps.*.pull_policy", "missing".to_owned()),
        ("apps.*.networks", "default".to_owned()),
        ("apps.*.depends_on condition", "service_started".to_owned()),
        ("apps.*.metrics.port", format!("the first port of `expose`, else of `ports`, else {METRICS_PORT}")),
        ("apps.*.metrics.port of an attached app", format!("the first port it exposes, else {METRICS_PORT}")),
        ("apps.*.metrics.path", METRICS_PATH.to_owned()),
        ("apps.*.metrics.interval", "prometheus.scrape_interval".to_owned()),
        ("apps.*.metrics.timeout", "prometheus.scrape_timeout".to_owned()),
        ("apps.*.metrics.scheme", "http".to_owned()),
        ("apps.*.metrics.discovery", "static".to_owned()),
        ("apps.*.metrics.honor_labels", "false".to_owned()),
        ("apps.*.slo.window", OBJECTIVE_WINDOW.to_string()),
        ("scrape.*.path", METRICS_PATH.to_owned()),
        ("scrape.*.scheme", "http".to_owned()),
        ("probes.*.status", "200 to 299".to_owned()),
        ("probes.*.method", "GET".to_owned()),
        ("probes.*.follow_redirects", "true".to_owned()),
        ("probes.*.type", "A".to_owned()),
        ("probes.*.ip", "4, and 6 where there is no 4".to_owned()),
        ("probes.*.interval", "prometheus.scrape_interval".to_owned()),
        ("probes.*.timeout", "prometheus.scrape_timeout".to_owned()),
        ("dashboards.*.title", "the name".to_owned()),
        ("dashboards.*.rows[].panels[].type", "timeseries".to_owned()),
        ("networks.*.driver", "bridge".to_owned()),
        ("volumes.*.driver", "local".to_owned()),
    ]
}
