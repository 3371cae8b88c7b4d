//! `dashboards list`: every dashboard, where it comes from and how many panels it has. What apps expose is what the running
//! stack has learned of them; where no engine answers, that is not known, and the rest is listed.

use std::time::Duration;

use indexmap::IndexMap;
use serde_json::json;

use crate::cli::{Format, Global, Output};
use crate::command::{Exit, Failure, facts, output, situation};
use crate::desired::{DashboardOrigin, Desired, Facts, StackDashboard};
use crate::stack::Stack;

/// How long the engine may take: the list is of use without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Arguments of `dashboards list`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    output: Output,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let loaded = situation::load(global)?;
    let known = tokio::time::timeout(PATIENCE, known(&loaded.stack)).await.ok().flatten();
    if known.is_none() && !global.quiet {
        output::say("no engine answers, so panels are counted without what the running stack has learned of its apps");
    }
    let known = known.unwrap_or_default();
    let desired = Desired::of(&loaded.stack, &known);
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
                        in_one_line(&dashboard.dashboard.title),
                        dashboard.dashboard.panels().count().to_string(),
                        origin(dashboard).to_owned(),
                    ]
                })
                .collect();
            output::print(&output::table(&["NAME", "TITLE", "PANELS", "FROM"], &rows));
            let told = not_shown(&loaded.stack, &known, &desired).filter(|_| !global.quiet);
            if let Some(told) = told {
                output::say(&output::fitted(&std::io::stderr(), &told, 0));
            }
        }
    }
    Ok(Exit::Done)
}

/// What a stack without `dashboards` would show by itself, and this one does not.
fn not_shown(stack: &Stack, known: &Facts, desired: &Desired) -> Option<String> {
    if stack.dashboards.is_empty() {
        return None;
    }
    let by_itself = Desired::of(&Stack { dashboards: IndexMap::new(), ..stack.clone() }, known);
    let is_shown = |name: &str| desired.dashboards.iter().any(|dashboard| dashboard.name == name);
    let names = by_itself.dashboards.iter().map(|dashboard| dashboard.name.as_str());
    let names: Vec<&str> = names.filter(|name| !is_shown(name)).collect();
    (!names.is_empty()).then(|| {
        format!("the stack file names its dashboards, so there are no others: not shown are {}", names.join(", "))
    })
}

/// What the running stack goes by. `None`: no engine answers.
async fn known(stack: &Stack) -> Option<Facts> {
    let engine = situation::connect().await.ok()?;
    let observed = engine.observe(&situation::question(stack, &engine)).await.ok()?;
    Some(facts::of_running(stack, &observed))
}

/// A title may be any text: its line breaks would tear the table.
fn in_one_line(title: &str) -> String {
    title.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn origin(dashboard: &StackDashboard) -> &str {
    match (dashboard.origin, &dashboard.carried) {
        (_, Some(carried)) => &carried.file,
        (DashboardOrigin::Panels, None) => "the stack file",
        _ => "stackctl",
    }
}

#[cfg(test)]
mod tests {
    use super::{in_one_line, not_shown};
    use crate::command::VOCABULARY;
    use crate::desired::{Desired, Facts};
    use crate::stack::{Environment, parse};

    #[test]
    fn what_ends_with_dashboards_of_the_stack_files_own_is_named() {
        let told = |dashboards: &str| {
            let text = format!("name: demo\napps: {{ web: {{ image: \"web:1\", metrics: {{}} }} }}\n{dashboards}");
            let folder = std::path::Path::new(".");
            let loaded = parse("stack.yml", &text, folder, &Environment::default(), &VOCABULARY).expect("a stack");
            let known = Facts::default();
            not_shown(&loaded.stack, &known, &Desired::of(&loaded.stack, &known))
        };
        let own = "rows: [{ panels: [{ title: A, query: up }] }]";
        assert_eq!(told(""), None);
        let told_of = |dashboards: &str| told(dashboards).unwrap_or_default();
        assert!(told_of(&format!("dashboards: {{ mine: {{ {own} }} }}\n")).ends_with("not shown are overview, web"));
        let with_preset = format!("dashboards: {{ web: {{ {own} }}, overview: {{ preset: overview }} }}\n");
        assert_eq!(told(&with_preset), None);
    }

    #[test]
    fn a_title_stays_in_its_line() {
        assert_eq!(in_one_line("CPU\r\nand\tmemory\u{1b}"), "CPU and memory");
        assert_eq!(in_one_line("CPU  and memory"), "CPU  and memory");
    }
}
