//! statsd exporter: apps that send `StatsD`.

use super::{Component, ContainerDefaults, Known};

/// The component.
pub static STATSD: Component = Component {
    name: "statsd",
    image: "prom/statsd-exporter",
    tag_prefix: "v",
    version: "0.28.0",
    port: 9102,
    container: ContainerDefaults { command: &["--web.listen-address={listen}"], ..ContainerDefaults::CONFINED },
    known: Known {
        about: "apps that send StatsD to it, on 9125",
        user: Some(65534),
        changes: &[
            ("0.5", "mappings are YAML"),
            ("0.7", "flags have two dashes; --statsd.listen-udp instead of --statsd.listen-address"),
            ("0.9", "timers are seconds"),
        ],
        traps: &[
            "apps send to statsd:9125, TCP or UDP, in the stack's network: nothing has to be published",
            "without a mapping each name is a metric of its own: names with ids in them are series without end",
            "counters are lost when it is replaced: rate() sees that as a reset",
        ],
        sources: &["github.com/prometheus/statsd_exporter: README, CHANGELOG"],
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
