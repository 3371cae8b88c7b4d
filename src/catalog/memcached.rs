//! memcached exporter: `memcached`.

use super::{Component, ContainerDefaults, Known, Watches};

/// The component.
pub static MEMCACHED: Component = Component {
    name: "memcached",
    image: "prom/memcached-exporter",
    tag_prefix: "v",
    version: "0.15.2",
    port: 9150,
    container: ContainerDefaults { command: &["--web.listen-address={listen}"], ..ContainerDefaults::CONFINED },
    watches: Some(Watches {
        port: Some(11211),
        images: &["memcached"],
        command: &["--memcached.address={target}"],
        reaches: "memcached_up",
        ..Watches::PLAIN
    }),
    known: Known {
        about: "memcached: items, hits, memory",
        changes: &[
            ("0.6", "the image does not run as root any more"),
            ("0.14", "memcached_items_*_total for items that were not stored"),
        ],
        traps: &["memcached writes no password over its text protocol: with SASL the exporter does not get in"],
        sources: &["github.com/prometheus/memcached_exporter: CHANGELOG 0.15.2"],
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
