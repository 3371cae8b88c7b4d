//! Sends a root folder to the engine as an image of one layer.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use bollard::Docker;
use bollard::query_parameters::{CreateImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptions};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::mpsc::{Sender, channel};

use super::root::Root;
use super::{Activity, BUILT_FROM_LABEL, EXECUTABLE_LABEL, ImageError, Progress};
use crate::catalog::Owner;

/// Bytes per piece that goes to the engine.
const CHUNK: usize = 256 * 1024;
/// Pieces that wait at most, so that memory stays small whatever the size of the image.
const QUEUE: usize = 8;

/// What the image says of itself.
#[derive(Debug, Clone)]
pub(super) struct ImageConfig<'a> {
    /// Reference it gets.
    pub(super) reference: &'a str,
    /// Program and first arguments.
    pub(super) entrypoint: &'a [&'a str],
    /// User and group of the processes.
    pub(super) user: Owner,
    /// TCP ports.
    pub(super) expose: &'a [u16],
    /// Working directory of the processes.
    pub(super) working_folder: &'a str,
    /// What it was made from.
    pub(super) built_from: &'a str,
    /// Where that lay on the host, where it is one file.
    pub(super) executable: Option<&'a Path>,
}

impl ImageConfig<'_> {
    /// The same as Dockerfile instructions, which is what the engine takes.
    fn changes(&self) -> Vec<String> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let entrypoint: Vec<String> = self.entrypoint.iter().copied().map(quoted).collect();
        let mut changes = vec![
            format!("ENTRYPOINT [{}]", entrypoint.join(",")),
            format!("USER {}:{}", self.user.user, self.user.group),
            format!("WORKDIR {}", self.working_folder),
            format!("LABEL {BUILT_FROM_LABEL}={}", quoted(self.built_from)),
        ];
        let executable = self.executable.map(|path| path.display().to_string());
        changes.extend(executable.map(|path| format!("LABEL {EXECUTABLE_LABEL}={}", quoted(&path))));
        changes.extend(self.expose.iter().map(|port| format!("EXPOSE {port}")));
        changes
    }
}

/// Sends the root folder to the engine. `doing` says what for, in errors: `build image …`.
pub(super) async fn import(
    docker: &Docker,
    doing: &str,
    root: Root,
    config: &ImageConfig<'_>,
    progress: &Progress,
) -> Result<(), ImageError> {
    let (sender, receiver) = channel::<io::Result<Vec<u8>>>(QUEUE);
    let writer = tokio::task::spawn_blocking({
        let progress = progress.clone();
        move || write(&root, sender, &progress)
    });
    let chunks = stream::unfold(receiver, |mut receiver| async move {
        let chunk = receiver.recv().await?;
        Some((chunk.map(Into::into), receiver))
    });
    let options =
        CreateImageOptionsBuilder::default().from_src("-").repo(config.reference).changes(config.changes()).build();
    let import = docker.create_image(Some(options), Some(bollard::body_try_stream(chunks)), None);
    let answer = import.try_for_each(|_| async { Ok(()) }).await;
    // A file that cannot be read ends the request too; then the file is the cause, not the request.
    if let Ok(Some(cause)) = writer.await {
        return Err(ImageError::host(doing, cause, "check that the file is there and can be read"));
    }
    answer.map_err(|cause| ImageError::engine(doing, cause))?;
    remove_leftovers(docker).await;
    Ok(())
}

/// Writes the tar stream into the queue. Gives the error that made it stop, unless that is the reader's.
fn write(root: &Root, sender: Sender<io::Result<Vec<u8>>>, progress: &Progress) -> Option<io::Error> {
    let total = root.bytes();
    let mut chunks = Chunks { sender, progress, sent: 0, total };
    progress.tell(Activity::Importing, 0, Some(total));
    match root.write(io::BufWriter::with_capacity(CHUNK, &mut chunks)) {
        Ok(()) => None,
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => None,
        Err(cause) => {
            let _ = chunks.sender.blocking_send(Err(io::Error::from(cause.kind())));
            Some(cause)
        }
    }
}

/// Puts what is written to it into the queue.
struct Chunks<'a> {
    sender: Sender<io::Result<Vec<u8>>>,
    progress: &'a Progress,
    sent: u64,
    total: u64,
}

impl Write for Chunks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sender.blocking_send(Ok(bytes.to_vec())).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.sent += bytes.len() as u64;
        self.progress.tell(Activity::Importing, self.sent.min(self.total), Some(self.total));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes images that stackctl made, that lost their name to a newer one, and that no container uses.
///
/// Nobody misses them, so an error stops nothing.
async fn remove_leftovers(docker: &Docker) {
    let filters = HashMap::from([("dangling", vec!["true"]), ("label", vec![BUILT_FROM_LABEL])]);
    let options = ListImagesOptionsBuilder::default().filters(&filters).build();
    let mut leftovers = docker.list_images(Some(options)).await.unwrap_or_default();
    // An engine that takes either condition for enough must not cost anybody an image.
    leftovers.retain(|image| image.labels.contains_key(BUILT_FROM_LABEL));
    stream::iter(leftovers)
        .for_each(|image| async move {
            let _ = docker.remove_image(&image.id, None::<RemoveImageOptions>, None).await;
        })
        .await;
}

/// Fails where the engine runs another kind of processor than this host: what runs here would not run there.
pub(super) async fn check_architecture(docker: &Docker, doing: &str) -> Result<(), ImageError> {
    let version = docker.version().await.map_err(|cause| ImageError::engine(doing, cause))?;
    let engine = version.arch.unwrap_or_default();
    if rust_architecture(&engine) == std::env::consts::ARCH {
        return Ok(());
    }
    let cause = format!("the engine runs on `{engine}`, and this host's programs are for `{}`", std::env::consts::ARCH);
    Err(ImageError::host(doing, cause, "run stackctl on the engine's host, or use images from a registry"))
}

/// Rust's word for one of Go's or the kernel's.
fn rust_architecture(engine: &str) -> &str {
    match engine {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        "386" | "i386" | "i686" => "x86",
        "ppc64le" => "powerpc64",
        other if other.starts_with("armv") => "arm",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{ImageConfig, rust_architecture};
    use crate::catalog::NOBODY;

    #[test]
    fn a_config_becomes_instructions_that_the_engine_takes() {
        let config = ImageConfig {
            reference: "stackctl/prometheus:debian",
            entrypoint: &["/bin/prometheus", "--log.level=info"],
            user: NOBODY,
            expose: &[9090],
            working_folder: "/prometheus",
            built_from: "prometheus 2.42.0+ds-5",
            executable: Some(Path::new("/usr/bin/prometheus")),
        };
        let expected = [
            "ENTRYPOINT [\"/bin/prometheus\",\"--log.level=info\"]",
            "USER 65534:65534",
            "WORKDIR /prometheus",
            "LABEL io.stackctl.built-from=\"prometheus 2.42.0+ds-5\"",
            "LABEL io.stackctl.executable=\"/usr/bin/prometheus\"",
            "EXPOSE 9090",
        ];
        assert_eq!(config.changes(), expected);
    }

    #[test]
    fn the_words_of_engines_for_processors_are_understood() {
        assert_eq!(
            ["amd64", "x86_64", "arm64", "armv7l"].map(rust_architecture),
            ["x86_64", "x86_64", "aarch64", "arm"]
        );
    }
}
