//! `lock`: writes `stack.lock`: which very images the stack runs.

use std::collections::BTreeMap;

use super::{Exit, Failure, locked, output, situation};
use crate::catalog::own;
use crate::cli::Global;
use crate::desired::{self, Content, ImageChoice, ImageOrigin};
use crate::engine::images::{
    Identity, ImageErrorKind, Progress, debian_version, identity, platform, registry_digest, upstream_version,
};
use crate::engine::{Engine, Error, without_secrets};
use crate::pins::{Fit, Pin, Pins, digest_of, fit, name_of};
use crate::stack::Stack;

/// Arguments of `lock`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
An image that the engine has is taken as it is; of others the registry is asked. What stands in the lock already stays.

Examples:
  stackctl lock && git add stack.lock
  stackctl lock --update
  stackctl lock --check
  stackctl up --locked")]
pub struct Arguments {
    /// Write nothing; exit with 3 where the lock and the stack file do not belong together
    #[arg(long)]
    check: bool,
    /// Take for every image what its registry has now
    #[arg(long, conflicts_with = "check")]
    update: bool,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let stack = situation::load(global)?.stack;
    let path = locked::path(global);
    let before = locked::read(&path)?;
    let exists = before.is_some();
    let before = before.unwrap_or_default();
    let fit = fit(&before, &stack, locked::RELEASE);
    let unused: Vec<&String> = before.0.keys().filter(|reference| !fit.used.contains(*reference)).collect();
    let is_right = exists && fit.gaps.is_empty() && unused.is_empty();
    if arguments.check {
        return match say_what_would_change(&fit, &unused, exists, &path.display().to_string()) {
            Exit::Done => check_images(&locked::Held::of(before, fit, path), global.quiet).await,
            not_as_desired => Ok(not_as_desired),
        };
    }
    if is_right && !arguments.update {
        output::say(&format!("{} is up to date", path.display()));
        return Ok(Exit::Done);
    }
    let engine = situation::connect().await?;
    let after = pins(&engine, &stack, &before, &fit, arguments.update).await?;
    locked::write(&path, &after)?;
    if !global.quiet {
        say_changes(&before, &after);
        output::say(&format!("wrote {}", path.display()));
    }
    Ok(Exit::Done)
}

fn say_what_would_change(fit: &Fit, unused: &[&String], exists: bool, path: &str) -> Exit {
    if !exists {
        output::say(&format!("there is no `{path}`"));
    }
    for gap in fit.gaps.iter().filter(|_| exists) {
        say(&gap.to_string());
    }
    for reference in unused {
        say(&format!("`{reference}` is in the lock, and the stack file does not name it"));
    }
    if exists && fit.gaps.is_empty() && unused.is_empty() {
        return Exit::Done;
    }
    output::say("`stackctl lock` writes it anew");
    Exit::NotAsDesired
}

/// Holds the lock against what the engine has, and what it does not have against the registries. Who cannot be asked says nothing
/// against it.
async fn check_images(held: &locked::Held, quiet: bool) -> Result<Exit, Failure> {
    let Ok(engine) = situation::connect().await else {
        if !quiet {
            output::say("no engine answers here: digests were not looked at");
        }
        return Ok(Exit::Done);
    };
    let here = engine.images(&held.references().collect::<Vec<_>>()).await?;
    let mut found = held.contradictions(&here);
    let asked = found.elsewhere.iter().map(async |(written, exact)| {
        (written, registry_digest(engine.docker(), exact).await.map_err(|error| (error.kind, Error::from(error))))
    });
    for (written, answer) in futures_util::future::join_all(asked).await {
        match answer {
            Err((ImageErrorKind::RegistryRefused, error)) => found.told.push(format!("`{written}`: {error}")),
            Err(_) if !quiet => say(&format!("`{written}`: its registry cannot be asked for the digest in the lock")),
            _ => {}
        }
    }
    for told in &found.told {
        say(told);
    }
    if found.told.is_empty() {
        return Ok(Exit::Done);
    }
    output::say(Content::HELP);
    Ok(Exit::NotAsDesired)
}

