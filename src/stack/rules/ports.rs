//! Ports of the host.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::super::collector::Collector;
use super::super::document::{Node, Path, Reader, Span, Value};
use super::super::port::PublishedPort;
use super::super::publish::is_everywhere;
use super::super::{Protocol, Publish, counted, defaults};
use super::{Examination, services};
use crate::catalog;

/// Who has which port of the host.
#[derive(Default)]
struct Taken<'a> {
    addresses: HashMap<(u16, Protocol), HashMap<IpAddr, &'a str>>,
}

impl<'a> Taken<'a> {
    /// Takes a port, and says who has it already. 0.0.0.0 stands for every address of IPv4, and `[::]` for every one of IPv6:
    /// the engine listens on each of the two by itself.
    fn take(&mut self, address: IpAddr, port: u16, protocol: Protocol, owner: &'a str) -> Option<&'a str> {
        let addresses = self.addresses.entry((port, protocol)).or_default();
        let clashes = |taken: &IpAddr| {
            let is_of_family = taken.is_ipv4() == address.is_ipv4();
            *taken == address || (is_of_family && (is_everywhere(*taken) || is_everywhere(address)))
        };
        let other = addresses.iter().find(|(taken, _)| clashes(taken)).map(|(_, owner)| *owner);
        if other.is_none() {
            addresses.insert(address, owner);
        }
        other
    }
}

/// Each port of the host has one service.
pub(super) fn host_ports_are_used_once(examination: &mut Examination) {
    let stack = examination.stack;
    let mut taken = Taken::default();
    for (component, address) in components(examination) {
        if let Some(other) = taken.take(address.ip(), address.port(), Protocol::Tcp, component) {
            let path = Path::ROOT.key(component);
            examination.error(path.key("port"), twice(address.port(), other), "choose another port, or `off`");
        }
    }
    for service in services(stack) {
        if examination.is_full() {
            return;
        }
        let path = Path::ROOT.key(service.section);
        let path = path.key(service.name);
        let path = path.key("ports");
        let mut written: Option<Vec<usize>> = None;
        let mut reported = HashSet::new();
        for (index, port) in service.container.ports.0.iter().enumerate() {
            let Some(host_port) = port.fixed_host_port() else { continue };
            let both = port.every_family.then_some(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
            let addresses = std::iter::once(port.host_ip).chain(both);
            let others = addresses.filter_map(|address| taken.take(address, host_port, port.protocol, service.name));
            let Some(other) = others.collect::<Vec<_>>().first().copied() else { continue };
            let entry = *written.get_or_insert_with(|| entries(examination, &path)).get(index).unwrap_or(&index);
            if reported.insert(entry) {
                let help = format!("choose another host port, or write `\"{}\"` for a free one", port.container_port);
                examination.error(path.index(entry), twice(host_port, other), help);
            }
        }
    }
}

/// Of the ports that the engine may pick from, each replica gets another one, and none that the stack gives to a certain
/// service.
pub(super) fn choices_have_room(examination: &mut Examination) {
    let stack = examination.stack;
    let mut fixed: HashMap<Protocol, Vec<u16>> = HashMap::new();
    for port in services(stack).flat_map(|service| &service.container.ports.0) {
        fixed.entry(port.protocol).or_default().extend(port.fixed_host_port());
    }
    for numbers in fixed.values_mut() {
        numbers.sort_unstable();
        numbers.dedup();
    }
    for service in services(stack) {
        for (index, port) in service.container.ports.0.iter().enumerate() {
            let Some(choice) = port.choice() else { continue };
            let below = |numbers: &Vec<u16>, end: u16| numbers.partition_point(|number| *number < end);
            let up_to = |numbers: &Vec<u16>, last: u16| numbers.partition_point(|number| *number <= last);
            let within = |numbers: &Vec<u16>| up_to(numbers, *choice.end()) - below(numbers, *choice.start());
            let given = fixed.get(&port.protocol).map_or(0, within);
            let wanted = usize::try_from(service.scale).unwrap_or(usize::MAX);
            // That the whole of it is too short for the replicas is told of them.
            if choice.len() < wanted || choice.len() - given >= wanted {
                continue;
            }
            let path = Path::ROOT.key(service.section);
            let path = path.key(service.name);
            let path = path.key("ports");
            let entry = *entries(examination, &path).get(index).unwrap_or(&index);
            let (replicas, ports) = (counted(wanted, "replica"), port.host_ports().unwrap_or_default());
            let left = counted(choice.len() - given, "port");
            let message = format!(
                "{replicas} of `{}`, and in {ports} {left} of the host that no other `ports` have",
                service.name
            );
            let help = format!("write a longer range, or `\"{}\"` for any free port", port.container_port);
            examination.error(path.index(entry), message, help);
        }
    }
}

fn twice(port: u16, other: &str) -> String {
    format!("port {port} of the host is taken by `{other}`")
}

/// For each port the entry of `ports`, of those that are right, that it was written in; ranges are spread out.
fn entries(examination: &Examination, ports: &Path) -> Vec<usize> {
    let Some(Node { value: Value::Sequence(items), .. }) = examination.locate(ports).node else { return Vec::new() };
    let right = items.iter().filter(|item| !item.pruned.get()).enumerate();
    right.flat_map(|(entry, item)| std::iter::repeat_n(entry, published(item))).collect()
}

/// How many ports one entry publishes.
fn published(item: &Node) -> usize {
    let mut ignored = Collector::default();
    let ports = Reader::new(&mut ignored).read::<PublishedPort>(item, Span::default(), Path::ROOT);
    ports.map_or(0, |entry| entry.0.0.len())
}

/// Where Prometheus, Grafana and Alertmanager are published.
fn components(examination: &Examination) -> Vec<(&'static str, SocketAddr)> {
    let stack = examination.stack;
    let at = |publish: Publish, usual: SocketAddr| match publish {
        Publish::Usual => Some(usual),
        Publish::Off => None,
        Publish::At(address) => Some(address),
    };
    let prometheus =
        stack.prometheus.as_option().and_then(|prometheus| at(prometheus.port, defaults::PROMETHEUS_ADDRESS));
    let grafana = stack.grafana.as_option().and_then(|grafana| at(grafana.port, defaults::GRAFANA_ADDRESS));
    let alertmanager =
        stack.alertmanager.as_option().and_then(|section| at(section.port, defaults::ALERTMANAGER_ADDRESS));
    let all = [("prometheus", prometheus), ("grafana", grafana), ("alertmanager", alertmanager)];
    all.into_iter().filter_map(|(name, address)| Some((name, address?))).collect()
}

/// Prometheus and Alertmanager have no password, and Grafana is for those who may see the stack.
pub(super) fn components_stay_at_home(examination: &mut Examination) {
    for (component, address) in components(examination).into_iter().filter(|(_, address)| is_everywhere(address.ip())) {
        let path = Path::ROOT.key(component);
        let message = format!("{component} can be reached from every network of this host");
        let help = format!("write `port: {}` for this host only, or the address of one network", address.port());
        examination.warning(path.key("port"), message, help);
    }
}

/// Programs that stand at the front door: the outside is whom they answer.
const FRONT_DOORS: [&str; 2] = ["nginx", "haproxy"];

/// What a database or a queue keeps, and what an exporter tells, is for what stands beside it. An app of one's own may well
/// be there for everybody.
pub(super) fn databases_stay_at_home(examination: &mut Examination) {
    let stack = examination.stack;
    for service in services(stack) {
        let image = stack.apps.get(service.name).map(|app| app.image.as_str());
        let kind = image.and_then(catalog::exporter_for).map(|known| known.name);
        let is_inner = service.section == "exporters" || kind.is_some_and(|kind| !FRONT_DOORS.contains(&kind));
        let is_open = |port: &&super::super::Port| is_everywhere(port.host_ip) && port.host_port.is_some();
        let ports = service.container.ports.0.iter().enumerate();
        let Some((index, port)) = ports.into_iter().find(|(_, port)| is_inner && is_open(port)) else { continue };
        let path = Path::ROOT.key(service.section);
        let path = path.key(service.name);
        let path = path.key("ports");
        let entry = *entries(examination, &path).get(index).unwrap_or(&index);
        let message = format!("`{}` can be reached from every network of this host", service.name);
        let host_port = port.host_ports().unwrap_or_else(|| port.container_port.to_string());
        let help = format!(
            "write `127.0.0.1:{host_port}:{0}` for this host only, or no port: apps of the stack reach `{1}:{0}` without",
            port.container_port, service.name
        );
        examination.warning(path.index(entry), message, help);
    }
}
