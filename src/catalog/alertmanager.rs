//! Alertmanager: groups alerts, mutes what others explain, and tells people.

use super::{Component, ContainerDefaults, DataFolder, DebianPackage, Health, Known, NOBODY, OwnedFolder, Version};

/// Where the configuration lies inside the container.
pub const CONFIG_FILE: &str = "/etc/alertmanager/alertmanager.yml";

/// Where templates lie inside the container.
pub const TEMPLATES_FOLDER: &str = "/etc/alertmanager/templates";

/// Port on which several Alertmanagers talk to each other.
pub const CLUSTER_PORT: u16 = 9094;

/// The longest that a second Alertmanager waits for the one before it to send a message (`--cluster.peer-timeout`).
pub const PEER_TIMEOUT_SECONDS: u64 = 15;

/// A way to tell people, and the first version that knows it, and that reads its secret from a file. Every `since` was
/// held against `amtool check-config` of 0.25, 0.28 and 0.33; versions between are from the project's changelog.
#[derive(Debug, PartialEq, Eq)]
pub struct Integration {
    /// Word of the stack file.
    pub word: &'static str,
    /// Key in `alertmanager.yml`.
    pub key: &'static str,
    /// First version that has it.
    pub since: Version,
    /// First version that reads its secret from a file.
    pub file_since: Version,
    /// Key of that file.
    pub file_key: &'static str,
    /// Where it sends to, unless the stack file or the secret says so.
    pub host: Option<(&'static str, u16)>,
}

/// Older than every Alertmanager.
const EVER: Version = Version::new(0, 0);

/// Every integration, a newer way of the same word first.
pub static INTEGRATIONS: &[Integration] = &[
    Integration {
        word: "webhook",
        key: "webhook_configs",
        since: EVER,
        file_since: Version::new(0, 26),
        file_key: "url_file",
        host: None,
    },
    Integration {
        word: "slack",
        key: "slack_configs",
        since: EVER,
        file_since: Version::new(0, 22),
        file_key: "api_url_file",
        host: None,
    },
    Integration {
        word: "email",
        key: "email_configs",
        since: EVER,
        file_since: Version::new(0, 25),
        file_key: "auth_password_file",
        host: None,
    },
    Integration {
        word: "pagerduty",
        key: "pagerduty_configs",
        since: EVER,
        file_since: Version::new(0, 25),
        file_key: "routing_key_file",
        host: Some(("events.pagerduty.com", 443)),
    },
    Integration {
        word: "teams",
        key: "msteamsv2_configs",
        since: Version::new(0, 28),
        file_since: Version::new(0, 28),
        file_key: "webhook_url_file",
        host: None,
    },
    Integration {
        word: "teams",
        key: "msteams_configs",
        since: Version::new(0, 26),
        file_since: Version::new(0, 26),
        file_key: "webhook_url_file",
        host: None,
    },
    Integration {
        word: "discord",
        key: "discord_configs",
        since: Version::new(0, 25),
        file_since: Version::new(0, 26),
        file_key: "webhook_url_file",
        host: None,
    },
    Integration {
        word: "telegram",
        key: "telegram_configs",
        since: Version::new(0, 24),
        file_since: Version::new(0, 26),
        file_key: "bot_token_file",
        host: Some(("api.telegram.org", 443)),
    },
];

/// Keys that a way may have under `options`, in the words of Alertmanager up to 0.33. No secrets.
pub fn options(word: &str) -> &'static [&'static str] {
    match word {
        "webhook" => &["timeout", "max_alerts", "send_resolved"],
        "slack" => &[
            "username",
            "color",
            "title",
            "title_link",
            "pretext",
            "text",
            "message_text",
            "fields",
            "short_fields",
            "footer",
            "fallback",
            "callback_id",
            "icon_emoji",
            "icon_url",
            "image_url",
            "thumb_url",
            "link_names",
            "mrkdwn_in",
            "actions",
            "timeout",
            "edit_messages",
            "update_message",
            "channel",
            "send_resolved",
        ],
        "email" => &[
            "hello",
            "auth_identity",
            "headers",
            "html",
            "text",
            "threading",
            "force_implicit_tls",
            "to",
            "from",
            "smarthost",
            "auth_username",
            "require_tls",
            "send_resolved",
        ],
        "pagerduty" => &[
            "client",
            "client_url",
            "description",
            "details",
            "images",
            "links",
            "source",
            "severity",
            "class",
            "component",
            "group",
            "timeout",
            "send_resolved",
        ],
        "teams" => &["title", "summary", "text", "send_resolved"],
        "discord" => &["title", "message", "content", "username", "avatar_url", "send_resolved"],
        "telegram" => {
            &["message_thread_id", "message", "disable_notifications", "parse_mode", "chat_id", "send_resolved"]
        }
        _ => &[],
    }
}

