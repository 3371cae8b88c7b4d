//! kafka exporter: `Kafka` topics and consumer lag.

use super::{Component, ContainerDefaults, Known, Watches};

/// The component.
pub static KAFKA: Component = Component {
    name: "kafka",
    image: "danielqsj/kafka-exporter",
    tag_prefix: "v",
    version: "1.10.0",
    port: 9308,
    container: ContainerDefaults { command: &["--web.listen-address={listen}"], ..ContainerDefaults::CONFINED },
    watches: Some(Watches {
        port: Some(9092),
        images: &["kafka", "redpanda"],
        command: &["--kafka.server={target}"],
        reaches: "kafka_brokers",
        ..Watches::PLAIN
    }),
    known: Known {
        about: "Kafka: topics, partitions, lag of consumer groups",
        traps: &[
            "the broker answers with its advertised listeners, and the exporter goes there: they have to name the app, such as PLAINTEXT://kafka:9092",
            "it ends when no broker answers at its start; its restart policy starts it again",
            "a SASL password is a flag, which everybody can read: --sasl.password belongs into `command:` only where that is accepted",
            "brokers' own figures (requests, logs, heap) are JMX: see `stackctl catalog show jmx`",
        ],
        sources: &["github.com/danielqsj/kafka_exporter: README"],
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
