//! `engine plan`: what would change in `daemon.json`, why, and what a restart of the engine would stop.

use super::super::{Exit, Failure, output};
use super::proposal::impact::{Outlive, impact, names};
use super::proposal::{Proposal, Wishes};
use super::subject::LIVE_RESTORE;
use crate::cli::Global;
use crate::daemon::{Change, ConfigFile, Edit, METRICS_KEY};
use crate::engine::{AfterRestart, EngineKind};

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
    if let Some(left) = &proposal.left_over {
        let words = left.words(&proposal.file);
        return format!("{words}\n`stackctl engine apply` does that, and says then what else there is to do");
    }
    let path = proposal.file.path().display().to_string();
    if proposal.change.is_empty() && !proposal.is_done() {
        let mut lines = vec![format!("{path} says so already, and the engine does not do it yet")];
        lines.extend(proposal.others_changes());
        lines.extend(stays_on(proposal));
        lines.push(consequences(proposal));
        return lines.join("\n");
    }
    if proposal.is_done() {
        let done = nothing_to_do(proposal, &path);
        return stays_on(proposal).map_or(done.clone(), |stays| format!("{done}\n{stays}"));
    }
    let mut lines = vec![proposal.change.diff(&path).trim_end().to_owned(), String::new()];
    for edit in &proposal.change.edits {
        lines.push(format!("{}: {}", edit.path, edit.why));
    }
    lines.extend(proposal.reach());
    lines.extend(without_name(proposal));
    lines.extend(left_behind(&proposal.change));
    lines.extend(stays_on(proposal));
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

/// A setting of the whole host is left alone unless the stack file asks for it, and `false` asks for nothing.
fn stays_on(proposal: &Proposal) -> Option<String> {
    let is_on = proposal.change.after.get(LIVE_RESTORE) == Some(true.into());
    let is_asked_for = !proposal.has_stack_file || proposal.desired.host.live_restore;
    (is_on && !is_asked_for).then(|| {
        let path = proposal.file.path().display();
        format!(
            "`live-restore` stays on: {path} says so, and the stack file, also with `engine.live_restore: false`, leaves it alone; \
             where it is to go, write `false` there by hand, and have the engine read that (`sudo kill -HUP $(pidof dockerd)`)"
        )
    })
}

/// An address is served without a gateway, too; the name that containers have for their host needs one.
fn without_name(proposal: &Proposal) -> Option<String> {
    let address = proposal.address?;
    let none = proposal.no_gateway().filter(|none| none.leads_nowhere)?;
    let ip = address.ip();
    let is_one = !ip.is_loopback() && !ip.is_unspecified();
    let such_as = if is_one { format!(", such as {ip}") } else { " (`ip address` lists them)".to_owned() };
    Some(format!(
        "warning: {}; set `host-gateway-ip` in daemon.json to an address of this host that containers reach{such_as}, or no \
         container with that name can be made",
        none.message
    ))
}

/// What was written with the metrics and is not taken out with them: others may rely on where the bridge is by now.
fn left_behind(change: &Change) -> Option<String> {
    let is_removed = |edit: &&Edit| edit.path == METRICS_KEY && edit.to.is_none();
    let metrics = change.edits.iter().find(is_removed)?.from.as_ref()?.as_str()?.to_owned();
    let (address, _) = metrics.rsplit_once(':')?;
    let is_there = |name: &&str| {
        let text = change.after.get_text(name).unwrap_or_default();
        text.split('/').next() == Some(address)
    };
    let stay: Vec<String> =
        ["bip", "host-gateway-ip"].iter().filter(|name| is_there(name)).map(|name| format!("`{name}`")).collect();
    let (stay, what) = match &stay[..] {
        [] => return None,
        [one] => (format!("{one} stays"), "it"),
        several => (format!("{} stay", several.join(" and ")), "them"),
    };
    Some(format!(
        "{stay}: {address} may be in use for more than the metrics; take {what} out by hand where it was written for them only"
    ))
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
    let (Some(running), Some(before)) = (&proposal.running, proposal.before()) else { return String::new() };
    let could_run_on = !before.in_swarm && running.host.kind != EngineKind::Rootless;
    let all_stop = before.outlive == Outlive::Nothing && !before.containers.is_empty();
    let stops = could_run_on && !before.reloads && all_stop;
    let advice = "\n  `engine.live_restore: true` in the stack file would keep them running";
    let but_some = running.removes_what_lives_on() && !names(before.containers, AfterRestart::Removed).is_empty();
    let but = if but_some { ", but for those with --rm" } else { "" };
    impact(before) + &if stops { format!("{advice}{but}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::daemon::Document;

    #[test]
    fn what_was_written_for_the_metrics_only_is_told_when_they_go() {
        let told = |text: &str| {
            let document = Document::parse(text.as_bytes()).expect(text);
            left_behind(&Change::of(&document, &Map::new(), &[METRICS_KEY]))
        };
        let pinned = told("{\"metrics-addr\": \"172.18.0.1:9323\", \"bip\": \"172.18.0.1/16\"}").expect("it stays");
        assert!(pinned.starts_with("`bip` stays: 172.18.0.1 may be in use"), "{pinned}");
        let both = "{\"metrics-addr\": \"10.9.0.1:1\", \"bip\": \"10.9.0.1/24\", \"host-gateway-ip\": \"10.9.0.1\"}";
        assert!(told(both).is_some_and(|told| told.starts_with("`bip` and `host-gateway-ip` stay")));
        assert_eq!(told("{\"metrics-addr\": \"127.0.0.1:9323\", \"bip\": \"172.18.0.1/16\"}"), None);
        assert_eq!(told("{\"bip\": \"172.18.0.1/16\"}"), None);
    }
}
