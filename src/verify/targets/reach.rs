//! Troubles on the way to the answer: the name and the socket.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::container;
use super::evidence::Evidence;
use super::expected::{Asking, Expected};
use crate::desired::{JobOrigin, JobTargets, Role, Service};
use crate::engine::ObservedContainer;
use crate::probe::{Connect, Listener, Looked, Lookup};
use crate::verify::{Cause, Trouble};

/// Why no connection came about; `None` where one did, or where nothing was tried.
pub(super) fn trouble(expected: &Expected, looked: &Looked, evidence: &Evidence) -> Option<Trouble> {
    name_trouble(expected, looked, evidence).or_else(|| match &looked.connect {
        Connect::NotTried | Connect::Open => None,
        Connect::Refused => Some(refused(expected, looked, evidence)),
        Connect::TimedOut { millis } => Some(no_answer(expected, &format!("gives no answer within {millis} ms"))),
        Connect::Unreachable { message } => Some(no_answer(expected, &format!("cannot be reached: {message}"))),
    })
}

fn name_trouble(expected: &Expected, looked: &Looked, evidence: &Evidence) -> Option<Trouble> {
    if let JobTargets::Dns { name, .. } = &expected.job.targets {
        return looked_up_name(expected, name, evidence);
    }
    match &looked.lookup {
        Some(Lookup::Failed { message }) => {
            let host = expected.ask.as_deref().and_then(|address| address.rsplit_once(':'))?.0;
            Some(no_such_name(expected, host, message))
        }
        Some(Lookup::Found { addresses }) => stranger(expected, addresses),
        None => None,
    }
}

/// A name that Prometheus looks up by itself: it has to lead to this replica.
fn looked_up_name(expected: &Expected, name: &str, evidence: &Evidence) -> Option<Trouble> {
    match evidence.names.get(name)? {
        Lookup::Failed { message } => Some(no_such_name(expected, name, message)),
        Lookup::Found { addresses } => {
            let container = expected.container?;
            let known = container.addresses.values().flatten().any(|address| addresses.contains(address));
            let replicas = expected.service.map_or(0, |service| service.replicas);
            let found = addresses.len();
            (!known).then(|| {
                let message =
                    format!("`{name}` leads to {found} of {replicas} replicas, and not to `{}`", expected.instance);
                Trouble::new(Cause::DnsCount, message, "run `stackctl up`, which gives the container its names again")
            })
        }
    }
}

/// A written-out name of a container has to lead to that container, and not to a namesake.
fn stranger(expected: &Expected, addresses: &[IpAddr]) -> Option<Trouble> {
    let container = expected.container.filter(|_| !expected.is_on_host_network())?;
    let own: Vec<IpAddr> = container.addresses.values().flatten().copied().collect();
    if own.is_empty() || addresses.iter().any(|address| own.contains(address)) {
        return None;
    }
    let host = expected.ask.as_deref().and_then(|address| address.rsplit_once(':'))?.0;
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let message = format!("`{host}` leads to {}, which is not `{}`", addresses.join(", "), expected.instance);
    Some(Trouble::new(
        Cause::DnsCount,
        message,
        "run `stackctl up`; if it stays, find who else has that name in the network",
    ))
}

fn no_such_name(expected: &Expected, host: &str, message: &str) -> Trouble {
    // Between two runs a container has no address.
    if let Some((service, container)) = expected.service.zip(expected.container)
        && is_restarting(container)
    {
        return container::restarting(container, "", see_logs(service, "why it ends"));
    }
    let fix = match (expected.container, expected.setting()) {
        (None, Some(setting)) if expected.prober.is_none() => {
            format!("correct the name in `{setting}.targets`, or write an address")
        }
        _ => "run `stackctl up`, which gives the container its names again".to_owned(),
    };
    Trouble::new(Cause::DnsNoSuchName, format!("`{host}` has no address inside the network: {message}"), fix)
}

fn no_answer(expected: &Expected, how: &str) -> Trouble {
    let address = address_of(expected);
    let fix = if expected.container.is_some() && !expected.is_on_host_network() {
        "look for a firewall inside the container, or an app that no longer takes connections".to_owned()
    } else if expected.job.origin == JobOrigin::Engine {
        "run `stackctl verify engine`, which says why".to_owned()
    } else {
        format!("see that `{address}` can be reached from the engine's host, and that no firewall is in the way")
    };
    Trouble::new(Cause::Timeout, format!("`{address}` {how}"), fix)
}

fn refused(expected: &Expected, looked: &Looked, evidence: &Evidence) -> Trouble {
    let listeners = evidence.listeners.get(&expected.job.name);
    match (listeners, looked.others.first()) {
        (Some(listeners), _) if expected.is_on_host_network() => refused_by_host(expected, listeners),
        (Some(listeners), _) => refused_by_container(expected, listeners),
        (None, Some(other)) => wrong_port(expected, other.port, &other.path),
        (None, None) => nothing_listens(expected),
    }
}

/// The host refused, whose network the container shares. Of what listens there only the port that was asked is its own.
fn refused_by_host(expected: &Expected, listeners: &[Listener]) -> Trouble {
    let asked = listeners.iter().filter(|listener| Some(listener.address.port()) == expected.port());
    let asked: Vec<Listener> = asked.cloned().collect();
    refused_by_container(expected, &asked)
}

