//! Desired → the exact bytes of every generated file, in memory. Pure, but for `write`. The only folder that knows tera.

mod alertmanager;
mod beside;
mod blackbox;
mod compose;
mod daemon;
mod dashboard;
mod grafana;
mod memory;
mod prometheus;
mod rule_tests;
mod rules;
mod side_by_side;
mod template;
mod view;
mod write;
mod yaml;

pub use memory::memory;
pub use rule_tests::{RuleTestFiles, TESTS_FOLDER, rule_tests};
pub use write::{Change, Written, plain, write};

use indexmap::IndexMap;

use crate::desired::{Desired, LIBRARY_SOURCE};

/// Every generated file by its path below the output folder, such as `prometheus/prometheus.yml`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files(pub IndexMap<String, String>);

/// Renders every file. One line for each; a file that is not needed is not there.
pub fn all(desired: &Desired) -> Files {
    let files = [
        ("compose.yml", Some(compose::render(desired))),
        ("daemon.json", daemon::render(desired)),
        ("prometheus/client.yml", prometheus::client(desired)),
        ("prometheus/stackctl.json", memory::render(desired)),
        ("alertmanager/alertmanager.yml", alertmanager::render(desired)),
        (blackbox::SOURCE, blackbox::render(desired)),
        ("grafana/provisioning/datasources/prometheus.yml", grafana::datasource(desired)),
        ("grafana/provisioning/dashboards/stackctl.yml", grafana::dashboard_provider(desired)),
        (LIBRARY_SOURCE, view::render(desired)),
    ];
    let present = files.into_iter().filter_map(|(path, text)| Some((path.to_owned(), text?)));
    Files(
        present
            .chain(prometheus::files(desired))
            .chain(rules::files(desired))
            .chain(alertmanager::templates(desired))
            .chain(dashboard::files(desired))
            .collect(),
    )
}
