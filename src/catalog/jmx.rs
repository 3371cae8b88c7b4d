//! jmx exporter: programs of the Java virtual machine.

use super::{Component, Known};

/// The component.
pub static JMX: Component = Component {
    name: "jmx",
    image: "",
    version: "1.7.0",
    port: 9404,
    known: Known {
        about: "Java programs: heap, threads, MBeans",
        changes: &[(
            "1.0",
            "the server is jmx_prometheus_standalone, the agent jmx_prometheus_javaagent; names of JVM metrics changed (jvm_memory_used_bytes)",
        )],
        traps: &[
            "its makers publish no image, and recommend the agent inside the program: `-javaagent:jmx_prometheus_javaagent.jar=9404:config.yml` and `metrics: { port: 9404 }` on the app need no exporter",
            "the standalone server needs remote JMX in the app, whose second port is random unless com.sun.management.jmxremote.rmi.port is set",
        ],
        sources: &["prometheus.github.io/jmx_exporter: 1.4.0 and later"],
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
