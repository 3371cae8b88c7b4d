//! Habits in Compose files that cost people an evening, each with what to write instead.

use std::path::Path;

use super::names::split_image;
use super::project::scalar;
use super::{Project, mounts};
use crate::import::remark::{Place, Remarks};
use crate::stack::OutsideEntry;

/// Repositories of cAdvisor, all but the one that is kept.
const OLD_CADVISOR: [&str; 4] = [
    "google/cadvisor",
    "gcr.io/cadvisor/cadvisor",
    "gcr.io/google-containers/cadvisor",
    "gcr.io/google_containers/cadvisor",
];

/// The first cAdvisor that finds containers of an engine whose images are kept by containerd, as Docker 29 does.
const CONTAINERD_CADVISOR: (u32, u32) = (0, 54);

/// Looks at one service.
pub(super) fn look(project: &Project, name: &str, entry: &OutsideEntry, remarks: &mut Remarks) {
    let at = |key: &str| {
        let line = entry.node.entry(key).map_or(entry.key.line, |entry| entry.key.line);
        Place::at(&project.file, line, format!("services.{name}.{key}"))
    };
    let image = entry.node.entry("image").and_then(|entry| scalar(&entry.node)).map(|image| project.filled(image));
    if let Some(image) = image.filter(|_| entry.node.entry("build").is_none()) {
        image_habits(&image, &at("image"), remarks);
    }
    for bind in mounts::binds(project, &entry.node).iter().filter(|bind| bind.is_path) {
        let is_file = project.rebase.absolute(&bind.source).is_file() || has_extension(&bind.source);
        if is_file && !bind.source.starts_with("/dev") && has_extension(&bind.target) {
            let message =
                format!("`{}` is mounted as a single file: a new version of it is not seen inside", bind.source);
            let folder = bind.target.rsplit_once('/').map_or("/", |(folder, _)| folder);
            remarks.habit(at("volumes"), message, format!("mount its folder: `./FOLDER:{folder}:ro`"));
        }
    }
}

fn image_habits(image: &str, place: &Place, remarks: &mut Remarks) {
    let (repository, tag) = split_image(image);
    if image.contains('@') {
        return;
    }
    if tag.is_none_or(|tag| tag == "latest" || tag.is_empty()) {
        let message = format!("`{repository}` without a version: another day, another program");
        remarks.habit(place.clone(), message, format!("pin it: `{repository}:VERSION`"));
    }
    let version = tag.and_then(numbers);
    if OLD_CADVISOR.contains(&repository) && version.is_none_or(|version| version < CONTAINERD_CADVISOR) {
        let message = format!("`{image}` loses the names of containers on engines that keep images in containerd");
        remarks.habit(
            place.clone(),
            message,
            "take `ghcr.io/google/cadvisor:0.56.2`, or write `exporters: { cadvisor: {} }`",
        );
    }
}

/// The first two numbers of a tag.
fn numbers(tag: &str) -> Option<(u32, u32)> {
    let mut parts = tag.strip_prefix('v').unwrap_or(tag).split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn has_extension(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end.len() <= 10 && end != "d" && end != "sock")
}
