//! pushgateway: keeps what batch jobs push, until Prometheus scrapes it.

use super::{Component, ContainerDefaults, DataFolder, DebianPackage, Known, NOBODY, OwnedFolder};

/// The component.
pub static PUSHGATEWAY: Component = Component {
    name: "pushgateway",
    image: "prom/pushgateway",
    tag_prefix: "v",
    version: "1.11.3",
    port: 9091,
    data: Some(DataFolder { volume: "pushgateway-data", path: "/pushgateway" }),
    // What was pushed names its own job and instance.
    honor_labels: true,
    container: ContainerDefaults {
        command: &[
            "--web.listen-address={listen}",
            "--persistence.file=/pushgateway/metrics",
            "--persistence.interval=1m",
        ],
        ..ContainerDefaults::CONFINED
    },
    debian: Some(DebianPackage {
        package: "prometheus-pushgateway",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-pushgateway"],
        image: "stackctl/pushgateway:debian",
        assumed_version: "1.5.1",
        user: NOBODY,
        folders: &[OwnedFolder { path: "/pushgateway", owner: NOBODY, mode: 0o755 }],
        entrypoint: &["/usr/bin/prometheus-pushgateway"],
        ports: &[9091],
        working_folder: "/",
    }),
    known: Known {
        about: "keeps what batch jobs push: `stackctl push`",
        user: Some(65534),
        preset: Some("pushgateway"),
        changes: &[
            ("0.5", "flags have two dashes"),
            ("0.8", "runs as nobody: a file of root's is not written any more"),
            ("0.10", "what is wrong is refused at once, with status 400"),
            ("1.0", "reads no file that was written before 0.10"),
        ],
        traps: &[
            "what was pushed stays until somebody deletes it: alert on push_time_seconds, not on absence",
            "labels of a push win over those of the scrape: honor_labels, which is on here",
        ],
        sources: &["github.com/prometheus/pushgateway: README, CHANGELOG"],
        run_here: true,
    },
    ..Component::PLAIN
};
