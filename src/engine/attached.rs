//! Looks for containers that somebody else runs and the stack file attaches. They are only ever looked at.

use std::collections::HashMap;

use bollard::query_parameters::ListContainersOptionsBuilder;
use futures_util::future::try_join_all;

use super::{Engine, Error, ObservedContainer, labels};
use crate::desired::Attach;

/// One container of an attached app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedAttached {
    /// The container; its service is the attached app's name.
    pub container: ObservedContainer,
    /// It is on the host's network.
    pub on_host_network: bool,
    /// The lowest TCP port that it exposes.
    pub port: Option<u16>,
}

impl Engine {
    /// The containers of attached apps, app by app, each in the order of their names.
    pub(super) async fn attached(&self, wanted: &[(String, Attach)]) -> Result<Vec<ObservedAttached>, Error> {
        let found = wanted.iter().map(|(app_name, attach)| self.attached_to(app_name, attach));
        Ok(try_join_all(found).await?.concat())
    }

    async fn attached_to(&self, app_name: &str, attach: &Attach) -> Result<Vec<ObservedAttached>, Error> {
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters(attach)).build();
        let listed = self.list_containers(options).await?;
        let mut found = try_join_all(listed.into_iter().map(|summary| self.container(summary))).await?;
        found.sort_by(|left, right| (left.replica, &left.name).cmp(&(right.replica, &right.name)));
        let numbered = found.into_iter().zip(1..);
        try_join_all(numbered.map(|(container, replica)| {
            self.closer(ObservedContainer { service: app_name.to_owned(), replica, ..container })
        }))
        .await
    }

    /// Adds what only an inspection tells.
    async fn closer(&self, container: ObservedContainer) -> Result<ObservedAttached, Error> {
        let inspected = self.inspect(&container.id).await?.unwrap_or_default();
        let mode = inspected.host_config.and_then(|host| host.network_mode);
        let exposed = inspected.config.and_then(|config| config.exposed_ports).unwrap_or_default();
        let port = exposed.iter().filter_map(|port| port.strip_suffix("/tcp")?.parse().ok()).min();
        Ok(ObservedAttached { container, on_host_network: mode.as_deref() == Some("host"), port })
    }
}

pub(super) fn filters(attach: &Attach) -> HashMap<String, Vec<String>> {
    match attach {
        // Docker's names begin with a slash there, Podman's do not.
        Attach::Container(name) => HashMap::from([("name".to_owned(), vec![format!("^/?{name}$")])]),
        Attach::Service { project, service } => {
            let label = |key: &str, value: &str| format!("{key}={value}");
            let one_off = label(labels::ONEOFF, "False");
            let labels = vec![label(labels::PROJECT, project), label(labels::SERVICE, service), one_off];
            HashMap::from([("label".to_owned(), labels)])
        }
    }
}
