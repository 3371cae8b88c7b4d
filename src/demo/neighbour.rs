//! How one demo app calls another: a new name lookup and a new connection each time, so that calls spread over replicas.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde::de::DeserializeOwned;

/// A call that takes longer has failed: a page shall not hang on a neighbour.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client that keeps no connections and takes another address of a name each time.
pub(super) fn client() -> std::io::Result<Client> {
    // Needed to build any client, though neighbours speak plain HTTP. An error says that it is done already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .dns_resolver(Arc::new(Rotation::default()))
        .pool_max_idle_per_host(0)
        .timeout(PATIENCE)
        .no_proxy()
        .tls_certs_only([])
        .build()
        .map_err(std::io::Error::other)
}

/// GETs a JSON document; `None` where that fails in any way.
pub(super) async fn get<T: DeserializeOwned>(client: &Client, url: &str) -> Option<T> {
    let response = client.get(url).send().await.ok()?;
    response.error_for_status().ok()?.json().await.ok()
}

/// Starts at the next address with each lookup of a name.
///
/// getaddrinfo(3) sorts addresses by closeness, so the same replica would always come first.
#[derive(Debug, Default)]
struct Rotation {
    lookups: Mutex<HashMap<String, usize>>,
}

impl Rotation {
    /// How often this name was looked up before. Counted for each name: a page that looks up two names, always in the
    /// same order, would else see the same half of each.
    fn turn(&self, name: &str) -> usize {
        let mut lookups = self.lookups.lock().unwrap_or_else(PoisonError::into_inner);
        let lookups = lookups.entry(name.to_owned()).or_default();
        *lookups += 1;
        *lookups - 1
    }
}

impl Resolve for Rotation {
    fn resolve(&self, name: Name) -> Resolving {
        let turn = self.turn(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(rotated(found.collect(), turn).into_iter()) as Addrs)
        })
    }
}

fn rotated(mut addresses: Vec<SocketAddr>, turn: usize) -> Vec<SocketAddr> {
    addresses.sort_unstable();
    if !addresses.is_empty() {
        let start = turn % addresses.len();
        addresses.rotate_left(start);
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::{Rotation, rotated};

    #[test]
    fn each_turn_starts_at_the_next_address_whatever_the_order_of_the_answer() {
        let address = |last| std::net::SocketAddr::from(([10, 0, 0, last], 0));
        let answers = [vec![address(1), address(2), address(3)], vec![address(3), address(1), address(2)]];
        let firsts: Vec<_> = (0..4).map(|turn| rotated(answers[turn % 2].clone(), turn)[0]).collect();
        assert_eq!(firsts, [address(1), address(2), address(3), address(1)]);
        assert!(rotated(Vec::new(), 7).is_empty());
    }

    #[test]
    fn each_name_has_turns_of_its_own() {
        let rotation = Rotation::default();
        let turns = ["iotd", "accesslog", "iotd", "accesslog"].map(|name| rotation.turn(name));
        assert_eq!(turns, [0, 0, 1, 1]);
    }
}
