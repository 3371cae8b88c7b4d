//! What becomes of containers when their engine restarts: of those that run, and of those that do not. Looks, changes nothing.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, PortMap, RestartPolicyNameEnum};
use bollard::query_parameters::{InspectContainerOptions, ListContainersOptions, ListContainersOptionsBuilder};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::error::{cannot, status};
use super::{Engine, Error};
use crate::desired::Protocol;

/// Containers asked at the same time.
pub(super) const CONCURRENT: usize = 8;

/// How long a container may take to end that does not say (moby `container/container_unix.go`, `DefaultStopTimeout`).
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Label of a container that Swarm runs.
const SWARM_LABEL: &str = "com.docker.swarm.service.name";

/// A place of the host at which a container is reached.
pub type Place = (SocketAddr, Protocol);

/// A container that runs, whoever started it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningContainer {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What becomes of it when the engine restarts.
    pub after_restart: AfterRestart,
    /// How long it may take to end before it is killed. `None`: as long as it wants.
    pub stop_timeout: Option<Duration>,
    /// It is paused: it runs, and does nothing.
    pub is_paused: bool,
    /// Where it is published.
    pub published: Vec<Place>,
    /// Names of the containers whose network, IPC or processes it shares: it is started after them, or not at all.
    pub shares: Vec<String>,
    /// How many others have to be started before it, one after the other.
    pub depth: usize,
}

/// What becomes of a running container when the engine restarts without live-restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRestart {
    /// Its restart policy starts it again.
    Returns,
    /// Its restart policy starts it again if it ended with an error, which many a program does not when it is told to end.
    ReturnsFailed,
    /// Swarm starts another one in its place.
    Rescheduled,
    /// It stays down until somebody starts it.
    StaysDown,
    /// It shares what is another one's, which is down as well when the engine would start it: also where both have a restart
    /// policy, the engine does not wait (measured with Engine 20.10 and 28.5).
    StaysDownWithBase,
    /// It is removed at its end (`--rm`).
    Removed,
    /// It shares what is another one's, which is removed: it cannot be started any more.
    Lost,
}

/// A container that does not run, and that its engine starts when that starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedContainer {
    /// Its name.
    pub name: String,
    /// Where it would be published.
    pub published: Vec<Place>,
    /// The restart policy with which it stays down.
    pub stays_with: &'static str,
}

/// A container, and those whose network, IPC or processes it shares, as it names them.
type Found = (RunningContainer, Vec<String>);

impl Engine {
    /// Every container that runs, by name.
    pub async fn running(&self) -> Result<Vec<RunningContainer>, Error> {
        let listed = self.ids(ListContainersOptionsBuilder::new().build(), "list running containers").await?;
        let asked = stream::iter(listed).map(|id| self.inspected(id)).buffered(CONCURRENT);
        let inspected: Vec<_> = asked.try_collect().await?;
        let mut found: Vec<Found> = inspected.into_iter().flatten().map(running).collect();
        found.sort_by(|left, right| left.0.name.cmp(&right.0.name));
        let mut others = BTreeMap::new();
        for (_, bases) in &found {
            for base in bases.iter().filter(|base| position(&found, base).is_none()) {
                let name = self.inspected(base.clone()).await?.map(|inspected| name(&inspected));
                others.insert(base.clone(), name);
            }
        }
        Ok(settled(found, &others))
    }

