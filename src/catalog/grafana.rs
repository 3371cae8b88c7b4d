//! Grafana: shows. No Debian suite has it.

use super::{Component, ContainerDefaults, DataFolder, Health, Known, Version};

/// Name of the secret that holds the password of the user `admin`.
pub const ADMIN_PASSWORD: &str = "grafana_admin_password";

/// Folder inside the container that Grafana reads dashboards from. Not in the data volume, where old files would stay.
pub const DASHBOARDS_FOLDER: &str = "/etc/grafana/dashboards";

/// The component.
pub static GRAFANA: Component = Component {
    name: "grafana",
    image: "grafana/grafana",
    version: "13.2.0",
    port: 3000,
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
    known: Known {
        about: "shows dashboards",
        user: Some(472),
        preset: None,
        changes: &[("12.4", "grafana/grafana-oss is frozen; grafana/grafana goes on")],
        traps: &["a data source whose uid is changed is not changed by provisioning: the uid here never changes"],
        sources: &["grafana.com/docs: provisioning, configure-docker"],
        run_here: false,
    },
    ..Component::PLAIN
};
