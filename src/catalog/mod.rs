//! What stackctl knows of each component: image, versions and what changed between them, ports, user id, flags. Data, not behaviour.

pub mod alertmanager;
pub mod blackbox;
pub mod cadvisor;
mod checker;
mod component;
mod debian;
pub mod docker_engine;
pub mod elasticsearch;
pub mod grafana;
pub mod haproxy;
pub mod jmx;
pub mod kafka;
pub mod memcached;
pub mod mongodb;
pub mod mysql;
pub mod nginx;
pub mod node;
pub mod own;
pub mod postgres;
pub mod process;
pub mod prometheus;
pub mod pushgateway;
pub mod rabbitmq;
pub mod redis;
pub mod snmp;
pub mod statsd;
mod tells;
mod version;
mod watches;

pub use checker::{checker, lone_checker};
pub use component::{Bind, Component, ContainerDefaults, DataFolder, Health, Known};
pub use debian::{DebianPackage, NOBODY, OwnedFolder, Owner, ROOT};
pub use tells::metrics_of;
pub use version::Version;
pub use watches::{Handover, Login, PasswordPlace, Quoting, Watches};

/// Every component with an image of its own. A new one is a new file and a line here.
pub static COMPONENTS: &[&Component] = &[
    &prometheus::PROMETHEUS,
    &alertmanager::ALERTMANAGER,
    &grafana::GRAFANA,
    &node::NODE,
    &cadvisor::CADVISOR,
    &docker_engine::DOCKER_ENGINE,
    &process::PROCESS,
    &pushgateway::PUSHGATEWAY,
    &blackbox::BLACKBOX,
    &postgres::POSTGRES,
    &mysql::MYSQL,
    &redis::REDIS,
    &mongodb::MONGODB,
    &memcached::MEMCACHED,
    &elasticsearch::ELASTICSEARCH,
    &kafka::KAFKA,
    &rabbitmq::RABBITMQ,
    &nginx::NGINX,
    &haproxy::HAPROXY,
    &jmx::JMX,
    &snmp::SNMP,
    &statsd::STATSD,
];

/// Components that a stack file can name under `exporters`.
pub const EXPORTERS: &[&str] = &[
    "blackbox",
    "cadvisor",
    "elasticsearch",
    "haproxy",
    "jmx",
    "kafka",
    "memcached",
    "mongodb",
    "mysql",
    "nginx",
    "node",
    "postgres",
    "process",
    "pushgateway",
    "rabbitmq",
    "redis",
    "snmp",
    "statsd",
];

/// Exporters that need no app and no word more: what a new stack file is offered.
pub const FOR_ANY_HOST: &[&str] = &["cadvisor", "node"];

/// The component of that name.
pub fn component(component_name: &str) -> Option<&'static Component> {
    COMPONENTS.iter().copied().find(|component| component.name == component_name)
}

/// The exporter for apps of that image.
pub fn exporter_for(image: &str) -> Option<&'static Component> {
    COMPONENTS.iter().copied().find(|known| known.watches.as_ref().is_some_and(|watches| watches.fits(image)))
}

/// The exporter for any host that an image is, whoever publishes it.
pub fn for_any_host(image: &str) -> Option<&'static Component> {
    let name = |image: &str| {
        let last = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        last.split(':').next().unwrap_or_default().to_owned()
    };
    FOR_ANY_HOST.iter().filter_map(|known| component(known)).find(|known| name(known.image) == name(image))
}

#[cfg(test)]
mod tests {
    use super::{COMPONENTS, EXPORTERS, FOR_ANY_HOST, Handover, component, exporter_for, for_any_host};

    #[test]
    fn an_exporter_for_any_host_is_known_by_its_image_whoever_publishes_it() {
        for (image, expected) in [
            ("prom/node-exporter:v1.9.0", Some("node")),
            ("quay.io/prometheus/node-exporter", Some("node")),
            ("gcr.io:443/cadvisor/cadvisor:v0.47.0@sha256:0", Some("cadvisor")),
            ("acme/cadvisor/web:1", None),
            ("postgres:16", None),
        ] {
            assert_eq!(for_any_host(image).map(|known| known.name), expected, "{image}");
        }
    }

