//! Images of stackctl's own making that no container was made from.

use std::collections::{HashMap, HashSet};

use bollard::query_parameters::{ListContainersOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptions};

use super::BUILT_FROM_LABEL;
use crate::desired::familiar;
use crate::engine::error::cannot;
use crate::engine::{Engine, Error};

/// An image that stackctl has made, and that no container was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedImage {
    /// Its names; without one, its id.
    pub names: Vec<String>,
    /// What it was made from, such as `prometheus 2.42.0+ds-5+b5`.
    pub built_from: String,
    /// Bytes.
    pub size: u64,
}

impl Engine {
    /// The images that stackctl has made and that no container was made from, be it running or not, but for one of that name.
    ///
    /// # Errors
    /// Where the engine does not list its images or containers.
    pub async fn unused_images(&self, kept: &str) -> Result<Vec<UnusedImage>, Error> {
        // Images first: a container that was made meanwhile is seen.
        let filters = HashMap::from([("label", vec![BUILT_FROM_LABEL])]);
        let images = ListImagesOptionsBuilder::default().filters(&filters).build();
        let images = self.look(async || self.docker.list_images(Some(images.clone())).await).await;
        let images = images.map_err(cannot("list images"))?;
        let containers = ListContainersOptionsBuilder::new().all(true).build();
        let containers = self.look(async || self.docker.list_containers(Some(containers.clone())).await).await;
        let containers = containers.map_err(cannot("list containers"))?;
        let used: HashSet<String> = containers.into_iter().filter_map(|container| container.image_id).collect();
        let unused = images.into_iter().filter(|image| !used.contains(&image.id));
        let unused = unused.filter(|image| !image.repo_tags.iter().any(|name| familiar(name) == kept));
        let unused = unused.map(|mut image| UnusedImage {
            built_from: image.labels.remove(BUILT_FROM_LABEL).unwrap_or_default(),
            size: u64::try_from(image.size).unwrap_or_default(),
            names: names(image.repo_tags, image.id),
        });
        let mut unused: Vec<UnusedImage> = unused.collect();
        unused.sort_by(|one, other| one.names.cmp(&other.names));
        Ok(unused)
    }

    /// Takes an image away. The engine keeps one that a container was made from since.
    ///
    /// # Errors
    /// Where the engine keeps it. One that is gone already is no error.
    pub async fn remove_unused(&self, image: &UnusedImage) -> Result<(), Error> {
        for name in &image.names {
            match self.docker.remove_image(name, None::<RemoveImageOptions>, None).await {
                Ok(_) | Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => {}
                Err(error) => return Err(cannot(format!("remove image `{name}`"))(error)),
            }
        }
        Ok(())
    }
}

/// What an image is removed by. The engine writes `<none>:<none>` for no name.
fn names(tags: Vec<String>, id: String) -> Vec<String> {
    let names: Vec<String> = tags.into_iter().filter(|name| !name.contains('<')).collect();
    if names.is_empty() { vec![id] } else { names }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn an_image_is_known_by_its_names_and_without_one_by_its_id() {
        let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        assert_eq!(names(tags(&["a:1", "b:2"]), "sha256:f".to_owned()), ["a:1", "b:2"]);
        assert_eq!(names(tags(&["<none>:<none>"]), "sha256:f".to_owned()), ["sha256:f"]);
        assert_eq!(names(Vec::new(), "sha256:f".to_owned()), ["sha256:f"]);
    }
}
