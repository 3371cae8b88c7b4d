//! `images load`: brings the images of an archive to the engine. Needs no stack file and no registry.

use std::path::{Path, PathBuf};

use crate::command::progress::Progress;
use crate::command::{Exit, Failure, output, situation};
use crate::engine::{self, Error};

/// Arguments of `images load`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Needs no stack file. An archive that `docker save` has written will do, with or without gzip.")]
pub(super) struct Arguments {
    /// File to read; `-` is standard input
    #[arg(value_name = "FILE")]
    archive: PathBuf,
}

/// Runs it.
pub(super) async fn run(arguments: &Arguments, quiet: bool) -> Result<Exit, Failure> {
    let progress = Progress::new(quiet);
    let bar = progress.waiting("loading images");
    let told = bar.clone();
    let listener = engine::images::Progress::new(move |event| {
        if let Some(bar) = &told {
            bar.set_message(event.to_string());
        }
    });
    let path = &arguments.archive;
    let loaded = if path == Path::new("-") {
        situation::connect().await?.load_images(tokio::io::stdin(), None, &listener).await?
    } else {
        let cannot = |cause| {
            Error::new(format!("cannot read {}", path.display()), cause)
                .advise("name an archive that `stackctl images save` has written")
        };
        let file = tokio::fs::File::open(path).await.map_err(cannot)?;
        let about = file.metadata().await.map_err(cannot)?;
        if about.is_dir() {
            return Err(cannot(std::io::ErrorKind::IsADirectory.into()).into());
        }
        let size = Some(about.len()).filter(|size| *size > 0);
        situation::connect().await?.load_images(file, size, &listener).await?
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    for name in &loaded {
        output::print(name);
    }
    if loaded.is_empty() {
        return Err(Error::new(format!("cannot load images from {}", path.display()), "there is none in it")
            .advise("name an archive that `stackctl images save` or `docker save` has written")
            .into());
    }
    Ok(Exit::Done)
}
