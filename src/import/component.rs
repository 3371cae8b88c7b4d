//! What Prometheus and Grafana have in common: a service of their own image that becomes a section.

use super::compose::split_image;
use super::draft::{Item, Map};

/// The image of a service.
pub(super) struct Image {
    carried: String,
}

impl Image {
    /// Of the keys of an app.
    pub(super) fn of(app: &Map) -> Self {
        Self { carried: app.get("image").and_then(Item::as_text).unwrap_or_default().to_owned() }
    }

    /// `version` where it is the catalogue's image, else `image`. Without a version the catalogue's is taken.
    pub(super) fn write(&self, section: &mut Map, catalogues: &str) {
        let (repository, tag) = split_image(&self.carried);
        let tag = tag.map(|tag| tag.strip_prefix('v').unwrap_or(tag)).filter(|tag| !tag.is_empty());
        let is_version =
            |tag: &str| tag.starts_with(|first: char| first.is_ascii_digit()) && tag.matches('.').count() == 2;
        let is_plain = !self.carried.contains('@') && repository == catalogues;
        match tag {
            Some(tag) if is_plain && is_version(tag) => section.set("version", Item::word(tag)),
            None | Some("latest" | "main") if is_plain => {}
            _ => section.set("image", Item::text(&self.carried)),
        }
    }
}

/// Takes out what a component of stackctl's decides by itself.
pub(super) fn tidy_container(container: &mut Map) {
    for key in ["image", "expose", "depends_on", "scale", "pull_policy"] {
        container.take(key);
    }
}
