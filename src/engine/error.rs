//! The engine said no: what was tried, why it failed, what to do next.

use std::fmt;

use super::secrecy::without_secrets;

/// The engine said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What was tried: cannot create container `demo-web-1`.
    pub attempt: String,
    /// Why it failed, in the engine's words where it has some.
    pub cause: String,
    /// What to do next.
    pub advice: Option<String>,
}

impl Error {
    /// An error without advice.
    pub fn new(attempt: impl Into<String>, cause: impl fmt::Display) -> Self {
        let [attempt, cause] = [attempt.into(), cause.to_string()].map(without_secrets);
        Self { attempt, cause, advice: None }
    }

    /// The same error with advice.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(without_secrets(advice.into()));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}: {}", self.attempt, self.cause)
    }
}

impl std::error::Error for Error {}

/// Turns bollard's errors into ours: `docker.call().await.map_err(cannot("list networks"))`.
pub(super) fn cannot<A: Into<String>>(attempt: A) -> impl FnOnce(bollard::errors::Error) -> Error {
    let attempt = format!("cannot {}", attempt.into());
    move |error| {
        let advice = advice(&error);
        Error { advice: advice.map(without_secrets), ..Error::new(attempt, cause(&error)) }
    }
}

/// The engine's own sentence, without bollard's frame around it.
pub(super) fn cause(error: &bollard::errors::Error) -> String {
    match error {
        bollard::errors::Error::DockerResponseServerError { message, status_code } if message.trim().is_empty() => {
            format!("it answers with status {status_code}, and says nothing")
        }
        bollard::errors::Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        bollard::errors::Error::RequestTimeoutError => "the engine did not answer in time".to_owned(),
        bollard::errors::Error::JsonDataError { message, .. } => {
            format!("the engine's answer is not what was asked for: {message}")
        }
        other => innermost(other).to_string(),
    }
}

/// The error that the others only wrap: `Permission denied (os error 13)`.
fn innermost(error: &dyn std::error::Error) -> &dyn std::error::Error {
    let mut innermost = error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    innermost
}