    /// Every container that does not run, and that the engine starts when it starts, by name. Who stops one by hand has it stay
    /// down by the policy `unless-stopped` alone; one that never ran is left alone (measured with Engine 20.10 and 28.5).
    pub async fn starting(&self) -> Result<Vec<StoppedContainer>, Error> {
        let exited = HashMap::from([("status", vec!["exited"])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&exited).build();
        let listed = self.ids(options, "list containers that do not run").await?;
        let asked = stream::iter(listed).map(|id| self.inspected(id)).buffered(CONCURRENT);
        let inspected: Vec<_> = asked.try_collect().await?;
        let mut stopped: Vec<_> = inspected.into_iter().flatten().filter_map(starts).collect();
        stopped.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(stopped)
    }

    /// Why the engine could not start a container, in its own words. `None`: it could, or there is no such container.
    pub async fn start_error(&self, id: &str) -> Option<String> {
        let state = self.inspected(id.to_owned()).await.ok()??.state?;
        state.error.filter(|error| !error.is_empty() && state.running != Some(true))
    }

    async fn ids(&self, options: ListContainersOptions, attempt: &str) -> Result<Vec<String>, Error> {
        let listed = self.docker.list_containers(Some(options)).await.map_err(cannot(attempt))?;
        Ok(listed.into_iter().filter_map(|container| container.id).collect())
    }

    /// `None`: it is gone.
    pub(super) async fn inspected(&self, id: String) -> Result<Option<ContainerInspectResponse>, Error> {
        match self.docker.inspect_container(&id, None::<InspectContainerOptions>).await {
            Ok(inspected) => Ok(Some(inspected)),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(cannot(format!("inspect container `{id}`"))(error)),
        }
    }
}

fn name(inspected: &ContainerInspectResponse) -> String {
    inspected.name.as_deref().unwrap_or_default().trim_start_matches('/').to_owned()
}

/// Where a container is published, or would be: as it is told to, and as it is.
pub(super) fn places(inspected: &ContainerInspectResponse) -> Vec<Place> {
    let told = inspected.host_config.as_ref().and_then(|host| host.port_bindings.as_ref());
    let given = inspected.network_settings.as_ref().and_then(|settings| settings.ports.as_ref());
    let bindings = [told, given].into_iter().flatten().flat_map(PortMap::iter);
    let mut places = Vec::new();
    for (port, bindings) in bindings {
        let Ok(protocol) = port.rsplit_once('/').map_or("tcp", |(_, protocol)| protocol).parse() else { continue };
        for binding in bindings.iter().flatten() {
            let ip = binding.host_ip.as_deref().filter(|ip| !ip.is_empty()).unwrap_or("0.0.0.0");
            let (Ok(ip), Some(Ok(port))) = (ip.parse(), binding.host_port.as_deref().map(str::parse)) else { continue };
            if port > 0 && !places.contains(&(SocketAddr::new(ip, port), protocol)) {
                places.push((SocketAddr::new(ip, port), protocol));
            }
        }
    }
    places
}

fn running(inspected: ContainerInspectResponse) -> Found {
    let (name, published) = (name(&inspected), places(&inspected));
    let host = inspected.host_config.unwrap_or_default();
    let config = inspected.config.unwrap_or_default();
    let stop_timeout = match config.stop_timeout {
        None => Some(STOP_TIMEOUT),
        Some(seconds) => u64::try_from(seconds).ok().map(Duration::from_secs),
    };
    let labels = config.labels.unwrap_or_default();
    let policy = host.restart_policy.and_then(|policy| policy.name);
    let is_paused = inspected.state.and_then(|state| state.paused) == Some(true);
    let after_restart = if host.auto_remove == Some(true) {
        AfterRestart::Removed
    } else if labels.contains_key(SWARM_LABEL) {
        AfterRestart::Rescheduled
    } else if matches!(policy, None | Some(RestartPolicyNameEnum::EMPTY | RestartPolicyNameEnum::NO)) {
        AfterRestart::StaysDown
    } else if policy == Some(RestartPolicyNameEnum::ON_FAILURE) {
        AfterRestart::ReturnsFailed
    } else {
        AfterRestart::Returns
    };
    let modes = [host.network_mode, host.ipc_mode, host.pid_mode].into_iter().flatten();
    let bases = modes.filter_map(|mode| mode.strip_prefix("container:").map(str::to_owned)).collect();
    let id = inspected.id.unwrap_or_default();
    let (shares, depth) = (Vec::new(), 0);
    (RunningContainer { id, name, after_restart, stop_timeout, is_paused, published, shares, depth }, bases)
}

/// `None`: it stays down.
fn starts(inspected: ContainerInspectResponse) -> Option<StoppedContainer> {
    let (name, published) = (name(&inspected), places(&inspected));
    let state = inspected.state?;
    if state.status != Some(ContainerStateStatusEnum::EXITED) || state.dead == Some(true) {
        return None;
    }
    let policy = inspected.host_config?.restart_policy?;
    let has_failed = state.exit_code.is_some_and(|code| code != 0);
    let most = policy.maximum_retry_count.unwrap_or_default();
    let may_again = || most == 0 || inspected.restart_count.unwrap_or_default() < most;
    // One that could not be started was perhaps not stopped by hand, and one of `on-failure` has perhaps ended by itself.
    let is_by_hand = state.error.is_none_or(|error| error.is_empty());
    let stays_with = match policy.name? {
        RestartPolicyNameEnum::ALWAYS if is_by_hand => "unless-stopped",
        RestartPolicyNameEnum::ALWAYS => "no",
        RestartPolicyNameEnum::ON_FAILURE if has_failed && may_again() => "no",
        _ => return None,
    };
    Some(StoppedContainer { name, published, stays_with })
}

/// Which of them is meant by an id or a name.
fn position(found: &[Found], base: &str) -> Option<usize> {
    found.iter().position(|(container, _)| container.id == base || container.name == base)
}

/// The same, each by what it hangs on. `others`: names of those that do not run; `None` for one that is gone.
fn settled(mut found: Vec<Found>, others: &BTreeMap<String, Option<String>>) -> Vec<RunningContainer> {
    // A chain has no more links than there are containers.
    for _ in 0..found.len() {
        let before = found.clone();
        for (container, bases) in &mut found {
            let known = bases.iter().map(|base| position(&before, base).map(|base| &before[base].0));
            let depth = known.clone().map(|base| base.map_or(1, |base| base.depth + 1)).max().unwrap_or(0);
            container.depth = depth.min(before.len());
            let names = bases.iter().zip(known.clone()).filter_map(|(base, known)| match known {
                Some(known) => Some(known.name.clone()),
                None => others.get(base).cloned().flatten(),
            });
            container.shares = names.collect();
            container.shares.dedup();
            if bases.is_empty() || matches!(container.after_restart, AfterRestart::Removed | AfterRestart::Rescheduled)
            {
                continue;
            }
            let is_missing = bases.iter().any(|base| others.get(base) == Some(&None));
            let is_lost = is_missing || known.flatten().any(|base| is_gone(base.after_restart));
            container.after_restart = if is_lost { AfterRestart::Lost } else { AfterRestart::StaysDownWithBase };
        }
        if found == before {
            break;
        }
    }
    found.into_iter().map(|(container, _)| container).collect()
}

/// Whether that very container cannot be there any more afterwards.
fn is_gone(after: AfterRestart) -> bool {
    matches!(after, AfterRestart::Removed | AfterRestart::Rescheduled | AfterRestart::Lost)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn inspected(text: Value) -> ContainerInspectResponse {
        serde_json::from_value(text).expect("it is what an engine answers")
    }

    fn one(name: &str, policy: &str, base: Option<&str>) -> Found {
        let mode = base.map_or("default".to_owned(), |base| format!("container:{base}"));
        let host = json!({
            "RestartPolicy": { "Name": policy }, "NetworkMode": mode, "AutoRemove": policy.is_empty(), "IpcMode": mode
        });
        running(inspected(json!({ "Id": format!("id-{name}"), "Name": format!("/{name}"), "HostConfig": host })))
    }

    #[test]
    fn who_hangs_on_another_one_goes_down_with_it() {
        let found = vec![
            one("always", "always", None),
            one("rm", "", None),
            one("no", "no", None),
            one("on-always", "always", Some("id-always")),
            one("on-no", "unless-stopped", Some("no")),
            one("on-on-no", "no", Some("id-on-no")),
            one("on-on-rm", "always", Some("id-on-rm")),
            one("on-rm", "always", Some("id-rm")),
            one("on-stopped", "always", Some("id-stopped")),
            one("on-gone", "always", Some("id-gone")),
            one("rm-on-no", "", Some("id-no")),
        ];
        let others =
            BTreeMap::from([("id-stopped".to_owned(), Some("stopped".to_owned())), ("id-gone".to_owned(), None)]);
        let settled = settled(found, &others);
        let told: Vec<_> =
            settled.iter().map(|one| (one.name.as_str(), one.after_restart, one.shares.join(" "), one.depth)).collect();
        let told: Vec<_> =
            told.iter().map(|(name, after, shares, depth)| (*name, *after, shares.as_str(), *depth)).collect();
        assert_eq!(
            told,
            [
                ("always", AfterRestart::Returns, "", 0),
                ("rm", AfterRestart::Removed, "", 0),
                ("no", AfterRestart::StaysDown, "", 0),
                ("on-always", AfterRestart::StaysDownWithBase, "always", 1),
                ("on-no", AfterRestart::StaysDownWithBase, "no", 1),
                ("on-on-no", AfterRestart::StaysDownWithBase, "on-no", 2),
                ("on-on-rm", AfterRestart::Lost, "on-rm", 2),
                ("on-rm", AfterRestart::Lost, "rm", 1),
                ("on-stopped", AfterRestart::StaysDownWithBase, "stopped", 1),
                ("on-gone", AfterRestart::Lost, "", 1),
                ("rm-on-no", AfterRestart::Removed, "no", 1),
            ]
        );
    }

    #[test]
    fn what_was_stopped_by_hand_starts_by_always_and_after_an_error() {
        let told = |policy: Value, state: Value| {
            let ports = json!({ "5432/tcp": [{ "HostIp": "", "HostPort": "5432" }], "53/udp": [{ "HostIp": "127.0.0.1", "HostPort": "53" }] });
            let host = json!({ "RestartPolicy": policy, "PortBindings": ports });
            let stopped = starts(inspected(json!({ "Name": "/db", "State": state, "HostConfig": host })));
            stopped.map(|stopped| (stopped.stays_with, stopped.published.len()))
        };
        let exited = |code: i64| json!({ "Status": "exited", "ExitCode": code, "Error": "" });
        assert_eq!(told(json!({ "Name": "always" }), exited(0)), Some(("unless-stopped", 2)));
        let failed = json!({ "Status": "exited", "ExitCode": 128, "Error": "port is already allocated" });
        assert_eq!(told(json!({ "Name": "always" }), failed), Some(("no", 2)));
        assert_eq!(told(json!({ "Name": "unless-stopped" }), exited(137)), None);
        assert_eq!(told(json!({ "Name": "on-failure" }), exited(137)), Some(("no", 2)));
        assert_eq!(told(json!({ "Name": "on-failure" }), exited(0)), None);
        assert_eq!(told(json!({ "Name": "no" }), exited(1)), None);
        assert_eq!(told(json!({ "Name": "always" }), json!({ "Status": "created" })), None);
    }
}
