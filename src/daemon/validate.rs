//! Has the engine's own program look at a file before it counts: `dockerd --validate`, with the flags that it runs with.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::is_root;
use super::{Dockerd, Error};

/// Asks the running dockerd's program whether it would start with `candidate`, which will be `path`. Starts nothing.
pub fn validate(dockerd: &Dockerd, candidate: &Path, path: &Path) -> Result<(), Error> {
    let Some(said) = refused_by(dockerd, candidate)? else { return Ok(()) };
    let said = said.replace(&candidate.display().to_string(), &path.display().to_string());
    Err(Error::wrong(
        format!("the engine would not start with the new {}: {said}", path.display()),
        "nothing was changed; mend what it names, and try again",
    ))
}

/// Why the running dockerd's program would not start with a file, in its own words. `None`: it would. Starts nothing.
pub fn refused_by(dockerd: &Dockerd, file: &Path) -> Result<Option<String>, Error> {
    let mut command = Command::new(dockerd.executable());
    // Flags may name files by relative paths.
    command.current_dir(dockerd.folder());
    command.args(without_config_file(dockerd.arguments.get(1..).unwrap_or_default()));
    command.arg("--validate").arg("--config-file").arg(file).stdin(Stdio::null());
    let attempt = || "cannot ask `dockerd --validate`".to_owned();
    let output = command.output().map_err(|error| match error.kind() {
        // Whose process it is, may ask: who that is not, has an administrator to go to.
        io::ErrorKind::PermissionDenied if !is_root() => {
            Error::Denied { attempt: attempt(), path: dockerd.executable() }
        }
        _ => Error::world(attempt(), error, ""),
    })?;
    if output.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(Some(said.trim().lines().last().unwrap_or("it does not say why").to_owned()))
}

/// The arguments of a dockerd but for the file that they name.
pub(super) fn without_config_file(arguments: &[String]) -> Vec<&String> {
    let mut kept = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--config-file" {
            rest.next();
        } else if !argument.starts_with("--config-file=") {
            kept.push(argument);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_daemons_file_is_left_out() {
        let line = "-H fd:// --config-file /a --debug --config-file=/b --mtu 1400";
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        assert_eq!(without_config_file(&arguments), ["-H", "fd://", "--debug", "--mtu", "1400"]);
    }
}
