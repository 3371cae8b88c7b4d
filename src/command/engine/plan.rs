//! `engine plan`: what would change in `daemon.json`, why, and what a restart of the engine would stop.

use super::super::{Exit, Failure, output};
use super::impact::{Before, impact};
use super::proposal::{Proposal, Wishes};
use crate::cli::Global;
use crate::daemon::{ConfigFile, METRICS_KEY};

/// Arguments of `engine plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exits with 0 when there is nothing to do and with 3 when there is.")]
pub(super) struct Arguments {
    #[command(flatten)]
    wishes: Wishes,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let proposal = Proposal::of(global, &arguments.wishes).await?;
    output::print(&text(&proposal));
    Ok(if proposal.is_done() { Exit::Done } else { Exit::NotAsDesired })
}

/// The plan in words.
pub(super) fn text(proposal: &Proposal) -> String {
    let path = proposal.file.path().display().to_string();
    if proposal.change.is_empty() && !proposal.is_done() {
        let mut lines = vec![format!("{path} says so already, and the engine does not do it yet")];
        lines.extend(proposal.others_changes());
        lines.push(consequences(proposal));
        return lines.join("\n");
    }
    if proposal.is_done() {
        return nothing_to_do(proposal, &path);
    }
    let mut lines = vec![proposal.change.diff(&path).trim_end().to_owned(), String::new()];
    for edit in &proposal.change.edits {
        lines.push(format!("{}: {}", edit.path, edit.why));
    }
    lines.extend(proposal.reach());
    lines.extend(other_names(&proposal.file));
    lines.extend(proposal.others_changes());
    if proposal.running.is_some() {
        lines.push(consequences(proposal));
    }
    lines.join("\n")
}

fn nothing_to_do(proposal: &Proposal, path: &str) -> String {
    match (proposal.address, proposal.metrics_flag()) {
        (Some(address), Some(flag)) => {
            return format!("nothing to do: the flag `{} {address}` of the engine says so already", flag.written);
        }
        (Some(_), None) => return format!("nothing to do: {path} says so already"),
        (None, _) => {}
    }
    let off = format!("nothing to do: `engine.metrics` is off, so {path} is left alone");
    match (proposal.metrics_flag(), proposal.change.before.get(METRICS_KEY)) {
        (Some(flag), _) => format!(
            "{off}; the engine serves its metrics by the flag `{} {}`, which only its command line takes back",
            flag.written, flag.value
        ),
        (None, Some(_)) => format!("{off} (`--metrics off` takes `metrics-addr` out)"),
        (None, None) => format!("{off}; it has no `metrics-addr`"),
    }
}

/// A file is replaced whole, by one rename: that is what keeps it whole, and what parts it from its hard links.
fn other_names(file: &ConfigFile) -> Option<String> {
    let names = match file.other_names() {
        0 => return None,
        1 => "another name".to_owned(),
        count => format!("{count} other names"),
    };
    Some(format!(
        "{} has {names} (hard links): what is there keeps the old text; a symbolic link would follow",
        file.path().display()
    ))
}

fn consequences(proposal: &Proposal) -> String {
    let Some(running) = &proposal.running else { return String::new() };
    let before = Before {
        containers: &running.containers,
        live_restore: running.outlives_with(&proposal.change.after),
        in_swarm: running.host.in_swarm,
        reloads: proposal.reloads(),
    };
    let stops = !before.reloads && !before.live_restore && !before.containers.is_empty();
    let advice = "\n  `engine.live_restore: true` in the stack file would keep them running";
    impact(before) + if stops { advice } else { "" }
}