/// The integration of that word that a version takes; where it takes none, the one that the oldest version takes.
pub fn integration(word: &str, version: Version) -> Option<&'static Integration> {
    let mut known = INTEGRATIONS.iter().filter(|integration| integration.word == word);
    let fitting = known.clone().find(|integration| integration.since <= version);
    fitting.or_else(|| known.next_back())
}

/// The component.
pub static ALERTMANAGER: Component = Component {
    name: "alertmanager",
    image: "prom/alertmanager",
    tag_prefix: "v",
    version: "0.33.1",
    port: 9093,
    metrics_path: "/metrics",
    data: Some(DataFolder { volume: "alertmanager-data", path: "/alertmanager" }),
    health: &[Health { since: EVER, command: &["wget", "-q", "--spider", "http://localhost:9093/-/ready"] }],
    container: ContainerDefaults {
        command: &["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"],
        ..ContainerDefaults::PLAIN
    },
    debian: Some(DebianPackage {
        package: "prometheus-alertmanager",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-alertmanager", "/usr/bin/amtool"],
        image: "stackctl/alertmanager:debian",
        assumed_version: "0.25.0",
        user: NOBODY,
        folders: &[
            OwnedFolder { path: "/alertmanager", owner: NOBODY, mode: 0o755 },
            OwnedFolder { path: "/etc/alertmanager", owner: NOBODY, mode: 0o755 },
        ],
        entrypoint: &["/usr/bin/prometheus-alertmanager"],
        ports: &[9093],
        working_folder: "/alertmanager",
    }),
    known: Known {
        about: "groups alerts, mutes what others explain, and tells people",
        user: Some(65534),
        changes: &[
            ("0.22", "Slack's address from a file"),
            ("0.25", "the password of mail and the key of PagerDuty from a file; Discord"),
            ("0.26", "the addresses of webhooks and Discord, and Telegram's token, from a file; Teams"),
            ("0.28", "Teams in the new way, msteamsv2_configs"),
        ],
        traps: &[
            "it replaces no variables: a secret stands in a file, or in its configuration for everybody to read",
            "replicas that share a volume overwrite each other's silences",
            "an external URL with a path moves its own API below that path, where Prometheus does not look",
        ],
        sources: &["github.com/prometheus/alertmanager: docs, CHANGELOG", "amtool check-config of 0.25, 0.28 and 0.33"],
        run_here: true,
        ..Known::NOTHING
    },
    ..Component::PLAIN
};

#[cfg(test)]
mod tests {
    use super::{Version, integration};

    #[test]
    fn teams_is_written_in_the_way_that_the_version_knows() {
        let key = |minor| integration("teams", Version::new(0, minor)).map(|integration| integration.key);
        assert_eq!(key(33), Some("msteamsv2_configs"));
        assert_eq!(key(27), Some("msteams_configs"));
        assert_eq!(key(25), Some("msteams_configs"), "its `since` says that 0.25 has none");
        assert_eq!(integration("pigeon", Version::new(0, 33)), None);
    }
}