/// The HTTP status the engine answered with.
pub(super) fn status(error: &bollard::errors::Error) -> Option<u16> {
    match error {
        bollard::errors::Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// `None`: the engine says that there is no such thing.
pub(super) fn found<T>(answer: Result<T, bollard::errors::Error>) -> Result<Option<T>, bollard::errors::Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if status(&error) == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}

fn advice(error: &bollard::errors::Error) -> Option<String> {
    use bollard::errors::Error::{HyperLegacyError, HyperResponseError, IOError, JsonDataError, RequestTimeoutError};
    if let HyperLegacyError { .. }
    | HyperResponseError { .. }
    | IOError { .. }
    | JsonDataError { .. }
    | RequestTimeoutError = error
    {
        return Some(
            "see whether the engine is well (`docker info`, `journalctl -u docker`), and run the command again: it goes on \
             from what is there"
                .to_owned(),
        );
    }
    let text = cause(error);
    if text.contains("port is already allocated") || text.contains("address already in use") {
        let port = taken_port(&text).unwrap_or("PORT");
        return Some(format!(
            "see who holds it with `docker ps --filter publish={port}` or `ss -ltnp 'sport = :{port}'`; \
             stop that, or write another host port in the stack file"
        ));
    }
    if is_name_taken(error) {
        return Some(
            "another container has this name since: see whose it is with `docker ps --all`, and run the command again, or give \
             the stack another `name`"
                .to_owned(),
        );
    }
    if is_read_only(error) {
        return Some(
            "where the root is read-only, the engine puts files only into volumes that can be written, and stackctl makes none \
             right below the root: give the file a folder of its own, such as `/run/secrets/NAME`, or leave out `read_only`"
                .to_owned(),
        );
    }
    if text.contains("no space left on device") {
        return Some(
            "the engine's disk is full: see what takes the room with `docker system df`, make some (`docker image prune`), and \
             run the command again: it goes on from what is there"
                .to_owned(),
        );
    }
    if let Some(program) = unstartable(&text) {
        return Some(format!(
            "the image has no program `{program}` that can be run: correct `entrypoint` or `command`, then run `stackctl up`"
        ));
    }
    if is_no_image(error) {
        return Some("run `stackctl images pull`, or check the image's name".to_owned());
    }
    if text.contains("mounts denied") || text.contains("bind source path does not exist") {
        return Some("create the path on the engine's host, or use a named volume".to_owned());
    }
    None
}

/// The program in `exec: "/app/server": stat /app/server: no such file or directory`, as runc says it, or in `executable file
/// `/app/server` not found`, as Podman's crun does.
fn unstartable(text: &str) -> Option<&str> {
    let of_crun = text.split_once("executable file `").and_then(|(_, rest)| rest.split_once("` not found"));
    if let Some((program, _)) = of_crun {
        return Some(program);
    }
    let (program, why) = text.split_once("exec: \"")?.1.split_once('"')?;
    let reasons = ["no such file or directory", "executable file not found", "permission denied", "is a directory"];
    reasons.iter().any(|reason| why.contains(reason)).then_some(program)
}

/// Another container has the name. Podman says so with status 500, and with words of its own.
pub(super) fn is_name_taken(error: &bollard::errors::Error) -> bool {
    says_name_taken(&cause(error))
}

/// The same in the engine's words: `The container name "/x" is already in use by container "…"` of Docker, `the container name
/// "x" is already in use by …` of Podman where one is made; where one is renamed, what its database says.
pub(super) fn says_name_taken(text: &str) -> bool {
    let words = ["is already in use by", "UNIQUE constraint failed: ContainerConfig.Name"];
    words.iter().any(|words| text.contains(words)) || text.contains("is in use: container already exists")
}

/// The engine does not have the image that a container is to be made of: `No such image` of Docker, `no such image` of Podman.
pub(super) fn is_no_image(error: &bollard::errors::Error) -> bool {
    status(error).is_none_or(|status| status == 404) && cause(error).to_lowercase().contains("no such image")
}

/// The engine puts no file where the root is read-only.
pub(super) fn is_read_only(error: &bollard::errors::Error) -> bool {
    cause(error).contains("rootfs is marked read-only")
}

/// The port in `Bind for 127.0.0.1:8010 failed` or `listen tcp4 127.0.0.1:8010: bind`.
fn taken_port(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(colon) = rest.find(':') {
        rest = &rest[colon + 1..];
        let digits = rest.len() - rest.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        if (2..=5).contains(&digits) && rest[digits..].starts_with([' ', ':']) {
            return Some(&rest[..digits]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_words_is_told_by_its_status() {
        let silent = bollard::errors::Error::DockerResponseServerError { status_code: 503, message: String::new() };
        assert_eq!(cause(&silent), "it answers with status 503, and says nothing");
    }

    #[test]
    fn a_program_that_cannot_be_run_is_named() {
        let missing = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container \
                       process: exec: \"/nosuch\": stat /nosuch: no such file or directory: unknown";
        let by_name = "OCI runtime create failed: exec: \"serve\": executable file not found in $PATH: unknown";
        assert_eq!(unstartable(missing), Some("/nosuch"));
        assert_eq!(unstartable(by_name), Some("serve"));
        assert_eq!(unstartable("stat /nosuch: no such file or directory"), None);
        let by_crun = "crun: executable file `/nosuch` not found in $PATH: No such file or directory: OCI runtime attempted to \
                       invoke a command that was not found";
        assert_eq!(unstartable(by_crun), Some("/nosuch"));
    }

    #[test]
    fn the_taken_port_is_found_in_both_forms_the_engine_uses() {
        let allocated = "driver failed programming external connectivity on endpoint demo-web-1 (5f): \
                         Bind for 127.0.0.1:8010 failed: port is already allocated";
        let in_use = "Error starting userland proxy: listen tcp4 127.0.0.1:8010: bind: address already in use";
        assert_eq!(taken_port(allocated), Some("8010"));
        assert_eq!(taken_port(in_use), Some("8010"));
        assert_eq!(taken_port("no port here"), None);
    }
}
