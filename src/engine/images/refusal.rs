//! A registry that answers and says no: why, and what to do about it.

use super::registry::registry_of;

/// Why a registry says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It wants to know who asks, or knows and does not give it to them.
    Login,
    /// It has no such name, tag or digest.
    Missing,
    /// It has the image for other kinds of processors.
    Platform,
    /// It has been asked too often.
    TooOften,
    /// What it sends is not what the digest says.
    Content,
}

/// What registries and the engine say, in lower case, and what it means; the first that fits counts.
const WORDS: [(&str, Refusal); 17] = [
    ("verification failed", Refusal::Content),
    ("digest mismatch", Refusal::Content),
    ("unexpected commit digest", Refusal::Content),
    ("toomanyrequests", Refusal::TooOften),
    ("no matching manifest", Refusal::Platform),
    ("does not match the specified platform", Refusal::Platform),
    ("unauthorized", Refusal::Login),
    ("authentication required", Refusal::Login),
    ("incorrect username or password", Refusal::Login),
    ("no basic auth credentials", Refusal::Login),
    ("authorization failed", Refusal::Login),
    ("denied", Refusal::Login),
    ("forbidden", Refusal::Login),
    ("manifest unknown", Refusal::Missing),
    ("name unknown", Refusal::Missing),
    ("does not exist", Refusal::Missing),
    ("not found", Refusal::Missing),
];

impl Refusal {
    /// What a message of the engine, in lower case, says. `None`: it is about something else.
    pub(super) fn of(message: &str) -> Option<Self> {
        WORDS.iter().find(|(words, _)| message.contains(words)).map(|(_, refusal)| *refusal)
    }

    /// What to do. `user` is whom `docker login` remembers for that registry.
    pub(super) fn help(self, reference: &str, user: Option<&str>) -> String {
        let registry = registry_of(reference);
        match (self, user) {
            (Self::Login, Some(user)) => format!(
                "`docker login` remembers user `{user}` for `{registry}`, and that is refused: log in again with `docker login \
                 {registry}`, or check the name of the image"
            ),
            (Self::Login, None) => format!(
                "check the name; for a private image, run `docker login {registry}` as the user who runs stackctl"
            ),
            (Self::Missing, _) if reference.contains("@sha256:") => {
                "nothing there has this digest: check it, or write the tag alone and see what it has now".to_owned()
            }
            (Self::Missing, _) => {
                format!("check the name and the tag; a private image needs `docker login {registry}`")
            }
            (Self::Platform, _) => {
                "take a tag that is made for the engine's processor, or write `platform:` for one that it can emulate"
                    .to_owned()
            }
            (Self::TooOften, _) => format!(
                "wait and run it again, log in with `docker login {registry}`, or name a mirror with `images: {{mirror: …}}`"
            ),
            (Self::Content, _) => format!(
                "do not use what `{registry}` sends under this name: its storage is damaged, or somebody stands in between; \
                 ask who runs it, or pull from another registry"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn each_way_to_say_no_is_told_from_the_others() {
        for (message, refusal) in [
            ("manifest for prom/prometheus:v0 not found: manifest unknown: manifest unknown", Refusal::Missing),
            (
                "pull access denied for acme/web, repository does not exist or may require 'docker login': denied: \
                 requested access to the resource is denied",
                Refusal::Login,
            ),
            ("unauthorized: authentication required", Refusal::Login),
            ("head \"https://r.example/v2/web/manifests/1\": no basic auth credentials", Refusal::Login),
            ("toomanyrequests: you have reached your pull rate limit.", Refusal::TooOften),
            ("no matching manifest for linux/arm64/v8 in the manifest list entries", Refusal::Platform),
            ("manifest verification failed for digest sha256:00", Refusal::Content),
            ("filesystem layer verification failed for digest sha256:00", Refusal::Content),
        ] {
            assert_eq!(Refusal::of(message), Some(refusal), "{message}");
        }
        assert_eq!(Refusal::of("failed to register layer: no space left on device"), None);
    }

    #[test]
    fn who_is_logged_in_is_told_from_nobody() {
        let help = Refusal::Login.help("r.example/web:1", Some("ada"));
        assert!(help.contains("`ada`") && help.contains("docker login r.example"), "{help}");
        assert!(!Refusal::Login.help("r.example/web:1", None).contains("remembers"));
    }
}
