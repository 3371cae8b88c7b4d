//! `view/dashboards.json`: what stackctl's own view shows where it stands in for Grafana.

use crate::desired::Desired;

/// The file, where the view runs.
pub(super) fn render(desired: &Desired) -> Option<String> {
    desired.view_service()?;
    Some(super::memory::pretty(&desired.library()))
}
