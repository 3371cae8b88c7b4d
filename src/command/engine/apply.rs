//! `engine apply`: changes `daemon.json`, and puts it in force where that is asked for.

use std::cell::Cell;
use std::time::Duration;

use super::super::{Exit, Failure, output};
use super::proposal::stopped::expect_own_ports;
use super::proposal::unseen::expect_new_containers;
use super::proposal::{Proposal, Wishes, is_rootless};
use super::restart::in_force::Written;
use super::restart::standing::{Signals, Standing};
use super::restart::way_back::WayBack;
use super::restart::way_out::undo_when_down;
use super::restart::{Restart, RestartWishes};
use super::subject::Running;
use super::typed::{as_administrator, command_line};
use super::{confirm, plan};
use crate::cli::Global;
use crate::daemon::{self, Backup, ByHand, Dockerd, Document, Release, Service, Turn, validate};

/// Arguments of `engine apply`.
#[derive(Debug, clap::Args)]
#[command(
    mut_arg("restart_command", |argument| argument.conflicts_with("config_file")),
    after_help = "What --restart stops: every container, unless live-restore is on. Each is asked to end, and killed after its own time \
                  for that (10 s unless somebody set it); those with a restart policy are started again. Without a container \
                  the engine is away for about two seconds, and for half a second to a second more for each one. \
                  `stackctl engine plan` names the containers that stay down.\n\n\
                  Examples:\n  sudo stackctl engine apply --restart\n  stackctl engine apply --config-file daemon.json --yes"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    wishes: Wishes,
    #[command(flatten)]
    restart: RestartWishes,
    /// Ask nothing
    #[arg(short, long)]
    yes: bool,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut proposal = Proposal::of(global, &arguments.wishes).await?;
    let say = |text: &str| {
        if !global.quiet {
            output::say(text);
        }
    };
    // Who is asked has to see what about.
    let show = |text: &str| {
        if !(global.quiet && arguments.yes) {
            output::say(text);
        }
    };
    if let Some(left) = proposal.left_over.take() {
        show(&left.words(&proposal.file));
        confirm("Have the file say that?", arguments.yes)?;
        let turn = Turn::of(&proposal.file)?;
        proposal.file.expect_unchanged()?;
        left.mend(&turn, &proposal.file)?;
        drop(turn);
        proposal = Proposal::of(global, &arguments.wishes).await?;
    }
    show(&plan::text(&proposal));
    // What is being put in force by another one at this moment may be taken back yet.
    Turn::expect_free(&proposal.file)?;
    if proposal.is_done() {
        return Ok(Exit::Done);
    }
    let service = arguments.restart.service(proposal.running.as_ref(), None)?;
    if proposal.change.is_empty() && service.is_none() {
        say(&by_whom(proposal.running.as_ref(), proposal.reloads(), &proposal.change.after));
        return Ok(Exit::Done);
    }
    if let Some(before) = proposal.before().filter(|_| service.is_some()) {
        expect_own_ports(before)?;
    }
    confirm(if service.is_some() { "Change it and restart the engine?" } else { "Change it?" }, arguments.yes)?;
    let has_begun = Cell::default();
    let standing = standing(&proposal, service.as_ref(), &has_begun)?;
    let signals = Signals::listen()?;
    let patience = arguments.restart.patience();
    signals.beside(change(global, &proposal, service, patience, &has_begun), &standing).await
}

/// How it stands is told by what the file was and what it is to be.
fn standing<'a>(
    proposal: &'a Proposal,
    service: Option<&Service>,
    restarts: &'a Cell<bool>,
) -> Result<Standing<'a>, Failure> {
    let file = &proposal.file;
    let now = || file.bytes().map(<[u8]>::to_vec);
    let (before, after) = if proposal.change.is_empty() {
        (earlier(proposal)?.map_or_else(|| Ok(now()), |copy| copy.bytes())?, now())
    } else {
        (now(), Some(proposal.change.after.bytes()))
    };
    let undo = service.map(|service| undo_when_down(Some(service), file)).unwrap_or_default();
    Ok(Standing { file, before, after, is_rollback: false, undo, starts: service.is_some(), restarts })
}

