//! Dashboards for what stackctl knows: one file each.

mod blackbox;
mod cadvisor;
mod docker_engine;
mod mysql;
mod nginx;
mod node;
mod overview;
mod postgres;
mod prometheus;
mod pushgateway;
mod redis;

use super::app::{TAG, WatchedApp, instance, restarts, to_the_others};
use super::{Dashboard, Row, Variable, VariableSource};

/// The presets that can be named under `dashboards`, sorted. `overview` is the one that depends on the stack.
pub const PRESETS: &[&str] = &[
    "blackbox",
    "cadvisor",
    "docker-engine",
    "mysql",
    "nginx",
    "node",
    "overview",
    "postgres",
    "prometheus",
    "pushgateway",
    "redis",
];

/// The uid of the overview where nobody names it. No name in a stack file begins so, and nothing else has this uid.
pub const OVERVIEW_UID: &str = "_overview";

/// The dashboard of that preset. `apps`: what the overview tells of.
pub fn preset(preset_name: &str, stack_name: &str, apps: &[WatchedApp]) -> Option<Dashboard> {
    match preset_name {
        "blackbox" => Some(blackbox::dashboard()),
        "cadvisor" => Some(cadvisor::dashboard()),
        "docker-engine" => Some(docker_engine::dashboard()),
        "mysql" => Some(mysql::dashboard()),
        "nginx" => Some(nginx::dashboard()),
        "node" => Some(node::dashboard()),
        "overview" => Some(overview::dashboard(stack_name, apps)),
        "postgres" => Some(postgres::dashboard()),
        "prometheus" => Some(prometheus::dashboard()),
        "pushgateway" => Some(pushgateway::dashboard()),
        "redis" => Some(redis::dashboard()),
        _ => None,
    }
}

/// A dashboard for jobs that have a metric, one of them at a time.
fn for_jobs_with(metric: &str, uid: &str, title: &str, rows: Vec<Row>) -> Dashboard {
    let job = Variable {
        name: "job".to_owned(),
        label: "Job".to_owned(),
        source: VariableSource::LabelValues { selector: metric.to_owned(), label: "job".to_owned() },
        ..Variable::default()
    };
    Dashboard {
        uid: uid.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        tags: vec![TAG.to_owned()],
        variables: vec![job, instance(&format!("{metric}{{job=\"$job\"}}"))],
        rows,
        links: vec![to_the_others()],
        annotations: vec![restarts("job=\"$job\",instance=~\"$instance\"")],
        time: None,
        refresh: None,
    }
}

/// The matchers of the job and the instances that were chosen, in place of `*` in a query: `up{*}`.
fn chosen(query: &str) -> String {
    query.replace("{*", "{job=\"$job\",instance=~\"$instance\"")
}

#[cfg(test)]
mod tests {
    use super::{PRESETS, preset};
    use crate::dashboard::PanelKind;
    use crate::promql::{Expression, Filling, fill};

    #[test]
    fn every_query_of_every_preset_parses_and_every_panel_asks_something() {
        for name in PRESETS {
            let dashboard = preset(name, "demo", &[]).expect("a preset");
            assert!(dashboard.panels().count() >= 6, "{name}");
            for panel in dashboard.panels() {
                assert_eq!(panel.queries.is_empty(), panel.kind == PanelKind::Text, "{name}: {}", panel.title);
                for query in &panel.queries {
                    let parsed = Expression::parse(&fill(&query.expression, &Filling::default()));
                    assert!(parsed.is_ok(), "{name}: {}: {}: {parsed:?}", panel.title, query.expression);
                    assert!(!query.expression.contains("{*"), "{}", query.expression);
                }
            }
        }
        assert_eq!(preset("nodes", "demo", &[]), None);
    }
}
