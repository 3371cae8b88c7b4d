//! `images prune`: takes away what stackctl has made and nothing runs from.

use std::io::IsTerminal as _;

use crate::command::{Exit, Failure, failure, output, prompt, situation};
use crate::engine;
use crate::stack::counted;

/// Arguments of `images prune`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Only images that stackctl has made of itself or of Debian packages, for whichever stack, and that no container was made from. The \
image of this stackctl stays. What a stack needs after all is made anew by its next `up`.

Examples:
  stackctl images prune
  stackctl images prune --yes")]
pub(super) struct Arguments {
    /// Ask nothing
    #[arg(short, long)]
    yes: bool,
}

/// Runs it.
pub(super) async fn run(arguments: &Arguments, quiet: bool) -> Result<Exit, Failure> {
    let own = engine::images::own_image().map_err(engine::Error::from)?;
    let engine = situation::connect().await?;
    let unused = engine.unused_images(&own).await?;
    if unused.is_empty() {
        if !quiet {
            output::say("nothing to take away: a container was made from each image of stackctl's making");
        }
        return Ok(Exit::Done);
    }
    let row = |image: &engine::images::UnusedImage| {
        vec![image.names.join(", "), image.built_from.clone(), format!("{} MB", image.size / 1_000_000)]
    };
    output::print(&output::table(&["IMAGE", "MADE FROM", "SIZE"], &unused.iter().map(row).collect::<Vec<_>>()));
    if !arguments.yes && !is_agreed(unused.len())? {
        return Ok(Exit::Done);
    }
    let mut exit = Exit::Done;
    let mut gone = 0;
    for image in &unused {
        match engine.remove_unused(image).await {
            Ok(()) => gone += 1,
            Err(error) => {
                output::say(&failure::framed(&error.to_string(), error.advice.as_deref()));
                exit = Exit::WorldSaidNo;
            }
        }
    }
    if !quiet {
        output::say(&format!("removed {}", counted(gone, "image")));
    }
    Ok(exit)
}

/// Without somebody to ask, nothing is taken away.
fn is_agreed(count: usize) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        let message = "nothing was removed: `images prune` asks back, and nobody is there to answer";
        return Err(Failure::arguments(message, "`stackctl images prune --yes` removes them"));
    }
    let agreed = prompt::agreed(&format!("Remove {}?", counted(count, "image")))?;
    prompt::leave_interrupts();
    Ok(agreed)
}
