//! `engine rollback`: puts back what `daemon.json` was before the last `engine apply`.

use std::cell::Cell;

use super::super::{Exit, Failure, output};
use super::apply::by_whom;
use super::confirm;
use super::proposal::impact::{Before, impact};
use super::proposal::is_rootless;
use super::restart::in_force::Written;
use super::restart::live_restore::{self, still_on};
use super::restart::start::{Down, tell, warn_of_a_start_by_hand};
use super::restart::way_back::WayBack;
use super::restart::{Restart, RestartWishes};
use super::subject::{LIVE_RESTORE, Running, Which, file_of_any_engine, reader_of, reader_or_down};
use super::typed::{as_administrator, command_line};
use crate::cli::Global;
use crate::daemon::{
    self, BackByHand, Backup, ConfigFile, Document, Turn, diff, needs_restart, objections, refused_by,
};

/// Arguments of `engine rollback`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Puts the file of an engine back that has a socket of its own and is down, and starts it; containers that live \
                  on without it go on:\n  stackctl engine rollback --config-file FILE --restart-command COMMAND"
)]
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
        Some(path) if arguments.restart.has_command() => reader_or_down(ConfigFile::read(path)?).await?,
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
    let judge = running.as_ref().or(reader.as_ref());
    let restored = startable(&file, &backup, judge)?;
    let not_asked = refused(judge, &file, &backup)?;
    let under_way = Backup::under_way(file.path())?;
    show(&what(&file, &backup, under_way.as_ref())?);
    let force = running.as_ref().map(|running| Force::of(running, &file, &backup, &restored, under_way.as_ref()));
    if let (Some(force), Some(running)) = (&force, &running) {
        show(&force.words(running, &restored));
    }
    let needs_none = matches!(force, Some(Force::Already | Force::SwitchOff));
    let service = arguments.restart.service(running.as_ref())?.filter(|_| !needs_none);
    if service.is_none() && running.is_none() && reader.is_none() {
        warn_of_a_start_by_hand(&file, &restored).await;
    }
    confirm(if service.is_some() { "Put it back and restart the engine?" } else { "Put it back?" }, arguments.yes)?;
    let or_by_hand = |error: daemon::Error| match (&error, &running) {
        (daemon::Error::Denied { .. }, Some(running)) => by_hand(running, &file, &backup, &restored, force, &error),
        _ => error.into(),
    };
    if let Some(denied) = not_asked {
        return Err(or_by_hand(denied));
    }
    let turn = Turn::of(&file)?;
    if let (Some(service), None) = (&service, &running) {
        let down = Down { service, patience: arguments.restart.patience(), turn: &turn, file: &file, say: &say };
        return down.finish(backup, &restored, under_way).await.map(|()| Exit::Done);
    }
    // While an engine restarts, both texts are on disk.
    if let (None, Some(running)) = (&service, &running) {
        // Before the copy is used up: a run that is ended in between leaves it for the next one.
        switch_off(running, &turn, &file, &restored).await;
    }
    let (done, until_now) = match &service {
        Some(_) => {
            backup.put_back(&turn, &file).map(|(done, until_now)| (done, Some(until_now))).map_err(or_by_hand)?
        }
        None => (backup.clone().restore(&turn, &file).map_err(or_by_hand)?, None),
    };
    tell(&say, &file, &done);
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
                until_now.forget();
                backup.forget();
            }
            Ok(exit)
        }
        (_, running, _) => {
            under_way.into_iter().for_each(Backup::forget);
            if force.is_some_and(|force| matches!(force, Force::Reload | Force::Restart)) {
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
        Err(reason) => output::say(&still_on(&reason, file)),
    }
}

/// What it takes to put the copy in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Force {
    /// Nothing: the engine has never taken up what is taken back.
    Already,
    /// Nothing but that live-restore is switched off in the engine.
    SwitchOff,
    /// A reload.
    Reload,
    /// A restart.
    Restart,
}

impl Force {
    /// `under_way`: what the file was before a rollback to this very copy that was killed.
    fn of(
        running: &Running,
        file: &ConfigFile,
        backup: &Backup,
        restored: &Document,
        under_way: Option<&Backup>,
    ) -> Self {
        // A reload puts live-restore in force, and does not take it back.
        let has_reloaded = running.host.live_restore && !running.outlives_with(restored);
        let is_put_back = backup.bytes().is_ok_and(|bytes| bytes.as_deref() == file.bytes());
        let under_way = under_way.filter(|_| is_put_back);
        let has_restarted = under_way.is_some_and(|until_now| running.has_started_after(until_now));
        let runs_with = match under_way {
            _ if has_restarted => Ok(restored.clone()),
            Some(until_now) => until_now.document(),
            None => file.document(),
        };
        let alike = |document: &Document| document.setting(LIVE_RESTORE, &false.into());
        let needs_restart = runs_with.as_ref().map_or(true, |now| needs_restart(&alike(now), &alike(restored)));
        // What only a start reads is not in force where the engine has run since before it was written, whatever the file says now.
        let lacks = has_restarted || running.runs_since_before(backup);
        let is_edited = running.is_older_than(file) && !backup.is_undone_by(file);
        let comes_on = running.outlives_with(restored) && !running.host.live_restore;
        match runs_with {
            _ if lacks && has_reloaded => Self::SwitchOff,
            _ if lacks => Self::Already,
            // Nobody knows what it was started with.
            _ if is_edited => Self::Restart,
            _ if has_reloaded && !needs_restart => Self::SwitchOff,
            _ if has_reloaded => Self::Restart,
            Ok(now) if !needs_restart && !comes_on && says_the_same(&alike(&now), &alike(restored)) => Self::Already,
            Ok(_) if !needs_restart => Self::Reload,
            _ => Self::Restart,
        }
    }

