//! Which TCP sockets listen, from the kernel's own table of the network the process is in.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// `TCP_LISTEN` in the kernel's `include/net/tcp_states.h`, as `/proc/net/tcp` prints it.
const LISTEN: &str = "0A";

/// Where the engine's own DNS server listens inside a container.
const ENGINE_DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));

/// Sockets that listen in this process' network, sorted, the engine's DNS server aside.
pub fn local_listeners() -> io::Result<Vec<SocketAddr>> {
    let mut addresses = listening(&std::fs::read_to_string("/proc/net/tcp")?);
    // Missing where IPv6 is switched off.
    addresses.extend(listening(&std::fs::read_to_string("/proc/net/tcp6").unwrap_or_default()));
    addresses.retain(|address| address.ip() != ENGINE_DNS);
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

/// The listening sockets in the text of `/proc/net/tcp` or `/proc/net/tcp6`. Lines that are neither are passed over.
pub fn listening(table: &str) -> Vec<SocketAddr> {
    table.lines().filter_map(listening_socket).collect()
}

fn listening_socket(line: &str) -> Option<SocketAddr> {
    let mut fields = line.split_ascii_whitespace();
    let local = fields.nth(1)?;
    if fields.nth(1)? != LISTEN {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    Some(SocketAddr::new(address_in_hex(address)?, u16::from_str_radix(port, 16).ok()?))
}

/// The kernel prints an address as native integers of 32 bits, so bytes come out in the machine's own order.
fn address_in_hex(hex: &str) -> Option<IpAddr> {
    let word = |index: usize| {
        let part = hex.get(index * 8..index * 8 + 8)?;
        u32::from_str_radix(part, 16).ok().map(u32::to_ne_bytes)
    };
    match hex.len() {
        8 => Some(IpAddr::from(word(0)?)),
        32 => {
            let bytes: Vec<u8> = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
            let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
            Some(IpAddr::V6(address).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn listening_sockets_are_read_and_others_passed_over() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue\n\
            \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n\
            \x20  1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1\n\
            \x20  2: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 3 1\n\
            \x20  3: 00000000000000000000000001000000:2553 00000000000000000000000000000000:0000 0A 0 0\n\
            \x20  4: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 0 0\n\
            nonsense\n";
        let expected = ["127.0.0.1:8080", "0.0.0.0:80", "[::1]:9555", "127.0.0.1:81"];
        let expected: Vec<SocketAddr> = expected.iter().map(|text| text.parse().expect("a fixed address")).collect();
        assert_eq!(listening(table), expected);
    }

    #[test]
    fn a_socket_that_listens_here_is_found() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let address = socket.local_addr().expect("it is bound");
        assert!(local_listeners().expect("the table can be read").contains(&address));
    }
}
