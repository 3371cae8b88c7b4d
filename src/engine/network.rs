//! Networks of a stack: made, replaced, joined and left.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bollard::models::{
    Ipam, IpamConfig, NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest, NetworkInspect,
};
use bollard::query_parameters::ListNetworksOptionsBuilder;

use futures_util::{StreamExt, stream};

use super::create::endpoint;
use super::error::{cannot, found, status};
use super::{Engine, Error, labels};
use crate::desired::{Network, Service};
use crate::plan::{Member, network_parts};

/// How long somebody may be in a network that is to be replaced and will leave it.
const IN_BETWEEN: Duration = Duration::from_secs(10);

/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Containers that leave or join at the same time.
const CONCURRENCY: usize = 6;

/// All of it, some at a time; the first failure, once all are done.
async fn together(work: impl Iterator<Item = impl Future<Output = Result<(), Error>>>) -> Result<(), Error> {
    let outcomes: Vec<_> = stream::iter(work).buffer_unordered(CONCURRENCY).collect().await;
    outcomes.into_iter().collect()
}

impl Engine {
    pub(super) async fn create_network(&self, network: &Network, stack: &str) -> Result<(), Error> {
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
        self.leave_one_network(&created, &network.name, stack).await
    }

    /// Puts a new network in the place of an old one: the stack's containers leave it, it goes, the new one comes, and they
    /// join that. Where the old one cannot go or the new one cannot come, all is as it was.
    pub(super) async fn replace_network(
        &self,
        old: &str,
        network: &Network,
        members: &[Member],
        stack: &str,
    ) -> Result<(), Error> {
        let name = network.name.as_str();
        let before = self.look(async || self.docker.inspect_network(old, None).await).await;
        let before = found(before).map_err(cannot(format!("inspect network `{name}`")))?;
        let made = match self.empty(old, name, members).await {
            Ok(()) => self.create_network(network, stack).await.map_err(|error| (error, before)),
            Err(error) => Err((error, None)),
        };
        let Err((error, gone)) = made else { return self.move_in(name, members).await };
        let outcome = match self.go_back(gone, name, members).await {
            Ok(()) => "the network is as it was".to_owned(),
            Err(failed) => format!("and it could not be made as it was: {failed}"),
        };
        let attempt = format!("cannot replace network `{name}`");
        Err(Error { attempt, cause: format!("{}; {outcome}", error.cause), advice: error.advice })
    }

    /// Takes the members out of a network, and the network away. One that the engine starts again just then comes back into
    /// it, and a probe of ours is in it for a moment.
    async fn empty(&self, id: &str, name: &str, members: &[Member]) -> Result<(), Error> {
        let begun = Instant::now();
        for member in members.iter().filter(|member| member.stops) {
            self.stop_container(&member.id, &member.container).await?;
        }
        loop {
            together(members.iter().map(|member| self.leave(&member.id, &member.container, name))).await?;
            match self.remove_network(id, name).await {
                Err(error) if error.cause.contains("active endpoints") && begun.elapsed() < IN_BETWEEN => {
                    tokio::time::sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Has the members join a network, all that can.
    async fn move_in(&self, name: &str, members: &[Member]) -> Result<(), Error> {
        let joining = members.iter().filter_map(|member| Some((member, member.service.as_ref()?)));
        together(joining.map(|(member, service)| self.join(&member.id, service, &member.container, name))).await
    }

    /// Has all as it was before a network was to be replaced. `gone`: the network, where it was taken away.
    async fn go_back(&self, gone: Option<NetworkInspect>, name: &str, members: &[Member]) -> Result<(), Error> {
        if let Some(gone) = gone {
            self.restore_network(gone).await?;
        }
        self.move_in(name, members).await?;
        for member in members.iter().filter(|member| member.stops) {
            self.start(&member.id, &member.container).await?;
        }
        Ok(())
    }

    /// Makes a network that was taken away again, with the same addresses.
    async fn restore_network(&self, before: NetworkInspect) -> Result<(), Error> {
        let name = before.name.unwrap_or_default();
        let request = NetworkCreateRequest {
            name: name.clone(),
            driver: before.driver,
            internal: before.internal,
            attachable: before.attachable,
            ipam: before.ipam,
            enable_ipv6: before.enable_ipv6,
            options: before.options,
            labels: before.labels,
            ..Default::default()
        };
        let created = self.act(async || self.docker.create_network(request.clone()).await).await;
        created.map(drop).map_err(cannot(format!("create network `{name}`")))
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
