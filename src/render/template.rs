//! The templates, compiled once, and the filter that makes any text one YAML scalar.

use std::sync::LazyLock;

use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

use super::yaml;

/// Fills the template of that name. Every value in it goes through the filter `scalar`, numbers and durations aside.
pub(super) fn fill(template_name: &str, view: &impl Serialize) -> String {
    let context = Context::from_serialize(view).expect("a view is a struct of plain values");
    TEMPLATES.render(template_name, &context).expect("the templates use only what their views have")
}

static TEMPLATES: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::default();
    tera.autoescape_on(Vec::<&'static str>::new());
    tera.register_filter("scalar", |text: &str, _: Kwargs, _: &State| yaml::scalar(text));
    tera.add_raw_templates(SOURCES.iter().copied()).expect("the templates are compiled in every test run");
    tera
});

/// One line for each template, named after the file it makes.
const SOURCES: &[(&str, &str)] = &[
    ("prometheus/prometheus.yml", include_str!("../../templates/prometheus/prometheus.yml")),
    ("alertmanager/alertmanager.yml", include_str!("../../templates/alertmanager/alertmanager.yml")),
    (
        "grafana/provisioning/datasources/prometheus.yml",
        include_str!("../../templates/grafana/provisioning/datasources/prometheus.yml"),
    ),
    (
        "grafana/provisioning/dashboards/stackctl.yml",
        include_str!("../../templates/grafana/provisioning/dashboards/stackctl.yml"),
    ),
];
