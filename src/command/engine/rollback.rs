//! `engine rollback`: puts back what `daemon.json` was before the last `engine apply`.

use std::cell::Cell;

use super::super::{Exit, Failure, output};
use super::apply::by_whom;
use super::impact::{Before, impact};
use super::in_force::{WayBack, Written};
use super::live_restore;
use super::restart::{Restart, RestartWishes};
use super::subject::{Running, Which, file_of_any_engine, reader_of};
use super::{answer, confirm};
use crate::cli::Global;
use crate::daemon::{Backup, ConfigFile, Document, Release, Turn, diff, needs_restart, objections, refused_by};

/// Arguments of `engine rollback`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    restart: RestartWishes,
    /// Ask nothing
    #[arg(short, long)]
    yes: bool,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let (file, running) = match &arguments.which.config_file {
        Some(path) => (ConfigFile::read(path)?, None),
        None => file_of_any_engine().await?,
    };
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
    let path = file.path().display().to_string();
    let Some(backup) = Backup::last(file.path())? else {
        say(&format!("nothing to roll back: stackctl keeps no copy of {path}"));
        return Ok(Exit::Done);
    };
    // The file of an engine on this host is judged by what that engine takes, also where it is named.
    let reader = if running.is_none() { reader_of(&file).await } else { None };
    let restored = startable(&file, &backup, running.as_ref().or(reader.as_ref()))?;
    show(&what(&file, &backup)?);
    let force = running.as_ref().map(|running| Force::of(running, &file, &backup, &restored));
    if let (Some(force), Some(running)) = (&force, &running) {
        show(&force.words(running, &restored));
    }
    let service = arguments.restart.service(running.as_ref())?.filter(|_| force != Some(Force::Already));
    confirm(if service.is_some() { "Put it back and restart the engine?" } else { "Put it back?" }, arguments.yes)?;
    let turn = Turn::of(&file)?;
    // While an engine restarts, both texts are on disk.
    let (done, until_now) = match (&service, &running) {
        (Some(_), Some(_)) => backup.put_back(&turn, &file).map(|(done, until_now)| (done, Some(until_now)))?,
        _ => (backup.clone().restore(&turn, &file)?, None),
    };
    let outcome = if done.exists { "is what it was before" } else { "is gone: there was none before" };
    say(&format!("{path} {outcome}"));
    if let Some(edited) = done.edited {
        output::say(&format!("it had been changed by somebody else since; that is kept in {}", edited.display()));
    }
    let reloads = force == Some(Force::Reload);
    match (service, running, until_now) {
        (Some(service), Some(running), Some(until_now)) => {
            let patience = arguments.restart.patience();
            let way_back = WayBack::BeforeRollback(until_now.clone());
            let written = Written { now: &restored, reloads, file: &file, way_back, proven: None };
            let restart = Restart {
                running: &running,
                service,
                patience,
                global,
                turn: &turn,
                is_last: false,
                has_hung: Cell::default(),
            };
            let exit = restart.put_in_force(written).await?;
            if exit != Exit::Interrupted {
                backup.forget();
                until_now.forget();
            }
            Ok(exit)
        }
        (Some(service), ..) => {
            say(&format!("starting the engine: {}", service.restart_line()));
            answer::start(&service, arguments.restart.patience()).await?;
            say("the engine runs; `docker ps --all` shows which containers have not come back");
            Ok(Exit::Done)
        }
        (None, running, _) => {
            if let Some(running) = &running {
                switch_off(running, &turn, &file, &restored).await;
            }
            if force.is_some_and(|force| force != Force::Already) {
                say(&by_whom(running.as_ref(), reloads, &restored));
            }
            Ok(Exit::Done)
        }
    }
}

/// Whoever restarts the engine later has it end without its containers, if it goes on with a live-restore that the file does
/// not have any more, and the next one kills them. No container stops for this.
async fn switch_off(running: &Running, turn: &Turn, file: &ConfigFile, restored: &Document) {
    if !running.host.live_restore || running.outlives_with(restored) {
        return;
    }
    match live_restore::switch_off(turn, &running.engine, file).await {
        Ok(()) => output::say("live-restore is off in the engine, too (it was reloaded, and no container stopped)"),
        Err(reason) => output::say(&format!(
            "live-restore is on in the engine still ({reason}): before it is restarted, reload it with `\"live-restore\": false` in \
             {}, or containers of the policy `unless-stopped` stay down",
            file.path().display()
        )),
    }
}