/// Writes it, and puts it in force where something restarts the engine.
async fn change(
    global: &Global,
    proposal: &Proposal,
    service: Option<Service>,
    patience: Duration,
    has_begun: &Cell<bool>,
) -> Result<Exit, Failure> {
    let say = |text: &str| {
        if !global.quiet {
            output::say(text);
        }
    };
    expect_new_containers(proposal).await?;
    let turn = Turn::of(&proposal.file).map_err(|error| or_by_hand(proposal, error))?;
    proposal.running.as_ref().map_or(Ok(()), Running::expect_alive)?;
    let backup = if proposal.change.is_empty() { earlier(proposal)? } else { Some(write(proposal, &turn)?) };
    if let Some(backup) = backup.as_ref().filter(|_| !proposal.change.is_empty()) {
        let path = proposal.file.path().display();
        let named = proposal.file.path().display().to_string();
        let named = shlex::try_quote(&named).unwrap_or_default();
        let given = if proposal.running.is_some() { String::new() } else { format!(" --config-file {named}") };
        let undo = format!("stackctl engine rollback{given}");
        say(&format!("wrote {path}; what it was before: {} (`{undo}`)", backup.path().display()));
    }
    if let (Some(service), Some(running)) = (service, &proposal.running) {
        let (turn, has_hung) = (&turn, Cell::default());
        let restart = Restart { running, service, patience, global, turn, is_last: false, has_hung, has_begun };
        let written = Written {
            now: &proposal.change.after,
            reloads: proposal.reloads(),
            file: &proposal.file,
            way_back: backup.map_or(WayBack::None, WayBack::Copy),
            proven: Some(&proposal.desired),
        };
        return restart.put_in_force(written).await;
    }
    say(&by_whom(proposal.running.as_ref(), proposal.reloads(), &proposal.change.after));
    Ok(Exit::Done)
}

/// The copy to go back to where the file was changed before, and is not in force yet.
fn earlier(proposal: &Proposal) -> Result<Option<Backup>, Failure> {
    Ok(Backup::last(proposal.file.path())?.filter(|backup| backup.is_undone_by(&proposal.file)))
}

fn write(proposal: &Proposal, turn: &Turn) -> Result<Backup, Failure> {
    let Proposal { file, change, running, .. } = proposal;
    let judge = running.as_ref().and_then(Running::judging);
    let approve = |candidate: &std::path::Path| approve(judge, candidate, file.path());
    file.replace(turn, &change.after.bytes(), approve).map_err(|error| or_by_hand(proposal, error))
}

fn or_by_hand(proposal: &Proposal, error: daemon::Error) -> Failure {
    match error {
        daemon::Error::Denied { .. } if !proposal.change.is_empty() => by_hand(proposal, &error),
        error => error.into(),
    }
}

/// The engine's own program has the last word, where it has one to say.
fn approve(
    judge: Option<(&Dockerd, Release)>,
    candidate: &std::path::Path,
    path: &std::path::Path,
) -> Result<(), daemon::Error> {
    judge.map_or(Ok(()), |(dockerd, release)| validate(dockerd, release, candidate, path))
}

/// Without the right to change it, the commands are what there is to give.
fn by_hand(proposal: &Proposal, error: &daemon::Error) -> Failure {
    let running = proposal.running.as_ref();
    let restart = running.and_then(Running::service).map(|service| service.restart_line());
    let reload = running.and_then(|running| running.before_restart(&proposal.change.after));
    let by_hand = ByHand {
        file: &proposal.file,
        text: proposal.change.after.text(),
        dockerd: running.and_then(Running::validating),
        reload: reload.as_deref(),
        restart: restart.as_deref(),
        is_own: running.is_some_and(is_rootless),
    };
    output::print(&by_hand.commands());
    let advice =
        format!("run it as an administrator, `{}`, or type the commands above", as_administrator(&command_line()));
    Failure::World(crate::engine::Error::new(error.to_string(), "nothing was changed").advise(advice))
}

/// Who puts it in force, where nobody asked for a restart. `now`: what the file says.
pub(super) fn by_whom(running: Option<&Running>, reloads: bool, now: &Document) -> String {
    let Some(running) = running else {
        return "no engine was touched: it reads the file when it starts".to_owned();
    };
    let dockerd = running.dockerd.as_ref();
    let before = running.before_restart(now);
    let before = before.map(|before| format!("`{before}`, without which containers stop, then ")).unwrap_or_default();
    match (reloads, dockerd, running.service()) {
        (true, Some(dockerd), _) => {
            format!("not in force yet; `sudo kill -HUP {}` has the engine read it", dockerd.pid)
        }
        (_, _, Some(service @ (Service::Systemd { .. } | Service::OpenRc))) => {
            let line = service.restart_line();
            format!("not in force yet; next: {before}`{line}`, or the same command with --restart")
        }
        _ => format!(
            "not in force yet; next: {before}restart the engine, or give the command that does it to --restart-command"
        ),
    }
}
