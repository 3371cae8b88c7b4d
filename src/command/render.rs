//! `render`: writes every generated file.

use std::path::PathBuf;

use super::{Exit, Failure, output, secrets, situation};
use crate::cli::Global;
use crate::desired::{Desired, Facts, ScaleOverride};
use crate::engine::Error;
use crate::render;

/// Arguments of `render`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stackctl render -o out && docker compose -f out/compose.yml up -d")]
pub struct Arguments {
    /// Folder to write into; it is made where it is missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    #[command(flatten)]
    scale: crate::cli::Scale,
}

/// Runs it.
pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let loaded = situation::load(global)?;
    situation::check_scales(&loaded.stack, &arguments.scale.scale)?;
    let mut facts = Facts::default();
    for (app_name, replicas) in &arguments.scale.scale {
        let file = loaded.stack.apps.get(app_name.as_str()).map_or(1, |app| app.scale);
        facts.scale.insert(app_name.clone(), ScaleOverride { replicas: *replicas, file });
    }
    let desired = Desired::of(&loaded.stack, &facts);
    let folder = &arguments.output;
    let written = render::write(&render::all(&desired), folder).map_err(|error| {
        Error::new(format!("cannot write into {}", folder.display()), error)
            .advise("choose a folder that is empty, or that `stackctl render` has written before")
    })?;
    secrets::write_generated(&desired, folder)?;
    if !global.quiet {
        for file in &written {
            output::say(&format!("wrote {}", folder.join(&file.path).display()));
        }
        if written.is_empty() {
            output::say(&format!("{} is up to date", folder.display()));
        }
    }
    Ok(Exit::Done)
}
