//! Where the engine's metrics are reached from containers and from nowhere else: the address that `gateway` stands for.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use super::{Document, Flags, Release};

/// Where the default bridge is unless somebody moves it.
const USUAL: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 17, 0, 1));

/// The address that `gateway` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Address of the host on the default bridge.
    pub address: IpAddr,
    /// What `bip` has to say so that the address stays. A bridge keeps its address as long as the host is up, whatever the
    /// file says; the next boot makes it anew, and metrics on an address that is gone would keep the engine from starting.
    pub pin: Option<String>,
}

/// Why there is no such address, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoGateway {
    /// Why.
    pub message: String,
    /// What to do.
    pub help: String,
    /// `host.docker.internal` leads nowhere: a container that is to have that name cannot be made.
    pub leads_nowhere: bool,
}

/// Finds the address for an engine that starts with this file and these flags. `running`: the default bridge as the engine
/// has it now, where that is known: its gateway, and its subnet in CIDR form.
pub fn gateway(
    document: &Document,
    flags: &Flags,
    running: Option<&(IpAddr, Option<String>)>,
) -> Result<Gateway, NoGateway> {
    let found = of_bridge(document, flags, running);
    let Some(elsewhere) = host_gateway(document, flags) else { return found };
    let is_the_bridge = |found: &Gateway| elsewhere.parse() == Ok(found.address);
    found.ok().filter(is_the_bridge).ok_or_else(|| NoGateway {
        message: format!("`host-gateway-ip` sends `host.docker.internal` to {elsewhere}, not to the default bridge"),
        help: format!(
            "write `engine.metrics: {elsewhere}:9323` if only containers reach that address, or take `host-gateway-ip` out"
        ),
        leads_nowhere: false,
    })
}

/// Where the default bridge is, as the kernel has it. Engines that do not say it take the first address of the subnet, and with
/// `fixed-cidr` 20.10 takes another one.
pub fn on_bridge(guessed: IpAddr, subnet: Option<&str>, addresses: &BTreeSet<IpAddr>) -> IpAddr {
    let within = |address: &&IpAddr| subnet.is_some_and(|subnet| contains(subnet, **address));
    let mut candidates = addresses.iter().filter(within);
    match (candidates.next(), candidates.next()) {
        (Some(only), None) => *only,
        _ => guessed,
    }
}

fn contains(subnet: &str, address: IpAddr) -> bool {
    let Some((network, length)) = subnet.split_once('/') else { return false };
    let (Ok(network), Ok(length), IpAddr::V4(address)) = (network.parse::<Ipv4Addr>(), length.parse::<u32>(), address)
    else {
        return false;
    };
    let host = u32::MAX.checked_shr(length).unwrap_or(0);
    u32::from(network) | host == u32::from(address) | host
}

/// What `host-gateway-ip` has to say so that containers find the metrics after a restart, too, where the engine would forget
/// where `host.docker.internal` leads. `None`: it does not forget, no container lives on, or somebody has said it already.
pub fn host_gateway_to_keep(
    document: &Document,
    flags: &Flags,
    release: Option<Release>,
    gateway: &Gateway,
) -> Option<IpAddr> {
    let outlive = match flags.get("live-restore") {
        Some(flag) => flag.value == "true",
        None => document.get("live-restore") == Some(true.into()),
    };
    let forgets = outlive && release.is_some_and(Release::forgets_host_gateway);
    (forgets && host_gateway(document, flags).is_none()).then_some(gateway.address)
}

