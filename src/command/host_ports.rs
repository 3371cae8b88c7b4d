//! Places of the host that another stack has: two exporters of one host cannot listen on the same one.

use super::Failure;
use super::situation::Situation;
use crate::desired::Service;
use crate::engine::{Error, HostNeighbour};
use crate::plan::{Plan, Step};

/// The flag by which exporters are told where to listen.
const LISTEN: &str = "--web.listen-address=";

/// Refuses a plan that would start an exporter in the host's network where another stack's listens already: it would be
/// started again and again. The engine is asked only where the plan starts such a container.
pub(super) async fn refuse_taken(situation: &Situation, plan: &Plan) -> Result<(), Failure> {
    let starting: Vec<(&str, &str)> = plan.steps.iter().filter_map(started).filter_map(place).collect();
    if starting.is_empty() {
        return Ok(());
    }
    let neighbours = situation.engine.host_neighbours(&situation.desired.stack).await?;
    match starting.into_iter().find_map(|start| Some((start, taken(start.1, &neighbours)?))) {
        None => Ok(()),
        Some(((service, place), other)) => Err(Failure::World(refusal(situation, service, place, other))),
    }
}

fn refusal(situation: &Situation, service: &str, place: &str, other: &HostNeighbour) -> Error {
    let next =
        place.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).map_or(9101, |port| port.wrapping_add(1));
    Error::new(
        format!("cannot bring up stack `{}`", situation.desired.stack),
        format!("{place}, where `{service}` would listen, is taken by `{}` of stack `{}`", other.name, other.stack),
    )
    .advise(format!(
        "write `exporters: {{ {service}: {{ metrics: {{ port: {next} }} }} }}`, or leave `{service}` out: one tells of the whole host"
    ))
}

/// The service whose container a step makes.
fn started(step: &Step) -> Option<&Service> {
    match step {
        Step::CreateContainer { service, .. } | Step::ReplaceContainer { service, .. } => Some(service),
        _ => None,
    }
}

/// Name and place, for a service in the host's network that is told where to listen.
fn place(service: &Service) -> Option<(&str, &str)> {
    let settings = &service.container.settings;
    let words = settings.command.as_ref().filter(|_| settings.network_mode.as_deref() == Some("host"))?;
    words.0.iter().find_map(|word| Some((service.name.as_str(), word.strip_prefix(LISTEN)?)))
}

fn taken<'a>(place: &str, neighbours: &'a [HostNeighbour]) -> Option<&'a HostNeighbour> {
    neighbours.iter().find(|neighbour| {
        let mut words = neighbour.command.split([' ', '\'', '"']);
        words.any(|word| word.strip_prefix(LISTEN) == Some(place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_by_whoever_was_told_to_listen_there() {
        let neighbour = |command: &str| HostNeighbour {
            stack: "other".to_owned(),
            name: "other-node-1".to_owned(),
            command: command.to_owned(),
        };
        let neighbours = [neighbour("/bin/node_exporter --path.rootfs=/host --web.listen-address=172.17.0.1:9100")];
        assert!(taken("172.17.0.1:9100", &neighbours).is_some());
        assert!(taken("172.17.0.1:910", &neighbours).is_none());
        assert!(taken("172.17.0.1:9101", &neighbours).is_none());
    }
}
