//! What `docker login` remembers: passwords in `config.json`, or kept by a credential helper.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bollard::auth::DockerCredentials;
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::registry::registry_of;

/// The name under which `docker login` keeps Docker Hub's password.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The part of `config.json` that is about passwords.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    auths: HashMap<String, Login>,
    creds_store: Option<String>,
    cred_helpers: HashMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Login {
    /// Base64 of `USER:PASSWORD`; empty where a credential helper keeps the password.
    auth: String,
    identitytoken: Option<String>,
}

/// What a credential helper answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Secret {
    username: String,
    secret: String,
}

/// The login for the registry of an image; `None` where nobody logged in, or where what is remembered cannot be read.
pub(super) async fn credentials(reference: &str) -> Option<DockerCredentials> {
    let config = tokio::fs::read_to_string(config_path()?).await.ok()?;
    let config: Config = serde_json::from_str(&config).ok()?;
    let registry = match registry_of(reference) {
        "docker.io" => DOCKER_HUB,
        other => other,
    };
    match helper(&config, registry) {
        Some(helper) => from_helper(helper, registry).await,
        None => from_config(&config, registry),
    }
}

fn config_path() -> Option<PathBuf> {
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| std::env::home_dir().map(|home| home.join(".docker")));
    folder.map(|folder| folder.join("config.json"))
}

fn helper<'a>(config: &'a Config, registry: &str) -> Option<&'a str> {
    config.cred_helpers.get(registry).or(config.creds_store.as_ref()).map(String::as_str)
}

fn from_config(config: &Config, registry: &str) -> Option<DockerCredentials> {
    let same = |key: &&String| *key == registry || host_of(key) == host_of(registry);
    let login = config.auths.get(config.auths.keys().find(same)?)?;
    let decoded = String::from_utf8(BASE64_STANDARD.decode(&login.auth).ok()?).ok()?;
    let (username, password) = decoded.split_once(':').unwrap_or_default();
    Some(DockerCredentials {
        username: Some(username.to_owned()),
        password: Some(password.to_owned()),
        identitytoken: login.identitytoken.clone(),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    })
}

/// Old versions of Docker kept whole URLs.
fn host_of(key: &str) -> &str {
    let rest = key.trim_start_matches("https://").trim_start_matches("http://");
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

async fn from_helper(helper: &str, registry: &str) -> Option<DockerCredentials> {
    let mut command = Command::new(format!("docker-credential-{helper}"));
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    child.stdin.take()?.write_all(registry.as_bytes()).await.ok()?;
    let output = child.wait_with_output().await.ok()?;
    let Secret { username, secret } = serde_json::from_slice(&output.stdout).ok()?;
    let serveraddress = Some(registry.to_owned());
    // That user name says that the secret is a token (docker/docker-credential-helpers).
    Some(if username == "<token>" {
        DockerCredentials { identitytoken: Some(secret), serveraddress, ..DockerCredentials::default() }
    } else {
        DockerCredentials {
            username: Some(username),
            password: Some(secret),
            serveraddress,
            ..DockerCredentials::default()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Config, DOCKER_HUB, from_config, helper};

    #[test]
    fn a_login_is_found_by_the_host_of_its_registry() {
        // `printf me:pass:word | base64`
        let text = r#"{"auths": {"https://r.example:5000/v2/": {"auth": "bWU6cGFzczp3b3Jk"}}}"#;
        let config: Config = serde_json::from_str(text).expect("valid");
        let found = from_config(&config, "r.example:5000").expect("a login");
        assert_eq!((found.username.as_deref(), found.password.as_deref()), (Some("me"), Some("pass:word")));
        assert!(from_config(&config, DOCKER_HUB).is_none());
    }

    #[test]
    fn a_helper_for_one_registry_goes_before_the_one_for_all() {
        let text = r#"{"credsStore": "pass", "credHelpers": {"r.example": "ecr-login"}}"#;
        let config: Config = serde_json::from_str(text).expect("valid");
        assert_eq!(helper(&config, "r.example"), Some("ecr-login"));
        assert_eq!(helper(&config, DOCKER_HUB), Some("pass"));
    }
}
