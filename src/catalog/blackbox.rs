//! blackbox exporter: asks things from outside, as their users do.

use super::{Component, ContainerDefaults, DebianPackage, Known, NOBODY};

/// Where its configuration lies inside the container.
pub const CONFIG_FILE: &str = "/etc/blackbox_exporter/blackbox.yml";

/// What lets everybody in the container send echo requests, without a capability: groups that may (icmp(7)).
pub const ECHO_SETTING: (&str, &str) = ("net.ipv4.ping_group_range", "0 2147483647");

/// The component.
pub static BLACKBOX: Component = Component {
    name: "blackbox",
    image: "prom/blackbox-exporter",
    tag_prefix: "v",
    version: "0.27.0",
    port: 9115,
    container: ContainerDefaults {
        command: &["--config.file=/etc/blackbox_exporter/blackbox.yml", "--web.listen-address={listen}"],
        ..ContainerDefaults::CONFINED
    },
    debian: Some(DebianPackage {
        package: "prometheus-blackbox-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-blackbox-exporter"],
        image: "stackctl/blackbox-exporter:debian",
        assumed_version: "0.23.0",
        user: NOBODY,
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-blackbox-exporter"],
        ports: &[9115],
        working_folder: "/",
    }),
    known: Known {
        about: "asks HTTP, TCP, ICMP and DNS from outside: `probes:`",
        user: Some(65534),
        preset: Some("blackbox"),
        changes: &[
            ("0.19", "/-/healthy; TLS and passwords for its own page"),
            ("0.20", "http: body_size_limit; hostname of a probe"),
        ],
        traps: &[
            "echo requests are allowed by a setting of its network (net.ipv4.ping_group_range), only where a probe is ICMP: no capability is needed",
            "it prefers IPv6 unless told otherwise, and containers rarely have any: probes here ask by IPv4 unless they say `ip: 6`",
            "a probe that fails is probe_success 0, and up 1: alert on probe_success",
        ],
        sources: &["github.com/prometheus/blackbox_exporter: CONFIGURATION.md, CHANGELOG"],
        run_here: true,
    },
    ..Component::PLAIN
};
