//! `dashboards list`: every dashboard, where it comes from and how many panels it has. Asks nobody.

use serde_json::json;

use crate::cli::{Format, Global, Output};
use crate::command::{Exit, Failure, output, situation};
use crate::desired::{DashboardOrigin, Desired, Facts, StackDashboard};

/// Arguments of `dashboards list`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    output: Output,
}

/// Runs it.
pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let loaded = situation::load(global)?;
    let desired = Desired::of(&loaded.stack, &Facts::default());
    match arguments.output.format {
        Format::Json => {
            let entries = desired.dashboards.iter().map(|dashboard| {
                json!({
                    "name": dashboard.name,
                    "uid": dashboard.dashboard.uid,
                    "title": dashboard.dashboard.title,
                    "panels": dashboard.dashboard.panels().count(),
                    "from": origin(dashboard),
                })
            });
            output::print_json(&entries.collect::<Vec<_>>());
        }
        Format::Text => {
            let rows: Vec<Vec<String>> = desired
                .dashboards
                .iter()
                .map(|dashboard| {
                    vec![
                        dashboard.name.clone(),
                        dashboard.dashboard.title.clone(),
                        dashboard.dashboard.panels().count().to_string(),
                        origin(dashboard).to_owned(),
                    ]
                })
                .collect();
            output::print(&output::table(&["NAME", "TITLE", "PANELS", "FROM"], &rows));
        }
    }
    Ok(Exit::Done)
}

fn origin(dashboard: &StackDashboard) -> &str {
    match (dashboard.origin, &dashboard.carried) {
        (_, Some(carried)) => &carried.file,
        (DashboardOrigin::Panels, None) => "the stack file",
        _ => "stackctl",
    }
}
