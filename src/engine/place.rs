//! Puts files and secrets into containers through the archive API, so that no path of the host is needed.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::Read;

use bollard::errors::Error as EngineError;
use bollard::query_parameters::{DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder};
use futures_util::TryStreamExt;

use super::create::lies_in;
use super::error::{cannot, is_read_only, status};
use super::{Engine, Error, FileStamp};
use crate::desired::{SecretSource, Service};
use crate::render::Files;

/// Permissions of a file that everybody in the container may read.
pub(super) const FILE_MODE: u32 = 0o644;

/// Permissions of a file that only its owner may read.
pub(super) const SECRET_MODE: u32 = 0o400;

/// Values of secrets, read by the command at the last moment. Never printed.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Those that go into containers as files, by where they lie.
    pub values: HashMap<SecretSource, Vec<u8>>,
    /// Values of variables whose names say that they are secret. They may stand anywhere in what the stack file says.
    pub variables: Vec<String>,
}

impl Secrets {
    /// The stamp that the secret's file has in a container; `None`: its value is not known.
    pub fn stamp(&self, source: &SecretSource, path: &str) -> Option<FileStamp> {
        Some(FileStamp::of_secret(path, self.values.get(source)?))
    }

    /// The line without the values of these secrets, should somebody have written one there by hand.
    pub fn hide(&self, line: String) -> String {
        const SHORTEST: usize = 6;
        let texts = self.values.values().filter_map(|value| std::str::from_utf8(value).ok());
        let values = texts.flat_map(str::lines).map(str::trim).filter(|value| value.len() >= SHORTEST);
        values.fold(line, |line, value| if line.contains(value) { line.replace(value, "***") } else { line })
    }

    /// Whether the value of a secret variable stands in a text.
    pub fn are_in(&self, text: &str) -> bool {
        self.variables.iter().any(|value| text.contains(value.as_str()))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Secrets({} redacted)", self.values.len() + self.variables.len())
    }
}

/// User and group that own a file in a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Owner {
    user: u64,
    group: u64,
}

impl Engine {
    /// Puts a service's files and secrets into its container, in one call.
    pub(super) async fn place_all(
        &self,
        container: &str,
        service: &Service,
        files: &Files,
        secrets: &Secrets,
    ) -> Result<(), Error> {
        let spec = &service.container;
        if spec.files.is_empty() && spec.secrets.is_empty() {
            return Ok(());
        }
        let mut archive = Archive::new();
        for file in &spec.files {
            let text = files.0.get(&file.source).ok_or_else(|| {
                Error::new(format!("cannot put `{}` into `{container}`", file.target), "it was not rendered")
            })?;
            archive.file(&file.target, text);
        }
        if !spec.secrets.is_empty() {
            let owner = self.user_of(container).await?;
            for secret in &spec.secrets {
                let value = secrets.values.get(&secret.source).ok_or_else(|| {
                    Error::new(format!("cannot put secret `{}` into `{container}`", secret.name), "it has no value")
                })?;
                archive.secret(&secret.target, value, owner);
            }
        }
        self.upload(container, archive).await
    }

    /// Puts one file into a container, readable by everybody in it.
    pub(super) async fn place_file(&self, container: &str, path: &str, text: &str) -> Result<(), Error> {
        let mut archive = Archive::new();
        archive.file(path, text);
        self.upload(container, archive).await
    }

    /// The same with a time that stands for no content: until it is placed again, the file counts as changed.
    pub(super) async fn place_unproven(&self, container: &str, path: &str, text: &str) -> Result<(), Error> {
        let mut archive = Archive::new();
        archive.unproven(path, text);
        self.upload(container, archive).await
    }

