//! Which image each component gets: one that is here already, else one that can be had.

use std::collections::BTreeMap;

use bollard::Docker;
use futures_util::future::join_all;
use indexmap::IndexMap;

use super::debian::{debian_version, upstream_version, version_in};
use super::registry::has_image;
use super::{ImageError, ImageErrorKind, Progress};
use crate::catalog::DebianPackage;
use crate::desired::ImageSource;
use crate::desired::{ImageChoice, ImageOrigin, WantedImage};
use crate::engine::ObservedImage;

/// Chooses an image for each component, all at the same time.
///
/// `local` has the images that are at the engine, by reference; where one of them will do, no network is asked.
/// With `ask_again` that does not go for an image from Debian that stands in for the registry's.
/// An `auto` that a registry answers, even with no, stays with the registry, so that the pull says what is wrong.
pub async fn choose(
    docker: &Docker,
    source: ImageSource,
    wanted: &[WantedImage],
    local: &BTreeMap<String, ObservedImage>,
    ask_again: bool,
    progress: &Progress,
) -> IndexMap<String, ImageChoice> {
    let choices = wanted.iter().map(async |image| {
        let here = choose_local(source, image, local);
        let choice = match here {
            Some(choice) if !(ask_again && source == ImageSource::Auto && stands_in(&choice)) => choice,
            here => choose_remote(docker, source, image, here, progress).await,
        };
        (image.component.clone(), choice)
    });
    join_all(choices).await.into_iter().collect()
}

fn stands_in(choice: &ImageChoice) -> bool {
    matches!(choice, ImageChoice::Take { origin: ImageOrigin::Debian, .. })
}

/// What needs no question to anybody.
fn choose_local(
    source: ImageSource,
    image: &WantedImage,
    local: &BTreeMap<String, ObservedImage>,
) -> Option<ImageChoice> {
    let stays_with_registry = match source {
        ImageSource::Registry => true,
        ImageSource::Auto => local.contains_key(&image.reference),
        ImageSource::Debian => false,
    };
    if image.by_hand || stays_with_registry { Some(from_registry(image)) } else { local_debian(image, local) }
}

/// `here` is what stays where no registry answers.
async fn choose_remote(
    docker: &Docker,
    source: ImageSource,
    image: &WantedImage,
    here: Option<ImageChoice>,
    progress: &Progress,
) -> ImageChoice {
    if source == ImageSource::Debian {
        return from_archive(image, None, progress).await;
    }
    match has_image(docker, &image.reference).await {
        Err(error) if error.kind == ImageErrorKind::RegistryUnreachable => match here {
            Some(choice) => choice,
            None => from_archive(image, Some(error), progress).await,
        },
        Ok(()) | Err(_) => from_registry(image),
    }
}

/// A Debian image that is yet to be built. `unreachable` is why it is not the registry's.
async fn from_archive(image: &WantedImage, unreachable: Option<ImageError>, progress: &Progress) -> ImageChoice {
    let first = unreachable.map(|error| format!("{}, and ", error.cause)).unwrap_or_default();
    let Some(package) = image.debian else {
        return ImageChoice::LeaveOut { reason: format!("{first}Debian has no package of it") };
    };
    match debian_version(package.package, progress).await {
        Ok(version) => from_debian(package, &version),
        Err(error) => ImageChoice::LeaveOut { reason: format!("{first}{error}") },
    }
}

fn local_debian(image: &WantedImage, local: &BTreeMap<String, ObservedImage>) -> Option<ImageChoice> {
    let package = image.debian?;
    let built_from = local.get(package.image)?.built_from.as_deref()?;
    Some(from_debian(package, version_in(package, built_from)?))
}

fn from_registry(image: &WantedImage) -> ImageChoice {
    ImageChoice::Take {
        reference: image.reference.clone(),
        version: image.version.clone(),
        origin: ImageOrigin::Registry,
    }
}

fn from_debian(package: &DebianPackage, version: &str) -> ImageChoice {
    ImageChoice::Take {
        reference: package.image.to_owned(),
        version: upstream_version(version).to_owned(),
        origin: ImageOrigin::Debian,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::choose_local;
    use crate::catalog::prometheus::PROMETHEUS;
    use crate::desired::ImageSource;
    use crate::desired::WantedImage;
    use crate::desired::{ImageChoice, ImageOrigin};
    use crate::engine::ObservedImage;

    fn prometheus() -> WantedImage {
        WantedImage {
            component: "prometheus".to_owned(),
            reference: "prom/prometheus:v3.5.0".to_owned(),
            version: "3.5.0".to_owned(),
            pinned: false,
            by_hand: false,
            debian: PROMETHEUS.debian.as_ref(),
        }
    }

    fn local(images: &[(&str, Option<&str>)]) -> BTreeMap<String, ObservedImage> {
        let images = images.iter().map(|(reference, built_from)| {
            let built_from = built_from.map(str::to_owned);
            (
                (*reference).to_owned(),
                ObservedImage { id: "sha256:0".to_owned(), built_from, ..ObservedImage::default() },
            )
        });
        images.collect()
    }

    fn take(reference: &str, version: &str, origin: ImageOrigin) -> ImageChoice {
        ImageChoice::Take { reference: reference.to_owned(), version: version.to_owned(), origin }
    }

    #[test]
    fn auto_takes_what_is_here_and_prefers_the_registrys_image() {
        let debian = ("stackctl/prometheus:debian", Some("prometheus 2.42.0+ds-5"));
        let both = local(&[("prom/prometheus:v3.5.0", None), debian]);
        let registry = take("prom/prometheus:v3.5.0", "3.5.0", ImageOrigin::Registry);
        assert_eq!(choose_local(ImageSource::Auto, &prometheus(), &both).as_ref(), Some(&registry));
        let built = take("stackctl/prometheus:debian", "2.42.0", ImageOrigin::Debian);
        assert_eq!(choose_local(ImageSource::Auto, &prometheus(), &local(&[debian])).as_ref(), Some(&built));
        assert_eq!(choose_local(ImageSource::Debian, &prometheus(), &both).as_ref(), Some(&built));
    }

    #[test]
    fn auto_asks_the_network_only_where_nothing_is_here() {
        assert_eq!(choose_local(ImageSource::Auto, &prometheus(), &local(&[])), None);
    }

    #[test]
    fn an_image_of_the_same_name_that_stackctl_did_not_build_from_the_package_does_not_count() {
        let images = local(&[("stackctl/prometheus:debian", None)]);
        assert_eq!(choose_local(ImageSource::Auto, &prometheus(), &images), None);
    }

    #[test]
    fn an_image_that_the_stack_file_names_is_never_replaced() {
        let by_hand = WantedImage { by_hand: true, ..prometheus() };
        let registry = take("prom/prometheus:v3.5.0", "3.5.0", ImageOrigin::Registry);
        for source in [ImageSource::Auto, ImageSource::Registry, ImageSource::Debian] {
            assert_eq!(choose_local(source, &by_hand, &local(&[])).as_ref(), Some(&registry));
        }
    }
}
