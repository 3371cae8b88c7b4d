//! elasticsearch exporter: `Elasticsearch` and `OpenSearch`.

use super::{Component, ContainerDefaults, DebianPackage, Handover, Known, NOBODY, Watches};

/// The component.
pub static ELASTICSEARCH: Component = Component {
    name: "elasticsearch",
    image: "quay.io/prometheuscommunity/elasticsearch-exporter",
    tag_prefix: "v",
    version: "1.9.0",
    port: 9114,
    container: ContainerDefaults { command: &["--web.listen-address={listen}"], ..ContainerDefaults::CONFINED },
    debian: Some(DebianPackage {
        package: "prometheus-elasticsearch-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-elasticsearch-exporter"],
        image: "stackctl/elasticsearch-exporter:debian",
        assumed_version: "1.5.0",
        user: NOBODY,
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-elasticsearch-exporter"],
        ports: &[9114],
        working_folder: "/",
    }),
    watches: Some(Watches {
        port: Some(9200),
        images: &["elasticsearch", "opensearch"],
        command: &["--es.uri=http://{target}", "--es.all"],
        password: Handover::Variable("ES_PASSWORD"),
        reaches: "elasticsearch_cluster_health_up",
        ..Watches::PLAIN
    }),
    known: Known {
        about: "Elasticsearch: cluster health, indices, JVM",
        user: Some(65534),
        changes: &[
            ("1.1", "port 9114 instead of 9108; flags have two dashes"),
            ("1.3", "ES_USERNAME and ES_PASSWORD"),
            ("1.4", "most variables but the credentials are gone"),
            ("1.6", "--es.cluster_settings is --collector.clustersettings"),
            ("1.7", "--es.snapshots is --collector.snapshots"),
            ("1.9", "--es.slm is --collector.slm"),
        ],
        traps: &[
            "from Elasticsearch 8 on it is asked in https with a password, unless xpack.security.enabled is false: write `command:` with the URL",
            "the password is a variable alone, which `docker inspect` shows: stackctl does not hand it over; a login with the role monitor is enough",
        ],
        sources: &["github.com/prometheus-community/elasticsearch_exporter: README, CHANGELOG 1.9.0"],
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
