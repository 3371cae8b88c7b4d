//! What `docker login` remembers: passwords in `config.json`, or kept by a credential helper.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bollard::auth::DockerCredentials;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::registry::registry_of;
use super::{ImageError, ImageErrorKind};
use crate::disk;
use crate::printable::plain;

/// The name under which `docker login` keeps Docker Hub's password.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The part of `config.json` that is about passwords.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    auths: HashMap<String, Remembered>,
    creds_store: Option<String>,
    cred_helpers: HashMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Remembered {
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

/// Time that a credential helper may take: it may ask somebody.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of its answer at most.
const LONGEST_ANSWER: u64 = 1 << 20;

/// What is given to a registry.
#[derive(Debug, Default)]
pub(super) struct Login {
    /// User and password; `None` where nobody logged in, or where what is remembered cannot be read.
    pub(super) credentials: Option<DockerCredentials>,
    /// Why it cannot be read.
    pub(super) trouble: Option<String>,
}

impl Login {
    /// Who is logged in.
    pub(super) fn user(&self) -> Option<String> {
        self.credentials.as_ref()?.username.clone()
    }

    /// A registry that says no may do so for want of what could not be read.
    pub(super) fn explain(trouble: Option<&String>, error: ImageError) -> ImageError {
        match trouble {
            Some(trouble) if error.kind == ImageErrorKind::RegistryRefused => {
                ImageError { cause: format!("{}; it was asked without a login: {trouble}", error.cause), ..error }
            }
            _ => error,
        }
    }
}

/// The login for the registry of an image. Where it cannot be read, the registry is asked without one, as most images want none.
pub(super) async fn credentials(reference: &str) -> Login {
    let found = match config_path() {
        Some(path) => of_file(&path, reference).await,
        None => Ok(None),
    };
    match found {
        Ok(credentials) => Login { credentials, trouble: None },
        Err(trouble) => Login { credentials: None, trouble: Some(trouble) },
    }
}

async fn of_file(path: &Path, reference: &str) -> Result<Option<DockerCredentials>, String> {
    let text = match disk::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    // The parser's own words may quote a password.
    let config: Config = serde_json::from_slice(&text)
        .map_err(|error| format!("{} is no configuration of Docker's client, line {}", path.display(), error.line()))?;
    let registry = match registry_of(reference) {
        "docker.io" => DOCKER_HUB,
        other => other,
    };
    match helper(&config, registry) {
        Some(helper) => ask(Command::new(format!("docker-credential-{helper}")), registry, PATIENCE)
            .await
            .map_err(|trouble| format!("`docker-credential-{helper}`, which {} names, {trouble}", path.display())),
        None => Ok(from_config(&config, registry)),
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

/// Asks a credential helper. The error says what is the matter with it; one that knows no login is fine.
async fn ask(mut command: Command, registry: &str, patience: Duration) -> Result<Option<DockerCredentials>, String> {
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    let asked = async {
        if let Some(mut stdin) = child.stdin.take() {
            // One that has its answer ready need not read the question.
            let _ = stdin.write_all(registry.as_bytes()).await;
        }
        let mut answer = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(LONGEST_ANSWER + 1).read_to_end(&mut answer).await?;
        }
        if answer.len() as u64 > LONGEST_ANSWER {
            return Ok((answer, None));
        }
        child.wait().await.map(|status| (answer, Some(status)))
    };
    let ended: std::io::Result<_> = tokio::time::timeout(patience, asked)
        .await
        .map_err(|_| format!("did not answer within {} s", patience.as_secs()))?;
    let (answer, status) = ended.map_err(|error| format!("cannot be read: {error}"))?;
    let Some(status) = status else { return Err("answers with more than 1 MiB".to_owned()) };
    if !status.success() {
        let said = plain(&String::from_utf8_lossy(&answer));
        let said: String = said.trim().chars().take(200).collect();
        return if said.contains(NO_LOGIN) { Ok(None) } else { Err(format!("says no: {said}")) };
    }
    let secret =
        serde_json::from_slice(&answer).map_err(|_| "gives another answer than such programs give".to_owned())?;
    Ok(Some(credentials_of(secret, registry)))
}

/// What a helper says that knows no login for a registry (docker/docker-credential-helpers, `credentials/error.go`).
const NO_LOGIN: &str = "credentials not found";

fn credentials_of(Secret { username, secret }: Secret, registry: &str) -> DockerCredentials {
    let serveraddress = Some(registry.to_owned());
    // That user name says that the secret is a token (docker/docker-credential-helpers).
    if username == "<token>" {
        DockerCredentials { identitytoken: Some(secret), serveraddress, ..DockerCredentials::default() }
    } else {
        DockerCredentials {
            username: Some(username),
            password: Some(secret),
            serveraddress,
            ..DockerCredentials::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    #[tokio::test]
    async fn a_configuration_that_cannot_be_read_is_named_and_none_is_fine() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.json");
        assert!(of_file(&path, "redis:7").await.is_ok_and(|login| login.is_none()));
        std::fs::write(&path, r#"{"auths": "geheim"}"#).expect("writable");
        let trouble = of_file(&path, "redis:7").await.expect_err("it is broken");
        assert!(trouble.contains("config.json is no configuration") && !trouble.contains("geheim"), "{trouble}");
        std::fs::write(&path, r#"{"credsStore": "stackctl-has-none"}"#).expect("writable");
        let trouble = of_file(&path, "redis:7").await.expect_err("there is no such program");
        assert!(trouble.starts_with("`docker-credential-stackctl-has-none`"), "{trouble}");
        std::fs::remove_file(&path).expect("it is there");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("coreutils").success());
        let trouble = of_file(&path, "redis:7").await.expect_err("nobody writes into it");
        assert!(trouble.ends_with("is no regular file"), "{trouble}");
    }

    #[tokio::test]
    async fn a_helper_is_not_waited_for_without_end_and_what_it_says_is_told() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        // The name of the program begins so; the rest of the path is the test's.
        let asked = async |script: &str| {
            let program = folder.path().join("docker-credential-it");
            std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("writable");
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("ours");
            ask(Command::new(&program), "r.example", Duration::from_secs(2)).await
        };
        let found = asked(r#"cat >/dev/null; echo '{"Username": "me", "Secret": "pass"}'"#).await;
        assert_eq!(found.expect("a login").and_then(|login| login.username).as_deref(), Some("me"));
        assert!(
            asked("echo credentials not found in native keychain; exit 1").await.is_ok_and(|login| login.is_none())
        );
        for (script, words) in [
            ("echo the store is locked; exit 1", "says no: the store is locked"),
            ("exec sleep 60", "did not answer within 2 s"),
            ("cat /dev/zero", "more than 1 MiB"),
            ("echo hello", "another answer"),
        ] {
            let trouble = asked(script).await.expect_err(script);
            assert!(trouble.contains(words), "{script}: {trouble}");
        }
    }
}
