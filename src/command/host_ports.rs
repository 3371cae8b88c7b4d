//! Places of the host that somebody else has: found before anything starts, so that nothing that runs stops for a new
//! container that could not start.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::situation::Situation;
use super::{failure, output};
use crate::daemon::Dockerd;
use crate::desired::{Port, Protocol, Role, Service};
use crate::engine::{Error, Fleeting, ObservedContainer, OnHost};
use crate::plan::{Plan, Step};

/// The flag by which exporters in the host's network are told where to listen.
const LISTEN: &str = "--web.listen-address=";

/// Processes that hold the ports of containers.
const ENGINES_OWN: [&str; 3] = ["docker-proxy", "dockerd", "rootlesskit"];

/// The container that would not start, by name → what is in its way.
pub(super) type Taken = BTreeMap<String, Error>;

/// A place that a container to be started wants.
#[derive(Clone, Copy)]
struct Want<'a> {
    container: &'a str,
    service: &'a str,
    role: Role,
    address: SocketAddr,
    protocol: Protocol,
    /// How it is published. `None`: it stands in the host's network, and listens there itself.
    port: Option<&'a Port>,
}

/// Who has a place.
enum Holder {
    /// A container: of another stack, or of nobody that is known.
    Container { name: String, stack: Option<String>, fleeting: Option<Fleeting> },
    /// A process of the host.
    Process(Option<String>),
}

/// Which containers of the plan cannot start because somebody else has their place. Nobody is asked where the plan starts
/// none that wants a certain one.
pub(super) async fn taken(situation: &Situation, plan: &Plan) -> Result<Taken, Error> {
    let wants: Vec<Want> = plan.steps.iter().filter_map(Step::starts).flat_map(wanted).collect();
    if wants.is_empty() {
        return Ok(Taken::new());
    }
    let containers = situation.engine.on_host().await?;
    let dockerd = dockerd(situation, plan).await;
    // One that ends again and again publishes its ports for moments, between which no container is seen to have them: what
    // holds one for the engine may stand for it, and ends with it.
    let has_loop = situation.observed.containers.iter().any(ObservedContainer::ends_again);
    let mut taken = Taken::new();
    for want in wants {
        let holder = match container_at(&want, &containers) {
            Some(container) if container.stack.as_deref() == Some(situation.desired.stack.as_str()) => None,
            Some(OnHost { name, stack, .. }) => {
                let fleeting = if stack.is_none() { situation.engine.fleeting(name).await? } else { None };
                Some(Holder::Container { name: name.clone(), stack: stack.clone(), fleeting })
            }
            None => process_at(&want, dockerd.as_ref()).filter(|holder| !(has_loop && is_engines(holder))),
        };
        if let Some(holder) = holder {
            let next = next_free(situation, &want, &containers, dockerd.as_ref());
            taken.entry(want.container.to_owned()).or_insert_with(|| refusal(&want, &holder, next));
        }
    }
    Ok(taken)
}

/// Says what is in the way, and that all the rest is done.
pub(super) fn say(taken: &Taken) {
    for error in taken.values() {
        output::say(&failure::framed(&error.to_string(), error.advice.as_deref()));
    }
}

fn wanted<'a>((container, service): (&'a str, &'a Service)) -> Vec<Want<'a>> {
    let settings = &service.container.settings;
    let (service, role) = (service.name.as_str(), service.role);
    if settings.network_mode.as_deref() == Some("host") {
        let words = settings.command.iter().flat_map(|command| &command.0);
        let places = words.filter_map(|word| word.strip_prefix(LISTEN)?.parse().ok());
        let want = |address| Want { container, service, role, address, protocol: Protocol::Tcp, port: None };
        return places.map(want).collect();
    }
    let ports = settings.ports.0.iter().filter_map(|port| {
        let address = SocketAddr::new(port.host_ip, port.fixed_host_port()?);
        Some(Want { container, service, role, address, protocol: port.protocol, port: Some(port) })
    });
    ports.collect()
}

