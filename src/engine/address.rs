//! Which engine is meant: `DOCKER_HOST`, else `DOCKER_CONTEXT`, else the context that `docker context use` chose.
//!
//! The same order and the same files as the `docker` command reads, so that both work on one engine.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Error;

/// Where the engine listens unless somebody says otherwise.
const DEFAULT: &str = "unix:///var/run/docker.sock";

/// What the environment says of the engine.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// `DOCKER_HOST`
    pub host: Option<String>,
    /// `DOCKER_CONTEXT`
    pub context: Option<String>,
    /// Folder of docker's own settings: `DOCKER_CONFIG`, else `~/.docker`.
    pub config_folder: Option<PathBuf>,
    /// Folder of `ca.pem`, `cert.pem` and `key.pem` for `DOCKER_HOST`, where `DOCKER_TLS_VERIFY` asks for them.
    pub tls: Option<PathBuf>,
}

/// The way to one engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Such as `unix:///var/run/docker.sock` or `tcp://10.0.0.5:2376`.
    pub url: String,
    /// Folder of `ca.pem`, `cert.pem` and `key.pem`. `None`: no TLS.
    pub tls: Option<PathBuf>,
}

impl Hints {
    /// Reads the environment of this process.
    pub fn of_process() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let folder = |name| variable(name).map(PathBuf::from);
        let config_folder = folder("DOCKER_CONFIG").or_else(|| Some(folder("HOME")?.join(".docker")));
        let verify = variable("DOCKER_TLS_VERIFY");
        Self {
            host: variable("DOCKER_HOST"),
            context: variable("DOCKER_CONTEXT"),
            tls: verify.and_then(|_| folder("DOCKER_CERT_PATH").or_else(|| config_folder.clone())),
            config_folder,
        }
    }

    /// The engine that is meant. Fails where a context is named that docker does not know.
    pub fn address(&self) -> Result<Address, Error> {
        if let Some(host) = &self.host {
            return Ok(Address { url: host.clone(), tls: self.tls.clone() });
        }
        let chosen = || text_at(&self.config_folder.as_ref()?.join("config.json"), "/currentContext");
        match self.context.clone().or_else(chosen) {
            Some(context) if context != "default" && !context.is_empty() => self.of_context(&context),
            _ => Ok(Address { url: DEFAULT.to_owned(), tls: None }),
        }
    }

    /// A context lies in a folder named by the SHA-256 of its name (docker/cli, `cli/context/store`).
    fn of_context(&self, context: &str) -> Result<Address, Error> {
        let id = super::images::hexadecimal(&Sha256::digest(context.as_bytes()));
        let contexts = self.config_folder.clone().unwrap_or_default().join("contexts");
        let meta = contexts.join("meta").join(&id).join("meta.json");
        let url = text_at(&meta, "/Endpoints/docker/Host").ok_or_else(|| {
            let cause = if meta.exists() { "it names no engine" } else { "there is no such context" };
            Error::new(format!("cannot use the Docker context `{context}`"), cause)
                .advise("`docker context ls` lists those there are; `docker context use default` is the local engine")
        })?;
        let tls = contexts.join("tls").join(&id).join("docker");
        Ok(Address { url, tls: Some(tls).filter(|folder| folder.is_dir()) })
    }
}

/// A text inside a JSON file, where both are there.
fn text_at(file: &Path, pointer: &str) -> Option<String> {
    let json: Value = serde_json::from_slice(&crate::disk::read(file).ok()?).ok()?;
    json.pointer(pointer)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with_context(name: &str, host: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let id = super::super::images::hexadecimal(&Sha256::digest(name.as_bytes()));
        let meta = folder.path().join("contexts/meta").join(id);
        fs_err::create_dir_all(&meta).expect("it is ours");
        let json = serde_json::json!({ "Name": name, "Endpoints": { "docker": { "Host": host } } });
        fs_err::write(meta.join("meta.json"), json.to_string()).expect("it is ours");
        let config = serde_json::json!({ "currentContext": name });
        fs_err::write(folder.path().join("config.json"), config.to_string()).expect("it is ours");
        folder
    }

    fn url(hints: &Hints) -> String {
        hints.address().expect("an address").url
    }

    #[test]
    fn the_host_wins_over_the_context_and_the_context_over_the_default() {
        let folder = folder_with_context("colima", "unix:///home/me/.colima/docker.sock");
        let config_folder = Some(folder.path().to_owned());
        let chosen = Hints { config_folder: config_folder.clone(), ..Hints::default() };
        assert_eq!(url(&chosen), "unix:///home/me/.colima/docker.sock");
        let by_variable = Hints { context: Some("default".to_owned()), ..chosen.clone() };
        assert_eq!(url(&by_variable), DEFAULT);
        let by_host = Hints { host: Some("tcp://10.0.0.5:2375".to_owned()), ..chosen };
        assert_eq!(url(&by_host), "tcp://10.0.0.5:2375");
        assert_eq!(url(&Hints::default()), DEFAULT);
    }

    #[test]
    fn a_context_that_docker_does_not_know_is_named() {
        let error = Hints { context: Some("gone".to_owned()), ..Hints::default() }.address().expect_err("no context");
        assert!(error.to_string().contains("`gone`"), "{error}");
    }
}
