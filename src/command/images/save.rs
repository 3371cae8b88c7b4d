//! `images save`: a whole stack's images as one archive, for a host without a registry.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use crate::command::place::{self, Unfinished};
use crate::command::progress::Progress;
use crate::command::situation::Situation;
use crate::command::{Exit, Failure, output};
use crate::engine::{self, Engine, Error};
use crate::stack::counted;

/// Arguments of `images save`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Images that the engine does not have are got first. The archive is in the format of `docker save`.

Examples:
  stackctl images save stack.tar
  stackctl images save - | ssh other-host stackctl images load -")]
pub(super) struct Arguments {
    /// File to write; `-` is standard output
    #[arg(value_name = "FILE")]
    archive: PathBuf,
}

/// Runs it. The engine has every image by now.
pub(super) async fn run(situation: &Situation, arguments: &Arguments, quiet: bool) -> Result<Exit, Failure> {
    let references = references(situation);
    let names: Vec<&str> = references.iter().map(String::as_str).collect();
    let is_piped = arguments.archive == Path::new("-");
    let progress = Progress::new(quiet);
    let bar = progress.waiting("saving images");
    let told = bar.clone();
    let listener = engine::images::Progress::new(move |event| {
        if let Some(bar) = &told {
            bar.set_message(event.to_string());
        }
    });
    let bytes = if is_piped {
        let mut stdout = tokio::io::stdout();
        situation.engine.save_images(&names, &mut stdout, &listener).await?
    } else {
        into_file(&situation.engine, &names, &arguments.archive, &listener).await?
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    if !quiet {
        for name in &names {
            output::say(&format!("  {}", engine::without_secrets((*name).to_owned())));
        }
        let place = if is_piped { "standard output".to_owned() } else { arguments.archive.display().to_string() };
        output::say(&format!("{}, {} MB: {place}", counted(names.len(), "image"), bytes / 1_000_000));
        output::say(
            "`stackctl images load` brings them to another engine; take this stackctl and the stack file along",
        );
        situation.say_left_out();
    }
    Ok(Exit::Done)
}

/// Refuses what would only fill a screen, and what no file can take the place of.
pub(super) fn check(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.archive == Path::new("-") && std::io::stdout().is_terminal() {
        return Err(Failure::arguments(
            "an archive is nothing for a terminal",
            "name a file, or pipe it: `… save - | …`",
        ));
    }
    if arguments.archive == Path::new("-") {
        return Ok(());
    }
    place::refuse_what_is_no_file(&arguments.archive, "name another file; `-` is standard output")
}

/// Every image that the stack runs from, and the probe's.
fn references(situation: &Situation) -> BTreeSet<String> {
    let of_services = situation.desired.services.iter().map(|service| service.image.reference.clone());
    of_services.chain([situation.own_image.clone()]).collect()
}

/// The file has its name once it is whole.
async fn into_file(
    engine: &Engine,
    names: &[&str],
    path: &Path,
    listener: &engine::images::Progress,
) -> Result<u64, Failure> {
    let cannot = |cause: std::io::Error| {
        Error::new(format!("cannot write {}", path.display()), cause)
            .advise("check that the folder is there, that you may write to it, and that it has room")
    };
    let unfinished = Unfinished::of(path, 0o644).map_err(cannot)?;
    let mut writer = tokio::fs::File::from_std(unfinished.file.reopen().map_err(cannot)?);
    let bytes = engine.save_images(names, &mut writer, listener).await?;
    writer.sync_all().await.map_err(cannot)?;
    unfinished.finish().map_err(cannot)?;
    Ok(bytes)
}
