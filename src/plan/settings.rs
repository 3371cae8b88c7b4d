//! What networks and volumes are made with, setting by setting: what the file says beside what the engine has. The engine
//! changes none of it later.

use std::collections::BTreeMap;

use super::parts::short_hash;
use crate::desired::{Network, Volume, names_a_secret, without_url_secrets};
use crate::engine::{ObservedNetwork, ObservedSettings, ObservedVolume, Secrets};

/// Settings by their keys in the stack file: `internal`, `driver_opts.device`, `labels.team` → what they are, as text.
type Settings = BTreeMap<String, String>;

/// One setting that is not what the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// Its key in the stack file.
    key: String,
    /// What it is at the engine; `None`: it is not set.
    is: Option<String>,
    /// What the file says; `None`: nothing.
    wanted: Option<String>,
}

impl Difference {
    /// Nothing works otherwise because of it.
    pub(super) fn is_label(&self) -> bool {
        self.key.starts_with("labels.")
    }
}

/// The settings of a network, each with eight hex digits of its SHA-256: what is kept at the network, to know later what
/// the file has said.
pub fn network_parts(network: &Network) -> BTreeMap<String, String> {
    hashed(&of_network(network))
}

/// The same for a volume.
pub fn volume_parts(volume: &Volume) -> BTreeMap<String, String> {
    hashed(&of_volume(volume))
}

/// What differs between a network of the file and the one at the engine.
pub(super) fn of_networks(wanted: &Network, found: &ObservedNetwork) -> Vec<Difference> {
    let mut told = told(&found.made);
    told.insert("internal".to_owned(), found.internal.to_string());
    if !found.subnets.is_empty() {
        told.insert(SUBNET.to_owned(), found.subnets.join(", "));
    }
    differences(&of_network(wanted), &told, found.made.parts.as_ref())
}

/// What differs between a volume of the file and the one at the engine.
pub(super) fn of_volumes(wanted: &Volume, found: &ObservedVolume) -> Vec<Difference> {
    differences(&of_volume(wanted), &told(&found.made), found.made.parts.as_ref())
}

/// The differences in words.
pub(super) fn words(differences: &[Difference], secrets: &Secrets) -> String {
    differences.iter().map(|difference| difference.words(secrets)).collect::<Vec<_>>().join("; ")
}

const DRIVER: &str = "driver";
const SUBNET: &str = "subnet";

fn of_network(network: &Network) -> Settings {
    let mut settings = written(&network.driver, &network.driver_opts, &network.labels);
    settings.insert("internal".to_owned(), network.internal.to_string());
    settings.extend(network.subnet.clone().map(|subnet| (SUBNET.to_owned(), subnet)));
    settings
}

fn of_volume(volume: &Volume) -> Settings {
    written(&volume.driver, &volume.driver_opts, &volume.labels)
}

fn told(made: &ObservedSettings) -> Settings {
    written(&made.driver, &made.options, &made.labels)
}

fn written<'a>(
    driver: &str,
    options: impl IntoIterator<Item = (&'a String, &'a String)>,
    labels: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Settings {
    let options = options.into_iter().map(|(key, value)| (format!("driver_opts.{key}"), value.clone()));
    let labels = labels.into_iter().map(|(key, value)| (format!("labels.{key}"), value.clone()));
    options.chain(labels).chain([(DRIVER.to_owned(), driver.to_owned())]).collect()
}

fn hashed(settings: &Settings) -> BTreeMap<String, String> {
    settings.iter().map(|(key, value)| (key.clone(), short_hash(&value.as_str().into()))).collect()
}

/// Where it is known what the file said when the thing was made, that is compared: an engine may tell a setting in other
/// words, and adds some of its own. Else it is what the engine tells, as far as the file says something of it.
fn differences(wanted: &Settings, told: &Settings, parts: Option<&BTreeMap<String, String>>) -> Vec<Difference> {
    let hashes = hashed(wanted);
    let keys = wanted.keys().chain(parts.into_iter().flatten().map(|(key, _)| key));
    let mut keys: Vec<&String> = keys.collect();
    keys.sort();
    keys.dedup();
    let differs = |key: &&String| match parts {
        Some(parts) => parts.get(*key) != hashes.get(*key),
        None => !is_same(key, told.get(*key), &wanted[*key]),
    };
    let difference =
        |key: &String| Difference { key: key.clone(), is: told.get(key).cloned(), wanted: wanted.get(key).cloned() };
    keys.into_iter().filter(differs).map(difference).collect()
}

fn is_same(key: &str, told: Option<&String>, wanted: &str) -> bool {
    let Some(told) = told else { return false };
    match key {
        // A driver that came as a plugin has a tag.
        DRIVER => told == wanted || told.strip_prefix(wanted) == Some(":latest"),
        SUBNET => told.split(", ").any(|told| subnet(told) == subnet(wanted)),
        _ => told == wanted,
    }
}

/// A subnet with the bits of a host in it taken off, as newer engines want it: `10.7.0.5/24` is `10.7.0.0/24`.
fn subnet(text: &str) -> Option<(u128, u32)> {
    let (address, length) = text.split_once('/')?;
    let length: u32 = length.parse().ok()?;
    let (bits, whole): (u128, u32) = match address.parse().ok()? {
        std::net::IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        std::net::IpAddr::V6(address) => (u128::from(address), 128),
    };
    let host = whole.checked_sub(length)?;
    Some((bits.checked_shr(host).unwrap_or(0), length + whole))
}

