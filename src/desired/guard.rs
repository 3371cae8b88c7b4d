//! `prometheus.web`: what Prometheus asks of everybody who asks it, and how each of ours is let in.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::called::{Asked, Asker};
use super::{
    BasicAuth, Healthcheck, HealthcheckTest, PlacedSecret, Scheme, SecretForm, SecretSource, Tls, component, secret,
};
use crate::catalog::prometheus::{
    AUTHORITY_SECRET, CERTIFICATE_SECRET, CHECKS_READINESS, CLIENT_FILE, KEY_SECRET, PASSWORD_SECRET, PROMETHEUS,
    WEB_SECRET,
};
use crate::catalog::{Quoting, Version};
use crate::stack::{Prometheus, Stack, Web, WebTls};

/// What Prometheus asks of everybody who asks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// User, and the password's file in every container that has to know it.
    pub basic_auth: Option<BasicAuth>,
    /// How the certificate is looked at by those who are in such a container.
    pub tls: Option<Tls>,
    /// Where the password lies.
    pub password: Option<SecretSource>,
    /// Where the certificate lies.
    pub certificate: Option<SecretSource>,
}

impl Guard {
    /// The scheme that it answers to.
    pub fn scheme(&self) -> Scheme {
        if self.tls.is_some() { Scheme::Https } else { Scheme::Http }
    }
}

/// What the section asks for. `None`: whoever reaches Prometheus may ask it.
pub(super) fn of(section: &Prometheus) -> Option<Guard> {
    let web = section.web.as_ref()?;
    Some(Guard {
        basic_auth: web
            .basic_auth
            .as_ref()
            .map(|auth| BasicAuth { username: auth.username.clone(), password_file: secret::path(PASSWORD_SECRET) }),
        tls: web.tls.as_ref().map(|tls| Tls {
            ca_file: Some(secret::path(AUTHORITY_SECRET)),
            server_name: Some(tls.server_name.clone().unwrap_or_else(|| PROMETHEUS.name.to_owned())),
            insecure_skip_verify: false,
        }),
        password: web.basic_auth.as_ref().map(|auth| secret::source(&auth.password)),
        certificate: web.tls.as_ref().map(|tls| SecretSource::File(tls.cert_file.clone())),
    })
}

/// URL of a Prometheus for others of the stack.
pub(super) fn url(stack: &Stack, section: &Prometheus, service_name: &str) -> String {
    let is_https = section.web.as_ref().is_some_and(|web| web.tls.is_some());
    let scheme = if is_https { "https" } else { "http" };
    let asked = Asked { name: service_name, settings: &section.container, replicas: 1 };
    format!("{scheme}://{}:{}", asked.host(stack, 1, Asker::Other), PROMETHEUS.port)
}

/// The flag that has Prometheus ask.
pub(super) fn flag(section: &Prometheus) -> Option<String> {
    section.web.as_ref().map(|_| format!("--web.config.file={}", secret::path(WEB_SECRET)))
}

/// What Prometheus' own container has to hold.
pub(super) fn secrets(stack_name: &str, section: &Prometheus) -> Vec<PlacedSecret> {
    let Some(web) = &section.web else { return Vec::new() };
    let file = |name: &str, path: &String| secret::at_usual_place(name.to_owned(), SecretSource::File(path.clone()));
    let mut secrets = vec![secret::at_usual_place(WEB_SECRET.to_owned(), asking(stack_name, web))];
    secrets.extend(web.basic_auth.as_ref().map(|auth| secret::place(PASSWORD_SECRET.to_owned(), &auth.password)));
    if let Some(tls) = &web.tls {
        secrets.extend([file(CERTIFICATE_SECRET, &tls.cert_file), file(KEY_SECRET, &tls.key_file)]);
        secrets.push(file(AUTHORITY_SECRET, authority(tls)));
    }
    secrets
}

/// What Grafana's container has to hold.
pub(super) fn grafana_secrets(section: &Prometheus) -> Vec<PlacedSecret> {
    let Some(web) = &section.web else { return Vec::new() };
    let password = web.basic_auth.as_ref().map(|auth| secret::place(PASSWORD_SECRET.to_owned(), &auth.password));
    let authority = web
        .tls
        .as_ref()
        .map(|tls| secret::at_usual_place(AUTHORITY_SECRET.to_owned(), SecretSource::File(authority(tls).clone())));
    password.into_iter().chain(authority).collect()
}

