//! Networks that take the place of others. The stack's containers move over; where one network gets what another one has, all of
//! them go before the first one comes.

use std::time::{Duration, Instant};

use bollard::models::{NetworkCreateRequest, NetworkInspect};
use futures_util::{StreamExt, stream};

use super::error::{cannot, found};
use super::remove::says_in_use;
use super::{Engine, Error};
use crate::desired::Network;
use crate::plan::{Member, Step};

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

/// A network that comes, and the one that goes for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Renewal<'a> {
    network: &'a Network,
    old: Option<Old<'a>>,
}

/// A network that goes.
#[derive(Debug, Clone, Copy)]
struct Old<'a> {
    /// Engine id.
    id: &'a str,
    /// The stack's containers in it.
    members: &'a [Member],
}

/// What was done for renewals, to be undone.
#[derive(Default)]
struct Course<'a> {
    /// Networks that their members have left, or may have. With what it was, where it is gone.
    left: Vec<(Renewal<'a>, Option<NetworkInspect>)>,
    /// Networks that came: engine id and name.
    come: Vec<(String, &'a str)>,
}

impl<'a> Renewal<'a> {
    /// Of a step that makes or replaces a network.
    pub(super) fn of(step: &'a Step) -> Option<Self> {
        match step {
            Step::CreateNetwork { network, .. } => Some(Self { network, old: None }),
            Step::ReplaceNetwork { id, network, members, .. } => Some(Self { network, old: Some(Old { id, members }) }),
            _ => None,
        }
    }

    fn members(&self) -> &'a [Member] {
        self.old.map(|old| old.members).unwrap_or_default()
    }
}

impl Engine {
    /// Puts new networks in the place of old ones: the stack's containers leave these, they go, the new ones come, and the
    /// containers join those. Where an old one cannot go or a new one cannot come, all is as it was.
    pub(super) async fn renew_networks(&self, renewals: &[Renewal<'_>], stack: &str) -> Result<(), Error> {
        let mut course = Course::default();
        let Err(error) = self.renew(renewals, stack, &mut course).await else {
            let moving = renewals.iter().map(|renewal| self.move_in(&renewal.network.name, renewal.members()));
            return together(moving).await;
        };
        let (kind, back, lost) = match renewals.len() {
            1 => ("network", "the network is as it was", "and it could not be made as it was"),
            _ => ("networks", "the networks are as they were", "and they could not be made as they were"),
        };
        let outcome = match self.go_back(course).await {
            Ok(()) => back.to_owned(),
            Err(failed) => format!("{lost}: {failed}"),
        };
        let names: Vec<String> = renewals.iter().map(|renewal| format!("`{}`", renewal.network.name)).collect();
        let attempt = format!("cannot replace {kind} {}", names.join(" and "));
        Err(Error { attempt, cause: format!("{}; {outcome}", error.cause), advice: error.advice })
    }

    async fn renew<'a>(&self, renewals: &[Renewal<'a>], stack: &str, course: &mut Course<'a>) -> Result<(), Error> {
        for renewal in renewals {
            let Some(old) = renewal.old else { continue };
            let name = renewal.network.name.as_str();
            let before = self.look(async || self.docker.inspect_network(old.id, None).await).await;
            let before = found(before).map_err(cannot(format!("inspect network `{name}`")))?;
            course.left.push((*renewal, None));
            self.empty(old.id, name, old.members).await?;
            if let Some((_, gone)) = course.left.last_mut() {
                *gone = before;
            }
        }
        // The engine gives those without a subnet one that is free, which another one is to get.
        let (fixed, free): (Vec<_>, Vec<_>) = renewals.iter().partition(|renewal| renewal.network.subnet.is_some());
        for Renewal { network, .. } in fixed.into_iter().chain(free) {
            let id = self.create_network(network, stack).await?;
            course.come.push((id, &network.name));
        }
        Ok(())
    }

    /// Has all as it was before.
    async fn go_back(&self, course: Course<'_>) -> Result<(), Error> {
        for (id, name) in &course.come {
            self.remove_network(id, name).await?;
        }
        for (renewal, gone) in course.left {
            if let Some(gone) = gone {
                self.restore_network(gone).await?;
            }
            self.move_in(&renewal.network.name, renewal.members()).await?;
            for member in renewal.members().iter().filter(|member| member.stops) {
                self.start(&member.id, &member.container).await?;
            }
        }
        Ok(())
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
                Err(error) if says_in_use(&error.cause) && begun.elapsed() < IN_BETWEEN => {
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
}
