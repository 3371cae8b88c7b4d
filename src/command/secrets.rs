//! Values of secrets, read at the last moment. A generated one is made once and kept, mode 0600, in the state folder.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::state;
use crate::catalog::grafana::ADMIN_PASSWORD;
use crate::desired::{Desired, PlacedSecret, SecretSource};
use crate::disk;
use crate::engine::{Error, Secrets};
use crate::stack::{Environment, names_a_secret};

/// Letters and digits of a generated password: 24 of these 56 are 139 bits. Those that look alike are left out.
const ALPHABET: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH: usize = 24;

/// Reads the value of every secret that a container of the stack carries.
pub(super) fn read(desired: &Desired, environment: &Environment) -> Result<Secrets, Error> {
    let mut values = HashMap::new();
    for secret in placed(desired) {
        if !values.contains_key(&secret.source) {
            values.insert(secret.source.clone(), value(desired, &secret.name, &secret.source, environment)?);
        }
    }
    refuse_dollars(desired, &values)?;
    Ok(Secrets { values, variables: of_variables(environment) })
}

/// Grafana takes what follows a `$` for a variable, even in what it reads from a file, and knows no way to write one.
fn refuse_dollars(desired: &Desired, values: &HashMap<SecretSource, Vec<u8>>) -> Result<(), Error> {
    let guard = desired.grafana.as_ref().and_then(|config| config.prometheus_guard.as_ref());
    let password = guard.and_then(|guard| values.get(guard.password.as_ref()?));
    if password.is_some_and(|password| password.contains(&b'$')) {
        let cause =
            "the password of `prometheus.web` has a `$` in it, and Grafana takes what follows one for a variable";
        return Err(Error::new("cannot let Grafana ask Prometheus", cause).advise("choose another password"));
    }
    Ok(())
}

/// Values of variables that the stack file names as secrets, whatever they are called.
pub(super) fn named_variables(desired: &Desired, environment: &Environment) -> Vec<String> {
    let variables = placed(desired).filter_map(|secret| match &secret.source {
        SecretSource::Environment(variable) => environment.get(variable),
        _ => None,
    });
    variables.collect()
}

/// The secrets whose values can be had without making one up. What is missing is said when it is needed.
pub(super) fn known(desired: &Desired, environment: &Environment) -> Secrets {
    let known = placed(desired).filter_map(|secret| {
        let made = || kept_at(&desired.stack, &secret.name).is_ok_and(|path| path.exists());
        let is_there = secret.source != SecretSource::Generated || made();
        let value = is_there.then(|| value(desired, &secret.name, &secret.source, environment).ok()).flatten()?;
        Some((secret.source.clone(), value))
    });
    Secrets { values: known.collect(), variables: of_variables(environment) }
}

/// Values of variables whose names say that they are secret. They may stand anywhere in what the stack file says. Short ones
/// do so for other reasons.
pub(super) fn of_variables(environment: &Environment) -> Vec<String> {
    const SHORTEST: usize = 6;
    let secret = environment.names().filter(|name| names_a_secret(name));
    secret.filter_map(|name| environment.get(name)).filter(|value| value.trim().len() >= SHORTEST).collect()
}

/// Why values cannot be had that somebody has to give, each once.
pub(super) fn missing(desired: &Desired, environment: &Environment) -> Vec<Error> {
    let mut errors: Vec<Error> = Vec::new();
    for secret in placed(desired).filter(|secret| secret.source != SecretSource::Generated) {
        if let Err(error) = value(desired, &secret.name, &secret.source, environment)
            && !errors.contains(&error)
        {
            errors.push(error);
        }
    }
    errors
}

/// Writes the secrets that Compose cannot find by itself below a rendered folder, where its compose.yml looks for them.
/// Returns what was new.
///
/// The folder is closed to everybody else (0700); the file in it is open (0644), because Compose binds it into the
/// container as it is, where the image's own user has to read it.
pub(super) fn write_beside(desired: &Desired, environment: &Environment, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut written = Vec::new();
    for secret in placed(desired).filter(|secret| !secret.source.is_at_hand()) {
        let secrets_folder = folder.join("secrets");
        let path = secrets_folder.join(&secret.name);
        let attempt = |error| Error::new(format!("cannot write {}", path.display()), error);
        if !secrets_folder.is_dir() {
            std::fs::DirBuilder::new().mode(0o700).create(&secrets_folder).map_err(attempt)?;
        }
        let value = value(desired, &secret.name, &secret.source, environment)?;
        if disk::read(&path).ok().as_ref() != Some(&value) {
            disk::place_of(&path).and_then(|place| fs_err::write(place, value)).map_err(attempt)?;
            written.push(path);
        }
    }
    Ok(written)
}

