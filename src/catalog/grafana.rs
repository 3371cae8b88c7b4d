//! Grafana: shows. No Debian suite has it.

use super::{Component, ContainerDefaults, DataFolder, Health, Version};

/// Name of the secret that holds the password of the user `admin`.
pub const ADMIN_PASSWORD: &str = "grafana_admin_password";

/// Folder inside the container that Grafana reads dashboards from. Not in the data volume, where old files would stay.
pub const DASHBOARDS_FOLDER: &str = "/etc/grafana/dashboards";

/// The component.
pub static GRAFANA: Component = Component {
    name: "grafana",
    image: "grafana/grafana",
    tag_prefix: "",
    version: "13.2.0",
    port: 3000,
    metrics_path: "/metrics",
    data: Some(DataFolder { volume: "grafana-data", path: "/var/lib/grafana" }),
    health: &[Health {
        since: Version::new(0, 0),
        command: &["wget", "-q", "--spider", "http://localhost:3000/api/health"],
    }],
    container: ContainerDefaults {
        environment: &[
            ("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false"),
            ("GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
            ("GF_ANALYTICS_REPORTING_ENABLED", "false"),
            ("GF_NEWS_NEWS_FEED_ENABLED", "false"),
            // Else it fetches plugins from grafana.com at each first start.
            ("GF_PLUGINS_PREINSTALL_DISABLED", "true"),
            ("GF_SECURITY_ADMIN_PASSWORD__FILE", "/run/secrets/grafana_admin_password"),
            ("GF_USERS_ALLOW_SIGN_UP", "false"),
        ],
        ..ContainerDefaults::PLAIN
    },
    debian: None,
};
