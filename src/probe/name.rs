//! Names → addresses, with the resolver that the container has.

use std::net::IpAddr;
use std::time::Duration;

use super::Lookup;

/// Longer than the engine's own DNS server needs to give up on a name it has to ask elsewhere for.
const PATIENCE: Duration = Duration::from_secs(6);

/// Addresses of a name, sorted, each once. An address leads to itself.
pub(super) async fn look_up(host: &str) -> Lookup {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Lookup::Found { addresses: vec![address] };
    }
    let answer = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, 0))).await;
    let mut addresses: Vec<IpAddr> = match answer {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
        Ok(Err(error)) => return Lookup::Failed { message: error.to_string() },
        Err(_) => return Lookup::Failed { message: format!("no answer within {} s", PATIENCE.as_secs()) },
    };
    addresses.sort_unstable();
    addresses.dedup();
    Lookup::Found { addresses }
}
