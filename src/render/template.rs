//! The templates, each compiled once, and the filter that makes any text one YAML scalar.

use std::sync::LazyLock;

use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

use super::yaml;

/// What a template is called among those that are compiled with it, of which there are none.
const NAME: &str = "file";

/// Fills the template of that name. Every value in it goes through the filter `scalar`, numbers and durations aside.
pub(super) fn fill(template_name: &str, view: &impl Serialize) -> String {
    let (_, template) = TEMPLATES.iter().find(|(name, _)| *name == template_name).expect("its line stands below");
    let context = Context::from_serialize(view).expect("a view is a struct of plain values");
    template.render(NAME, &context).expect("the templates use only what their views have")
}

fn compiled(source: &'static str) -> Tera {
    let mut tera = Tera::default();
    tera.autoescape_on(Vec::<&'static str>::new());
    tera.register_filter("scalar", |text: &str, _: Kwargs, _: &State| yaml::scalar(text));
    tera.add_raw_template(NAME, source).expect("the templates are compiled in every test run");
    tera
}

/// One line for each template, named after the file it makes. It is compiled when it is filled for the first time, which few
/// commands do with all of them.
static TEMPLATES: [(&str, LazyLock<Tera>); 4] = [
    (
        "prometheus/prometheus.yml",
        LazyLock::new(|| compiled(include_str!("../../templates/prometheus/prometheus.yml"))),
    ),
    (
        "alertmanager/alertmanager.yml",
        LazyLock::new(|| compiled(include_str!("../../templates/alertmanager/alertmanager.yml"))),
    ),
    (
        "grafana/provisioning/datasources/prometheus.yml",
        LazyLock::new(|| compiled(include_str!("../../templates/grafana/provisioning/datasources/prometheus.yml"))),
    ),
    (
        "grafana/provisioning/dashboards/stackctl.yml",
        LazyLock::new(|| compiled(include_str!("../../templates/grafana/provisioning/dashboards/stackctl.yml"))),
    ),
];