/// Whether two subnets have an address in common, as no two networks of an engine may.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let (Some((one, length)), Some((other, other_length))) = (subnet(one), subnet(other)) else { return false };
    // The lengths of IPv6 lie above those of IPv4.
    let is_same_kind = (length <= 64) == (other_length <= 64);
    let shortest = length.min(other_length);
    let begin = |bits: u128, length: u32| bits.checked_shr(length - shortest).unwrap_or(0);
    is_same_kind && begin(one, length) == begin(other, other_length)
}

impl Difference {
    fn words(&self, secrets: &Secrets) -> String {
        let key = &self.key;
        if self.is_secret(secrets) {
            return format!("`{key}` is another one than the file's");
        }
        let shown = |value: &String| without_url_secrets(value);
        match (self.is.as_ref().map(shown), self.wanted.as_ref().map(shown)) {
            (Some(is), Some(wanted)) if is != wanted => format!("`{key}` is `{is}`, and the file says `{wanted}`"),
            (None, Some(wanted)) => format!("`{key}` is not set, and the file says `{wanted}`"),
            (Some(is), None) => format!("`{key}` is `{is}`, and the file says nothing of it any more"),
            _ => format!("`{key}` is another one than the file's"),
        }
    }

    /// A value that was given through a secret variable hides the one before it, too, which nobody knows any more.
    fn is_secret(&self, secrets: &Secrets) -> bool {
        let mut values = self.is.iter().chain(&self.wanted);
        names_a_secret(&self.key)
            || values.any(|value| names_a_secret(value) || value.contains("pass=") || secrets.are_in(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn told(wanted: &[(&str, &str)], is: &[(&str, &str)], said: Option<&[(&str, &str)]>) -> String {
        let parts = said.map(|said| hashed(&settings(said)));
        let secrets = Secrets { variables: vec!["hunter22".to_owned()], ..Secrets::default() };
        words(&differences(&settings(wanted), &settings(is), parts.as_ref()), &secrets)
    }

    #[test]
    fn what_the_engine_has_otherwise_is_named_with_both_values() {
        let (wanted, is) = ([("internal", "true"), ("labels.a", "b")], [("internal", "false")]);
        let expected = "`internal` is `false`, and the file says `true`; `labels.a` is not set, and the file says `b`";
        assert_eq!(told(&wanted, &is, None), expected);
        assert_eq!(told(&wanted, &is, Some(&[("internal", "false")])), expected);
        assert_eq!(told(&wanted, &is, Some(&wanted)), "", "the engine may say it in other words");
    }

    #[test]
    fn what_the_file_says_no_more_is_seen_where_it_is_known_that_it_did() {
        let is = [("subnet", "10.7.0.0/24"), ("labels.engine", "x")];
        assert_eq!(told(&[], &is, None), "");
        assert_eq!(
            told(&[], &is, Some(&is[..1])),
            "`subnet` is `10.7.0.0/24`, and the file says nothing of it any more"
        );
    }

    #[test]
    fn the_same_in_other_words_is_no_difference() {
        for (key, wanted, is) in [
            ("subnet", "10.7.0.5/24", "10.7.0.0/24"),
            ("subnet", "10.7.0.0/24", "10.7.0.0/24, fd00::/64"),
            ("subnet", "fd00:0::/64", "fd00::/64"),
            ("driver", "acme/net", "acme/net:latest"),
        ] {
            assert_eq!(told(&[(key, wanted)], &[(key, is)], None), "");
        }
        assert_ne!(told(&[("subnet", "10.7.0.0/16")], &[("subnet", "10.7.0.0/24")], None), "");
        assert_ne!(told(&[("driver", "bridge")], &[("driver", "bridges")], None), "");
    }

    #[test]
    fn subnets_overlap_where_one_holds_the_other() {
        for (one, other) in [
            ("10.7.0.0/24", "10.7.0.0/24"),
            ("10.7.0.0/16", "10.7.9.0/24"),
            ("0.0.0.0/0", "10.7.9.0/24"),
            ("fd00::/8", "fd12::/64"),
        ] {
            assert!(overlap(one, other) && overlap(other, one), "{one} {other}");
        }
        for (one, other) in [("10.7.0.0/24", "10.7.1.0/24"), ("0.0.0.0/0", "::/0"), ("10.7.0.0/24", "none")] {
            assert!(!overlap(one, other) && !overlap(other, one), "{one} {other}");
        }
    }

    #[test]
    fn values_that_may_be_secret_are_not_shown() {
        for (key, wanted, is) in [
            ("labels.token", "hunter33", "hunter44"),
            ("driver_opts.o", "user=me,password=hunter33", "user=me"),
            ("driver_opts.o", "user=me,pass=hunter33", "user=me,pass=hunter44"),
            ("labels.a", "x-hunter22", "x-hunter44"),
            ("driver_opts.device", "nfs://me:hunter33@host/", "nfs://me:hunter44@host/"),
        ] {
            let words = told(&[(key, wanted)], &[(key, is)], None);
            assert!(words.contains(key) && !words.contains("hunter"), "{words}");
        }
    }
}
