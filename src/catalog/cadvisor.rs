//! cAdvisor: what each container uses. No Debian suite has it.

use super::{Bind, Component, ContainerDefaults, Known};

/// The component. Tags of this registry have no `v` up to 0.56; the older registry gcr.io ends before 0.53.
pub static CADVISOR: Component = Component {
    name: "cadvisor",
    image: "ghcr.io/google/cadvisor",
    version: "0.56.2",
    port: 8080,
    // The image brings its own check, so none is written here.
    container: ContainerDefaults {
        // As it comes, it costs a good part of a core and a series for each label of each container.
        command: &[
            "--port={port}",
            "--docker_only=true",
            "--housekeeping_interval=30s",
            "--store_container_labels=false",
            "--whitelisted_container_labels=com.docker.compose.project,com.docker.compose.service",
        ],
        privileged: true,
        binds: &[
            Bind { source: "/", target: "/rootfs", follows_host_mounts: false },
            Bind { source: "/var/run", target: "/var/run", follows_host_mounts: false },
            Bind { source: "/sys", target: "/sys", follows_host_mounts: false },
            Bind { source: "/var/lib/docker", target: "/var/lib/docker", follows_host_mounts: false },
            Bind { source: "/dev/disk", target: "/dev/disk", follows_host_mounts: false },
        ],
        devices: &["/dev/kmsg"],
        ..ContainerDefaults::PLAIN
    },
    known: Known {
        about: "what each container uses",
        user: Some(0),
        preset: Some("cadvisor"),
        changes: &[
            ("0.53", "the image moved from gcr.io/cadvisor/cadvisor to ghcr.io/google/cadvisor"),
            ("0.54", "knows the containerd image store; older ones show no names on such an engine"),
        ],
        traps: &[
            "with the containerd image store it needs /run/containerd/containerd.sock, which comes with /var/run",
            "labels of containers are left out here but for Compose's, or each label of each container is a series",
        ],
        sources: &["github.com/google/cadvisor: README, issues 3643, 3408, 3690"],
        run_here: false,
    },
    ..Component::PLAIN
};
