//! Runs a program of an image once, on files that are given to it, and takes the container away again.

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use bollard::query_parameters::{CreateContainerOptionsBuilder, LogsOptionsBuilder, UploadToContainerOptionsBuilder};
use futures_util::TryStreamExt;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use super::error::cannot;
use super::leftover::labels_of_short_life;
use super::probe::{Removed, collect};
use super::{Engine, Error};

/// Longest time that such a program may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a program is run on.
#[derive(Debug)]
pub struct Once<'a> {
    /// The stack whose label the container carries while it is there.
    pub stack: &'a str,
    /// The image.
    pub image: &'a str,
    /// The program and its arguments. It runs as the image's user, without a network, and may write below `/tmp`.
    pub command: Vec<String>,
    /// Files by their absolute paths.
    pub files: &'a [(String, String)],
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code.
    pub code: i64,
    /// What it printed, both streams in order.
    pub printed: String,
}

impl Engine {
    /// Runs the program to its end.
    pub async fn run_once(&self, once: &Once<'_>) -> Result<Ended, Error> {
        let program = once.command.first().map(String::as_str).unwrap_or_default();
        let attempt = format!("run `{program}` in the image `{}`", once.image);
        let name = format!("{}-once-{:08x}", once.stack, RandomState::new().build_hasher().finish() >> 32);
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        let created =
            self.docker.create_container(Some(options), body(once)).await.map_err(cannot(attempt.as_str()))?;
        let container = Removed { docker: self.docker.clone(), id: Some(created.id.clone()) };
        let ended = tokio::time::timeout(PATIENCE, self.to_its_end(&created.id, once, &attempt)).await;
        container.remove().await;
        ended.unwrap_or_else(|_| {
            Err(Error::new(format!("cannot {attempt}"), format!("it did not end within {} s", PATIENCE.as_secs())))
        })
    }

    async fn to_its_end(&self, id: &str, once: &Once<'_>, attempt: &str) -> Result<Ended, Error> {
        let archive = archive(once.files).map_err(|error| Error::new(format!("cannot {attempt}"), error))?;
        let target = UploadToContainerOptionsBuilder::new().path("/").build();
        let sent = self.docker.upload_to_container(id, Some(target), bollard::body_full(archive.into())).await;
        sent.map_err(cannot(attempt))?;
        self.docker.start_container(id, None).await.map_err(cannot(attempt))?;
        let code = match self.docker.wait_container(id, None).try_collect::<Vec<_>>().await {
            Ok(_) => 0,
            Err(bollard::errors::Error::DockerContainerWaitError { code, .. }) => code,
            Err(error) => return Err(cannot(attempt)(error)),
        };
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
        let printed = collect(self.docker.logs(id, Some(options)), |_| true).await.map_err(cannot(attempt))?;
        Ok(Ended { code, printed: String::from_utf8_lossy(&printed).replace('\r', "") })
    }
}

fn body(once: &Once) -> ContainerCreateBody {
    let host = HostConfig {
        network_mode: Some("none".to_owned()),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        // An image of one program need not have a place for its temporary files.
        tmpfs: Some(HashMap::from([("/tmp".to_owned(), String::new())])),
        log_config: Some(HostConfigLogConfig { typ: Some("json-file".to_owned()), config: None }),
        ..HostConfig::default()
    };
    let mut words = once.command.iter().cloned();
    ContainerCreateBody {
        image: Some(once.image.to_owned()),
        entrypoint: Some(words.next().into_iter().collect()),
        cmd: Some(words.collect()),
        // Through a terminal both streams are one, so that what belongs together stays together.
        tty: Some(true),
        labels: Some(labels_of_short_life(once.stack)),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    }
}

fn archive(files: &[(String, String)]) -> Result<Vec<u8>, std::io::Error> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path.trim_start_matches('/'), text.as_bytes())?;
    }
    archive.into_inner()
}
