//! Prometheus: scrapes and keeps.

use super::{Component, ContainerDefaults, DataFolder, DebianPackage, Health, Known, NOBODY, OwnedFolder, Version};

/// First version whose configuration file says reliably how long samples are kept; before, flags do.
/// The key is known from 3.8 on, but up to 3.10 its `time` was taken a million times too long (prometheus#18200).
pub const RETENTION_IN_FILE: Version = Version::new(3, 11);

/// First version that knows `fallback_scrape_protocol`; an older one refuses the whole file because of it.
pub const FALLBACK_SCRAPE_PROTOCOL: Version = Version::new(3, 0);

/// First version that replaces `$NAME` in external labels, so that a `$` has to be written twice.
pub const EXTERNAL_LABELS_EXPANDED: Version = Version::new(3, 0);

/// First version that knows [`FLUSH_DEADLINE`] (`cmd/prometheus/main.go`).
pub const FLUSH_DEADLINE_KNOWN: Version = Version::new(2, 3);

/// How long Prometheus waits for a remote receiver when it stops. Its own default is a minute, so that `down` would take as long
/// wherever the receiver is gone.
pub const FLUSH_DEADLINE: &str = "--storage.remote.flush-deadline=10s";

/// Where the configuration of each server lies inside its container: `prometheus.yml`, `prometheus-2.yml` …
pub const CONFIG_FILES: &str = "/etc/prometheus/prometheus*.yml";

/// Where files of rules lie inside the container.
pub const RULES_FOLDER: &str = "/etc/prometheus/rules";

/// Where the running stack's memory lies inside the container.
pub const MEMORY_FILE: &str = "/etc/prometheus/stackctl.json";

/// Asks an open Prometheus in its own container whether it answers queries. While it reads its log it refuses them. The word
/// `check ready` is not known to the promtool of 2.42.
pub const ANSWERS: &[&str] = &["promtool", "query", "instant", "http://localhost:9090", "1"];

/// First version whose promtool asks whether Prometheus is ready, password and certificate and all.
pub const CHECKS_READINESS: Version = Version::new(3, 0);

/// What Prometheus asks of everybody who asks it: the secret's name. The file holds the hash of a password.
pub const WEB_SECRET: &str = "prometheus_web";

/// The password that it asks for: the secret's name.
pub const PASSWORD_SECRET: &str = "prometheus_web_password";

/// The certificate that it shows: the secret's name.
pub const CERTIFICATE_SECRET: &str = "prometheus_web_cert";

/// The key of that certificate: the secret's name.
pub const KEY_SECRET: &str = "prometheus_web_key";

/// Whom to trust about the certificate: the secret's name.
pub const AUTHORITY_SECRET: &str = "prometheus_web_ca";

/// How promtool is let in, inside the container.
pub const CLIENT_FILE: &str = "/etc/prometheus/client.yml";

/// The component.
pub static PROMETHEUS: Component = Component {
    name: "prometheus",
    image: "prom/prometheus",
    tag_prefix: "v",
    version: "3.5.5",
    port: 9090,
    data: Some(DataFolder { volume: "prometheus-data", path: "/prometheus" }),
    health: &[
        Health { since: Version::new(0, 0), command: &["wget", "-q", "--spider", "http://localhost:9090/-/ready"] },
        // From 3.10 on there are images without a shell or wget; promtool is in all of them.
        Health { since: Version::new(3, 10), command: &["promtool", "check", "ready", "--url=http://localhost:9090"] },
    ],
    container: ContainerDefaults {
        command: &["--storage.tsdb.path=/prometheus"],
        // It writes its head block to disk before it goes.
        stop_grace_seconds: Some(60),
        ..ContainerDefaults::PLAIN
    },
    debian: Some(DebianPackage {
        package: "prometheus",
        // A package of its own from Debian 13 on.
        split_off: &["promtool"],
        binaries: &["/usr/bin/prometheus", "/usr/bin/promtool"],
        image: "stackctl/prometheus:debian",
        assumed_version: "2.42.0",
        user: NOBODY,
        folders: &[
            OwnedFolder { path: "/prometheus", owner: NOBODY, mode: 0o755 },
            OwnedFolder { path: "/etc/prometheus", owner: NOBODY, mode: 0o755 },
        ],
        entrypoint: &["/usr/bin/prometheus"],
        ports: &[9090],
        working_folder: "/prometheus",
    }),
    known: Known {
        about: "scrapes and keeps",
        user: Some(65534),
        preset: Some("prometheus"),
        changes: &[
            ("3.0", "a scrape without a Content-Type that it knows fails: fallback_scrape_protocol"),
            ("3.11", "retention stands in the configuration file"),
        ],
        traps: &[
            "a configuration that it refuses does not stop it now, and does at its next start",
            "a named volume takes its owner from the image: as root's it dies on queries.active",
        ],
        sources: &["github.com/prometheus/prometheus: CHANGELOG, issues 15485, 18200"],
        run_here: true,
    },
    ..Component::PLAIN
};