/// The dockerd on this host, whose sockets can be seen. `None`, too, where the plan ends a container of the stack that
/// stands in the host's network: what it holds is free by then, and cannot be told from what others hold.
async fn dockerd(situation: &Situation, plan: &Plan) -> Option<Dockerd> {
    let socket = situation.engine.facts().address.strip_prefix("unix://")?;
    let ends = |id: &str| plan.steps.iter().any(|step| step.ends() == Some(id));
    let mut own = situation.observed.containers.iter().filter(|container| container.addresses.contains_key("host"));
    if own.any(|container| ends(&container.id)) {
        return None;
    }
    Dockerd::behind(Path::new(socket)).await
}

fn container_at<'a>(want: &Want, containers: &'a [OnHost]) -> Option<&'a OnHost> {
    containers.iter().find(|container| {
        let mut words = container.command.iter().flat_map(|command| command.split([' ', '\'', '"']));
        let mut told = words.by_ref().filter_map(|word| word.strip_prefix(LISTEN)?.parse().ok());
        told.any(|place| want.protocol == Protocol::Tcp && clash(place, want.address))
            || container.published.iter().any(|(place, protocol)| {
                // The engine listens for each family by itself; a program may listen for both at once.
                let is_of_family = place.is_ipv4() == want.address.is_ipv4();
                let both = want.port.is_none_or(|port| port.every_family);
                *protocol == want.protocol && (is_of_family || both) && clash(*place, want.address)
            })
    })
}

fn clash(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port() && (one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified())
}

fn process_at(want: &Want, dockerd: Option<&Dockerd>) -> Option<Holder> {
    let holder = dockerd.filter(|_| want.protocol == Protocol::Tcp)?.holder(want.address)?;
    Some(Holder::Process(holder.process))
}

/// Whether the port is held for a container. Where others' processes cannot be seen, it may be.
fn is_engines(holder: &Holder) -> bool {
    match holder {
        Holder::Process(Some(process)) => ENGINES_OWN.iter().any(|name| process.starts_with(name)),
        Holder::Process(None) => true,
        Holder::Container { .. } => false,
    }
}

/// The next port that nobody is known to have.
fn next_free(situation: &Situation, want: &Want, containers: &[OnHost], dockerd: Option<&Dockerd>) -> u16 {
    let listeners = dockerd.map(Dockerd::listeners).unwrap_or_default();
    let of_stack = situation.desired.services.iter().flat_map(|service| &service.container.settings.ports.0);
    let of_stack: Vec<u16> = of_stack.filter_map(Port::fixed_host_port).collect();
    let is_free = |port: &u16| {
        let there = Want { address: SocketAddr::new(want.address.ip(), *port), ..*want };
        !of_stack.contains(port)
            && container_at(&there, containers).is_none()
            && !listeners.iter().any(|listener| listener.port() == *port)
    };
    (want.address.port().saturating_add(1)..=u16::MAX).find(is_free).unwrap_or(20_000)
}

fn refusal(want: &Want, holder: &Holder, next: u16) -> Error {
    let address = want.address;
    let (holder, way_out) = match holder {
        Holder::Container { name, stack: Some(stack), .. } => (format!("`{name}` of stack `{stack}`"), None),
        Holder::Container { name, stack: None, fleeting } => {
            (format!("container `{name}`"), Some(format!("{}, or ", how_to_stop(name, fleeting.as_ref()))))
        }
        Holder::Process(Some(process)) => {
            (format!("process {process} of this host"), Some("stop that, or ".to_owned()))
        }
        Holder::Process(None) => (
            "a process of this host".to_owned(),
            Some(format!("stop that (`sudo ss -ltnp 'sport = :{}'` shows it), or ", address.port())),
        ),
    };
    let name = want.service;
    let would = if want.port.is_some() { "would be published" } else { "would listen" };
    Error::new(
        format!("cannot start container `{}`", want.container),
        format!("{address}, where `{name}` {would}, is taken by {holder}"),
    )
    .advise(way_out.unwrap_or_default() + &what_to_write(want, next))
}

