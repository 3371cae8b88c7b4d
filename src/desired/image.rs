//! Which image a component gets.

use super::assemble::Input;
use super::lookup::find;
use super::{Image, ImageChoice, ImageOrigin, LeftOut, PullPolicy};
use crate::catalog::{self, Component, DebianPackage, Version};
use crate::stack::{ImageSource, Images, Stack};

/// A component that is on, and what is known before anybody has looked whether its image can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedImage {
    /// Name of the component, which is its key in [`Facts::images`](super::Facts::images).
    pub component: String,
    /// Reference at the registry, the mirror included, or the one that the stack file names.
    pub reference: String,
    /// Version behind that reference.
    pub version: String,
    /// The stack file names the version.
    pub pinned: bool,
    /// The stack file names the image itself: no other may stand in for it.
    pub by_hand: bool,
    /// The Debian package that can stand in for it.
    pub debian: Option<&'static DebianPackage>,
}

/// The images of all components that are on, in the order Prometheus, Grafana, Alertmanager, exporters.
pub fn wanted_images(stack: &Stack) -> Vec<WantedImage> {
    let prometheus = stack.prometheus.as_option().map(|_| "prometheus");
    let grafana = stack.grafana.as_option().map(|_| "grafana");
    let alertmanager = stack.alertmanager.as_option().map(|_| "alertmanager");
    let exporters = stack.exporters.keys().map(crate::stack::ServiceName::as_str);
    let names = prometheus.into_iter().chain(grafana).chain(alertmanager).chain(exporters);
    names.filter_map(|component_name| wanted(stack, component_name)).collect()
}

/// The image chosen for a component.
pub(super) struct Chosen {
    /// The image.
    pub(super) image: Image,
    /// Version of what is inside.
    pub(super) version: String,
    /// It is the catalogue's image as its makers publish it, so that what is known of its content holds.
    pub(super) as_published: bool,
    /// The stack file names the image itself.
    pub(super) by_hand: bool,
}

impl Chosen {
    /// The first two numbers of the version; those of the catalogue's version where the tag is no version.
    pub(super) fn parsed_version(&self, component: &Component) -> Version {
        let versions = [self.version.as_str(), component.version];
        versions.into_iter().find_map(Version::parse).unwrap_or(Version::new(0, 0))
    }
}

/// Chooses the image of a component, or says why there is none.
pub(super) fn choose(input: Input, component_name: &str) -> Result<Chosen, LeftOut> {
    let left_out = |reason| LeftOut { component: component_name.to_owned(), reason };
    let wanted = wanted(input.stack, component_name);
    match input.facts.images.get(component_name) {
        Some(ImageChoice::LeaveOut { reason }) => Err(left_out(reason.clone())),
        Some(ImageChoice::Take { reference, version, origin }) => {
            let by_hand = wanted.is_none_or(|wanted| wanted.by_hand);
            Ok(chosen(reference.clone(), version.clone(), origin.clone(), by_hand))
        }
        None => match wanted {
            Some(wanted) => assume(wanted, input.stack.images.from).map_err(left_out),
            None => Err(left_out(format!("`{component_name}` is not in the catalogue, and the file names no `image`"))),
        },
    }
}

/// What is chosen when nobody has looked.
fn assume(wanted: WantedImage, from: ImageSource) -> Result<Chosen, String> {
    let WantedImage { component, reference, version, by_hand, debian, .. } = wanted;
    match (from, debian) {
        (ImageSource::Debian, Some(package)) => {
            Ok(chosen(package.image.to_owned(), package.assumed_version.to_owned(), ImageOrigin::Debian, false))
        }
        (ImageSource::Debian, None) if !by_hand => Err(format!("there is no Debian package of `{component}`")),
        _ => Ok(chosen(reference, version, ImageOrigin::Registry, by_hand)),
    }
}

fn chosen(reference: String, version: String, origin: ImageOrigin, by_hand: bool) -> Chosen {
    let as_published = origin == ImageOrigin::Registry && !by_hand;
    let pull_policy = if origin == ImageOrigin::Registry { PullPolicy::Missing } else { PullPolicy::Never };
    Chosen { image: Image { reference, origin, pull_policy, content: None }, version, as_published, by_hand }
}

/// What the stack file and the catalogue say of a component. `None`: neither names an image.
fn wanted(stack: &Stack, component_name: &str) -> Option<WantedImage> {
    let exporter = find(&stack.exporters, component_name);
    let kind = exporter.map_or(component_name, |exporter| exporter.kind(component_name));
    let component = catalog::component(kind).filter(|component| !component.image.is_empty());
    let (version, image) = wish(stack, component_name);
    let pinned = version.is_some();
    let version = version.or(component.map(|component| component.version));
    if let Some(reference) = image {
        let version = version_in_tag(reference).or(version).unwrap_or("unknown").to_owned();
        let (component, reference) = (component_name.to_owned(), reference.to_owned());
        return Some(WantedImage { component, reference, version, pinned, by_hand: true, debian: None });
    }
    let (component, version) = (component?, version?);
    Some(WantedImage {
        component: component_name.to_owned(),
        reference: registry_reference(&stack.images, component, version),
        version: version.strip_prefix('v').unwrap_or(version).to_owned(),
        pinned,
        by_hand: false,
        debian: component.debian.as_ref(),
    })
}

/// The version and the image that the stack file writes for a component.
fn wish<'a>(stack: &'a Stack, component_name: &str) -> (Option<&'a str>, Option<&'a str>) {
    let (version, image) = match component_name {
        "prometheus" => stack.prometheus.as_option().map(|section| (&section.version, &section.image)),
        "grafana" => stack.grafana.as_option().map(|section| (&section.version, &section.image)),
        "alertmanager" if stack.alertmanager.as_option().is_some() => {
            stack.alertmanager.as_option().map(|section| (&section.version, &section.image))
        }
        _ => find(&stack.exporters, component_name).map(|exporter| (&exporter.version, &exporter.image)),
    }
    .unwrap_or((&None, &None));
    (version.as_deref(), image.as_deref())
}

/// `MIRROR/REPOSITORY:TAG`. A version that starts with a digit gets the prefix of the component's tags.
fn registry_reference(images: &Images, component: &Component, version: &str) -> String {
    let mirror = images.mirror.as_ref().map(|host| format!("{}/", host.trim_end_matches('/'))).unwrap_or_default();
    let prefix = if version.starts_with(|first: char| first.is_ascii_digit()) { component.tag_prefix } else { "" };
    format!("{mirror}{}:{prefix}{version}", component.image)
}

/// The version in a reference's tag, where the tag is one.
fn version_in_tag(reference: &str) -> Option<&str> {
    let without_digest = reference.split('@').next()?;
    let last_part = without_digest.rsplit('/').next()?;
    let (_, tag) = last_part.split_once(':')?;
    let version = tag.strip_prefix('v').unwrap_or(tag);
    Version::parse(version).map(|_| version)
}

#[cfg(test)]
mod tests {
    use super::version_in_tag;

    #[test]
    fn the_version_is_the_tag_where_the_tag_is_a_version() {
        for (reference, expected) in [
            ("prom/prometheus:v2.53.1", Some("2.53.1")),
            ("mirror.example:5000/prom/prometheus", None),
            ("mirror.example:5000/prom/prometheus:v3.5.0@sha256:00", Some("3.5.0")),
            ("prom/prometheus:latest", None),
        ] {
            assert_eq!(version_in_tag(reference), expected, "{reference}");
        }
    }
}
