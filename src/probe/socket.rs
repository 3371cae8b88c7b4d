//! One TCP connection: does it open, and if not, how does it fail?

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;

use super::Connect;

/// A container on the same host answers in well under a millisecond; this is for things elsewhere.
const LONGEST: Duration = Duration::from_secs(5);

/// More addresses than this are not tried for one name.
const ADDRESSES: usize = 4;

/// Tries the addresses in turn until one opens; else tells how the first one failed.
pub(super) async fn connect(addresses: &[IpAddr], port: u16, timeout: Duration) -> Connect {
    let mut first_failure = None;
    for address in addresses.iter().take(ADDRESSES) {
        match connect_to(SocketAddr::new(*address, port), timeout.min(LONGEST)).await {
            Connect::Open => return Connect::Open,
            failure => first_failure = first_failure.or(Some(failure)),
        }
    }
    first_failure.unwrap_or_else(|| Connect::Unreachable { message: "the name has no addresses".to_owned() })
}

async fn connect_to(address: SocketAddr, patience: Duration) -> Connect {
    match tokio::time::timeout(patience, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Connect::Open,
        Ok(Err(error)) => failure(&error, patience),
        Err(_) => Connect::TimedOut { millis: u64::try_from(patience.as_millis()).unwrap_or(u64::MAX) },
    }
}

fn failure(error: &Error, patience: Duration) -> Connect {
    match error.kind() {
        ErrorKind::ConnectionRefused => Connect::Refused,
        ErrorKind::TimedOut => Connect::TimedOut { millis: u64::try_from(patience.as_millis()).unwrap_or(u64::MAX) },
        _ => Connect::Unreachable { message: error.to_string() },
    }
}
