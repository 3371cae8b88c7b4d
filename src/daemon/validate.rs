//! Has the engine's own program look at a file before it counts: `dockerd --validate`, with the flags that it runs with; where it
//! has no such word, a start that ends as soon as the settings are taken.

use std::io::{self, Write as _};
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::error::is_root;
use super::{Dockerd, Document, Error, Release};

/// No engine starts with it, nor touches it: nothing lies below what is no folder.
const NO_ROOT: &str = "/dev/null/none";

/// The releases without `--validate` whose program is known to look for its data folder once it has taken its settings, and
/// before it touches anything (20.10.24, traced).
const LOOKS_FOR_ROOT: Range<Release> = Release(20, 10)..Release(23, 0);

/// What gives a data folder, twice of which is too much.
const ROOTS: [&str; 2] = ["data-root", "graph"];

/// Time for a program that ends at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the running dockerd's program whether it would start with `candidate`, which will be `path`. Starts nothing.
pub fn validate(dockerd: &Dockerd, release: Release, candidate: &Path, path: &Path) -> Result<(), Error> {
    let Some(said) = refused_by(dockerd, release, candidate)? else { return Ok(()) };
    let said = said.replace(&candidate.display().to_string(), &path.display().to_string());
    Err(Error::wrong(
        format!("the engine would not start with the new {}: {said}", path.display()),
        "nothing was changed; mend what it names, and try again",
    ))
}

/// Why the running dockerd's program would not start with a file, in its own words. `None`: it would, as far as it can be asked.
/// Starts nothing.
pub fn refused_by(dockerd: &Dockerd, release: Release, file: &Path) -> Result<Option<String>, Error> {
    if release.can_validate() {
        let mut command = program(dockerd);
        command.arg("--validate").arg("--config-file").arg(file);
        return said(command, dockerd);
    }
    let has_graph = dockerd.flags().iter().any(|flag| flag.key == "graph");
    if has_graph || !LOOKS_FOR_ROOT.contains(&release) {
        return Ok(None);
    }
    let failed = |error: &io::Error| Error::of("read", file, error);
    let bytes = std::fs::read(file).map_err(|error| failed(&error))?;
    let Ok(document) = Document::parse(&bytes) else { return Ok(None) };
    let document = ROOTS.iter().fold(document, |document, root| document.without(&[root]));
    let Ok(mut candidate) = tempfile::NamedTempFile::new() else { return Ok(None) };
    candidate.write_all(&document.bytes()).map_err(|error| failed(&error))?;
    let mut command = program(dockerd);
    command.arg("--config-file").arg(candidate.path()).arg("--data-root").arg(NO_ROOT);
    let said = said(command, dockerd)?.filter(|said| !said.contains(NO_ROOT));
    Ok(said.map(|said| said.replace(&candidate.path().display().to_string(), &file.display().to_string())))
}

/// The running dockerd's program with its flags, the one that names its file aside.
fn program(dockerd: &Dockerd) -> Command {
    let mut command = Command::new(dockerd.executable());
    // Flags may name files by relative paths.
    command.current_dir(dockerd.folder());
    command.args(without_config_file(dockerd.arguments.get(1..).unwrap_or_default()));
    command
}

/// The last line of what a program says that fails. `None`: it does not, or has not ended in its time.
fn said(mut command: Command, dockerd: &Dockerd) -> Result<Option<String>, Error> {
    let attempt = || "cannot ask `dockerd --validate`".to_owned();
    let failed = |error: &io::Error| match error.kind() {
        // Whose process it is, may ask: who that is not, has an administrator to go to.
        io::ErrorKind::PermissionDenied if !is_root() => {
            Error::Denied { attempt: attempt(), path: dockerd.executable() }
        }
        io::ErrorKind::PermissionDenied => Error::world(
            attempt(),
            error,
            format!(
                "root may not either: this process may not look into process {}, as in a container without `--privileged`; run \
                 stackctl where dockerd runs, outside of a container",
                dockerd.pid
            ),
        ),
        _ => Error::world(attempt(), error, format!("see that `{}` can be run", dockerd.executable().display())),
    };
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| failed(&error))?;
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().map_err(|error| failed(&error))?.is_none() {
        if Instant::now() >= deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().map_err(|error| failed(&error))?;
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
