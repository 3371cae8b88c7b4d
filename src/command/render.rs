//! `render`: writes every generated file.

use std::path::PathBuf;

use super::{Exit, Failure, output, secrets, situation};
use crate::cli::Global;
use crate::desired::{Desired, Facts, ScaleOverride};
use crate::engine::Error;
use crate::{render, stack};

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
    let mut facts = Facts::default();
    for (app_name, replicas) in &arguments.scale.scale {
        stack::check_scale(&loaded.stack, app_name, *replicas)
            .map_err(|(message, help)| Failure::arguments(format!("--scale {app_name}={replicas}: {message}"), help))?;
        let app = loaded.stack.apps.iter().find(|(name, _)| name.as_str() == app_name);
        let file = app.map_or(1, |(_, app)| app.scale);
        facts.scale.insert(app_name.clone(), ScaleOverride { replicas: *replicas, file });
    }
    let desired = Desired::of(&loaded.stack, &facts);
    let folder = &arguments.output;
    let written = render::write(&render::all(&desired), folder).map_err(|error| {
        Error::new(format!("cannot write into {}", folder.display()), error).advise("choose a folder you can write to")
    })?;
    secrets::write_generated(&desired, folder)?;
    if !global.quiet {
        for path in &written {
            output::say(&format!("wrote {}", folder.join(path).display()));
        }
        if written.is_empty() {
            output::say(&format!("{} is up to date", folder.display()));
        }
    }
    Ok(Exit::Done)
}
