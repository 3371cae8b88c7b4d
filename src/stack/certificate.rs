//! The certificate that Prometheus shows: its file and its key's are there, fit each other, and carry the name that is asked for.

use std::path::Path;

use jiff::Timestamp;
use rustls::client::verify_server_name;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, InconsistentKeys};

use super::files::Files;
use super::input::read_regular;
use super::{Web, document};

/// The name by which Prometheus is asked where the file names no other.
const USUAL_NAME: &str = "prometheus";

/// What is wrong with a certificate, and what to do.
type Objection = (String, String);

impl Files<'_> {
    pub(super) fn web(&mut self, web: &mut Web, path: document::Path) {
        if let Some(auth) = &mut web.basic_auth {
            self.password(auth, path.key("basic_auth"));
        }
        let Some(tls) = &mut web.tls else { return };
        let path = path.key("tls");
        tls.cert_file = self.pem(&tls.cert_file, path.key("cert_file"), "CERTIFICATE-----");
        tls.key_file = self.pem(&tls.key_file, path.key("key_file"), " PRIVATE KEY-----");
        if let Some(file) = &mut tls.ca_file {
            *file = self.pem(file, path.key("ca_file"), "CERTIFICATE-----");
        }
        let read = |file: &str| read_regular(Path::new(file)).ok().filter(|_| self.needs_secrets);
        let (Some(certificate), Some(key)) = (read(&tls.cert_file), read(&tls.key_file)) else { return };
        let name = tls.server_name.as_deref().unwrap_or(USUAL_NAME);
        let named_at = if tls.server_name.is_some() { "server_name" } else { "cert_file" };
        if let Some((message, help)) = key_objection(&certificate, &key) {
            self.error(path.key("key_file"), message, &help);
        }
        if let Some((message, help)) = name_objection(&certificate, name) {
            self.error(path.key(named_at), message, &help);
        }
        if let Some((message, help)) = time_objection(&certificate, Timestamp::now()) {
            self.error(path.key("cert_file"), message, &help);
        }
    }

    /// The absolute path of a file that has to be there and hold such a block of PEM. What is in it is not said.
    fn pem(&mut self, file: &str, path: document::Path, block: &str) -> String {
        let absolute = self.present(file, path);
        let Some(bytes) = read_regular(Path::new(&absolute)).ok().filter(|_| self.needs_secrets) else {
            return absolute;
        };
        let text = String::from_utf8_lossy(&bytes);
        let begins = |line: &str| line.starts_with("-----BEGIN ") && line.ends_with(block);
        if !text.lines().any(|line| begins(line.trim_end())) {
            let what = if block.contains("KEY") { "private key" } else { "certificate" };
            let help =
                "PEM begins with `-----BEGIN`; `openssl` turns DER into it: `openssl … -inform DER -outform PEM`";
            self.error(path, format!("no {what} in PEM in the file"), help);
        } else if block.contains("KEY") && text.contains("ENCRYPTED") {
            let help = "Prometheus asks for no passphrase: `openssl pkey -in FILE -out KEY` writes the key without one";
            self.error(path, "the private key is encrypted", help);
        }
        absolute
    }
}

/// A key that belongs to another certificate. `None`, too, where one of them cannot be read: Prometheus may know more kinds.
fn key_objection(certificate: &[u8], key: &[u8]) -> Option<Objection> {
    let certificate = CertificateDer::from_pem_slice(certificate).ok()?;
    let key = any_supported_type(&PrivateKeyDer::from_pem_slice(key).ok()?).ok()?;
    let differ = CertifiedKey::new(vec![certificate], key).keys_match();
    matches!(differ, Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch))).then(|| {
        let help = "name the key that the certificate was made with: `openssl x509 -noout -pubkey -in CERT` and \
                    `openssl pkey -pubout -in KEY` print the same";
        ("the private key is not that of the certificate in `cert_file`".to_owned(), help.to_owned())
    })
}