    fn words(self, running: &Running, restored: &Document) -> String {
        if self == Self::Already {
            return "the engine does not run with what is taken back: nothing has to be restarted".to_owned();
        }
        if self == Self::SwitchOff {
            return "live-restore is switched off in the engine by a reload (SIGHUP): no container stops".to_owned();
        }
        impact(Before {
            containers: &running.containers,
            live_restore: running.outlives_with(restored),
            in_swarm: running.host.in_swarm,
            reloads: self == Self::Reload,
        })
    }
}

fn says_the_same(one: &Document, other: &Document) -> bool {
    let mut names = one.settings().into_iter().chain(other.settings()).map(|(name, ..)| name);
    names.all(|name| one.get(&name) == other.get(&name))
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
    let refused = |why: String| would_not_start(file, backup, &why);
    let document = Document::parse(&bytes).map_err(|error| refused(error.to_string()))?;
    let Some(judge) = judge else { return Ok(document) };
    if let Some(release) = judge.release().filter(|release| document.is_empty() && !release.takes_an_empty_file()) {
        return Err(refused(format!("it is empty, and Engine {release} wants at least `{{}}`")));
    }
    if let Some(first) = objections(&document, &judge.flags(), judge.release()).first() {
        return Err(refused(format!("line {}: {}; {}", first.line, first.message, first.help)));
    }
    let now = file.document().ok();
    if let Some(lost) = judge.loses_sight(&document, now.as_ref(), judge.is_changed_by_others(file)) {
        return Err(refused(format!("{lost}, and its images and containers would be gone from sight")));
    }
    Ok(document)
}

/// Refuses a copy that the engine's own program refuses. Gives the error of who may not ask it.
fn refused(judge: Option<&Running>, file: &ConfigFile, backup: &Backup) -> Result<Option<daemon::Error>, Failure> {
    let asked = judge.filter(|_| backup.has_bytes()).and_then(Running::judging);
    match asked.map(|(dockerd, release)| refused_by(dockerd, release, backup.path())) {
        Some(Err(denied @ daemon::Error::Denied { .. })) => Ok(Some(denied)),
        Some(Err(error)) => Err(error.into()),
        Some(Ok(Some(said))) => Err(would_not_start(file, backup, &said)),
        Some(Ok(None)) | None => Ok(None),
    }
}

fn would_not_start(file: &ConfigFile, backup: &Backup, why: &str) -> Failure {
    let (copy, path) = (backup.path().display(), file.path().display());
    Failure::arguments(
        format!("the engine would not start with the copy {copy}: {why}"),
        format!("{path} is left as it is; mend the copy, or take it away for the one before it, and try again"),
    )
}

/// Without the right to put it back, the commands are what there is to give.
fn by_hand(
    running: &Running,
    file: &ConfigFile,
    backup: &Backup,
    restored: &Document,
    force: Option<Force>,
    error: &daemon::Error,
) -> Failure {
    let pid = running.dockerd.as_ref().map(|dockerd| dockerd.pid).unwrap_or_default();
    let off = restored.setting(LIVE_RESTORE, &false.into());
    let reload =
        format!("sudo kill -HUP {pid} && sleep 5 && docker info --format '{{{{.LiveRestoreEnabled}}}}' | grep false");
    let goes_off = running.host.live_restore && !running.outlives_with(restored);
    let then = match force {
        Some(Force::Reload) => Some(format!("sudo kill -HUP {pid}")),
        Some(Force::Restart) => running.service().map(|service| service.restart_line()),
        _ => None,
    };
    let back = BackByHand {
        file,
        copy: backup,
        dockerd: running.validating().filter(|_| backup.has_bytes()),
        before: goes_off.then_some((off.text(), reload.as_str())),
        then: then.as_deref(),
        is_own: is_rootless(running),
    };
    output::print(&back.commands());
    if then.is_none() && force == Some(Force::Restart) {
        output::print("# then restart the engine");
    }
    let advice =
        format!("run it as an administrator, `{}`, or type the commands above", as_administrator(&command_line()));
    Failure::World(crate::engine::Error::new(error.to_string(), "nothing was changed").advise(advice))
}

/// What would be different.
fn what(file: &ConfigFile, backup: &Backup, under_way: Option<&Backup>) -> Result<String, Failure> {
    let now = String::from_utf8_lossy(file.bytes().unwrap_or_default()).into_owned();
    let path = file.path().display().to_string();
    let bytes = backup.bytes()?;
    if under_way.is_some() && bytes.as_deref() == file.bytes() {
        return Ok(format!(
            "{path} is what it was before: a rollback that was interrupted has put it back, and now ends"
        ));
    }
    let Some(bytes) = bytes else { return Ok(format!("{path} was not there before")) };
    let before = String::from_utf8_lossy(&bytes).into_owned();
    let without_mark =
        |text: &str| Document::parse(text.as_bytes()).map_or(text.to_owned(), |read| read.text().to_owned());
    let diff = diff(&without_mark(&now), &without_mark(&before), &path);
    let edited =
        if backup.is_edited(file)? { "\nsomebody else has changed it since; that would be kept beside it" } else { "" };
    Ok(if diff.is_empty() { format!("{path} says the same as before") } else { format!("{}{edited}", diff.trim_end()) })
}
