//! Settings of the engine.

use std::net::Ipv4Addr;

use super::super::AddressPool;
use super::super::document::Path;
use super::Examination;

/// A mistake in an address pool would keep the engine from starting, and with it every container of the host.
pub(super) fn address_pools_are_subnets(examination: &mut Examination) {
    let path = Path::ROOT.key("engine");
    let path = path.key("address_pools");
    let mut earlier: Vec<(&str, (u32, u32))> = Vec::new();
    let stack = examination.stack;
    for (index, pool) in stack.engine.address_pools.iter().enumerate() {
        let path = path.index(index);
        let Some((network, length)) = subnet(&pool.base) else {
            let message = format!("`{}` is no range of addresses", pool.base.escape_debug());
            examination.error(path.key("base"), message, "write one such as `10.200.0.0/16`");
            continue;
        };
        let host = u32::from(network) & u32::MAX.checked_shr(length).unwrap_or(0);
        if host != 0 {
            let first = Ipv4Addr::from(u32::from(network) - host);
            let message = format!("`{}` does not begin at the first address of its range", pool.base);
            examination.error(path.key("base"), message, format!("write `{first}/{length}`"));
        } else if !fits(pool, length) {
            let message = format!("subnets of size {} do not fit into `{}`", pool.size, pool.base);
            examination.error(path.key("size"), message, format!("write a number from {length} to 29"));
        } else {
            let last = u32::from(network) | u32::MAX.checked_shr(length).unwrap_or(0);
            let range = (u32::from(network), last);
            if let Some((other, _)) = earlier.iter().find(|(_, (first, end))| range.0 <= *end && *first <= last) {
                let message = format!("`{}` and `{other}` share addresses", pool.base);
                examination.error(path.key("base"), message, "write ranges that lie apart, or one of the two alone");
            }
            earlier.push((&pool.base, range));
        }
    }
}

/// A subnet needs room for the gateway and a few containers.
fn fits(pool: &AddressPool, length: u32) -> bool {
    (length..=29).contains(&u32::from(pool.size))
}

fn subnet(base: &str) -> Option<(Ipv4Addr, u32)> {
    let (network, length) = base.split_once('/')?;
    Some((network.parse().ok()?, length.parse().ok().filter(|length| *length <= 32)?))
}
