//! node exporter: the host's processors, memory, disks and network.

use super::{Bind, Component, ContainerDefaults, DebianPackage, Known, NOBODY, OwnedFolder};

/// The component. It stands in the host's network, or it would see its own container's interfaces only.
pub static NODE: Component = Component {
    name: "node",
    image: "prom/node-exporter",
    tag_prefix: "v",
    version: "1.12.1",
    port: 9100,
    container: ContainerDefaults {
        command: &["--path.rootfs=/host", "--web.listen-address={listen}"],
        host_network: true,
        host_pid: true,
        least_privileges: true,
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
        // Debian's build looks for both by itself, and complains at every scrape where they are not there.
        folders: &[OwnedFolder { path: "/var/lib/prometheus/node-exporter", owner: NOBODY, mode: 0o755 }],
        entrypoint: &["/usr/bin/prometheus-node-exporter", "--no-collector.systemd"],
        ports: &[9100],
        working_folder: "/",
    }),
    known: Known {
        about: "the host's processors, memory, disks and network",
        user: Some(65534),
        preset: Some("node"),
        changes: &[
            ("1.3", "--collector.filesystem.ignored-mount-points is --collector.filesystem.mount-points-exclude"),
            ("1.11", "the image is distroless and runs as 65532"),
        ],
        traps: &[
            "in a network of its own it sees its own container's interfaces: it stands in the host's",
            "one host, one exporter: a second stack takes another port, `metrics: { port: 9101 }`",
            "no rslave where the host's root is not a shared mount: file systems mounted later are not seen",
        ],
        sources: &["github.com/prometheus/node_exporter: README, issues 2002, 2742, 3194"],
        run_here: true,
    },
    ..Component::PLAIN
};
