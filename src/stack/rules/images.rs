//! References of images.

use std::net::Ipv6Addr;

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
    let node = examination.locate(path).node;
    node.is_some_and(
        |node| matches!(&node.value, Value::Scalar(scalar) if scalar.text.is_empty() && !scalar.says_nothing()),
    )
}

fn image(examination: &mut Examination, path: Path, reference: &str) {
    let (name, tag, digest) = split(reference);
    if !is_name(name) || tag.is_some_and(|tag| !is_tag(tag)) {
        let help = "write `[HOST/]NAME:TAG`, names in lower case";
        examination.error(path, format!("`{}` is not the name of an image", reference.escape_debug()), help);
    } else if digest.is_some_and(|digest| !is_digest(digest)) {
        let help = "write `@sha256:` and the 64 digits that `docker images --digests` shows, in lower case";
        examination.error(path, format!("`{}` has no digest that could be one", reference.escape_debug()), help);
    } else if digest.is_none() && name != OWN_IMAGE && matches!(tag, None | Some("latest")) {
        let message = format!("`{reference}` means whatever is newest on the day it is pulled");
        examination.warning(path, message, format!("name a version: `{name}:TAG`"));
    }
}

/// Name, tag and digest.
fn split(reference: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = reference.split_once('@').map_or((reference, None), |(rest, digest)| (rest, Some(digest)));
    match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag), digest),
        _ => (rest, None, digest),
    }
}

fn is_name(name: &str) -> bool {
    let path = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => {
            if !is_host(host) {
                return false;
            }
            path
        }
        _ => name,
    };
    name.len() <= LONGEST_NAME && path.split('/').all(is_part)
}

/// Letters and digits, with `.`, `_`, `__` or any number of `-` between two of them.
fn is_part(part: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let mut between = part.split(is_letter);
    let ends = part.starts_with(is_letter) && part.ends_with(is_letter);
    ends && between.all(|text| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-'))
}

/// A name or address, and a port. Newer engines take an address of IPv6 in brackets.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let is_label = |label: &str| {
        let ends = !label.starts_with('-') && !label.ends_with('-');
        !label.is_empty() && ends && label.chars().all(letter)
    };
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_named = bare.map_or_else(|| name.split('.').all(is_label), |bare| bare.parse::<Ipv6Addr>().is_ok());
    is_named && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_tag(tag: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    !tag.is_empty() && !tag.starts_with(['-', '.']) && tag.len() <= 128 && tag.chars().all(letter)
}

/// What the engine can compare with (`opencontainers/go-digest`).
fn is_digest(digest: &str) -> bool {
    let lengths = [("sha256", 64), ("sha384", 96), ("sha512", 128)];
    let Some((algorithm, digits)) = digest.split_once(':') else { return false };
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    lengths.contains(&(algorithm, digits.len())) && digits.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_split_as_docker_splits_it() {
        assert_eq!(split("nginx"), ("nginx", None, None));
        assert_eq!(split("host:5000/nginx"), ("host:5000/nginx", None, None));
        assert_eq!(split("host:5000/a/nginx:1.2"), ("host:5000/a/nginx", Some("1.2"), None));
        assert_eq!(split("nginx@sha256:abc"), ("nginx", None, Some("sha256:abc")));
        assert!(
            is_name("localhost:5000/nginx") && is_name("ghcr.io/acme/web") && !is_name("Nginx") && !is_name("a//b")
        );
    }

    #[test]
    fn a_part_of_a_name_begins_and_ends_with_a_letter_or_digit() {
        assert!(is_name("a-b/c_d/e.f") && !is_name("-x") && !is_name("acme/x-"));
        assert!(is_name(&"x".repeat(LONGEST_NAME)) && !is_name(&"x".repeat(LONGEST_NAME + 1)));
    }

    #[test]
    fn names_tags_and_digests_are_those_that_an_engine_takes() {
        let sha256 = format!("web:1@sha256:{}", "0a".repeat(32));
        let sha512 = format!("web@sha512:{}", "0a".repeat(64));
        let takes = |reference: &str| {
            let (name, tag, digest) = split(reference);
            is_name(name) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest)
        };
        for reference in [
            "web",
            "a__b",
            "a--b",
            "a.b_c-d/e:1",
            "HOST.com/x",
            "host.com:99999/x",
            "1.2.3.4/x",
            "a_b.com/x",
            "host.com",
            "[::1]:5000/x",
            "web:_1",
            "web:A.b-c",
            &sha256,
            &sha512,
        ] {
            assert!(takes(reference), "{reference}");
        }
        let upper = sha256.replace('a', "A");
        for reference in [
            "",
            "Web:1",
            "a..b",
            "a___b",
            "a-_b",
            "a_.b",
            "web:-x",
            "web:.x",
            "web:",
            "web@",
            "web@sha256:abc",
            "host.com:x/x",
            "-h.com/x",
            "host:5000/X",
            "http://x/y",
            "x/y/",
            "/x",
            "x y",
            "web:1:2",
            ".com/x",
            "com./x",
            "web@md5:0123456789abcdef0123456789abcdef",
            &upper,
            &sha512[..100],
        ] {
            assert!(!takes(reference), "{reference}");
        }
    }
}
