//! Images as one archive in Docker's own format: out of an engine, and into one.

use std::collections::BTreeSet;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::ImportImageOptionsBuilder;
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{Activity, ImageError, Progress};
use crate::engine::{Engine, Error};

/// How long the engine may be busy with an archive before it says its first word: it unpacks all of it first.
const TIME_FOR_AN_ARCHIVE: u64 = 3600;

/// The same on the way out, where it says something all along.
const PATIENCE: Duration = Duration::from_secs(600);

/// Bytes per piece that goes to the engine.
const CHUNK: usize = 256 * 1024;

impl Engine {
    /// Writes images and their names into an archive, as `docker save` does. Gives its size in bytes.
    pub async fn save_images(
        &self,
        references: &[&str],
        archive: &mut (dyn AsyncWrite + Unpin + Send),
        progress: &Progress,
    ) -> Result<u64, Error> {
        Ok(save(&self.docker, references, archive, progress).await?)
    }

    /// Sends an archive of images to the engine. Gives the names that it has now. `total` is the archive's size, where
    /// known.
    ///
    /// What the engine took before something went wrong stays there; a second try finds it done.
    pub async fn load_images(
        &self,
        archive: impl AsyncRead + Unpin + Send + 'static,
        total: Option<u64>,
        progress: &Progress,
    ) -> Result<BTreeSet<String>, Error> {
        Ok(load(&self.docker, archive, total, progress).await?)
    }
}

async fn save(
    docker: &Docker,
    references: &[&str],
    archive: &mut (dyn AsyncWrite + Unpin + Send),
    progress: &Progress,
) -> Result<u64, ImageError> {
    const DOING: &str = "save images";
    let mut expected = 0;
    for reference in references {
        let image = docker.inspect_image(reference).await;
        let image = image.map_err(|cause| ImageError::engine(&format!("inspect image `{reference}`"), cause))?;
        expected += image.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
    }
    let mut written = 0;
    let mut stream = std::pin::pin!(docker.export_images(references));
    let disk = |cause| ImageError::host(DOING, cause, "check that there is room where the archive is written");
    loop {
        let next = tokio::time::timeout(PATIENCE, stream.try_next()).await;
        let next = next.map_err(|_| ImageError::engine(DOING, "the engine has sent nothing for ten minutes"))?;
        let Some(chunk) = next.map_err(|cause| ImageError::engine(DOING, cause))? else { break };
        archive.write_all(&chunk).await.map_err(disk)?;
        written += chunk.len() as u64;
        progress.tell(Activity::Saving, written, Some(expected.max(written)));
    }
    archive.flush().await.map_err(disk)?;
    Ok(written)
}

async fn load(
    docker: &Docker,
    archive: impl AsyncRead + Unpin + Send + 'static,
    total: Option<u64>,
    progress: &Progress,
) -> Result<BTreeSet<String>, ImageError> {
    let docker = docker.clone().with_timeout(Duration::from_secs(TIME_FOR_AN_ARCHIVE));
    let options = ImportImageOptionsBuilder::default().build();
    let mut answer =
        std::pin::pin!(docker.import_image_stream(options, chunks(archive, total, progress.clone()), None));
    let mut loaded = BTreeSet::new();
    loop {
        match answer.try_next().await {
            Ok(Some(info)) => {
                if let Some(problem) = info.error_detail.and_then(|detail| detail.message) {
                    return Err(refused(&problem));
                }
                let said = info.stream.unwrap_or_default();
                // `Loaded image: NAME` for each; one without a name has `Loaded image ID: …`.
                let names = said.lines().filter_map(|line| line.trim().strip_prefix("Loaded image: "));
                loaded.extend(names.map(str::to_owned));
            }
            Ok(None) => return Ok(loaded),
            Err(cause) => return Err(refused(&crate::engine::error::cause(&cause))),
        }
    }
}

fn refused(cause: &str) -> ImageError {
    let help = "check that the archive is whole and that `stackctl images save` or `docker save` has written it, and that \
                the engine has room: `docker system df`";
    ImageError { help: help.to_owned(), ..ImageError::engine("load images", cause) }
}

/// The archive in pieces.
fn chunks(
    archive: impl AsyncRead + Unpin + Send + 'static,
    total: Option<u64>,
    progress: Progress,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    futures_util::stream::try_unfold((archive, 0), move |(mut archive, sent)| {
        let progress = progress.clone();
        async move {
            let mut buffer = vec![0; CHUNK];
            let count = archive.read(&mut buffer).await?;
            if count == 0 {
                return Ok(None);
            }
            buffer.truncate(count);
            let sent = sent + count as u64;
            progress.tell(Activity::Importing, sent, total);
            Ok(Some((buffer.into(), (archive, sent))))
        }
    })
}