    #[test]
    fn an_exporter_is_known_by_the_image_of_its_app_and_none_is_for_an_exporter() {
        for (image, expected) in [
            ("postgres:16", Some("postgres")),
            ("registry.acme.io:5000/data/timescaledb@sha256:0", Some("postgres")),
            ("bitnami/valkey", Some("redis")),
            ("prometheuscommunity/postgres-exporter:v0.17.1", None),
            ("acme/postgres/web:1", None),
            ("confluentinc/cp-kafka:7.6.0", Some("kafka")),
            ("confluentinc/cp-kafka-connect-base:7.6.0", None),
            ("provectuslabs/kafka-ui", None),
            ("mongo-express:1", None),
            ("postgrest/postgrest:v12", None),
        ] {
            assert_eq!(exporter_for(image).map(|known| known.name), expected, "{image}");
        }
    }

    #[test]
    fn a_component_is_found_by_its_name_and_names_are_unique() {
        for known in COMPONENTS {
            assert!(component(known.name).is_some_and(|found| std::ptr::eq(found, *known)), "{}", known.name);
        }
        assert_eq!(component("elsewhere"), None);
    }

    #[test]
    fn a_debian_image_starts_a_binary_it_has_and_owns_the_folder_of_its_data() {
        for known in COMPONENTS {
            let Some(package) = &known.debian else { continue };
            assert!(package.binaries.contains(&package.entrypoint[0]), "{}", known.name);
            assert!(package.ports.contains(&known.port), "{}", known.name);
            let is_owned =
                |path| package.folders.iter().any(|folder| folder.path == path && folder.owner == package.user);
            assert!(known.data.as_ref().is_none_or(|data| is_owned(data.path)), "{}", known.name);
        }
    }

    #[test]
    fn every_exporter_that_a_stack_file_can_name_is_known() {
        assert!(EXPORTERS.iter().all(|name| component(name).is_some()));
        assert!(FOR_ANY_HOST.iter().all(|name| EXPORTERS.contains(name)));
        let watching = COMPONENTS.iter().filter(|known| known.watches.is_some());
        watching.for_each(|known| assert!(EXPORTERS.contains(&known.name), "{}", known.name));
    }

    #[test]
    fn everything_known_has_a_use_and_a_source_and_says_so_where_it_was_not_run() {
        for known in COMPONENTS {
            assert!(!known.known.about.is_empty() && !known.known.sources.is_empty(), "{}", known.name);
            let can_be_run = known.debian.is_some() || known.name == "docker-engine";
            assert!(!known.known.run_here || can_be_run, "{}", known.name);
        }
    }

    #[test]
    fn an_exporter_is_told_where_to_ask_and_what_holds_its_password() {
        for known in COMPONENTS {
            let Some(watches) = &known.watches else { continue };
            let values = watches.environment.iter().chain(watches.environment_with_password).map(|(_, value)| *value);
            let words: Vec<&str> = values.chain(watches.command.iter().copied()).collect();
            let says = |what: &str| words.iter().any(|word| word.contains(what));
            let form = match &watches.password {
                Handover::File { form, .. } => {
                    assert!(says("{secret}") && form.contains("{password}"), "{}", known.name);
                    *form
                }
                Handover::None | Handover::Variable(_) => "",
            };
            assert!(says("{target}") || form.contains("{host}"), "{}", known.name);
            assert!(!watches.images.is_empty() && !watches.reaches.is_empty(), "{}", known.name);
        }
    }

    #[test]
    fn health_checks_stand_oldest_first() {
        for known in COMPONENTS {
            assert!(known.health.is_sorted_by_key(|health| health.since), "{}", known.name);
        }
    }
}
