//! mysqld exporter: `MySQL` and `MariaDB`.

use super::{
    Component, ContainerDefaults, DebianPackage, Handover, Known, Login, NOBODY, PasswordPlace, Quoting, Watches,
};

/// The component.
pub static MYSQL: Component = Component {
    name: "mysql",
    image: "prom/mysqld-exporter",
    tag_prefix: "v",
    version: "0.17.2",
    port: 9104,
    container: ContainerDefaults { command: &["--web.listen-address={listen}"], ..ContainerDefaults::CONFINED },
    debian: Some(DebianPackage {
        package: "prometheus-mysqld-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-mysqld-exporter"],
        image: "stackctl/mysqld-exporter:debian",
        assumed_version: "0.14.0",
        user: NOBODY,
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-mysqld-exporter"],
        ports: &[9104],
        working_folder: "/",
    }),
    watches: Some(Watches {
        port: Some(3306),
        images: &["mysql", "mariadb", "percona"],
        logins: &[
            Login {
                user_variable: Some("MYSQL_USER"),
                user: None,
                password: PasswordPlace::Variable("MYSQL_PASSWORD"),
            },
            Login {
                user_variable: Some("MARIADB_USER"),
                user: None,
                password: PasswordPlace::Variable("MARIADB_PASSWORD"),
            },
            Login { user_variable: None, user: Some("root"), password: PasswordPlace::Variable("MYSQL_ROOT_PASSWORD") },
            Login {
                user_variable: None,
                user: Some("root"),
                password: PasswordPlace::Variable("MARIADB_ROOT_PASSWORD"),
            },
        ],
        database: &["MYSQL_DATABASE", "MARIADB_DATABASE"],
        command: &["--config.my-cnf={secret}"],
        password: Handover::File {
            name: "my.cnf",
            form: "[client]\nhost={host}\nport={port}\nuser={user}\npassword={password}\n",
            quoting: Quoting::Ini,
            always: true,
        },
        reaches: "mysql_up",
        ..Watches::PLAIN
    }),
    known: Known {
        about: "MySQL and MariaDB: queries, threads, InnoDB, replication",
        user: Some(65534),
        preset: Some("mysql"),
        changes: &[
            ("0.11", "flags have two dashes"),
            (
                "0.15",
                "DATA_SOURCE_NAME is gone: the login stands in --config.my-cnf, or in MYSQLD_EXPORTER_PASSWORD with --mysqld.username",
            ),
        ],
        traps: &[
            "the login of the app sees its own database: `login:` with PROCESS, REPLICATION CLIENT and SELECT on performance_schema sees InnoDB and replicas, too",
            "a login that may connect three times only (MAX_USER_CONNECTIONS 3) keeps a slow exporter from filling the server",
        ],
        sources: &["github.com/prometheus/mysqld_exporter: README, CHANGELOG"],
        run_here: true,
    },
    ..Component::PLAIN
};
