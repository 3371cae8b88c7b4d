//! Files that were written for a program that runs, and the way back: what it does not take does not stay.

use bollard::exec::{CreateExecOptions, StartExecResults};
use futures_util::TryStreamExt;

use super::error::cannot;
use super::{Engine, Error};

/// Files that were written for a program that runs.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    before: Vec<Before>,
    /// Paths and contents that the program has not taken yet. They lie there under a time that stands for no content.
    unproven: Vec<(String, String)>,
}

/// What a file held before it was written.
#[derive(Debug)]
struct Before {
    /// Engine id of the container.
    container: String,
    path: String,
    /// `None`: there was no such file.
    content: Option<String>,
}

impl Replaced {
    pub(super) fn keep(&mut self, container: &str, path: &str, content: Option<String>) {
        self.before.push(Before { container: container.to_owned(), path: path.to_owned(), content });
    }

    pub(super) fn await_proof(&mut self, path: &str, content: &str) {
        self.unproven.push((path.to_owned(), content.to_owned()));
    }
}

impl Engine {
    /// Gives the files that a program has taken the time that stands for their content. An `up` that is killed before
    /// goes on from here.
    pub(super) async fn mark_proven(&self, id: &str, replaced: &mut Replaced) -> Result<(), Error> {
        for (path, content) in replaced.unproven.drain(..) {
            self.place_file(id, &path, &content).await?;
        }
        // From here on they are what a later step would come back to.
        replaced.before.clear();
        Ok(())
    }

    /// Puts files back that were written for a step that failed after them: a program would find them at its next start,
    /// one without the other. The error is the step's.
    pub(super) async fn put_back(&self, replaced: &mut Replaced, error: Error) -> Error {
        let files: Vec<String> = replaced.before.iter().map(|before| format!("`{}`", before.path)).collect();
        match self.restore(replaced).await {
            Ok(()) => error,
            Err(failed) => Error {
                cause: format!(
                    "{}; and what was written before could not be taken back ({}): {}",
                    error.cause,
                    files.join(", "),
                    failed.cause
                ),
                ..error
            },
        }
    }

    /// Every file as it was, those that were not there gone again.
    pub(super) async fn restore(&self, replaced: &mut Replaced) -> Result<(), Error> {
        replaced.unproven.clear();
        for Before { container, path, content } in replaced.before.drain(..) {
            match content {
                Some(content) => self.place_file(&container, &path, &content).await?,
                None => self.take_away(&container, &path).await?,
            }
        }
        Ok(())
    }

    /// Takes a file out of a container that runs. The archive API cannot, and the image's own `rm` may: where it has none,
    /// or must not, an empty file stays, which says nothing to nobody.
    async fn take_away(&self, id: &str, path: &str) -> Result<(), Error> {
        self.place_file(id, path, "").await?;
        // Files are root's, and so is the folder that came with them.
        let options = CreateExecOptions {
            cmd: Some(vec!["rm", "-f", path]),
            user: Some("0"),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..Default::default()
        };
        let Ok(exec) = self.docker.create_exec(id, options).await else { return Ok(()) };
        if let Ok(StartExecResults::Attached { mut output, .. }) = self.docker.start_exec(&exec.id, None).await {
            while output.try_next().await.map_err(cannot(format!("take `{path}` out of a container")))?.is_some() {}
        }
        Ok(())
    }
}
