//! `engine rollback`: puts back what `daemon.json` was before the last `engine apply`.

use super::super::{Exit, Failure, output};
use super::answer;
use super::confirm;
use super::restart::{Restart, RestartWishes};
use super::subject::{Running, Which, file_of_any_engine};
use crate::cli::Global;
use crate::daemon::{Backup, ConfigFile, Dockerd, Document, Turn, diff, objections};

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
    let path = file.path().display().to_string();
    let Some(backup) = Backup::last(file.path())? else {
        say(&format!("nothing to roll back: stackctl keeps no copy of {path}"));
        return Ok(Exit::Done);
    };
    expect_startable(&file, &backup, running.as_ref())?;
    say(&what(&file, &backup)?);
    let service = arguments.restart.service(running.as_ref())?;
    confirm("Put it back?", arguments.yes)?;
    let turn = Turn::of(&file)?;
    let restored = backup.restore(&turn, &file)?;
    let outcome = if restored.exists { "is what it was before" } else { "is gone: there was none before" };
    say(&format!("{path} {outcome}"));
    if let Some(edited) = restored.edited {
        output::say(&format!("it had been changed by somebody else since; that is kept in {}", edited.display()));
    }
    match (service, running) {
        (Some(service), Some(running)) => {
            let patience = arguments.restart.patience();
            Restart { running: &running, service, patience, global, turn: &turn }.back().await
        }
        (Some(service), None) => {
            say(&format!("starting the engine: {}", service.restart_line()));
            answer::start(&service, arguments.restart.patience()).await?;
            say("the engine runs");
            Ok(Exit::Done)
        }
        (None, _) => Ok(Exit::Done),
    }
}

/// Refuses a copy that the engine would not start with: it may have been damaged since, or other flags given.
fn expect_startable(file: &ConfigFile, backup: &Backup, running: Option<&Running>) -> Result<(), Failure> {
    let Some(bytes) = backup.bytes()? else { return Ok(()) };
    let refused = |why: String| {
        let copy = backup.path().display();
        Failure::arguments(
            format!("the engine would not start with the copy {copy}: {why}"),
            format!(
                "{} is left as it is; mend the copy, or take it away for the one before it, and try again",
                file.path().display()
            ),
        )
    };
    let document = Document::parse(&bytes).map_err(|error| refused(error.to_string()))?;
    let Some(running) = running else { return Ok(()) };
    let flags = running.dockerd.as_ref().map(Dockerd::flags).unwrap_or_default();
    match objections(&document, &flags, running.release()).first() {
        Some(first) => Err(refused(format!("line {}: {}; {}", first.line, first.message, first.help))),
        None => Ok(()),
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
