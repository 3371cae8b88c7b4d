//! redis exporter: `Redis` and `Valkey`.

use super::{
    Component, ContainerDefaults, DebianPackage, Handover, Known, Login, NOBODY, PasswordPlace, Quoting, Watches,
};

/// The component.
pub static REDIS: Component = Component {
    name: "redis",
    image: "oliver006/redis_exporter",
    tag_prefix: "v",
    version: "1.74.0",
    port: 9121,
    container: ContainerDefaults { command: &["--web.listen-address={listen}"], ..ContainerDefaults::CONFINED },
    debian: Some(DebianPackage {
        package: "prometheus-redis-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-redis-exporter"],
        image: "stackctl/redis-exporter:debian",
        assumed_version: "1.45.0",
        user: NOBODY,
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-redis-exporter"],
        ports: &[9121],
        working_folder: "/",
    }),
    watches: Some(Watches {
        port: Some(6379),
        images: &["redis", "valkey", "keydb"],
        logins: &[
            Login { user_variable: None, user: Some(""), password: PasswordPlace::Variable("REDIS_PASSWORD") },
            Login { user_variable: None, user: Some(""), password: PasswordPlace::Variable("VALKEY_PASSWORD") },
            Login { user_variable: None, user: Some(""), password: PasswordPlace::Flag("--requirepass") },
        ],
        environment: &[("REDIS_ADDR", "redis://{target}")],
        environment_with_password: &[("REDIS_PASSWORD_FILE", "{secret}")],
        password: Handover::File {
            name: "passwords.json",
            form: "{\"redis://{target}\": {password}}",
            quoting: Quoting::Json,
            always: false,
        },
        reaches: "redis_up",
        ..Watches::PLAIN
    }),
    known: Known {
        about: "Redis and Valkey: memory, clients, commands, keys",
        user: Some(59000),
        preset: Some("redis"),
        changes: &[("1.10", "--redis.password-file: a JSON map from address to password")],
        traps: &[
            "--check-keys scans every key at each scrape: slow on a large database",
            "a password in a file of redis.conf is not seen here: write `login: { password: { file: … } }`",
        ],
        sources: &["github.com/oliver006/redis_exporter: README"],
        run_here: true,
    },
    ..Component::PLAIN
};
