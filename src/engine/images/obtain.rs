//! Gets one image, from wherever it comes.

use bollard::Docker;
use bollard::models::ImageInspect;
use tokio::sync::mpsc::unbounded_channel;

use super::{
    BUILT_FROM_LABEL, Event, ImageError, ImageErrorKind, Progress, build_debian, build_own, own_executable,
    platform_of, pull,
};
use crate::catalog;
use crate::desired::{Content, Found, Image, ImageOrigin};
use crate::engine::{Engine, Error};
use crate::pins::name_of;

/// Gets an image, and tells in words how far it is.
pub(in crate::engine) async fn obtain(
    engine: &Engine,
    image: &Image,
    news: &(dyn Fn(String) + Sync),
) -> Result<(), Error> {
    let (sender, mut receiver) = unbounded_channel::<Event>();
    // The receiver lives as long as this call; whoever still sends afterwards speaks to nobody.
    let progress = Progress::new(move |event| {
        let _ = sender.send(event);
    });
    let mut work = std::pin::pin!(from_origin(engine, image, progress));
    loop {
        tokio::select! {
            result = &mut work => return result.map_err(Error::from),
            Some(event) = receiver.recv() => news(event.to_string()),
        }
    }
}

async fn from_origin(engine: &Engine, image: &Image, progress: Progress) -> Result<(), ImageError> {
    let docker = engine.docker();
    match image.origin {
        ImageOrigin::Registry => {
            pull(docker, &image.reference, &progress).await?;
            is_as_locked(docker, image).await
        }
        ImageOrigin::Own => build_own(docker, &own_executable()?, &image.reference, &progress).await,
        ImageOrigin::Debian => {
            let packages = catalog::COMPONENTS.iter().filter_map(|component| component.debian.as_ref());
            let package = packages.into_iter().find(|package| package.image == image.reference);
            let package = package.expect("an image from Debian is one of the catalogue");
            build_debian(docker, package, &progress).await.map(drop)
        }
    }
}

/// Refuses what was pulled where a lock has another one.
async fn is_as_locked(docker: &Docker, image: &Image) -> Result<(), ImageError> {
    let Some(content) = &image.content else { return Ok(()) };
    let found = docker.inspect_image(&image.reference).await;
    let found = found.map_err(|cause| ImageError::engine(&format!("inspect image `{}`", image.reference), cause))?;
    let (id, digests) = (found.id.as_deref().unwrap_or_default(), found.repo_digests.as_deref().unwrap_or_default());
    let found = Found { id, digests, platform: &platform_of(&found) };
    match content.objection(name_of(&image.reference), found) {
        None => Ok(()),
        Some(cause) => Err(ImageError {
            kind: ImageErrorKind::Host,
            doing: format!("hold image `{}` to the lock", image.reference),
            cause,
            help: Content::HELP.to_owned(),
        }),
    }
}

/// What an image of our own making was made from.
pub(in crate::engine) fn built_from(image: &ImageInspect) -> Option<String> {
    image.config.as_ref()?.labels.as_ref()?.get(BUILT_FROM_LABEL).cloned()
}

impl From<ImageError> for Error {
    fn from(error: ImageError) -> Self {
        Self::new(format!("cannot {}", error.doing), error.cause).advise(error.help)
    }
}