/// A container refused, and what listens in it is known.
fn refused_by_container(expected: &Expected, listeners: &[Listener]) -> Trouble {
    let asked = expected.port();
    let is_open = |listener: &&Listener| !listener.address.ip().is_loopback();
    let at_asked = || listeners.iter().filter(|listener| Some(listener.address.port()) == asked);
    if at_asked().any(|listener| is_open(&listener)) {
        let message = format!("`{}` refused a connection, and listens now", address_of(expected));
        return Trouble::new(Cause::TargetPending, message, "wait a moment, then run `stackctl verify` again");
    }
    if let Some(listener) = at_asked().next() {
        return on_loopback(expected, listener);
    }
    let open: Vec<&Listener> = listeners.iter().filter(is_open).collect();
    if let Some((best, path)) = open.iter().find_map(|listener| Some((listener, listener.path.as_deref()?))) {
        return wrong_port(expected, best.address.port(), path);
    }
    if !open.is_empty() {
        return no_metrics_at(expected, &open);
    }
    match listeners.iter().find(|listener| listener.path.is_some()).or(listeners.first()) {
        Some(listener) => on_loopback(expected, listener),
        None => nothing_listens(expected),
    }
}

fn on_loopback(expected: &Expected, listener: &Listener) -> Trouble {
    let (address, instance, listens) = (address_of(expected), &expected.instance, listener.address);
    let message = if expected.is_on_host_network() {
        format!("`{address}` refuses: on its host only {listens} listens, which no container can reach")
    } else {
        format!(
            "`{address}` refuses: in `{instance}` only {listens} listens, which nobody outside the container can reach"
        )
    };
    let port = listener.address.port();
    let mut fix = format!("have the app listen on 0.0.0.0:{port} instead of {}", listener.address);
    if expected.port() != Some(port) {
        fix = format!("{fix}, and {}", place_fix(expected, port, listener.path.as_deref()));
    }
    Trouble::new(Cause::ListensOnLoopback, message, fix)
}

/// `path`: where metrics were found on that port.
fn wrong_port(expected: &Expected, port: u16, path: &str) -> Trouble {
    let message = format!("`{}` refuses; port {port} listens and answers metrics at `{path}`", address_of(expected));
    Trouble::new(Cause::WrongPort, message, place_fix(expected, port, Some(path)))
}

/// Something listens, and was asked for metrics in vain: its port is not the one that is wanted.
fn no_metrics_at(expected: &Expected, open: &[&Listener]) -> Trouble {
    let ports: BTreeSet<u16> = open.iter().map(|listener| listener.address.port()).collect();
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    let (word, ports) = (if ports.len() == 1 { "port" } else { "ports" }, ports.join(", "));
    let message = format!("`{}` refuses; what listens on {word} {ports} speaks no metrics", address_of(expected));
    let own = expected.write("port", "PORT_OF_THE_METRICS");
    let fix = match expected.service.filter(|service| service.role == Role::App) {
        Some(service) => format!(
            "{own}; an app that has none itself goes without `metrics`, and wants an exporter: `for: {}` under `exporters`",
            service.name
        ),
        None => own,
    };
    Trouble::new(Cause::ConnectionRefused, message, fix)
}

/// Advice to ask that port, and that path where it is another than the one that is asked now.
fn place_fix(expected: &Expected, port: u16, path: Option<&str>) -> String {
    let path = path.filter(|path| *path != expected.job.path);
    if let (None, Some(setting)) = (expected.container, expected.setting()) {
        let path = path.map(|path| format!(", set `{setting}.path: {path}`,")).unwrap_or_default();
        return format!("write port {port} in `{setting}.targets`{path} and run `stackctl up`");
    }
    let port = port.to_string();
    let keys: Vec<(&str, &str)> =
        [("port", port.as_str())].into_iter().chain(path.map(|path| ("path", path))).collect();
    expected.write_all(&keys)
}

fn nothing_listens(expected: &Expected) -> Trouble {
    let address = address_of(expected);
    if let Some(prober) = &expected.prober {
        let Asking { service, instance, .. } = prober;
        let message =
            format!("`{address}` refuses: nothing listens in `{instance}`, which is to ask `{}`", expected.instance);
        return Trouble::new(Cause::ConnectionRefused, message, see_logs(service, "why it does not listen"));
    }
    let Some((service, container)) = expected.service.zip(expected.container) else {
        let message = format!("`{address}` refuses: nothing listens there");
        let fix = match expected.setting() {
            Some(setting) => format!("start what should listen there, or correct `{setting}.targets`"),
            None => "run `stackctl verify engine`, which says why".to_owned(),
        };
        return Trouble::new(Cause::ConnectionRefused, message, fix);
    };
    let see_logs = see_logs(service, "why it does not listen");
    if is_restarting(container) {
        return container::restarting(container, "", see_logs);
    }
    let instance = &expected.instance;
    let where_else = if expected.is_on_host_network() { "on that port of the host" } else { "in it" };
    let message = format!("`{address}` refuses: `{instance}` runs, but nothing listens {where_else}");
    Trouble::new(Cause::ConnectionRefused, message, see_logs)
}

fn see_logs(service: &Service, why: &str) -> String {
    format!("see `stackctl logs {}` for {why}", service.name)
}

/// A container that is caught running between two crashes.
fn is_restarting(container: &ObservedContainer) -> bool {
    container.restarts >= 2
}

fn address_of<'a>(expected: &'a Expected<'_>) -> &'a str {
    expected.ask.as_deref().unwrap_or(&expected.instance)
}
