//! `engine rollback`: puts back what `daemon.json` was before the last `engine apply`.

use std::cell::Cell;

use super::super::{Exit, Failure, output};
use super::apply::by_whom;
use super::confirm;
use super::proposal::is_rootless;
use super::proposal::room::Why;
use super::proposal::stopped::expect_own_ports;
use super::restart::force::{Force, Return};
use super::restart::in_force::Written;
use super::restart::live_restore::{still_on, switch_off};
use super::restart::standing::{Signals, Standing};
use super::restart::start::{Down, tell, warn_of_a_start_by_hand};
use super::restart::way_back::WayBack;
use super::restart::way_out::{hangs, undo_when_down};
use super::restart::{Restart, RestartWishes};
use super::show::address;
use super::silent::{Found, file_of_any_engine, reader_or_down, service_of, words};
use super::subject::{LIVE_RESTORE, Running, Which, reader_of};
use super::typed::{as_administrator, command_line};
use super::unsaid::unsaid;
use crate::cli::Global;
use crate::daemon::{
    self, BackByHand, Backup, ConfigFile, Dockerd, Document, METRICS_KEY, Restored, Turn, diff, objections, refused_by,
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
    let Found { file, running, hanging } = match &arguments.which.config_file {
        Some(path) if arguments.restart.has_command() => reader_or_down(ConfigFile::read(path)?).await?,
        Some(path) => Found { file: ConfigFile::read(path)?, running: None, hanging: None },
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
    // The file of an engine on this host is judged by what that engine takes, also where it is named.
    let reader = if running.is_none() { reader_of(&file).await } else { None };
    let judge = running.as_ref().or(reader.as_ref());
    let Some(backup) = Backup::last(file.path())? else {
        say(&format!("nothing to roll back: stackctl keeps no copy of {}", file.path().display()));
        tell_what_is(&file, judge, hanging.as_ref()).await;
        return Ok(Exit::Done);
    };
    let restored = startable(&file, &backup, judge)?;
    if let Some(running) = &running {
        expect_openable(running, &file, &backup, &restored).await?;
    }
    let not_asked = refused(judge, &file, &backup)?;
    let under_way = Backup::under_way(file.path())?;
    let back = Return { file: &file, backup: &backup, restored: &restored, under_way: under_way.as_ref() };
    show(&what(&back)?);
    let force = running.as_ref().map(|running| back.force(running));
    if let (Some(force), Some(running)) = (&force, &running) {
        show(&force.words(running, &restored));
    }
    let needs_none = matches!(force, Some(Force::Already | Force::SwitchOff));
    let service = arguments.restart.service(running.as_ref(), hanging.as_ref())?.filter(|_| !needs_none);
    if service.is_none() && running.is_none() && reader.is_none() {
        warn_of_a_start_by_hand(&file, &restored).await;
    }
    if let (Some(_), Some(running), Some(force)) = (&service, &running, force) {
        expect_own_ports(force.before(running, &restored))?;
    }
    confirm(if service.is_some() { "Put it back and restart the engine?" } else { "Put it back?" }, arguments.yes)?;
    let or_by_hand = |error: daemon::Error| match (&error, &running) {
        (daemon::Error::Denied { .. }, Some(running)) => by_hand(running, &file, &backup, &restored, force, &error),
        _ => error.into(),
    };
    if let Some(denied) = not_asked {
        return Err(or_by_hand(denied));
    }
    let (signals, has_begun) = (Signals::listen()?, Cell::default());
    let undo = match (&service, &running) {
        (Some(service), Some(_)) => undo_when_down(Some(service), &file),
        _ => command_line(),
    };
    let standing = Standing {
        file: &file,
        before: file.bytes().map(<[u8]>::to_vec),
        after: backup.bytes()?,
        is_rollback: true,
        undo,
        starts: service.is_some(),
        restarts: &has_begun,
    };
    let turn = Turn::of(&file)?;
    // What was edited while somebody thought about the question has been shown to nobody, and kept by nobody.
    file.expect_unchanged()?;
    running.as_ref().map_or(Ok(()), Running::expect_alive)?;
    let patience = arguments.restart.patience();
    let work = async {
        let Some(service) = service else {
            let done = put_back_alone(running.as_ref(), &turn, &back).await.map_err(or_by_hand)?;
            tell(&say, &file, &done);
            under_way.iter().cloned().for_each(Backup::forget);
            if let Some(dockerd) = &hanging {
                say(&then_start(dockerd));
            }
            if force.is_some_and(|force| matches!(force, Force::Reload | Force::Restart)) {
                say(&by_whom(running.as_ref(), force == Some(Force::Reload), &restored));
            }
            return Ok(Exit::Done);
        };
        let Some(running) = &running else {
            let (service, hanging) = (&service, hanging.as_ref());
            let down = Down { service, hanging, patience, turn: &turn, file: &file, has_begun: &has_begun, say: &say };
            return down.finish(backup.clone(), &restored, under_way.clone()).await.map(|()| Exit::Done);
        };
        // While an engine restarts, both texts are on disk.
        let (done, until_now) = backup.put_back(&turn, &file).map_err(or_by_hand)?;
        tell(&say, &file, &done);
        let (reloads, way_back) = (force == Some(Force::Reload), WayBack::BeforeRollback(until_now));
        let written = Written { now: &restored, reloads, file: &file, way_back, proven: None };
        let has_hung = Cell::default();
        let (turn, has_begun) = (&turn, &has_begun);
        let restart = Restart { running, service, patience, global, turn, is_last: false, has_hung, has_begun };
        let exit = restart.put_in_force(written).await?;
        forget(&backup, &file);
        Ok(exit)
    };
    signals.beside(work, &standing).await
}

/// Says how the engine is, where nothing can be done about it.
async fn tell_what_is(file: &ConfigFile, judge: Option<&Running>, hanging: Option<&Dockerd>) {
    if let Some(judge) = judge
        && let Some(text) = unsaid(judge, file).await
    {
        output::say(&text);
    }
    if hanging.is_some() {
        output::say(&format!("the engine hangs: {}", words(file, hanging)));
    }
}

/// What to do about an engine that hangs, once its file is right.
fn then_start(dockerd: &Dockerd) -> String {
    let service = service_of(Some(dockerd));
    let line = service.as_ref().map(|service| format!(": `{}`", service.restart_line())).unwrap_or_default();
    format!("{}; then start the engine{line}", hangs(dockerd, service.as_ref()))
}

/// Puts the copy back where nothing is restarted, and has live-restore off in the engine, too. Whoever restarts that later has it
/// end without its containers, if it goes on with a live-restore that the file does not have any more, and the next one kills
/// them. No container stops for this, and both texts are on disk until it is done.
async fn put_back_alone(running: Option<&Running>, turn: &Turn, back: &Return<'_>) -> Result<Restored, daemon::Error> {
    let Return { file, backup, restored, .. } = *back;
    let goes_off = |running: &&Running| running.host.live_restore && !running.outlives_with(restored);
    let Some(running) = running.filter(goes_off) else { return backup.clone().restore(turn, file) };
    let (done, mut until_now) = match backup.put_back(turn, file) {
        Ok(both) => both,
        Err(denied @ daemon::Error::Denied { .. }) => return Err(denied),
        // Perhaps there is no room for both texts: a rename needs none.
        Err(error) => {
            let done = backup.clone().restore(turn, file)?;
            output::say(&still_on(&error.to_string(), file));
            return Ok(done);
        }
    };
    match switch_off(turn, &running.engine, file, Some(&mut until_now)).await {
        Ok(()) => output::say("live-restore is off in the engine, too (it was reloaded, and no container stopped)"),
        Err(reason) => output::say(&still_on(&reason, file)),
    }
    forget(backup, file);
    Ok(done)
}

/// The rollback has come to its end: neither text is needed any more.
fn forget(backup: &Backup, file: &ConfigFile) {
    // Its name has changed perhaps, with what stood in the file.
    Backup::under_way(file.path()).ok().flatten().into_iter().for_each(Backup::forget);
    backup.clone().forget();
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
        let copy = backup.path().display().to_string();
        let help = first.help.replace(daemon::FILE, &shlex::try_quote(&copy).unwrap_or_default());
        return Err(refused(format!("line {}: {}; {help}", first.line, first.message)));
    }
    let now = file.document().ok();
    if let Some(lost) = judge.loses_sight(&document, now.as_ref(), judge.is_changed_by_others(file)) {
        let (copy, why) = (backup.path().display(), lost.why);
        return Err(Failure::arguments(
            format!("the copy {copy} is not put back: {why}"),
            format!("{} is left as it is; where that is meant, {}", file.path().display(), lost.if_meant),
        ));
    }
    Ok(document)
}

