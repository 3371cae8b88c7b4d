//! nginx exporter: `NGINX`.

use super::{Component, ContainerDefaults, DebianPackage, Known, NOBODY, Watches};

/// The component.
pub static NGINX: Component = Component {
    name: "nginx",
    image: "nginx/nginx-prometheus-exporter",
    version: "1.5.1",
    port: 9113,
    container: ContainerDefaults { command: &["--web.listen-address={listen}"], ..ContainerDefaults::CONFINED },
    debian: Some(DebianPackage {
        package: "prometheus-nginx-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-nginx-exporter"],
        image: "stackctl/nginx-exporter:debian",
        assumed_version: "0.11.0",
        user: NOBODY,
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-nginx-exporter"],
        ports: &[9113],
        working_folder: "/",
    }),
    watches: Some(Watches {
        images: &["nginx", "openresty"],
        command: &["--nginx.scrape-uri=http://{target}/stub_status"],
        needs: "a server that answers /stub_status",
        reaches: "nginx_up",
        ..Watches::PLAIN
    }),
    known: Known {
        about: "NGINX: connections and requests",
        preset: Some("nginx"),
        changes: &[("0.9", "tags have no v"), ("1.0", "flags have two dashes; the variable LISTEN_ADDRESS goes on")],
        traps: &[
            "NGINX tells nothing by itself: `location = /stub_status { stub_status; }` in a server that the exporter reaches",
            "another path: write the whole `command:`",
            "stub_status counts all servers together and knows no status codes: errors stand in the access log alone",
        ],
        sources: &["github.com/nginx/nginx-prometheus-exporter: README 1.5.1"],
        run_here: true,
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
