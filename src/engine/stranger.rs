//! Containers of others in networks of the stack's own, and what they are called there. Looked at, never touched.

use std::collections::{BTreeSet, HashMap};

use bollard::query_parameters::ListContainersOptionsBuilder;
use futures_util::future::try_join_all;

use super::summary::{label, name_of};
use super::{Error, Prober, labels};

/// A running container that is not the stack's, in one of the stack's networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedStranger {
    /// Its name.
    pub name: String,
    /// The network, by the engine's name.
    pub network: String,
    /// All that it is called there.
    pub called: BTreeSet<String>,
}

impl Prober {
    /// Who else stands in these networks (engine names).
    pub async fn strangers(&self, networks: &[String]) -> Result<Vec<ObservedStranger>, Error> {
        if networks.is_empty() {
            return Ok(Vec::new());
        }
        let filters = HashMap::from([("network".to_owned(), networks.to_vec())]);
        let options = ListContainersOptionsBuilder::new().filters(&filters).build();
        let found = self.engine.list_containers(options).await?;
        let others = found.iter().filter(|summary| label(summary, labels::STACK) != Some(self.stack.as_str()));
        let looks = others.map(async |summary| {
            let inspected = self.engine.inspect(summary.id.as_deref().unwrap_or_default()).await?;
            let settings = inspected.and_then(|inspected| inspected.network_settings).unwrap_or_default();
            let endpoints = settings.networks.unwrap_or_default().into_iter();
            let own = endpoints.filter(|(network, _)| networks.contains(network));
            let one = |(network, endpoint): (String, bollard::models::EndpointSettings)| {
                let name = name_of(summary);
                let called = endpoint.aliases.unwrap_or_default().into_iter().chain([name.clone()]).collect();
                ObservedStranger { name, network, called }
            };
            Ok::<_, Error>(own.map(one).collect::<Vec<_>>())
        });
        let mut strangers = try_join_all(looks).await?.concat();
        strangers.sort_by(|left, right| (&left.name, &left.network).cmp(&(&right.name, &right.network)));
        Ok(strangers)
    }
}