/// What it takes to put the copy in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Force {
    /// Nothing: the engine has never taken up what is taken back.
    Already,
    /// A reload.
    Reload,
    /// A restart.
    Restart,
}

impl Force {
    fn of(running: &Running, file: &ConfigFile, backup: &Backup, restored: &Document) -> Self {
        // A reload puts live-restore in force, and does not take it back.
        let has_reloaded = running.host.live_restore && !running.outlives_with(restored);
        match file.document() {
            _ if running.lacks(file, backup) && !has_reloaded => Self::Already,
            _ if has_reloaded => Self::Restart,
            Ok(now) if !needs_restart(&now, restored) => Self::Reload,
            _ => Self::Restart,
        }
    }

    fn words(self, running: &Running, restored: &Document) -> String {
        if self == Self::Already {
            return "the engine has not taken up what is taken back: nothing has to be restarted".to_owned();
        }
        impact(Before {
            containers: &running.containers,
            live_restore: running.outlives_with(restored),
            in_swarm: running.host.in_swarm,
            reloads: self == Self::Reload,
        })
    }
}

/// What the copy says. Refuses one that the engine would not start with: it may have been damaged since, or other flags given.
fn startable(file: &ConfigFile, backup: &Backup, judge: Option<&Running>) -> Result<Document, Failure> {
    let path = file.path().display();
    let Some(bytes) = backup.bytes()? else {
        if judge.is_some_and(Running::needs_file) {
            return Err(Failure::arguments(
                format!(
                    "{path} was not there before, and this engine, whose command line names it, would not start without"
                ),
                format!("{path} is left as it is; for an engine without settings write `{{}}` into it"),
            ));
        }
        return Ok(Document::default());
    };
    let refused = |why: String| {
        let copy = backup.path().display();
        Failure::arguments(
            format!("the engine would not start with the copy {copy}: {why}"),
            format!("{path} is left as it is; mend the copy, or take it away for the one before it, and try again"),
        )
    };
    let document = Document::parse(&bytes).map_err(|error| refused(error.to_string()))?;
    let Some(judge) = judge else { return Ok(document) };
    if let Some(release) = judge.release().filter(|release| document.is_empty() && !release.takes_an_empty_file()) {
        return Err(refused(format!("it is empty, and Engine {release} wants at least `{{}}`")));
    }
    if let Some(first) = objections(&document, &judge.flags(), judge.release()).first() {
        return Err(refused(format!("line {}: {}; {}", first.line, first.message, first.help)));
    }
    if let Some(lost) = judge.loses_sight(&document) {
        return Err(refused(format!("{lost}, and its images and containers would be gone from sight")));
    }
    let dockerd = judge.dockerd.as_ref().filter(|_| judge.release().is_some_and(Release::can_validate));
    match dockerd.map(|dockerd| refused_by(dockerd, backup.path())).transpose()?.flatten() {
        Some(said) => Err(refused(said)),
        None => Ok(document),
    }
}

/// What would be different.
fn what(file: &ConfigFile, backup: &Backup) -> Result<String, Failure> {
    let now = String::from_utf8_lossy(file.bytes().unwrap_or_default()).into_owned();
    let path = file.path().display().to_string();
    let Some(bytes) = backup.bytes()? else { return Ok(format!("{path} was not there before")) };
    let before = String::from_utf8_lossy(&bytes).into_owned();
    let without_mark =
        |text: &str| Document::parse(text.as_bytes()).map_or(text.to_owned(), |read| read.text().to_owned());
    let diff = diff(&without_mark(&now), &without_mark(&before), &path);
    let edited =
        if backup.is_edited(file)? { "\nsomebody else has changed it since; that would be kept beside it" } else { "" };
    Ok(if diff.is_empty() { format!("{path} says the same as before") } else { format!("{}{edited}", diff.trim_end()) })
}
