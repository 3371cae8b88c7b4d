//! `--locked`: holds a stack to its `stack.lock`. Reads and writes that file.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::cli::Global;
use crate::desired::{Facts, ImageChoice};
use crate::engine::images::{Progress, debian_version};
use crate::engine::{Error, ObservedImage};
use crate::pins::{self, Fit, Pin, Pins, name_of};
use crate::stack::{STANDARD_INPUT, Stack};

/// The release of the stackctl that runs.
pub(super) const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// A stack's images as its lock has them.
#[derive(Debug)]
pub(super) struct Held {
    pins: Pins,
    fit: Fit,
    path: PathBuf,
}

/// Where the lock of a stack lies.
pub(super) fn path(global: &Global) -> PathBuf {
    let file = global.file.first().filter(|file| file.as_os_str() != STANDARD_INPUT);
    file.map_or_else(|| PathBuf::from("stack.lock"), |file| pins::path(file))
}

/// Reads a lock. `None`: there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Pins>, Failure> {
    let text = match fs_err::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::new("cannot read the lock", error).into()),
    };
    let pins = Pins::parse(&text).map_err(|wrong| {
        Failure::arguments(
            format!("`{}` is no lock of images: {wrong}", path.display()),
            "take back what was changed in it, or remove it and run `stackctl lock`",
        )
    })?;
    Ok(Some(pins))
}

/// Writes a lock; nobody ever sees half of it.
pub(super) fn write(path: &Path, pins: &Pins) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(folder)
        .and_then(|mut file| file.write_all(pins.text().as_bytes()).map(|()| file))
        .and_then(|file| file.persist(path).map_err(|error| error.error));
    written.map(drop).map_err(|error| {
        Error::new(format!("cannot write {}", path.display()), error)
            .advise("check that the stack file's folder can be written to")
    })
}

/// The lock of a stack, which has to say something of every image.
pub(super) fn hold(global: &Global, stack: &Stack) -> Result<Held, Failure> {
    let path = path(global);
    let Some(pins) = read(&path)? else {
        return Err(Failure::arguments(
            format!("there is no `{}`", path.display()),
            "`stackctl lock` writes it; keep it in version control beside the stack file",
        ));
    };
    let fit = pins::fit(&pins, stack, RELEASE);
    if !fit.gaps.is_empty() {
        let gaps: Vec<String> = fit.gaps.iter().map(ToString::to_string).collect();
        return Err(Failure::arguments(
            format!("`{}` is not of this stack file: {}", path.display(), gaps.join("; ")),
            "look at what changed, then run `stackctl lock` and keep both files together",
        ));
    }
    Ok(Held { pins, fit, path })
}

impl Held {
    /// References that are asked for at the engine beside those that the stack file writes.
    pub(super) fn references(&self) -> impl Iterator<Item = String> {
        self.fit.images.values().filter_map(reference).chain(self.fit.exact.values()).cloned()
    }

    /// Takes the choices of images from the lock.
    pub(super) fn tell(&self, facts: &mut Facts) {
        facts.images.clone_from(&self.fit.images);
        facts.exact_images.clone_from(&self.fit.exact);
    }

    /// Holds what the engine has against the lock. An image of the right content will do under any name, as one has that
    /// was carried here in a file; what can be pulled is pulled by its digest; anything else is refused.
    pub(super) async fn meet(&mut self, here: &BTreeMap<String, ObservedImage>) -> Result<(), Failure> {
        for written in self.fit.used.clone() {
            match &self.pins.0[&written] {
                Pin::Registry { digest, id, .. } => {
                    let exact = format!("{}@{digest}", name_of(&written));
                    let is_it = |image: &ObservedImage| id.as_ref() == Some(&image.id) || *digest == image.id;
                    if !here.contains_key(&exact) && here.get(&written).is_some_and(is_it) {
                        self.use_by_name(&exact, &written);
                    }
                }
                Pin::Local { id, .. } => match here.get(&written) {
                    Some(image) if image.id == *id => {}
                    other => return Err(self.refusal(&written, other.map(|image| image.id.as_str()), id)),
                },
                Pin::Debian { package, .. } => self.meet_debian(&written, package, here).await?,
                Pin::Stackctl { .. } | Pin::LeftOut => {}
            }
        }
        Ok(())
    }

    fn use_by_name(&mut self, exact: &str, name: &str) {
        for choice in self.fit.images.values_mut() {
            if let ImageChoice::Take { reference, .. } = choice
                && reference == exact
            {
                name.clone_into(reference);
            }
        }
        for reference in self.fit.exact.values_mut().filter(|reference| *reference == exact) {
            name.clone_into(reference);
        }
    }

    /// Debian's archive has one version of a package; a lock that names another one cannot be met by it any more.
    async fn meet_debian(
        &self,
        reference: &str,
        package: &str,
        here: &BTreeMap<String, ObservedImage>,
    ) -> Result<(), Failure> {
        let found = if let Some(image) = here.get(reference) {
            image.built_from.clone().unwrap_or_else(|| image.id.clone())
        } else {
            let name = package.split(' ').next().unwrap_or(package);
            let version = debian_version(name, &Progress::silent()).await.map_err(Error::from)?;
            format!("{name} {version}")
        };
        if found == package { Ok(()) } else { Err(self.refusal(reference, Some(&found), package)) }
    }

    fn refusal(&self, reference: &str, found: Option<&str>, pinned: &str) -> Failure {
        let found =
            found.map_or_else(|| "the engine does not have it".to_owned(), |found| format!("here it is `{found}`"));
        let cause = format!("{found}, the lock has `{pinned}`, and no registry gives that");
        Failure::World(Error::new(format!("cannot hold image `{reference}` to {}", self.path.display()), cause).advise(
            "carry it here with `stackctl images save` and `stackctl images load`, or take what is here with \
                 `stackctl lock --update`",
        ))
    }
}

fn reference(choice: &ImageChoice) -> Option<&String> {
    match choice {
        ImageChoice::Take { reference, .. } => Some(reference),
        ImageChoice::LeaveOut { .. } => None,
    }
}
