//! Whose things at the engine are, by their labels. Looked at, never touched.

use std::collections::HashMap;

use bollard::models::ContainerSummary;
use bollard::query_parameters::{ListContainersOptionsBuilder, ListNetworksOptions};

use super::error::cannot;
use super::summary::name_of;
use super::{Engine, Error, labels};

/// Whose something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The stack's of that name.
    Stack(String),
    /// The Compose project's of that name, which is no stack.
    Project(String),
    /// Nobody's that is known.
    Nobody,
}

/// A container or network with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
}

impl Owner {
    /// Whether it is the stack of that name.
    pub fn is_stack(&self, name: &str) -> bool {
        matches!(self, Self::Stack(stack) if stack == name)
    }

    fn of(labels: Option<&HashMap<String, String>>) -> Self {
        let label = |key: &str| labels.and_then(|labels| labels.get(key)).cloned();
        let project = || label(labels::PROJECT).map(Self::Project);
        label(labels::STACK).map(Self::Stack).or_else(project).unwrap_or(Self::Nobody)
    }
}

impl Engine {
    /// Every container, whoever made it.
    pub async fn named_containers(&self) -> Result<Vec<Named>, Error> {
        let found = self.list_containers(ListContainersOptionsBuilder::new().all(true).build()).await?;
        Ok(found.iter().map(named).collect())
    }

    /// Every network, whoever made it.
    pub async fn named_networks(&self) -> Result<Vec<Named>, Error> {
        let found = self.look(async || self.docker.list_networks(None::<ListNetworksOptions>).await).await;
        let found = found.map_err(cannot("list networks"))?.into_iter();
        let named = |network: bollard::models::Network| Named {
            owner: Owner::of(network.labels.as_ref()),
            name: network.name.unwrap_or_default(),
        };
        Ok(found.map(named).collect())
    }

    /// The containers in a network, those that stand still, too: they could not start without it. One that was never started
    /// knows it by its name only.
    pub async fn in_network(&self, id: &str, name: &str) -> Result<Vec<Named>, Error> {
        let filters = HashMap::from([("network".to_owned(), vec![id.to_owned(), name.to_owned()])]);
        let found =
            self.list_containers(ListContainersOptionsBuilder::new().all(true).filters(&filters).build()).await?;
        Ok(found.iter().map(named).collect())
    }
}

fn named(summary: &ContainerSummary) -> Named {
    Named { name: name_of(summary), owner: Owner::of(summary.labels.as_ref()) }
}
