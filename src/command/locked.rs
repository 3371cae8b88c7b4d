//! `--locked`: holds a stack to its `stack.lock`. Reads and writes that file.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Failure, place};
use crate::cli::Global;
use crate::desired::{Content, Facts, ImageChoice};
use crate::disk;
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
    let text = match disk::read_text(path) {
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
    place::replace(path, &pins.text(), None).map_err(|error| {
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
    /// A lock that says something of every image of a stack.
    pub(super) fn of(pins: Pins, fit: Fit, path: PathBuf) -> Self {
        Self { pins, fit, path }
    }

    /// References that are asked for at the engine beside those that the stack file writes.
    pub(super) fn references(&self) -> impl Iterator<Item = String> {
        let exact = self.fit.images.values().filter_map(reference).chain(self.fit.exact.values()).cloned();
        exact.chain(self.fit.used.iter().cloned())
    }

    /// Takes the choices of images from the lock.
    pub(super) fn tell(&self, facts: &mut Facts) {
        facts.images.clone_from(&self.fit.images);
        facts.exact_images.clone_from(&self.fit.exact);
        let used = self.fit.used.iter().filter_map(|written| content(written, self.pins.0.get(written)?));
        facts.contents = used.collect();
    }

    /// Holds what the engine has against the lock. An image of the right content will do under any name, as one has that
    /// was carried here in a file; what can be pulled is pulled by its digest; anything else is refused.
    pub(super) async fn meet(&mut self, here: &BTreeMap<String, ObservedImage>) -> Result<(), Failure> {
        for written in self.fit.used.clone() {
            match &self.pins.0[&written] {
                Pin::Registry { .. } => {
                    if let Some(cause) = self.contradiction(&written, here) {
                        return Err(self.cannot_hold(&written, cause, Content::HELP));
                    }
                    if let Some((exact, _)) = self.here_by_name(&written, here) {
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

    /// The image that the engine has under the name that is written and not by its digest, where its content is the right one, and
    /// what it would be called by its digest.
    fn here_by_name<'a>(
        &self,
        written: &str,
        here: &'a BTreeMap<String, ObservedImage>,
    ) -> Option<(String, &'a ObservedImage)> {
        let Pin::Registry { digest, id, .. } = self.pins.0.get(written)? else { return None };
        let exact = format!("{}@{digest}", name_of(written));
        let is_it = |image: &&ObservedImage| id.as_ref() == Some(&image.id) || *digest == image.id;
        let found = here.get(written).filter(is_it).filter(|_| !here.contains_key(&exact))?;
        Some((exact, found))
    }

    /// Where the engine has an image that is by one half of its pin the right one, and by the other half another one: why.
    fn contradiction(&self, written: &str, here: &BTreeMap<String, ObservedImage>) -> Option<String> {
        let (exact, content) = content(written, self.pins.0.get(written)?)?;
        let by_name = || self.here_by_name(written, here).map(|(_, found)| found);
        here.get(&exact).or_else(by_name).and_then(|found| content.objection(name_of(written), found.found()))
    }

    /// The contradictions of all pins, in words, and of what the engine does not have the names by digest.
    pub(super) fn contradictions(&self, here: &BTreeMap<String, ObservedImage>) -> Contradictions {
        let mut found = Contradictions::default();
        for written in &self.fit.used {
            let Some((exact, _)) = self.pins.0.get(written).and_then(|pin| content(written, pin)) else { continue };
            if let Some(cause) = self.contradiction(written, here) {
                found.told.push(format!("`{written}`: {cause}"));
            } else if !here.contains_key(&exact) && self.here_by_name(written, here).is_none() {
                found.elsewhere.push((written.clone(), exact));
            }
        }
        found
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
        self.cannot_hold(
            reference,
            cause,
            "carry it here with `stackctl images save` and `stackctl images load`, or take what is here with \
             `stackctl lock --update`",
        )
    }

    fn cannot_hold(&self, reference: &str, cause: String, advice: &str) -> Failure {
        let attempt = format!("cannot hold image `{reference}` to {}", self.path.display());
        Failure::World(Error::new(attempt, cause).advise(advice))
    }
}

/// What is wrong between a lock and the images there are.
#[derive(Debug, Default)]
pub(super) struct Contradictions {
    /// In words.
    pub(super) told: Vec<String>,
    /// Images that the engine does not have, as they are written and by their digests.
    pub(super) elsewhere: Vec<(String, String)>,
}

/// The name by digest of an image that a registry has, and what it has to be.
fn content(written: &str, pin: &Pin) -> Option<(String, Content)> {
    let Pin::Registry { digest, id, platform } = pin else { return None };
    let content = Content { digest: digest.clone(), id: id.clone(), platform: platform.clone() };
    Some((format!("{}@{digest}", name_of(written)), content))
}

fn reference(choice: &ImageChoice) -> Option<&String> {
    match choice {
        ImageChoice::Take { reference, .. } => Some(reference),
        ImageChoice::LeaveOut { .. } => None,
    }
}
