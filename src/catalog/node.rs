//! node exporter: the host's processors, memory, disks and network.

use super::{Bind, Component, ContainerDefaults, DebianPackage, NOBODY};

/// The component. It stands in the host's network, or it would see its own container's interfaces only.
pub static NODE: Component = Component {
    name: "node",
    image: "prom/node-exporter",
    tag_prefix: "v",
    version: "1.12.1",
    port: 9100,
    metrics_path: "/metrics",
    data: None,
    health: &[],
    container: ContainerDefaults {
        command: &["--path.rootfs=/host", "--web.listen-address={listen}"],
        host_network: true,
        host_pid: true,
        binds: &[Bind { source: "/", target: "/host", follows_host_mounts: true }],
        ..ContainerDefaults::PLAIN
    },
    debian: Some(DebianPackage {
        package: "prometheus-node-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-node-exporter"],
        image: "stackctl/node:debian",
        assumed_version: "1.5.0",
        user: NOBODY,
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-node-exporter"],
        ports: &[9100],
        working_folder: "/",
    }),
};
