//! process exporter: the host's processes, by name.

use super::{Bind, Component, ContainerDefaults, DebianPackage, Known, ROOT};

/// The component.
pub static PROCESS: Component = Component {
    name: "process",
    image: "ncabatoff/process-exporter",
    version: "0.8.7",
    port: 9256,
    container: ContainerDefaults {
        command: &[
            "--procfs=/host/proc",
            "--procnames=dockerd,containerd,systemd,sshd",
            "--web.listen-address={listen}",
        ],
        binds: &[Bind { source: "/proc", target: "/host/proc", follows_host_mounts: false }],
        least_privileges: true,
        // Files and I/O of other users' processes are theirs alone.
        cap_add: &["SYS_PTRACE", "DAC_READ_SEARCH"],
        ..ContainerDefaults::PLAIN
    },
    debian: Some(DebianPackage {
        package: "prometheus-process-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-process-exporter"],
        image: "stackctl/process-exporter:debian",
        assumed_version: "0.7.10",
        user: ROOT,
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-process-exporter"],
        ports: &[9256],
        working_folder: "/",
    }),
    known: Known {
        about: "the host's processes, by name",
        user: Some(0),
        traps: &[
            "it watches dockerd, containerd, systemd and sshd unless `command:` names others: each name is a group of series",
            "names of processes have 15 letters at most",
        ],
        sources: &["github.com/ncabatoff/process-exporter: README"],
        run_here: true,
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
