//! The command line of a running dockerd, read for what it says about the same settings as `daemon.json`.

use std::collections::BTreeMap;

use serde_json::Value;

/// One flag with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// As it was written, without its value: `--metrics-addr`, `-H`.
    pub written: String,
    /// Name of the same setting in `daemon.json`.
    pub key: String,
    /// What it is set to; `true` for a switch.
    pub value: String,
}

/// The flags that a dockerd was started with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flags(Vec<Flag>);

/// Short flags, and those that are called otherwise in `daemon.json` (docker/cli `dockerd.md`, moby `cmd/dockerd/config.go`).
const OTHER_NAMES: &[(&str, &str)] = &[
    ("-D", "debug"),
    ("-G", "group"),
    ("-H", "hosts"),
    ("-b", "bridge"),
    ("-g", "graph"),
    ("-l", "log-level"),
    ("-p", "pidfile"),
    ("-s", "storage-driver"),
    ("--add-runtime", "runtimes"),
    ("--authorization-plugin", "authorization-plugins"),
    ("--cdi-spec-dir", "cdi-spec-dirs"),
    ("--default-address-pool", "default-address-pools"),
    ("--default-network-opt", "default-network-opts"),
    ("--default-ulimit", "default-ulimits"),
    ("--dns-opt", "dns-opts"),
    ("--exec-opt", "exec-opts"),
    ("--feature", "features"),
    ("--host", "hosts"),
    ("--insecure-registry", "insecure-registries"),
    ("--label", "labels"),
    ("--log-opt", "log-opts"),
    ("--node-generic-resource", "node-generic-resources"),
    ("--registry-mirror", "registry-mirrors"),
    ("--storage-opt", "storage-opts"),
];

/// Flags that stand alone. A value has to be joined to them with `=`.
const SWITCHES: &[&str] = &[
    "-D",
    "--allow-direct-routing",
    "--cri-containerd",
    "--debug",
    "--experimental",
    "--icc",
    "--init",
    "--ip-forward",
    "--ip-forward-no-drop",
    "--ip-masq",
    "--ip6tables",
    "--iptables",
    "--ipv6",
    "--live-restore",
    "--no-new-privileges",
    "--raw-logs",
    "--rootless",
    "--selinux-enabled",
    "--tls",
    "--tlsverify",
    "--userland-proxy",
    "--validate",
];

impl Flags {
    /// Reads the arguments behind the program's name.
    pub fn parse(arguments: &[String]) -> Self {
        let mut flags = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if !argument.starts_with('-') {
                continue;
            }
            let (written, value) = match argument.split_once('=') {
                Some((written, value)) => (written.to_owned(), value.to_owned()),
                None if SWITCHES.contains(&argument.as_str()) => (argument.clone(), "true".to_owned()),
                None => (argument.clone(), rest.next().cloned().unwrap_or_default()),
            };
            flags.push(Flag { key: key(&written), written, value });
        }
        Self(flags)
    }

    /// The flag that sets this, the last where there are several.
    pub fn get(&self, key: &str) -> Option<&Flag> {
        self.0.iter().rev().find(|flag| flag.key == key)
    }

    /// Whether the command line says all of that already, as `daemon.json` would say it. `wanted`: the setting's value there.
    pub fn say(&self, key: &str, wanted: &Value) -> bool {
        let mut given = self.0.iter().filter(|flag| flag.key == key).map(|flag| flag.value.as_str());
        match wanted {
            // `--log-opt max-size=10m`, one flag for each member
            Value::Object(members) => {
                let given: Vec<_> = given.collect();
                let is_given = |(name, value): (&String, &Value)| {
                    let last = given.iter().rev().filter_map(|flag| flag.split_once('=')).find(|(key, _)| key == name);
                    last.is_some_and(|(_, given)| given == shown(value))
                };
                !given.is_empty() && members.iter().all(is_given)
            }
            // `--default-address-pool base=10.200.0.0/16,size=24`, one flag for each item
            Value::Array(items) => {
                let given: Vec<BTreeMap<&str, &str>> =
                    given.map(|flag| flag.split(',').filter_map(|part| part.split_once('=')).collect()).collect();
                let is_given = |(item, given): (&Value, &BTreeMap<&str, &str>)| {
                    let members = item.as_object().into_iter().flatten();
                    members
                        .map(|(name, value)| (name.as_str(), shown(value)))
                        .eq(given.iter().map(|(name, value)| (*name, (*value).to_owned())))
                };
                !given.is_empty() && items.len() == given.len() && items.iter().zip(&given).all(is_given)
            }
            _ => given.next_back() == Some(&shown(wanted)),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Flag> {
        self.0.iter()
    }
}

/// The setting that goes with a flag of another name, such as `labels` with `label`.
pub(super) fn setting_of(flag: &str) -> Option<&'static str> {
    let is_it = |written: &str| written.strip_prefix("--") == Some(flag);
    OTHER_NAMES.iter().find(|(written, _)| is_it(written)).map(|(_, key)| *key)
}

fn key(written: &str) -> String {
    let other = OTHER_NAMES.iter().find(|(flag, _)| *flag == written).map(|(_, key)| *key);
    other.unwrap_or_else(|| written.trim_start_matches('-')).to_owned()
}

/// A value as a flag would have it.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wish_is_met_by_flags_of_every_shape() {
        let line = "--live-restore --log-driver=local --log-opt max-size=10m --log-opt max-file=3 --default-address-pool \
                    base=10.200.0.0/16,size=24 --default-address-pool size=28,base=10.201.0.0/16";
        let flags = Flags::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let pools = json!([{ "base": "10.200.0.0/16", "size": 24 }, { "base": "10.201.0.0/16", "size": 28 }]);
        for (key, wanted) in [
            ("live-restore", json!(true)),
            ("log-driver", json!("local")),
            ("log-opts", json!({ "max-size": "10m" })),
            ("log-opts", json!({ "max-file": "3", "max-size": "10m" })),
            ("default-address-pools", pools),
        ] {
            assert!(flags.say(key, &wanted), "{key}: {wanted}");
        }
        for (key, wanted) in [
            ("live-restore", json!(false)),
            ("log-driver", json!("json-file")),
            ("log-opts", json!({ "max-size": "20m" })),
            ("log-opts", json!({ "compress": "true" })),
            ("default-address-pools", json!([{ "base": "10.200.0.0/16", "size": 24 }])),
            ("bip", json!("172.17.0.1/16")),
        ] {
            assert!(!flags.say(key, &wanted), "{key}: {wanted}");
        }
        assert!(!Flags::default().say("log-opts", &json!({})), "nothing is said by nobody");
    }

    #[test]
    fn flags_are_read_in_every_way_of_writing_them() {
        let line = "-H fd:// --containerd=/run/c.sock --log-opt max-size=1m --live-restore --metrics-addr 0.0.0.0:1 --icc=false";
        let flags = Flags::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let read: Vec<_> = flags.iter().map(|flag| (flag.key.as_str(), flag.value.as_str())).collect();
        let expected = [
            ("hosts", "fd://"),
            ("containerd", "/run/c.sock"),
            ("log-opts", "max-size=1m"),
            ("live-restore", "true"),
            ("metrics-addr", "0.0.0.0:1"),
            ("icc", "false"),
        ];
        assert_eq!(read, expected);
        assert_eq!(flags.get("hosts").map(|flag| flag.written.as_str()), Some("-H"));
    }
}
