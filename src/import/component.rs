//! What Prometheus, Grafana and Alertmanager have in common: a service of their own image that becomes a section.

use super::compose::{is_bitnami, split_image};
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

    /// The image as it is written.
    pub(super) fn name(&self) -> &str {
        &self.carried
    }

    /// The image without its tag.
    pub(super) fn repository(&self) -> &str {
        split_image(&self.carried).0
    }

    /// `version` where it is the catalogue's image, else `image`. Without a version the catalogue's is taken.
    pub(super) fn write(&self, section: &mut Map, catalogues: &str) {
        let (repository, tag) = split_image(&self.carried);
        let tag = tag.map(|tag| tag.strip_prefix('v').unwrap_or(tag)).filter(|tag| !tag.is_empty());
        let is_version =
            |tag: &str| tag.starts_with(|first: char| first.is_ascii_digit()) && tag.matches('.').count() == 2;
        // Bitnami's tags go on behind the version: `2.53.0-debian-12-r1`. Its images keep their files elsewhere.
        let is_elsewhere = is_bitnami(repository);
        let tag = if is_elsewhere { tag.and_then(|tag| tag.split('-').next()) } else { tag };
        let is_plain = (!self.carried.contains('@') && repository == catalogues) || is_elsewhere;
        match tag {
            Some(tag) if is_plain && is_version(tag) => section.set("version", Item::word(tag)),
            None | Some("latest" | "main") if is_plain => {}
            Some(_) if is_elsewhere => {}
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
