//! mongodb exporter: `MongoDB`.

use super::{Component, ContainerDefaults, Handover, Known, Login, PasswordPlace, Quoting, Watches};

/// The component.
pub static MONGODB: Component = Component {
    name: "mongodb",
    image: "percona/mongodb_exporter",
    version: "0.53",
    port: 9216,
    container: ContainerDefaults {
        command: &["--web.listen-address={listen}", "--collect-all"],
        ..ContainerDefaults::CONFINED
    },
    watches: Some(Watches {
        port: Some(27017),
        images: &["mongo"],
        logins: &[Login {
            user_variable: Some("MONGO_INITDB_ROOT_USERNAME"),
            user: None,
            password: PasswordPlace::Variable("MONGO_INITDB_ROOT_PASSWORD"),
        }],
        environment: &[("MONGODB_URI", "mongodb://{target}/?authSource=admin")],
        environment_with_password: &[("MONGODB_USER", "{user}"), ("MONGODB_PASSWORD_FILE", "{secret}")],
        password: Handover::File { name: "password", form: "{password}", quoting: Quoting::Plain, always: false },
        reaches: "mongodb_up",
        ..Watches::PLAIN
    }),
    known: Known {
        about: "MongoDB: operations, connections, replica sets",
        changes: &[
            ("0.20", "metrics are named after the server's own fields; --compatible-mode adds the old names"),
            ("0.53", "MONGODB_PASSWORD_FILE is in its README; what older versions do with it is not known"),
        ],
        traps: &[
            "the login needs the roles clusterMonitor on admin and read on local",
            "--collect-all on many collections makes scrapes slow: name them with --mongodb.collstats-colls",
            "Debian has a version of 2018 under the same name, with other metrics: it does not stand in",
        ],
        sources: &["github.com/percona/mongodb_exporter: README"],
        ..Known::NOTHING
    },
    ..Component::PLAIN
};
