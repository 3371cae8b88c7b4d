//! Who may look: what a browser gives of user and password (HTTP Basic, RFC 7617).

use std::fmt;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// What has to be given.
#[derive(Clone)]
pub struct Login {
    /// Name of the user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Login {
    /// Whether a request gives it.
    pub(super) fn lets_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|given| given.to_str().ok());
        let coded = given.and_then(|given| given.split_once(' '));
        let coded = coded.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).map(|(_, coded)| coded.trim());
        let Some(given) = coded.and_then(|coded| BASE64_STANDARD.decode(coded).ok()) else { return false };
        // The time that it takes to compare hashes tells nothing of what was hashed.
        Sha256::digest(given) == Sha256::digest(format!("{}:{}", self.user, self.password))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_gives_user_and_password_is_let_in() {
        let login = Login { user: "admin".to_owned(), password: "s3:crét".to_owned() };
        let lets_in = |given: &str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, given.parse().expect("a header"))]);
            login.lets_in(&headers)
        };
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        assert!(lets_in(&basic("admin:s3:crét")));
        assert!(lets_in(&basic("admin:s3:crét").replace("Basic", "basic")));
        for given in ["", "admin:", "admin:s3", "other:s3:crét", "admin:s3:crét2"] {
            assert!(!lets_in(&basic(given)), "{given}");
        }
        assert!(!lets_in("Bearer x") && !lets_in("Basic") && !lets_in("Basic %%"));
        assert!(!login.lets_in(&HeaderMap::new()));
        assert!(!format!("{login:?}").contains("s3"));
    }
}
