//! snmp exporter: switches, printers and other devices that speak SNMP.

use super::{Component, ContainerDefaults, DebianPackage, Known, NOBODY};

/// The component.
pub static SNMP: Component = Component {
    name: "snmp",
    image: "prom/snmp-exporter",
    tag_prefix: "v",
    version: "0.29.0",
    port: 9116,
    container: ContainerDefaults { command: &["--web.listen-address={listen}"], ..ContainerDefaults::CONFINED },
    debian: Some(DebianPackage {
        package: "prometheus-snmp-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-snmp-exporter"],
        image: "stackctl/snmp-exporter:debian",
        assumed_version: "0.21.0",
        user: NOBODY,
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-snmp-exporter"],
        ports: &[9116],
        working_folder: "/",
    }),
    known: Known {
        about: "devices that speak SNMP",
        user: Some(65534),
        changes: &[("0.23", "snmp.yml has `auths` beside `modules`; the file of older versions is refused")],
        traps: &[
            "/metrics is the exporter's own: a device is a job of its own under `scrape:`, `path: /snmp`, `params: { target: [DEVICE], module: [if_mib] }`",
            "Debian's package has no snmp.yml: the generator of prometheus-snmp-exporter makes one from MIBs",
        ],
        sources: &["github.com/prometheus/snmp_exporter: README, CHANGELOG"],
        run_here: true,
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
