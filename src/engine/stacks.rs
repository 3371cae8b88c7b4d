//! Every stack that has something at the engine, whichever file it came from.

use std::collections::{BTreeMap, HashMap};

use bollard::query_parameters::{ListContainersOptionsBuilder, ListNetworksOptionsBuilder};

use super::error::cannot;
use super::summary::{label, state};
use super::{ContainerState, Engine, Error, labels};

/// What one stack has at the engine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObservedStack {
    /// What its containers do.
    pub containers: Vec<ContainerState>,
    /// The stack files that its containers were made from.
    pub files: Vec<String>,
    /// Names of its networks.
    pub networks: Vec<String>,
    /// Names of its volumes.
    pub volumes: Vec<String>,
}

impl Engine {
    /// The stacks, by name.
    pub async fn stacks(&self) -> Result<BTreeMap<String, ObservedStack>, Error> {
        let label_filter = || HashMap::from([("label".to_owned(), vec![labels::STACK.to_owned()])]);
        let networks = ListNetworksOptionsBuilder::new().filters(&label_filter()).build();
        let networks = async {
            let listed = self.look(async || self.docker.list_networks(Some(networks.clone())).await).await;
            listed.map_err(cannot("list networks"))
        };
        let (containers, networks, volumes) =
            tokio::try_join!(self.of_stacks(&[]), networks, self.list_volumes(label_filter()))?;
        let mut stacks: BTreeMap<String, ObservedStack> = BTreeMap::new();
        for Found { stack, state, files } in containers {
            let stack = stacks.entry(stack).or_default();
            stack.containers.push(state);
            let new: Vec<_> = files.into_iter().filter(|file| !stack.files.contains(file)).collect();
            stack.files.extend(new);
        }
        for network in networks {
            let name = network.labels.unwrap_or_default().remove(labels::STACK).unwrap_or_default();
            stacks.entry(name).or_default().networks.extend(network.name);
        }
        for mut volume in volumes {
            let name = volume.labels.remove(labels::STACK).unwrap_or_default();
            stacks.entry(name).or_default().volumes.push(volume.name);
        }
        Ok(stacks)
    }

    /// Names of the stacks whose containers were made from just these files.
    pub async fn stacks_of(&self, files: &[String]) -> Result<Vec<String>, Error> {
        let found = self.of_stacks(&[format!("{}={}", labels::CONFIG_FILES, files.join(","))]).await?;
        let mut names: Vec<String> = found.into_iter().map(|found| found.stack).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The containers of every stack that carry these labels, too.
    async fn of_stacks(&self, more: &[String]) -> Result<Vec<Found>, Error> {
        let wanted = [&[labels::STACK.to_owned()], more].concat();
        let filters = HashMap::from([("label".to_owned(), wanted)]);
        let found =
            self.list_containers(ListContainersOptionsBuilder::new().all(true).filters(&filters).build()).await?;
        // A probe is no part of its stack.
        let parts = found.into_iter().filter(|summary| label(summary, labels::ROLE).is_none());
        let of_summary = |summary: bollard::models::ContainerSummary| Found {
            stack: label(&summary, labels::STACK).unwrap_or_default().to_owned(),
            state: state(summary.state),
            files: label(&summary, labels::CONFIG_FILES).unwrap_or_default().split(',').map(str::to_owned).collect(),
        };
        Ok(parts.map(of_summary).collect())
    }
}

/// A container of some stack.
struct Found {
    stack: String,
    state: ContainerState,
    files: Vec<String>,
}
