//! haproxy exporter: `HAProxy` before 2.0.

use super::{Component, ContainerDefaults, DebianPackage, Known, NOBODY, Watches};

/// The component.
pub static HAPROXY: Component = Component {
    name: "haproxy",
    image: "prom/haproxy-exporter",
    tag_prefix: "v",
    version: "0.15.0",
    port: 9101,
    container: ContainerDefaults { command: &["--web.listen-address={listen}"], ..ContainerDefaults::CONFINED },
    debian: Some(DebianPackage {
        package: "prometheus-haproxy-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-haproxy-exporter"],
        image: "stackctl/haproxy-exporter:debian",
        assumed_version: "0.14.0",
        user: NOBODY,
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-haproxy-exporter"],
        ports: &[9101],
        working_folder: "/",
    }),
    watches: Some(Watches {
        port: Some(8404),
        images: &["haproxy"],
        command: &["--haproxy.scrape-uri=http://{target}/stats;csv"],
        needs: "HAProxy before 2.0; later ones serve metrics themselves",
        reaches: "haproxy_up",
        ..Watches::PLAIN
    }),
    known: Known {
        about: "HAProxy before 2.0: frontends, backends, servers",
        user: Some(65534),
        changes: &[
            ("0.8", "flags have two dashes"),
            ("0.11", "haproxy_server_check_duration_milliseconds is …_seconds"),
        ],
        traps: &[
            "HAProxy from 2.0 on needs no exporter: `http-request use-service prometheus-exporter if { path /metrics }` in a frontend, and `metrics: { port: 8404 }` on the app",
            "it reads the page /stats;csv on port 8404: `stats enable` in a frontend",
        ],
        sources: &["github.com/prometheus/haproxy_exporter: README, which says it is retired"],
        run_here: true,
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