/// A certificate that does not carry the name which everybody asks for.
fn name_objection(certificate: &[u8], name: &str) -> Option<Objection> {
    let certificate = CertificateDer::from_pem_slice(certificate).ok()?;
    let parsed = ParsedCertificate::try_from(&certificate).ok()?;
    let wanted = ServerName::try_from(name).ok()?;
    let presented = match verify_server_name(&parsed, &wanted).err()? {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) => presented,
        Error::InvalidCertificate(CertificateError::NotValidForName) => Vec::new(),
        _ => return None,
    };
    // `DnsName("shop.example")`
    let names: Vec<&str> = presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name)).collect();
    let make = format!("make one with `openssl req … -addext subjectAltName=DNS:{name}`");
    Some(match names.first() {
        Some(first) => {
            let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let written = first.replacen('*', USUAL_NAME, 1);
            let help = format!("write `server_name: {written}`, or {make}");
            (format!("the certificate carries {}, and is asked for as `{name}`", listed.join(", ")), help)
        }
        None => (format!("the certificate carries no name, and is asked for as `{name}`"), make),
    })
}

fn time_objection(certificate: &[u8], now: Timestamp) -> Option<Objection> {
    let ended = ends_at(&CertificateDer::from_pem_slice(certificate).ok()?)?;
    (ended < now).then(|| {
        let message = format!("the certificate ended on {}", ended.strftime("%Y-%m-%d at %H:%M UTC"));
        (message, "name one that is valid: nobody takes this one any more".to_owned())
    })
}

/// The end of its time: RFC 5280, 4.1: `Validity` is the fourth part of what is signed, behind a version that may be left out.
fn ends_at(certificate: &[u8]) -> Option<Timestamp> {
    let (_, whole, _) = part(certificate)?;
    let (_, signed, _) = part(whole)?;
    let (tag, _, behind_version) = part(signed)?;
    let mut rest = if tag == 0xa0 { behind_version } else { signed };
    for _ in ["serial number", "signature", "issuer"] {
        rest = part(rest)?.2;
    }
    let (_, validity, _) = part(rest)?;
    let (_, _, behind_begin) = part(validity)?;
    let (tag, text, _) = part(behind_begin)?;
    let text = std::str::from_utf8(text).ok()?;
    // `UTCTime` has two digits for the year, `GeneralizedTime` four.
    let text = match (tag, text.get(..2)?) {
        (0x17, year) => format!("{}{text}", if year < "50" { 20 } else { 19 }),
        (0x18, _) => text.to_owned(),
        _ => return None,
    };
    let digits = |from: usize, to: usize| text.get(from..to);
    let (year, month, day) = (digits(0, 4)?, digits(4, 6)?, digits(6, 8)?);
    let (hour, minute, second) = (digits(8, 10)?, digits(10, 12)?, digits(12, 14)?);
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z").parse().ok()
}

/// Tag and content of a value in DER, and what follows it.
fn part(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(*first & 0x7f))?;
        let length =
            digits.iter().try_fold(0_usize, |sum, digit| sum.checked_mul(256)?.checked_add(usize::from(*digit)))?;
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For `prometheus.example` and `shop.example`, to 2036.
    const CERTIFICATE: &[u8] = include_bytes!("fixtures/certificate.pem");
    const KEY: &[u8] = include_bytes!("fixtures/key.pem");
    const ANOTHER_KEY: &[u8] = include_bytes!("fixtures/another-key.pem");

    #[test]
    fn a_key_of_another_certificate_is_told() {
        assert_eq!(key_objection(CERTIFICATE, KEY), None);
        let told = key_objection(CERTIFICATE, ANOTHER_KEY).expect("it is another one's");
        assert!(told.0.contains("is not that of the certificate"), "{told:?}");
        assert_eq!(key_objection(b"no PEM", KEY), None, "that is told elsewhere");
    }

    #[test]
    fn a_certificate_without_the_name_is_told_with_a_name_that_it_has() {
        assert_eq!(name_objection(CERTIFICATE, "prometheus.example"), None);
        let (message, help) = name_objection(CERTIFICATE, "prometheus").expect("it has no such name");
        assert_eq!(
            message,
            "the certificate carries `prometheus.example`, `shop.example`, and is asked for as `prometheus`"
        );
        assert!(help.starts_with("write `server_name: prometheus.example`, or make one"), "{help}");
    }

    #[test]
    fn a_certificate_is_told_once_its_time_is_over() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        assert_eq!(time_objection(CERTIFICATE, at("2030-01-01T00:00:00Z")), None);
        let (message, _) = time_objection(CERTIFICATE, at("2040-01-01T00:00:00Z")).expect("it is over");
        assert!(message.starts_with("the certificate ended on 2036-"), "{message}");
    }
}
