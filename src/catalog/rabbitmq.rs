//! rabbitmq exporter: `RabbitMQ` where its own plugin cannot be had.

use super::{Component, ContainerDefaults, Handover, Known, Login, PasswordPlace, Quoting, Watches};

/// The component.
pub static RABBITMQ: Component = Component {
    name: "rabbitmq",
    image: "kbudde/rabbitmq-exporter",
    version: "1.0.0",
    port: 9419,
    container: ContainerDefaults { environment: &[("PUBLISH_PORT", "{port}")], ..ContainerDefaults::CONFINED },
    watches: Some(Watches {
        port: Some(15672),
        images: &["rabbitmq"],
        logins: &[Login {
            user_variable: Some("RABBITMQ_DEFAULT_USER"),
            user: Some("guest"),
            password: PasswordPlace::Variable("RABBITMQ_DEFAULT_PASS"),
        }],
        environment: &[("RABBIT_URL", "http://{target}"), ("RABBIT_USER", "{user}")],
        environment_with_password: &[("RABBIT_PASSWORD_FILE", "{secret}")],
        password: Handover::File { name: "password", form: "{password}", quoting: Quoting::Plain, always: false },
        needs: "RabbitMQ before 3.8; later ones serve metrics themselves, on port 15692",
        reaches: "rabbitmq_up",
        ..Watches::PLAIN
    }),
    known: Known {
        about: "RabbitMQ up to 3.7: queues and nodes, through its management plugin",
        changes: &[("1.0", "port 9419 instead of 9090; RABBIT_CAPABILITIES is bert,no_sort")],
        traps: &[
            "RabbitMQ from 3.8 on needs no exporter: enable its plugin rabbitmq_prometheus and write `metrics: { port: 15692 }` on the app",
            "the user guest may log in from the server itself alone: give the server another user",
            "it asks the management plugin: take an image whose tag ends in -management",
        ],
        sources: &["github.com/kbudde/rabbitmq_exporter: README", "rabbitmq.com/docs/prometheus"],
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