/// Refuses a copy with which the engine could not open what it is to open: `apply` would not write that either.
async fn expect_openable(
    running: &Running,
    file: &ConfigFile,
    backup: &Backup,
    restored: &Document,
) -> Result<(), Failure> {
    let path = file.path().display();
    if let Some(bridge) = running.lacks_bridge(restored) {
        let why = format!("`bridge` is `{bridge}`, which this host does not have");
        return Err(would_not_start(file, backup, &why));
    }
    if running.host.in_swarm && running.outlives_with(restored) {
        return Err(would_not_start(file, backup, "`live-restore` is on, and this engine is a node of a Swarm"));
    }
    let Some(address) = running.says(restored, METRICS_KEY).and_then(|said| address(&said)) else { return Ok(()) };
    let Some(no_room) = running.no_room(restored, address).await? else { return Ok(()) };
    let first = match &no_room.why {
        Why::Published(_) => "publish another port there",
        Why::Held(_) => "stop that",
        Why::BridgeStays => "stop every container (`docker stop $(docker ps -q)`)",
        Why::NoAddress => "give the host that address again",
    };
    let copy = backup.path().display();
    let attempt = format!("cannot put back {copy}, which has the engine serve its metrics on {}", no_room.address);
    let advice = format!(
        "{path} is left as it is, and nothing was restarted; {first} first, or mend `metrics-addr` in the copy, or take the copy \
         away for the one before it, and try again"
    );
    Err(crate::engine::Error::new(attempt, no_room).advise(advice).into())
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
fn what(back: &Return) -> Result<String, Failure> {
    let Return { file, backup, .. } = *back;
    let now = String::from_utf8_lossy(file.bytes().unwrap_or_default()).into_owned();
    let path = file.path().display().to_string();
    let bytes = backup.bytes()?;
    if back.until_now().is_some() {
        let how = match (file.bytes(), &bytes) {
            (None, None) => "is gone, as before stackctl changed it",
            (now, before) if now == before.as_deref() => "is what it was before",
            _ => "is what it was before but for `live-restore`",
        };
        return Ok(format!("{path} {how}: a rollback that was interrupted has put it back, and now ends"));
    }
    let Some(bytes) = bytes else { return Ok(format!("{path} was not there before, and goes")) };
    let before = String::from_utf8_lossy(&bytes).into_owned();
    let without_mark =
        |text: &str| Document::parse(text.as_bytes()).map_or(text.to_owned(), |read| read.text().to_owned());
    let diff = diff(&without_mark(&now), &without_mark(&before), &path);
    let edited =
        if backup.is_edited(file)? { "\nsomebody else has changed it since; that would be kept beside it" } else { "" };
    Ok(if diff.is_empty() { format!("{path} says the same as before") } else { format!("{}{edited}", diff.trim_end()) })
}