/// Where a generated secret of a stack is kept.
pub(super) fn kept_at(stack: &str, name: &str) -> Result<PathBuf, Error> {
    Ok(state::folder()?.join(format!("{stack}.{name}")))
}

fn placed(desired: &Desired) -> impl Iterator<Item = &PlacedSecret> {
    desired.services.iter().flat_map(|service| &service.container.secrets)
}

fn value(desired: &Desired, name: &str, source: &SecretSource, environment: &Environment) -> Result<Vec<u8>, Error> {
    let attempt = format!("cannot read secret `{name}`");
    match source {
        SecretSource::File(path) => disk::read(Path::new(path)).map_err(|error| {
            Error::new(attempt, error).advise("create the file, or name another one in the stack file")
        }),
        SecretSource::Environment(variable) => environment.get(variable).map(String::into_bytes).ok_or_else(|| {
            Error::new(attempt, format!("variable {variable} is set neither in the environment nor in `.env`"))
                .advise(format!("`export {variable}=…`, or use `file:` in the stack file"))
        }),
        SecretSource::Generated => generated(&desired.stack, name),
        SecretSource::Setting { service, place } => {
            let found = desired.service(service).and_then(|service| place.value(service));
            found.map(|value| value.as_bytes().to_vec()).ok_or_else(|| {
                Error::new(attempt, format!("the settings of `{service}` hold no password"))
                    .advise(format!("name it in the settings of `{service}`, or under `login:` of the exporter"))
            })
        }
        SecretSource::Made { form, of } => {
            let inner = of.as_ref().map(|of| value(desired, name, of, environment)).transpose()?;
            let inner = inner.unwrap_or_default();
            if let Some(objection) = of.as_ref().and_then(|_| form.objection(&inner)) {
                return Err(
                    Error::new(format!("cannot use secret `{name}`"), objection).advise("choose another password")
                );
            }
            Ok(form.around(&inner))
        }
    }
}

/// The kept value, or a new one that is kept from now on. It is there whole or not at all: half of one, on a disk that
/// is full, would be taken for the password ever after.
fn generated(stack: &str, name: &str) -> Result<Vec<u8>, Error> {
    keep(&kept_at(stack, name)?)
}

fn keep(path: &Path) -> Result<Vec<u8>, Error> {
    let attempt = |error: std::io::Error| {
        Error::new(format!("cannot keep a generated secret in {}", path.display()), error)
            .advise("make room there, or set XDG_STATE_HOME to a folder you can write to")
    };
    match disk::read(path) {
        Ok(kept) if !kept.is_empty() => return Ok(kept),
        Ok(_) => fs_err::remove_file(path).map_err(attempt)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(attempt(error)),
    }
    let password = password().map_err(attempt)?;
    // Mode 0600, as every file of this kind.
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new("/"))).map_err(attempt)?;
    file.write_all(&password).and_then(|()| file.as_file().sync_all()).map_err(attempt)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(password),
        // Another one was first.
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => disk::read(path).map_err(attempt),
        Err(error) => Err(attempt(error.error)),
    }
}

/// Takes away what was generated for a stack, together with what it was a key to. Returns the file where there was one.
pub(super) fn forget(stack: &str) -> Result<Option<PathBuf>, Error> {
    state::forget(&kept_at(stack, ADMIN_PASSWORD)?)
}

/// A password from the kernel's random numbers, every character equally likely.
fn password() -> std::io::Result<Vec<u8>> {
    let mut random = File::open("/dev/urandom")?;
    let mut password = Vec::with_capacity(LENGTH);
    let fair = ALPHABET.len() * (256 / ALPHABET.len());
    while password.len() < LENGTH {
        let mut byte = [0];
        random.read_exact(&mut byte)?;
        if usize::from(byte[0]) < fair {
            password.push(ALPHABET[usize::from(byte[0]) % ALPHABET.len()]);
        }
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_password_stays_and_one_that_came_to_nothing_is_made_again() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shop.grafana_admin_password");
        std::fs::write(&path, "").expect("writable");
        let made = keep(&path).expect("it can be kept");
        assert_eq!(made.len(), LENGTH);
        assert_eq!(keep(&path).expect("it is kept"), made);
        assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn where_nothing_can_be_kept_nothing_is_made_up() {
        let error = keep(Path::new("/proc/no-such-folder/password")).expect_err("nothing can be written there");
        assert!(error.advice.is_some_and(|advice| advice.contains("XDG_STATE_HOME")));
    }

    #[test]
    fn generated_passwords_are_long_and_differ() {
        let (first, second) = (password().expect("random"), password().expect("random"));
        assert_eq!(first.len(), LENGTH);
        assert_ne!(first, second);
        assert!(first.iter().all(|byte| ALPHABET.contains(byte)));
    }
}
