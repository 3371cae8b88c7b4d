//! `view/dashboards.json`: what stackctl's own view shows where it stands in for Grafana.

use crate::desired::Desired;

/// The file, where the view runs.
pub(super) fn render(desired: &Desired) -> Option<String> {
    desired.view_service()?;
    let library = serde_json::to_value(desired.library()).expect("a dashboard is plain data");
    Some(super::memory::pretty(&library))
}
