//! Secrets that somebody signs in with: whether they can be sent as they lie there. What they are is never said.

use std::path::Path;

use super::document;
use super::files::Files;
use super::input::read_regular;
use super::rules::locate;
use super::{BasicAuth, Secret};

/// What a credential has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// A password, a key or a token, which goes over the wire on one line.
    Line,
    /// An address that whoever knows it may send to.
    Url,
}

impl Credential {
    /// What a receiver's key names.
    pub(super) fn of_key(key: &str) -> Self {
        if key.ends_with("url") { Self::Url } else { Self::Line }
    }

    /// Why it cannot be used, and what to do. A line's end behind it, which editors leave there, is no part of it.
    fn objection(self, secret: &[u8]) -> Option<(&'static str, &'static str)> {
        let text = String::from_utf8_lossy(secret);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            return Some(("the secret is empty", "put it there: nothing would be sent"));
        }
        if text.contains(|letter: char| letter.is_control()) {
            let message = "the secret has more than one line, or control characters";
            return Some((message, "leave the one line there that is to be sent"));
        }
        let is_url = || {
            let lower = text.to_ascii_lowercase();
            let rest = ["http://", "https://"].into_iter().find_map(|scheme| lower.strip_prefix(scheme));
            rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
        };
        if self == Self::Url && !is_url() {
            return Some(("the secret is not a URL", "it begins with `https://` or `http://` and names a host"));
        }
        None
    }
}

impl Files<'_> {
    /// A secret is there: its file, or its variable.
    pub(super) fn secret(&mut self, secret: &mut Secret, path: document::Path) {
        match secret {
            Secret::File(file) => *file = self.present(file, path.key("file")),
            Secret::Environment(name) if self.environment.get(name).is_none() => {
                let is_long = locate(self.root, &path).node.is_some_and(|node| node.entry("environment").is_some());
                let found = locate(self.root, &path.key(if is_long { "environment" } else { "env" }));
                let message = format!("variable `{name}` is not set here");
                let help = format!("`stackctl up` needs it: `export {name}=…`");
                self.problems.warning(found.value, &found.path, message, help);
            }
            Secret::Environment(_) => {}
        }
    }

    /// A secret as [`Files::secret`] sees to it, and whether it can be sent.
    pub(super) fn credential(&mut self, secret: &mut Secret, path: document::Path, credential: Credential) {
        self.secret(secret, path);
        if !self.needs_secrets {
            return;
        }
        let value: Option<Vec<u8>> = match &*secret {
            Secret::File(file) => read_regular(Path::new(file)).ok(),
            Secret::Environment(name) => self.environment.get(name).map(String::into_bytes),
        };
        if let Some((message, help)) = value.and_then(|value| credential.objection(&value)) {
            self.error(path, message, help);
        }
    }

    /// The password of a user.
    pub(super) fn password(&mut self, auth: &mut BasicAuth, path: document::Path) {
        self.credential(&mut auth.password, path.key("password"), Credential::Line);
    }
}

#[cfg(test)]
mod tests {
    use super::Credential;

    #[test]
    fn what_cannot_be_sent_is_refused_before_it_is_lost() {
        let told =
            |credential: Credential, text: &str| credential.objection(text.as_bytes()).map(|(message, _)| message);
        for text in ["geheim", "with space", "geheim\n", "geheim\r\n"] {
            assert_eq!(told(Credential::Line, text), None, "{text:?}");
        }
        for text in ["", "\n", "  \n"] {
            assert_eq!(told(Credential::Line, text), Some("the secret is empty"), "{text:?}");
        }
        assert!(told(Credential::Line, "one\ntwo\n").is_some_and(|message| message.contains("more than one line")));
        for text in ["https://hooks.example/T0/B0\n", "HTTP://u:p@hook:8080"] {
            assert_eq!(told(Credential::Url, text), None, "{text:?}");
        }
        for text in ["not a url", "hooks.example/T0", "https://", "https:///path", "https://a b/"] {
            assert_eq!(told(Credential::Url, text), Some("the secret is not a URL"), "{text:?}");
        }
        assert_eq!(Credential::of_key("api_url"), Credential::Url);
        assert_eq!(Credential::of_key("token"), Credential::Line);
    }
}
