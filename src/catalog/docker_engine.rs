//! The Docker engine's own metrics. It runs already: there is no image.

use super::{Component, Known};

/// The component.
pub static DOCKER_ENGINE: Component = Component {
    name: "docker-engine",
    image: "",
    version: "20.10",
    port: 9323,
    known: Known {
        about: "the engine: builds, containers, health checks; `engine: { metrics: gateway }`",
        preset: Some("docker-engine"),
        changes: &[("20.10", "metrics-addr needs no experimental any more"), ("23.0", "dockerd --validate")],
        traps: &[
            "a wrong address keeps the engine from starting: `stackctl engine apply` looks before and puts it back after",
            "the setting needs a restart of the engine, and not a reload",
            "it has no password: never on 0.0.0.0",
        ],
        sources: &["docs.docker.com/engine/daemon/prometheus", "github.com/moby/moby: daemon/command/metrics.go"],
        run_here: true,
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
