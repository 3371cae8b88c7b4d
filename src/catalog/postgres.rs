//! postgres exporter: `PostgreSQL`.

use super::{
    Component, ContainerDefaults, DebianPackage, Handover, Known, Login, NOBODY, PasswordPlace, Quoting, Watches,
};

/// The component.
pub static POSTGRES: Component = Component {
    name: "postgres",
    image: "prometheuscommunity/postgres-exporter",
    tag_prefix: "v",
    version: "0.20.1",
    port: 9187,
    container: ContainerDefaults { command: &["--web.listen-address={listen}"], ..ContainerDefaults::CONFINED },
    debian: Some(DebianPackage {
        package: "prometheus-postgres-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-postgres-exporter"],
        image: "stackctl/postgres-exporter:debian",
        assumed_version: "0.11.1",
        user: NOBODY,
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-postgres-exporter"],
        ports: &[9187],
        working_folder: "/",
    }),
    watches: Some(Watches {
        port: Some(5432),
        images: &["postgres", "postgis", "timescale", "pgvector", "pgbouncer"],
        logins: &[
            Login {
                user_variable: Some("POSTGRES_USER"),
                user: Some("postgres"),
                password: PasswordPlace::Variable("POSTGRES_PASSWORD"),
            },
            Login {
                user_variable: Some("POSTGRESQL_USERNAME"),
                user: Some("postgres"),
                password: PasswordPlace::Variable("POSTGRESQL_PASSWORD"),
            },
        ],
        database: &["POSTGRES_DB", "POSTGRESQL_DATABASE"],
        environment: &[("DATA_SOURCE_URI", "{target}/{database}?sslmode=disable"), ("DATA_SOURCE_USER", "{user}")],
        environment_with_password: &[("DATA_SOURCE_PASS_FILE", "{secret}")],
        password: Handover::File { name: "password", form: "{password}", quoting: Quoting::Plain, always: false },
        reaches: "pg_up",
        ..Watches::PLAIN
    }),
    known: Known {
        about: "PostgreSQL: connections, transactions, locks, sizes",
        user: Some(65534),
        preset: Some("postgres"),
        changes: &[
            ("0.13", "--extend.query-path and --auto-discover-databases are deprecated"),
            ("0.20", "pg_replication_slot_* are pg_replication_slots_*; --no-collector.settings for its settings"),
        ],
        traps: &[
            "the app's own login is the server's owner: a login of its own with the role pg_monitor is enough, \
             `login: { username: exporter, password: { file: … } }`",
            "the database is asked without TLS (sslmode=disable), as it is in the stack's own network",
        ],
        sources: &["github.com/prometheus-community/postgres_exporter: README, CHANGELOG 0.20.1"],
        run_here: true,
    },
    ..Component::PLAIN
};