    async fn upload(&self, container: &str, archive: Archive) -> Result<(), Error> {
        let failed = format!("put files into container `{container}`");
        if self.facts().is_podman {
            // Below the root of one that does not run it finds no volumes, and puts the files where those hide them.
            for (folder, entries) in self.by_mount(container, &archive).await? {
                self.send(container, &folder, Archive::pack(&folder, &entries)?).await.map_err(cannot(&failed))?;
            }
            return Ok(());
        }
        match self.send(container, "/", Archive::pack("/", &archive.all())?).await {
            Err(error) if is_read_only(&error) => {
                for (folder, entries) in
                    self.by_volume(container, &archive).await?.ok_or_else(|| cannot(&failed)(error))?
                {
                    self.send(container, &folder, Archive::pack(&folder, &entries)?).await.map_err(cannot(&failed))?;
                }
                Ok(())
            }
            answer => answer.map_err(cannot(failed)),
        }
    }

    async fn send(&self, container: &str, folder: &str, archive: Vec<u8>) -> Result<(), EngineError> {
        let options = UploadToContainerOptionsBuilder::new().path(folder).build();
        let bytes = bytes::Bytes::from(archive);
        let upload = async || {
            let body = bollard::body_full(bytes.clone());
            self.docker.upload_to_container(container, Some(options.clone()), body).await
        };
        self.act(upload).await
    }

    /// The files by the mount they lie in. `None`: one lies in none that can be written.
    async fn by_volume<'a>(
        &self,
        container: &str,
        archive: &'a Archive,
    ) -> Result<Option<BTreeMap<String, Vec<&'a Entry>>>, Error> {
        let sorted = self.by_mount(container, archive).await?;
        Ok((!sorted.contains_key("/")).then_some(sorted))
    }

    /// The files by the mount they lie in, and those that lie in none that can be written by `/`.
    async fn by_mount<'a>(
        &self,
        container: &str,
        archive: &'a Archive,
    ) -> Result<BTreeMap<String, Vec<&'a Entry>>, Error> {
        let inspected = self.inspect(container).await?.unwrap_or_default();
        let points = inspected.mounts.unwrap_or_default().into_iter().filter(|point| point.rw == Some(true));
        let folders: Vec<String> = points.filter_map(|point| point.destination).collect();
        let mut sorted: BTreeMap<String, Vec<&Entry>> = BTreeMap::new();
        for entry in &archive.0 {
            let around = folders.iter().filter(|folder| lies_in(&entry.path, folder));
            let folder = around.max_by_key(|folder| folder.len()).map_or("/", String::as_str);
            sorted.entry(folder.to_owned()).or_default().push(entry);
        }
        Ok(sorted)
    }

    /// Content of a file in a container; `None`: there is no such file.
    pub async fn read_file(&self, container: &str, path: &str) -> Result<Option<String>, Error> {
        let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
        let download = async || {
            let mut chunks = std::pin::pin!(self.docker.download_from_container(container, Some(options.clone())));
            let mut all = Vec::new();
            while let Some(chunk) = chunks.try_next().await? {
                all.extend_from_slice(&chunk);
            }
            Ok(all)
        };
        match self.look(download).await {
            Ok(bytes) => first_entry(&bytes)
                .map_err(|error| Error::new(format!("cannot read `{path}` in container `{container}`"), error)),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(cannot(format!("read `{path}` in container `{container}`"))(error)),
        }
    }

    /// The user a container runs as, by number: the stack file's, else the image's. A name is looked up in the
    /// container's own `/etc/passwd`.
    async fn user_of(&self, container: &str) -> Result<Owner, Error> {
        let inspected = self.inspect(container).await?.unwrap_or_default();
        let user = inspected.config.and_then(|config| config.user).unwrap_or_default();
        if let Some(owner) = numeric_owner(&user) {
            return Ok(owner);
        }
        let passwd = self.read_file(container, "/etc/passwd").await?.unwrap_or_default();
        named_owner(&passwd, &user).ok_or_else(|| {
            Error::new(
                format!("cannot tell who user `{user}` of container `{container}` is"),
                "no such line in its /etc/passwd",
            )
            .advise("write the user as a number in the stack file: `user: \"1000:1000\"`")
        })
    }
}

