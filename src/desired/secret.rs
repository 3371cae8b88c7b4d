//! Where secrets come to lie inside a container.

use super::{PlacedSecret, SecretForm, SecretSource, Service, SettingPlace, guard};
use crate::catalog::Quoting;
use crate::stack::Secret;

/// A secret at `/run/secrets/NAME`.
pub(super) fn place(name: String, secret: &Secret) -> PlacedSecret {
    at_usual_place(name, source(secret))
}

/// Where the value of a secret of the stack file lies.
pub(super) fn source(secret: &Secret) -> SecretSource {
    match secret {
        Secret::File(path) => SecretSource::File(path.clone()),
        Secret::Environment(variable) => SecretSource::Environment(variable.clone()),
    }
}

/// A secret from any source at `/run/secrets/NAME`.
pub(super) fn at_usual_place(name: String, source: SecretSource) -> PlacedSecret {
    PlacedSecret { target: path(&name), name, source }
}

/// Where a secret of that name lies inside the container.
pub(super) fn path(name: &str) -> String {
    format!("/run/secrets/{name}")
}

impl SettingPlace {
    /// The value in the settings of a service. `None`: it is not there.
    pub fn value<'a>(&self, service: &'a Service) -> Option<&'a str> {
        let settings = &service.container.settings;
        match self {
            Self::Variable(name) => settings.environment.get(name).map(String::as_str),
            Self::Flag(flag) => flag_value(&settings.command.as_ref()?.0, flag),
        }
    }
}

/// The word after a flag, or what stands behind its `=`.
pub(super) fn flag_value<'a>(words: &'a [String], flag: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| word == flag);
    let after = at.and_then(|at| words.get(at + 1)).map(String::as_str);
    after.or_else(|| words.iter().find_map(|word| word.strip_prefix(flag)?.strip_prefix('=')))
}

impl SecretForm {
    /// Why a secret cannot be written so. `None`: it can.
    pub fn objection(&self, secret: &[u8]) -> Option<&'static str> {
        guard::objection(self.quoting, String::from_utf8_lossy(secret).trim_end_matches(['\r', '\n']))
    }

    /// The file's content. A line's end behind the secret, which editors leave there, is no part of it.
    pub fn around(&self, secret: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(secret);
        let secret = text.trim_end_matches(['\r', '\n']);
        let quoted = match self.quoting {
            Quoting::Plain => secret.to_owned(),
            Quoting::Bcrypt => guard::hash(secret, &self.before),
            Quoting::Ini => format!("`{secret}`"),
            Quoting::Json => serde_json::Value::from(secret).to_string(),
        };
        format!("{}{quoted}{}", self.before, self.after).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_written_as_the_file_around_it_wants_it() {
        let form = |quoting| SecretForm { before: "password=".to_owned(), after: "\n".to_owned(), quoting };
        let written = |quoting| String::from_utf8(form(quoting).around(b"a\"b #c;\n")).expect("text");
        assert_eq!(written(Quoting::Plain), "password=a\"b #c;\n");
        assert_eq!(written(Quoting::Ini), "password=`a\"b #c;`\n");
        assert_eq!(written(Quoting::Json), "password=\"a\\\"b #c;\"\n");
    }

    #[test]
    fn the_value_of_a_flag_stands_after_it_or_behind_its_sign() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(flag_value(&words("redis-server --requirepass s3"), "--requirepass"), Some("s3"));
        assert_eq!(flag_value(&words("redis-server --requirepass=s3"), "--requirepass"), Some("s3"));
        assert_eq!(flag_value(&words("redis-server --port 1"), "--requirepass"), None);
    }
}