/// The pins of every image of the stack: those there are, as long as nobody wants new ones, and those that are asked for now.
async fn pins(engine: &Engine, stack: &Stack, before: &Pins, fit: &Fit, update: bool) -> Result<Pins, Failure> {
    let mut pins = BTreeMap::from([(own::IMAGE.to_owned(), Pin::Stackctl { version: locked::RELEASE.to_owned() })]);
    if !update {
        pins.extend(before.0.clone().into_iter().filter(|(reference, _)| fit.used.contains(reference)));
    }
    let mut wanted = desired::wanted_images(stack);
    wanted.retain(|image| update || !fit.images.contains_key(&image.component));
    let of_debian = wanted.iter().filter_map(|image| image.debian).map(|package| package.image.to_owned());
    let possible: Vec<String> = wanted.iter().map(|image| image.reference.clone()).chain(of_debian).collect();
    let here = engine.images(&possible).await?;
    let choices = engine.choose_images(&wanted, stack.images.from, &here, update).await;
    for image in &wanted {
        let (reference, pin) = match &choices[&image.component] {
            ImageChoice::LeaveOut { reason } => {
                output::say(&format!("left out: {}: {reason}", image.component));
                (&image.reference, Pin::LeftOut)
            }
            ImageChoice::Take { reference, version, origin: ImageOrigin::Debian } => {
                let package = image.debian.map(|package| package.package).unwrap_or_default();
                (reference, debian_pin(engine, reference, package, version).await?)
            }
            ImageChoice::Take { reference, .. } => (reference, pin(engine, reference, update).await?),
        };
        pins.insert(reference.clone(), pin);
    }
    for app in stack.apps.values().filter(|app| name_of(&app.image) != own::IMAGE) {
        if !pins.contains_key(&app.image) {
            pins.insert(app.image.clone(), pin(engine, &app.image, update).await?);
        }
    }
    Ok(Pins(pins))
}

async fn debian_pin(engine: &Engine, reference: &str, package: &str, version: &str) -> Result<Pin, Error> {
    let docker = engine.docker();
    let here = identity(docker, reference).await?;
    let (package, platform) = if let Some(Identity { built_from: Some(built_from), platform, .. }) = here {
        (built_from, platform)
    } else {
        let version = debian_version(package, &Progress::silent()).await?;
        (format!("{package} {version}"), platform(docker).await?)
    };
    Ok(Pin::Debian { package, version: version.to_owned(), platform })
}

/// What tells the image of a reference from every other.
async fn pin(engine: &Engine, reference: &str, update: bool) -> Result<Pin, Error> {
    let docker = engine.docker();
    let here = identity(docker, reference).await?;
    if let Some(digest) = digest_of(reference) {
        let (id, platform) = match here {
            Some(here) => (Some(here.id), here.platform),
            None => (None, platform(docker).await?),
        };
        return Ok(Pin::Registry { digest: digest.to_owned(), id, platform });
    }
    let (id, digest, platform) = match here {
        // Made here: a registry that has one of the same name has another one.
        Some(Identity { digest: None, built_from: Some(package), platform, .. })
            if !package.starts_with("stackctl ") =>
        {
            let version = package.split_once(' ').map_or("", |(_, version)| upstream_version(version)).to_owned();
            return Ok(Pin::Debian { package, version, platform });
        }
        Some(Identity { digest: None, id, platform, .. }) => return Ok(Pin::Local { id, platform }),
        Some(Identity { digest: Some(digest), id, platform, .. }) => {
            let now = if update { registry_digest(docker, reference).await? } else { digest.clone() };
            (Some(id).filter(|_| now == digest), now, platform)
        }
        None => (None, registry_digest(docker, reference).await?, platform(docker).await?),
    };
    Ok(Pin::Registry { digest, id, platform })
}

fn say_changes(before: &Pins, after: &Pins) {
    for (reference, pin) in &after.0 {
        match before.0.get(reference) {
            Some(known) if known == pin => {}
            Some(_) => say(&format!("~ {reference}  {}", words(pin))),
            None => say(&format!("+ {reference}  {}", words(pin))),
        }
    }
    for reference in before.0.keys().filter(|reference| !after.0.contains_key(*reference)) {
        say(&format!("- {reference}"));
    }
}

/// A line about an image, whose name may hold a value that is secret.
fn say(text: &str) {
    output::say(&without_secrets(text.to_owned()));
}

/// What is held, and what cannot be.
fn words(pin: &Pin) -> String {
    match pin {
        Pin::Registry { digest, .. } => digest.clone(),
        Pin::Local { id, .. } => {
            format!("{id}; made on the engine's host, at no registry: another host gets it with `stackctl images save`")
        }
        Pin::Debian { package, .. } => format!(
            "Debian's {package}; held by that version: Debian's archive keeps no older one, `stackctl images save` does"
        ),
        Pin::Stackctl { version } => format!("release {version}; made of the stackctl that runs, so no build is held"),
        Pin::LeftOut => "could not be had: left out".to_owned(),
    }
}