/// `65534`, `65534:65534`, or nothing, which is root.
fn numeric_owner(user: &str) -> Option<Owner> {
    let (user, group) = user.split_once(':').unwrap_or((user, ""));
    if user.is_empty() {
        return Some(Owner::default());
    }
    let user = user.parse().ok()?;
    Some(Owner { user, group: group.parse().unwrap_or(user) })
}

fn named_owner(passwd: &str, user: &str) -> Option<Owner> {
    let name = user.split(':').next().unwrap_or_default();
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(Owner { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
}

fn first_entry(bytes: &[u8]) -> std::io::Result<Option<String>> {
    let mut archive = tar::Archive::new(bytes);
    let Some(entry) = archive.entries()?.next() else { return Ok(None) };
    let mut text = String::new();
    entry?.read_to_string(&mut text)?;
    Ok(Some(text))
}

/// A file to be placed.
struct Entry {
    path: String,
    data: Vec<u8>,
    mode: u32,
    modified: u64,
    owner: Owner,
}

/// Files that go into a container together.
struct Archive(Vec<Entry>);

impl Archive {
    fn new() -> Self {
        Self(Vec::new())
    }

    /// A file that everybody may read, with the time that stands for its content.
    fn file(&mut self, path: &str, text: &str) {
        let modified = FileStamp::of(text).modified.unsigned_abs();
        self.entry(path, text.as_bytes(), FILE_MODE, modified, Owner::default());
    }

    /// The same with a time that no content has.
    fn unproven(&mut self, path: &str, text: &str) {
        self.entry(path, text.as_bytes(), FILE_MODE, 0, Owner::default());
    }

    /// A file that only its owner may read.
    fn secret(&mut self, path: &str, value: &[u8], owner: Owner) {
        let modified = FileStamp::of_secret(path, value).modified.unsigned_abs();
        self.entry(path, value, SECRET_MODE, modified, owner);
    }

    fn entry(&mut self, path: &str, data: &[u8], mode: u32, modified: u64, owner: Owner) {
        self.0.push(Entry { path: path.to_owned(), data: data.to_vec(), mode, modified, owner });
    }

    fn all(&self) -> Vec<&Entry> {
        self.0.iter().collect()
    }

    /// A tar archive of some of its files, to be unpacked in `folder`, which they lie in.
    fn pack(folder: &str, entries: &[&Entry]) -> Result<Vec<u8>, Error> {
        let mut archive = tar::Builder::new(Vec::new());
        for entry in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(entry.data.len() as u64);
            header.set_mode(entry.mode);
            header.set_mtime(entry.modified);
            header.set_uid(entry.owner.user);
            header.set_gid(entry.owner.group);
            let inside = entry.path.strip_prefix(folder.trim_end_matches('/')).unwrap_or(&entry.path);
            let packed = archive.append_data(&mut header, inside.trim_start_matches('/'), entry.data.as_slice());
            packed.map_err(|error| Error::new(format!("cannot pack `{}`", entry.path), error))?;
        }
        archive.into_inner().map_err(|error| Error::new("cannot pack files", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_a_container_is_a_number_or_is_looked_up() {
        assert_eq!(numeric_owner(""), Some(Owner { user: 0, group: 0 }));
        assert_eq!(numeric_owner("472:0"), Some(Owner { user: 472, group: 0 }));
        assert_eq!(numeric_owner("nobody"), None);
        let passwd = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/sbin/nologin\n";
        assert_eq!(named_owner(passwd, "nobody"), Some(Owner { user: 65534, group: 65533 }));
    }

    #[test]
    fn secrets_are_not_printed() {
        let values = HashMap::from([(SecretSource::Generated, b"geheim".to_vec())]);
        let secrets = Secrets { values, variables: Vec::new() };
        assert_eq!(format!("{secrets:?}"), "Secrets(1 redacted)");
        assert_eq!(secrets.hide("x: geheim".to_owned()), "x: ***");
    }
}