fn of_bridge(
    document: &Document,
    flags: &Flags,
    running: Option<&(IpAddr, Option<String>)>,
) -> Result<Gateway, NoGateway> {
    let written = |key: &str| flags.get(key).map(|flag| flag.value.clone()).or_else(|| document.get_text(key));
    // dockerd takes an empty text for a setting that is not there.
    let setting = |key: &str| written(key).filter(|text| !text.is_empty());
    if setting("bridge").as_deref() == Some("none") {
        return Err(NoGateway {
            message: "`bridge` is `none`: there is no default bridge, and `host.docker.internal` leads nowhere"
                .to_owned(),
            help: "set `host-gateway-ip` in daemon.json to an address of this host that containers reach, and \
                   `engine.metrics` to that address and port 9323"
                .to_owned(),
            leads_nowhere: true,
        });
    }
    if let Some(bip) = setting("bip") {
        let address = bip.split('/').next().and_then(|address| address.parse().ok());
        return address.map(|address| Gateway { address, pin: None }).ok_or_else(|| NoGateway {
            message: format!("`bip` is `{bip}`, which is no address of a bridge"),
            help: "write one such as 172.17.0.1/16".to_owned(),
            leads_nowhere: false,
        });
    }
    let at_boot = first_of_pool(document, flags).unwrap_or(USUAL);
    let Some((address, subnet)) = running else { return Ok(Gateway { address: at_boot, pin: None }) };
    // A bridge that somebody else made stays where it is, and takes no `bip`.
    let moves = *address != at_boot && setting("bridge").is_none();
    let length = subnet.as_ref().and_then(|subnet| subnet.split_once('/')).map_or("16", |(_, length)| length);
    Ok(Gateway { address: *address, pin: moves.then(|| format!("{address}/{length}")) })
}

/// Where `host-gateway` leads, if somebody has said so. It has been a list, too, since 28.0.
fn host_gateway(document: &Document, flags: &Flags) -> Option<String> {
    let in_file = || match document.get("host-gateway-ip").or_else(|| document.get("host-gateway-ips"))? {
        Value::String(address) => Some(address),
        Value::Array(addresses) => addresses.first()?.as_str().map(str::to_owned),
        _ => None,
    };
    let flag = flags.get("host-gateway-ip").map(|flag| flag.value.clone());
    flag.or_else(in_file).filter(|address| !address.is_empty())
}

