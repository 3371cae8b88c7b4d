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
        let created = match created.map(|answer| answer.id) {
            // Engine 25 and later, and Podman, make no second one of a name: the answer to the first try was lost, or a killed
            // `up` had asked for it.
            Err(error) if status(&error) == Some(409) => match self.network_of(&network.name, stack).await? {
                Some(id) => return Ok(id),
                None => Err(error),
            },
            created => created,
        };
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
        let found = self.networks_called(name).await?;
        let Some(other) = found.iter().find(|network| network.id.as_deref() != Some(created)) else { return Ok(()) };
        self.remove_network(created, name).await?;
        if is_of(other, stack) {
            return Ok(());
        }
        Err(Error::new(format!("cannot create network `{name}`"), "there is one of this name since that is not the stack's")
            .advise(format!(
                "see whose it is with `docker network inspect {name}`; give this stack another `name`, or the network one under \
                 `networks`"
            )))
    }

    /// The engine id of the stack's network of this name. `None`: there is none, or it is somebody else's.
    async fn network_of(&self, name: &str, stack: &str) -> Result<Option<String>, Error> {
        let found = self.networks_called(name).await?.into_iter().find(|network| is_of(network, stack));
        Ok(found.and_then(|network| network.id))
    }

    async fn networks_called(&self, name: &str) -> Result<Vec<bollard::models::Network>, Error> {
        let filters = HashMap::from([("name".to_owned(), vec![format!("^{name}$")])]);
        let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let found = self.look(async || self.docker.list_networks(Some(options.clone())).await).await;
        let mut found = found.map_err(cannot("list networks"))?;
        found.retain(|network| network.name.as_deref() == Some(name));
        Ok(found)
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
            // `endpoint … already exists` of Docker, `network is already connected` of Podman.
            Err(error)
                if status(&error) == Some(403)
                    && ["already exists", "already connected"]
                        .iter()
                        .any(|words| error.to_string().contains(words)) =>
            {
                Ok(())
            }
            answer => answer.map_err(cannot(format!("connect container `{name}` to network `{network}`"))),
        }
    }
}

fn is_of(network: &bollard::models::Network, stack: &str) -> bool {
    network.labels.as_ref().and_then(|labels| labels.get(labels::PROJECT)).is_some_and(|project| project == stack)
}
