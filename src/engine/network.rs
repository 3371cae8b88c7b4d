//! Networks of a stack: made, joined and left.

use std::collections::HashMap;

use bollard::models::{Ipam, IpamConfig, NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest};
use bollard::query_parameters::ListNetworksOptionsBuilder;

use super::create::endpoint;
use super::error::{cannot, status};
use super::{Engine, Error, labels};
use crate::desired::{Network, Service};
use crate::plan::network_parts;

impl Engine {
    /// Makes a network; gives its engine id back.
    pub(super) async fn create_network(&self, network: &Network, stack: &str) -> Result<String, Error> {
        let mut labels: HashMap<_, _> = network.labels.clone().into_iter().collect();
        labels.extend([
            (labels::PROJECT.to_owned(), stack.to_owned()),
            (labels::NETWORK.to_owned(), network.key.clone()),
            (labels::VERSION.to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            (labels::PARTS.to_owned(), serde_json::json!(network_parts(network)).to_string()),
            (labels::STACK.to_owned(), stack.to_owned()),
        ]);
        let subnet = network.subnet.clone().map(|subnet| Ipam {
            config: Some(vec![IpamConfig { subnet: Some(subnet), ..Default::default() }]),
            ..Default::default()
        });
        let request = NetworkCreateRequest {
            name: network.name.clone(),
            driver: Some(network.driver.clone()),
            internal: Some(network.internal),
            ipam: subnet,
            options: Some(network.driver_opts.clone().into_iter().collect()),
            labels: Some(labels),
            ..Default::default()
        };
        let created = self.act(async || self.docker.create_network(request.clone()).await).await;
        let created = created.map(|answer| answer.id);
        let created = created.map_err(cannot(format!("create network `{}`", network.name))).map_err(|error| {
            if error.cause.contains("non-overlapping IPv4 address pool") {
                return error.advise("the engine is out of subnets: `docker network prune` removes unused networks");
            }
            error
        })?;
        self.leave_one_network(&created, &network.name, stack).await.map(|()| created)
    }

    /// The engine makes a second network of one name without a word. One that a killed `up` had asked for may have come
    /// into being since the plan was made: then ours goes again. It goes, too, where the name is somebody else's.
    async fn leave_one_network(&self, created: &str, name: &str, stack: &str) -> Result<(), Error> {
        let filters = HashMap::from([("name".to_owned(), vec![format!("^{name}$")])]);
        let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let found = self.look(async || self.docker.list_networks(Some(options.clone())).await).await;
        let found = found.map_err(cannot("list networks"))?;
        let is_other = |network: &&bollard::models::Network| {
            network.name.as_deref() == Some(name) && network.id.as_deref() != Some(created)
        };
        let Some(other) = found.iter().find(is_other) else { return Ok(()) };
        self.remove_network(created, name).await?;
        let labels = other.labels.as_ref();
        if labels.and_then(|labels| labels.get(labels::PROJECT)).is_some_and(|project| project == stack) {
            return Ok(());
        }
        Err(Error::new(format!("cannot create network `{name}`"), "there is one of this name since that is not the stack's")
            .advise(format!(
                "see whose it is with `docker network inspect {name}`; give this stack another `name`, or the network one under \
                 `networks`"
            )))
    }

    pub(super) async fn leave(&self, id: &str, name: &str, network: &str) -> Result<(), Error> {
        let request = NetworkDisconnectRequest { container: id.to_owned(), force: None };
        match self.act(async || self.docker.disconnect_network(network, request.clone()).await).await {
            // Asked twice, because the first answer was lost; or it is between two tries of its restart policy.
            Err(error) if super::error::cause(&error).contains("is not connected to") => Ok(()),
            answer => answer.map_err(cannot(format!("take container `{name}` out of network `{network}`"))),
        }
    }

    pub(super) async fn join(&self, id: &str, service: &Service, name: &str, network: &str) -> Result<(), Error> {
        let attachment = service.container.all_networks().find(|attachment| attachment.network == network);
        let request = NetworkConnectRequest { container: id.to_owned(), endpoint_config: attachment.map(endpoint) };
        match self.act(async || self.docker.connect_network(network, request.clone()).await).await {
            Err(error) if status(&error) == Some(403) && error.to_string().contains("already exists") => Ok(()),
            answer => answer.map_err(cannot(format!("connect container `{name}` to network `{network}`"))),
        }
    }
}