/// Address of the host in the first subnet that the engine would take from its address pools for the default bridge.
fn first_of_pool(document: &Document, flags: &Flags) -> Option<IpAddr> {
    let base = match flags.get("default-address-pools") {
        Some(flag) => flag.value.split(',').find_map(|part| part.strip_prefix("base=")).map(str::to_owned)?,
        None => document.get("default-address-pools")?.get(0)?.get("base")?.as_str()?.to_owned(),
    };
    let network: Ipv4Addr = base.split('/').next()?.parse().ok()?;
    Some(IpAddr::V4(Ipv4Addr::from(u32::from(network).checked_add(1)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, flags: &str, running: Option<&str>) -> Result<(String, Option<String>), String> {
        let document = Document::parse(text.as_bytes()).expect(text);
        let flags = Flags::parse(&flags.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let running = running.map(|address| (address.parse().expect("an address"), Some("172.17.0.0/16".to_owned())));
        let found = gateway(&document, &flags, running.as_ref());
        found.map(|found| (found.address.to_string(), found.pin)).map_err(|no| no.message)
    }

    fn at(address: &str) -> (String, Option<String>) {
        (address.to_owned(), None)
    }

    #[test]
    fn the_bridge_is_where_the_engine_has_it_else_at_the_usual_place() {
        assert_eq!(found("{}", "", Some("172.17.0.1")), Ok(at("172.17.0.1")));
        assert_eq!(found("", "", None), Ok(at("172.17.0.1")));
        assert_eq!(found("{}", "--bridge br0", Some("192.168.5.1")), Ok(at("192.168.5.1")));
    }

    #[test]
    fn the_kernel_knows_where_an_engine_has_put_its_bridge() {
        let parsed = |text: &str| text.parse::<IpAddr>().expect("an address");
        let found = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|text| parsed(text)).collect();
            on_bridge(parsed("172.17.0.1"), Some("172.17.0.0/16"), &addresses).to_string()
        };
        assert_eq!(found(&["127.0.0.1", "172.17.5.0", "::1", "172.18.0.1"]), "172.17.5.0");
        assert_eq!(found(&["172.17.5.0", "172.17.9.9"]), "172.17.0.1", "nobody knows which one");
        assert_eq!(found(&[]), "172.17.0.1");
        assert_eq!(on_bridge(parsed("10.0.0.1"), None, &BTreeSet::from([parsed("172.17.5.0")])), parsed("10.0.0.1"));
    }

    #[test]
    fn a_bip_moves_it_at_the_restart() {
        assert_eq!(found("{\"bip\": \"10.9.0.1/24\"}", "", Some("172.17.0.1")), Ok(at("10.9.0.1")));
        assert_eq!(found("{}", "--bip=10.8.0.1/24", Some("172.17.0.1")), Ok(at("10.8.0.1")));
        assert!(found("{\"bip\": \"here\"}", "", None).is_err());
    }

    #[test]
    fn without_a_bridge_there_is_a_clear_no() {
        assert!(found("{\"bridge\": \"none\"}", "", None).expect_err("no bridge").contains("no default bridge"));
        assert!(found("{}", "-b none", Some("172.17.0.1")).expect_err("no bridge").contains("no default bridge"));
    }

    #[test]
    fn where_containers_are_sent_is_known_without_a_bridge_too() {
        let nowhere = |text: &str| {
            let document = Document::parse(text.as_bytes()).expect(text);
            gateway(&document, &Flags::default(), None).expect_err("no bridge").leads_nowhere
        };
        assert!(nowhere("{\"bridge\": \"none\"}"));
        assert!(!nowhere("{\"bridge\": \"none\", \"host-gateway-ip\": \"192.0.2.1\"}"));
    }

    #[test]
    fn a_bridge_that_the_next_boot_would_move_is_pinned() {
        let pinned = |address: &str| Ok((address.to_owned(), Some(format!("{address}/16"))));
        assert_eq!(found("{}", "", Some("172.18.0.1")), pinned("172.18.0.1"));
        let pools = "{\"default-address-pools\": [{\"base\": \"10.200.0.0/16\", \"size\": 24}]}";
        assert_eq!(found(pools, "", Some("172.17.0.1")), pinned("172.17.0.1"));
        assert_eq!(found(pools, "", Some("10.200.0.1")), Ok(at("10.200.0.1")));
        assert_eq!(found(pools, "", None), Ok(at("10.200.0.1")));
        assert_eq!(found("{}", "--default-address-pool base=10.201.0.0/16,size=24", None), Ok(at("10.201.0.1")));
    }

    #[test]
    fn where_containers_are_sent_elsewhere_nothing_is_guessed() {
        let told = found("{\"host-gateway-ip\": \"192.0.2.1\"}", "", None).expect_err("sent elsewhere");
        assert!(told.contains("192.0.2.1"), "{told}");
        assert_eq!(
            found("{\"host-gateway-ip\": \"\", \"bip\": \"\", \"bridge\": \"\"}", "", None),
            Ok(at("172.17.0.1"))
        );
        assert!(found("{\"host-gateway-ips\": [\"192.0.2.1\", \"2001:db8::1\"]}", "", None).is_err());
    }

    #[test]
    fn containers_that_are_sent_to_the_bridge_are_not_sent_elsewhere() {
        let both = "{\"host-gateway-ip\": \"10.9.0.1\", \"bip\": \"10.9.0.1/24\"}";
        assert_eq!(found(both, "", Some("172.17.0.1")), Ok(at("10.9.0.1")));
        assert_eq!(found("{\"host-gateway-ip\": \"172.17.0.1\"}", "", None), Ok(at("172.17.0.1")));
        assert!(found("{\"host-gateway-ip\": \"172.17.0.1\", \"bridge\": \"none\"}", "", None).is_err());
    }

    #[test]
    fn where_the_engine_would_forget_where_containers_are_sent_it_is_written_down() {
        let kept = |text: &str, flags: &str, release| {
            let document = Document::parse(text.as_bytes()).expect(text);
            let flags = Flags::parse(&flags.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
            host_gateway_to_keep(&document, &flags, release, &Gateway { address: USUAL, pin: None })
        };
        let old = Some(Release(20, 10));
        assert_eq!(kept("{\"live-restore\": true}", "", old), Some(USUAL));
        assert_eq!(kept("{}", "--live-restore", old), Some(USUAL));
        assert_eq!(kept("{}", "", old), None, "no container lives on");
        assert_eq!(kept("{\"live-restore\": true}", "", Some(Release(26, 1))), None, "it does not forget");
        assert_eq!(kept("{\"live-restore\": true}", "", None), None);
        assert_eq!(kept("{\"live-restore\": true, \"host-gateway-ip\": \"172.17.0.1\"}", "", old), None);
    }
}
