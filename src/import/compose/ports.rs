//! `ports` of a Compose service: there they are open to every network of the host unless an address is written.

use super::Project;
use super::merge::split_mount;
use crate::import::compose::project::scalar;
use crate::import::draft::Item;
use crate::import::variables::or_default;
use crate::stack::{OutsideNode, OutsideValue, Ports};

/// The entries for the stack file, which opens ports to this host only unless an address is written.
pub(super) fn carried(project: &Project, node: &OutsideNode) -> Item {
    let OutsideValue::Sequence(items) = &node.value else { return Item::of(node, &|text| project.carry(text)) };
    Item::List(items.iter().map(|item| entry(project, item)).collect())
}

fn entry(project: &Project, item: &OutsideNode) -> Item {
    if let Some(text) = scalar(item) {
        let carried = project.carry(text);
        // A variable alone may stand for an address and both ports.
        let is_container = |text: &str| !text.is_empty() && split_mount(text).len() == 1;
        let is_alone = carried.starts_with("${") && is_container(&carried);
        let is_whole = is_alone && !is_container(&project.filled(text));
        return Item::text(if is_whole { carried } else { short(&carried) });
    }
    let key = |key: &str| item.entry(key).and_then(|entry| scalar(&entry.node)).map(|text| project.carry(text));
    let Some(target) = key("target") else { return Item::of(item, &|text| project.carry(text)) };
    let protocol = key("protocol").filter(|protocol| protocol != "tcp").map(|protocol| format!("/{protocol}"));
    let published = key("published").filter(|published| !published.is_empty());
    let address = key("host_ip").filter(|address| !address.is_empty());
    let address = address.map_or_else(|| EVERYWHERE.to_owned(), |address| or_default(&address, EVERYWHERE));
    let is_bare = address.contains(':') && !address.starts_with(['[', '$']);
    let address = if is_bare { format!("[{address}]") } else { address };
    // Without a port of the host the engine picks a free one, which is as open as any other.
    let published = published.unwrap_or_default();
    Item::text(format!("{address}:{published}:{target}{}", protocol.unwrap_or_default()))
}

/// What Compose means where no address is written: those of IPv6, too.
const EVERYWHERE: &str = "*";

/// `HOST:CONTAINER`, and `CONTAINER` at a free port of the host, with the address that Compose means; everything else as it is.
fn short(text: &str) -> String {
    let is_one = |part: &str| {
        let digits = !part.is_empty() && part.chars().all(|letter| letter.is_ascii_digit() || letter == '-');
        digits || (part.starts_with("${") && part.matches("${").count() == 1 && part.ends_with('}'))
    };
    let text = text.strip_suffix("/tcp").unwrap_or(text);
    match split_mount(text)[..] {
        [address, host, container] => format!("{}:{host}:{container}", or_default(address, EVERYWHERE)),
        [host, container] if is_one(host) => format!("{EVERYWHERE}:{host}:{container}"),
        [container] if is_one(container.split('/').next().unwrap_or_default()) => format!("{EVERYWHERE}::{container}"),
        _ => text.to_owned(),
    }
}

/// The same at a free port of the host. Several of them for one of the container can be shared by replicas as they are.
pub(super) fn free(text: &str) -> String {
    let is_choice = |ports: Ports| ports.0.iter().all(|port| port.fixed_host_port().is_none());
    if text.parse::<Ports>().is_ok_and(is_choice) {
        return text.to_owned();
    }
    let end = text.find("]:").filter(|_| text.starts_with('[')).map_or(0, |bracket| bracket + 1);
    let (brackets, rest) = text.split_at(end);
    match split_mount(rest)[..] {
        [address, _, container] => format!("{brackets}{address}::{container}"),
        [_, container] => container.to_owned(),
        _ => text.to_owned(),
    }
}

/// The place at which a port of the container is published, and the entries that are left without it.
pub(in crate::import) fn take_published(ports: Option<Item>, container_port: u16) -> (Option<String>, Option<Item>) {
    let Some(Item::List(mut items)) = ports else { return (None, ports) };
    let wanted = container_port.to_string();
    let place = |item: &Item| {
        let text = item.as_text()?;
        let text = text.strip_suffix("/tcp").unwrap_or(text);
        let (address, container) = text.rsplit_once(':')?;
        let is_fixed = !address.is_empty() && !address.ends_with(':');
        (container == wanted && is_fixed).then(|| address.to_owned())
    };
    let Some(at) = items.iter().position(|item| place(item).is_some()) else { return (None, Some(Item::List(items))) };
    // A component is published at one address.
    let one = |text: String| match text.strip_prefix("*:") {
        Some(port) => format!("0.0.0.0:{port}"),
        None => text.replace(":-*}", ":-0.0.0.0}"),
    };
    let published = place(&items.remove(at)).map(one);
    (published, (!items.is_empty()).then_some(Item::List(items)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_stays_as_open_as_it_was() {
        for (compose, stack) in [
            ("8080:80", "*:8080:80"),
            ("127.0.0.1:8080:80", "127.0.0.1:8080:80"),
            ("${PORT:-80}:80", "*:${PORT:-80}:80"),
            ("${BIND:-}:8080:80", "${BIND:-*}:8080:80"),
            ("${BIND:-}${PORT:-}:80", "${BIND:-}${PORT:-}:80"),
            ("80", "*::80"),
            ("81/udp", "*::81/udp"),
            ("9000-9005", "*::9000-9005"),
            ("${PORT:-81}", "*::${PORT:-81}"),
            ("5432:5432/tcp", "*:5432:5432"),
            ("53:53/udp", "*:53:53/udp"),
        ] {
            assert_eq!(short(compose), stack);
        }
    }

    #[test]
    fn a_port_that_is_freed_keeps_its_address() {
        for (fixed, free_one) in [
            ("0.0.0.0:8080:80", "0.0.0.0::80"),
            ("${BIND:-127.0.0.1}:${PORT:-8080}:80/udp", "${BIND:-127.0.0.1}::80/udp"),
            ("[::1]:8080:80", "[::1]::80"),
            ("0.0.0.0::80", "0.0.0.0::80"),
            ("*:8080:80", "*::80"),
            ("0.0.0.0:8000-8009:80", "0.0.0.0:8000-8009:80"),
            ("80", "80"),
        ] {
            assert_eq!(free(fixed), free_one);
        }
    }

    #[test]
    fn the_place_of_a_components_port_is_taken_out() {
        let ports = || Some(Item::texts(["*:9091:9090/tcp", "81"]));
        assert_eq!(take_published(ports(), 9090), (Some("0.0.0.0:9091".to_owned()), Some(Item::texts(["81"]))));
        assert_eq!(take_published(ports(), 80), (None, ports()));
        let free = || Some(Item::texts(["0.0.0.0::9090"]));
        assert_eq!(take_published(free(), 9090), (None, free()));
    }
}
