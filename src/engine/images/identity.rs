//! What tells an image from every other: here, and at its registry.

use bollard::Docker;
use bollard::models::ImageInspect;

use super::registry::ask_registry;
use super::{BUILT_FROM_LABEL, ImageError};
use crate::desired::familiar;

/// What tells an image that the engine has from every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The engine's hash over its content.
    pub id: String,
    /// Digest under which the registry of this reference has it. `None`: it came from no registry.
    pub digest: Option<String>,
    /// Such as `linux/amd64`.
    pub platform: String,
    /// What stackctl made it from, where it did.
    pub built_from: Option<String>,
}

/// The image of a reference at the engine. `None`: there is none.
pub async fn identity(docker: &Docker, reference: &str) -> Result<Option<Identity>, ImageError> {
    match docker.inspect_image(reference).await {
        Ok(image) => Ok(Some(of(&image, reference))),
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(ImageError::engine(&format!("inspect image `{reference}`"), error)),
    }
}

/// The digest that the registry has for a reference now, as the engine sees the registry.
pub async fn registry_digest(docker: &Docker, reference: &str) -> Result<String, ImageError> {
    let answer = ask_registry(docker, reference).await?;
    answer.descriptor.digest.ok_or_else(|| {
        ImageError::engine(&format!("ask for image `{reference}`"), "the registry's answer names no digest")
    })
}

/// The platform of the engine itself: what it pulls where a reference leaves it open.
pub async fn platform(docker: &Docker) -> Result<String, ImageError> {
    let version = docker.version().await.map_err(|cause| ImageError::engine("ask for the engine's platform", cause))?;
    Ok(format!("{}/{}", version.os.unwrap_or_default(), version.arch.unwrap_or_default()))
}

fn of(image: &ImageInspect, reference: &str) -> Identity {
    let name = familiar(crate::pins::name_of(reference));
    let digests = image.repo_digests.iter().flatten();
    let mut digests = digests.filter_map(|known| known.split_once('@'));
    let digest = digests.find(|(repository, _)| familiar(repository) == name).map(|(_, digest)| digest.to_owned());
    let labels = image.config.as_ref().and_then(|config| config.labels.as_ref());
    Identity {
        id: image.id.clone().unwrap_or_default(),
        digest,
        platform: platform_of(image),
        built_from: labels.and_then(|labels| labels.get(BUILT_FROM_LABEL)).cloned(),
    }
}

/// The platform that an image is for, such as `linux/amd64`.
pub(in crate::engine) fn platform_of(image: &ImageInspect) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    format!("{}/{}", text(&image.os), text(&image.architecture))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_references_own_registry() {
        let image = ImageInspect {
            repo_digests: Some(vec![
                "mirror:5000/redis@sha256:01".to_owned(),
                "docker.io/library/redis@sha256:02".to_owned(),
            ]),
            ..ImageInspect::default()
        };
        assert_eq!(of(&image, "redis:7").digest.as_deref(), Some("sha256:02"));
        assert_eq!(of(&image, "mirror:5000/redis:7").digest.as_deref(), Some("sha256:01"));
        assert_eq!(of(&image, "elsewhere/redis:7").digest, None);
    }
}