/// What stackctl's own container has to hold to ask, and the words that tell it.
pub(super) fn view_secrets(section: &Prometheus) -> (Vec<PlacedSecret>, Vec<String>) {
    let (mut secrets, mut words) = (Vec::new(), Vec::new());
    let Some(web) = &section.web else { return (secrets, words) };
    if let Some(auth) = &web.basic_auth {
        secrets.push(secret::place(PASSWORD_SECRET.to_owned(), &auth.password));
        words.extend(["--user".to_owned(), auth.username.clone()]);
        words.extend(["--password-file".to_owned(), secret::path(PASSWORD_SECRET)]);
    }
    if let Some(tls) = &web.tls {
        let source = SecretSource::File(tls.cert_file.clone());
        secrets.push(secret::at_usual_place(CERTIFICATE_SECRET.to_owned(), source));
        words.extend(["--certificate".to_owned(), secret::path(CERTIFICATE_SECRET)]);
    }
    (secrets, words)
}

/// The check that gets past it. `None`: the usual one does. An image's older promtool cannot ask.
pub(super) fn healthcheck(guard: Option<&Guard>, version: Version) -> Option<Healthcheck> {
    let guard = guard?;
    if version < CHECKS_READINESS {
        let test = HealthcheckTest::Disabled;
        return Some(Healthcheck { test, interval: None, timeout: None, retries: None, start_period: None });
    }
    let scheme = guard.scheme().word();
    let url = format!("--url={scheme}://localhost:{}", PROMETHEUS.port);
    let file = format!("--http.config.file={CLIENT_FILE}");
    Some(component::check(&["promtool", "check", "ready", &file, &url]))
}

fn authority(tls: &WebTls) -> &String {
    tls.ca_file.as_ref().unwrap_or(&tls.cert_file)
}

/// The file in which Prometheus finds what to ask for.
fn asking(stack_name: &str, web: &Web) -> SecretSource {
    let mut before = format!("# What the Prometheus of stack `{stack_name}` asks of everybody.\n");
    if web.tls.is_some() {
        let (certificate, key) = (secret::path(CERTIFICATE_SECRET), secret::path(KEY_SECRET));
        write!(before, "tls_server_config:\n  cert_file: {certificate}\n  key_file: {key}\n")
            .expect("a String takes everything");
    }
    let Some(auth) = &web.basic_auth else {
        let form = SecretForm { before, after: String::new(), quoting: Quoting::Plain };
        return SecretSource::Made { form, of: None };
    };
    let user = serde_json::Value::from(auth.username.as_str());
    write!(before, "basic_auth_users:\n  {user}: \"").expect("a String takes everything");
    let form = SecretForm { before, after: "\"\n".to_owned(), quoting: Quoting::Bcrypt };
    SecretSource::Made { form, of: Some(Box::new(secret::source(&auth.password))) }
}

/// Prometheus' own advice: a hash takes it some fifty milliseconds, and it remembers whom it has let in.
const COST: u32 = 10;

/// Bytes that bcrypt looks at.
const LONGEST: usize = 72;

/// The hash of a password. Its salt comes from the text around it, so that the same stack file gives the same bytes, and
/// nothing has to be kept: the stack's name and the user's tell it from others, and who can read the file can read the
/// password beside it, too.
pub(super) fn hash(password: &str, around: &str) -> String {
    let digest = Sha256::digest(around.as_bytes());
    let mut salt = [0; 16];
    salt.copy_from_slice(&digest[..16]);
    let parts = bcrypt::hash_with_salt(password, COST, salt).expect("the cost is one that bcrypt knows");
    parts.format_for_version(bcrypt::Version::TwoB)
}

/// Why a password cannot be used so. `None`: it can.
pub(super) fn objection(quoting: Quoting, password: &str) -> Option<&'static str> {
    match quoting {
        Quoting::Bcrypt if password.is_empty() => Some("it is empty"),
        Quoting::Bcrypt if password.len() > LONGEST => {
            Some("it has more than 72 bytes, and the hash in Prometheus' file covers no more")
        }
        Quoting::Bcrypt if password.trim() != password => {
            Some("it begins or ends with a space, which Prometheus takes off where it reads the password itself")
        }
        Quoting::Bcrypt if password.contains(['\n', '\0']) => Some("it has more than one line"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_one_of_the_password_and_the_same_each_time() {
        let made = hash("geheim", "# of demo\n");
        assert!(made.starts_with("$2b$10$"), "{made}");
        assert!(bcrypt::verify("geheim", &made).is_ok_and(|fits| fits), "{made}");
        assert_eq!(made, hash("geheim", "# of demo\n"));
        assert_ne!(made, hash("geheim", "# of shop\n"), "another stack, another salt");
    }

    #[test]
    fn a_password_that_prometheus_would_misread_is_told() {
        let told = |password: &str| objection(Quoting::Bcrypt, password).unwrap_or_default();
        assert!(told("").contains("empty"));
        assert!(told(&"x".repeat(73)).contains("72 bytes"));
        assert!(told(" x").contains("space"));
        assert!(told("a\nb").contains("more than one line"));
        assert_eq!(told(&"x".repeat(72)), "");
        assert_eq!(told("a$b"), "", "Prometheus minds no dollar");
    }
}
