//! What a lock says that an image is, and whether one is that.

/// What tells an image that a registry has from every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Digest of its manifest, or of the list of manifests for several platforms.
    pub digest: String,
    /// What the engine that the lock was made at calls it. `None`: that engine did not have it.
    pub id: Option<String>,
    /// Platform of that engine, such as `linux/amd64`.
    pub platform: String,
}

/// An image that an engine has.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Engine id, `sha256:…`.
    pub id: &'a str,
    /// `NAME@DIGEST` for each registry that it came from or went to; none of one that was made here or came in a file.
    pub digests: &'a [String],
    /// Such as `linux/amd64`.
    pub platform: &'a str,
}

impl Content {
    /// What to do where an image is another one.
    pub const HELP: &str = "take the lock back as it was, or take what is there now with `stackctl lock --update`";

    /// Why an image of this name is another one, in words. The digest decides where the image came by one. Its id has to fit as
    /// well, as far as it can: it is one platform's, and an engine that keeps its images in containerd's store has
    /// the digest for an id, where others have the hash of the configuration.
    pub fn objection(&self, name: &str, found: Found) -> Option<String> {
        let Self { digest, id, .. } = self;
        let digests: Vec<(&str, &str)> = found.digests.iter().filter_map(|known| known.split_once('@')).collect();
        let fits = digests.iter().any(|(_, known)| known == digest) || found.id == digest;
        let other = digests.iter().find(|(repository, _)| familiar(repository) == familiar(name));
        if let (false, Some((_, other))) = (fits, other) {
            let locked = id.as_ref().map_or_else(String::new, |id| format!(" and id `{id}`"));
            return Some(format!(
                "the lock has digest `{digest}`{locked}, and the image here has digest `{other}` and id `{}`",
                found.id
            ));
        }
        let id = id.as_ref().filter(|id| *id != found.id)?;
        let is_of_containerd = id == digest || digests.iter().any(|(_, known)| *known == found.id);
        if fits && (is_of_containerd || self.platform != found.platform) {
            return None;
        }
        let as_well = if fits { format!(" for digest `{digest}`") } else { String::new() };
        Some(format!("the lock has id `{id}`{as_well}, and the image here has id `{}`", found.id))
    }
}

/// `docker.io/library/redis` is `redis`; engines differ in how they write it.
pub fn familiar(name: &str) -> &str {
    let short = name.strip_prefix("docker.io/").unwrap_or(name);
    short.strip_prefix("library/").unwrap_or(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objection(locked: (&str, Option<&str>), id: &str, digests: &[&str], platform: &str) -> Option<String> {
        let (digest, locked_id) = (locked.0.to_owned(), locked.1.map(str::to_owned));
        let content = Content { digest, id: locked_id, platform: "linux/amd64".to_owned() };
        let digests: Vec<String> = digests.iter().map(|digest| (*digest).to_owned()).collect();
        content.objection("acme/box", Found { id, digests: &digests, platform })
    }

    #[test]
    fn digest_and_id_have_to_fit_as_far_as_they_can_be_compared() {
        let here = "linux/amd64";
        let locked = ("sha256:d1", Some("sha256:i1"));
        assert_eq!(objection(locked, "sha256:i1", &["acme/box@sha256:d1"], here), None);
        assert_eq!(objection(locked, "sha256:i1", &["docker.io/acme/box@sha256:d1"], here), None);
        assert_eq!(objection(locked, "sha256:i1", &[], here), None, "it came in a file");
        assert_eq!(
            objection(locked, "sha256:i1", &["mirror/box@sha256:d9"], here),
            None,
            "and went to another registry"
        );
        assert_eq!(objection(("sha256:d1", None), "sha256:i9", &["acme/box@sha256:d1"], here), None);
        assert_eq!(objection(locked, "sha256:i9", &["acme/box@sha256:d1"], "linux/arm64"), None);
        assert_eq!(objection(locked, "sha256:d1", &["acme/box@sha256:d1"], here), None, "containerd's store");
        assert_eq!(objection(("sha256:d1", Some("sha256:d1")), "sha256:i1", &["acme/box@sha256:d1"], here), None);
    }

    #[test]
    fn what_does_not_fit_is_told_with_both_sides() {
        let here = "linux/amd64";
        let locked = ("sha256:d1", Some("sha256:i1"));
        let words = objection(locked, "sha256:i1", &["acme/box@sha256:d9"], here).expect("another digest");
        assert!(words.contains("digest `sha256:d1`") && words.contains("digest `sha256:d9`"), "{words}");
        let words = objection(locked, "sha256:i9", &["acme/box@sha256:d1"], here).expect("another id");
        assert!(words.contains("id `sha256:i1`") && words.contains("id `sha256:i9`"), "{words}");
        assert!(objection(locked, "sha256:i9", &[], here).is_some(), "it came in a file");
        assert!(objection(locked, "sha256:i9", &[], "linux/arm64").is_some(), "nothing else tells it there");
    }
}
