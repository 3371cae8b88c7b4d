//! References of images.

use super::super::Toggle;
use super::super::document::{Path, Value};
use super::Examination;

/// stackctl's own image, which needs no tag.
const OWN_IMAGE: &str = "stackctl/self";

/// Letters that the name of an image has at most, its host included (`distribution/reference`).
const LONGEST_NAME: usize = 255;

/// An image is `[HOST[:PORT]/]NAME[:TAG][@DIGEST]`; one without a tag means another image tomorrow.
pub(super) fn references_can_be_pulled(examination: &mut Examination) {
    let stack = examination.stack;
    for (name, app) in &stack.apps {
        let path = Path::ROOT.key("apps");
        let path = path.key(name.as_str());
        // One that is missing has been told already.
        if !app.image.is_empty() || is_written_empty(examination, &path.key("image")) {
            image(examination, path.key("image"), &app.image);
        }
    }
    for (name, exporter) in &stack.exporters {
        let path = Path::ROOT.key("exporters");
        let path = path.key(name.as_str());
        image(examination, path.key("image"), exporter.image.as_deref().unwrap_or(OWN_IMAGE));
    }
    if let Toggle::On(prometheus) = &stack.prometheus {
        let path = Path::ROOT.key("prometheus");
        image(examination, path.key("image"), prometheus.image.as_deref().unwrap_or(OWN_IMAGE));
    }
    if let Toggle::On(grafana) = &stack.grafana {
        let path = Path::ROOT.key("grafana");
        image(examination, path.key("image"), grafana.image.as_deref().unwrap_or(OWN_IMAGE));
    }
    if let Toggle::On(alertmanager) = &stack.alertmanager {
        let path = Path::ROOT.key("alertmanager");
        image(examination, path.key("image"), alertmanager.image.as_deref().unwrap_or(OWN_IMAGE));
    }
}

/// `image: ""`, be it for a variable that is empty.
fn is_written_empty(examination: &Examination, path: &Path) -> bool {
    let node = super::locate(examination.root, path).node;
    node.is_some_and(|node| matches!(&node.value, Value::Scalar(scalar) if scalar.text.is_empty() && !scalar.is_null()))
}

fn image(examination: &mut Examination, path: Path, reference: &str) {
    let (name, tag, has_digest) = split(reference);
    if !is_name(name) || tag.is_some_and(|tag| !is_tag(tag)) {
        let help = "write `[HOST/]NAME:TAG`, names in lower case";
        examination.error(path, format!("`{}` is not the name of an image", reference.escape_debug()), help);
    } else if !has_digest && reference != OWN_IMAGE && matches!(tag, None | Some("latest")) {
        let message = format!("`{reference}` means whatever is newest on the day it is pulled");
        examination.warning(path, message, format!("name a version: `{name}:TAG`"));
    }
}

/// Name, tag, and whether there is a digest.
fn split(reference: &str) -> (&str, Option<&str>, bool) {
    let (rest, has_digest) = reference.split_once('@').map_or((reference, false), |(rest, _)| (rest, true));
    match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag), has_digest),
        _ => (rest, None, has_digest),
    }
}

fn is_name(name: &str) -> bool {
    let path = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => name,
    };
    let letter =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_' | '.');
    let ends = |part: &str| part.starts_with(['-', '_', '.']) || part.ends_with(['-', '_', '.']);
    let is_part = |part: &str| !part.is_empty() && part.chars().all(letter) && !ends(part);
    name.len() <= LONGEST_NAME && path.split('/').all(is_part)
}

fn is_tag(tag: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    !tag.is_empty() && tag.len() <= 128 && tag.chars().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_split_as_docker_splits_it() {
        assert_eq!(split("nginx"), ("nginx", None, false));
        assert_eq!(split("host:5000/nginx"), ("host:5000/nginx", None, false));
        assert_eq!(split("host:5000/a/nginx:1.2"), ("host:5000/a/nginx", Some("1.2"), false));
        assert_eq!(split("nginx@sha256:abc"), ("nginx", None, true));
        assert!(
            is_name("localhost:5000/nginx") && is_name("ghcr.io/acme/web") && !is_name("Nginx") && !is_name("a//b")
        );
    }

    #[test]
    fn a_part_of_a_name_begins_and_ends_with_a_letter_or_digit() {
        assert!(is_name("a-b/c_d/e.f") && !is_name("-x") && !is_name("acme/x-"));
        assert!(is_name(&"x".repeat(LONGEST_NAME)) && !is_name(&"x".repeat(LONGEST_NAME + 1)));
    }
}