/// What is lost with a container is said before what ends it.
fn how_to_stop(name: &str, fleeting: Option<&Fleeting>) -> String {
    let stop = format!("`docker stop {name}`");
    let Some(fleeting) = fleeting else { return format!("stop that with {stop}") };
    match fleeting.holding() {
        None => format!(
            "stop that with {stop}, which removes it, as it was made with `--rm`, and all that it wrote outside of volumes"
        ),
        Some(holding) => format!(
            "hold the data of that first: it was made with `--rm`, and stopping it removes it and its volumes without a name: \
             `{holding}`, then {stop}, and when the stack runs with that data, `{}`",
            fleeting.releasing()
        ),
    }
}

fn what_to_write(Want { service: name, role, address, port, .. }: &Want, next: u16) -> String {
    let Some(port) = port else {
        return format!(
            "write `exporters: {{ {name}: {{ metrics: {{ port: {next} }} }} }}`, or leave `{name}` out: one tells of the whole host"
        );
    };
    let on_loopback = port.host_ip == Ipv4Addr::LOCALHOST;
    let place = if on_loopback {
        next.to_string()
    } else if port.every_family {
        format!("{}:{next}", port.address())
    } else {
        SocketAddr::new(address.ip(), next).to_string()
    };
    match *role {
        Role::Prometheus => format!("write `prometheus: {{ port: {place} }}`, or `port: off`"),
        Role::Grafana | Role::View => format!("write `grafana: {{ port: {place} }}`, or `port: off`"),
        Role::Alertmanager => format!("write `alertmanager: {{ port: {place} }}`, or `port: off`"),
        Role::App | Role::Exporter => {
            let section = if *role == Role::App { "apps" } else { "exporters" };
            let inside = format!("{}{}", port.container_port, port.protocol.suffix());
            format!(
                "write `{section}: {{ {name}: {{ ports: [\"{place}:{inside}\"] }} }}`, or `\"{inside}\"` for a free one"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_by_whoever_listens_there_or_everywhere() {
        let at = |text: &str| -> SocketAddr { text.parse().expect("an address") };
        for (one, other, expected) in [
            ("172.17.0.1:9100", "172.17.0.1:9100", true),
            ("172.17.0.1:9100", "172.17.0.1:9101", false),
            ("172.17.0.1:9100", "127.0.0.1:9100", false),
            ("0.0.0.0:9100", "127.0.0.1:9100", true),
            ("127.0.0.1:9100", "0.0.0.0:9100", true),
            ("[::]:9100", "127.0.0.1:9100", true),
        ] {
            assert_eq!(clash(at(one), at(other)), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_port_that_the_engine_holds_may_be_that_of_any_container() {
        let by = |process: Option<&str>| Holder::Process(process.map(str::to_owned));
        assert!(is_engines(&by(Some("docker-proxy (77)"))) && is_engines(&by(None)));
        assert!(!is_engines(&by(Some("nginx (77)"))));
        assert!(!is_engines(&Holder::Container { name: "other".to_owned(), stack: None, fleeting: None }));
    }

    #[test]
    fn what_a_container_of_the_hosts_network_was_told_is_its_place() {
        let container = OnHost {
            name: "other-node-1".to_owned(),
            stack: Some("other".to_owned()),
            command: Some("/bin/node_exporter --path.rootfs=/host --web.listen-address=172.17.0.1:9100".to_owned()),
            published: Vec::new(),
        };
        let want = |text: &str, protocol| Want {
            container: "node",
            service: "node",
            role: Role::Exporter,
            address: text.parse().expect("an address"),
            protocol,
            port: None,
        };
        let is_taken = |want| container_at(&want, std::slice::from_ref(&container)).is_some();
        assert!(is_taken(want("172.17.0.1:9100", Protocol::Tcp)));
        assert!(!is_taken(want("172.17.0.1:9100", Protocol::Udp)));
        assert!(!is_taken(want("172.17.0.1:910", Protocol::Tcp)));
    }
}
