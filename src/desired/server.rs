//! The Prometheus servers of a stack: one; or replicas that all do the same; or a front and the shards that it asks. Each has a
//! volume of its own.

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use super::assemble::Input;
use super::{Dependency, Guard, Job, JobOrigin, Remote, Scheme, guard};
use crate::catalog::prometheus::{CONFIG_FILES, PROMETHEUS};
use crate::stack::Prometheus;

/// One Prometheus that runs.
#[derive(Debug, Clone, PartialEq)]
pub struct PrometheusServer {
    /// Name of its service: `prometheus`, `prometheus-2`, `prometheus-shard-1` …
    pub service: String,
    /// External label, and its value, that tells it from its replicas. Alerts go without it, so that Alertmanager takes those of
    /// all replicas for one. `None`: it has none. Shards have none: what one scrapes no other does, and their series are to come to
    /// the front as if it had scraped them itself.
    pub replica: Option<(String, String)>,
    /// What it does.
    pub duty: Duty,
}

/// What a Prometheus does.
#[derive(Debug, Clone, PartialEq)]
pub enum Duty {
    /// Scrapes everything, answers, and evaluates the rules.
    Everything,
    /// Scrapes the servers alone, so that one that falls is noticed; asks the shards for all else, answers, and evaluates the rules.
    Front {
        /// Where it asks the shards.
        shards: Vec<Remote>,
    },
    /// Scrapes its part of everything but the servers.
    Shard {
        /// Which part, from 0.
        number: u32,
        /// How many parts there are.
        of: u32,
    },
}

impl PrometheusServer {
    /// Where its prometheus.yml is rendered, below the output folder.
    pub fn source(&self) -> String {
        format!("prometheus/{}.yml", self.service)
    }

    /// Where its prometheus.yml lies inside its container: under the name that it is rendered with, so that Compose can mount one
    /// folder for all servers.
    pub(super) fn placed(&self) -> String {
        CONFIG_FILES.replace("prometheus*.yml", &format!("{}.yml", self.service))
    }

    /// Whether it knows of everything: it is asked, and evaluates the rules.
    pub fn has_the_whole(&self) -> bool {
        !matches!(self.duty, Duty::Shard { .. })
    }

    /// Whether a job stands in its configuration.
    pub fn has(&self, job: &Job) -> bool {
        match self.duty {
            Duty::Everything => true,
            Duty::Front { .. } => job.origin == JobOrigin::Prometheus,
            Duty::Shard { .. } => job.origin != JobOrigin::Prometheus,
        }
    }

    /// Whether a target at that address is its part: `hashmod` of `__address__`, for which Prometheus takes the last eight bytes of
    /// the MD5 (`model/relabel`).
    pub fn scrapes(&self, address: &str) -> bool {
        let Duty::Shard { number, of } = self.duty else { return true };
        let hash = Md5::digest(address);
        let last = hash.iter().skip(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        last % u64::from(of.max(1)) == u64::from(number)
    }

    /// Whether jobs in Prometheus' own words stand in its configuration.
    pub fn has_extra_jobs(&self) -> bool {
        !matches!(self.duty, Duty::Front { .. })
    }

    /// Whether it is the one that has Prometheus' own name: it is published, and keeps what the stack remembers.
    pub(super) fn is_first(&self) -> bool {
        self.service == PROMETHEUS.name
    }
}

/// Time that a shard may take to answer its front. Prometheus' own default is a minute, for which one that hangs would hold up every
/// query and every rule.
const SHARD_TIMEOUT: &str = "15s";

/// Every server, the one that is asked first in front.
pub(super) fn all(input: Input, section: &Prometheus) -> Vec<PrometheusServer> {
    let label = section.telling_label();
    let whole = section.answering_names().map(|service| PrometheusServer {
        replica: label.map(|label| (label.to_owned(), service.clone())),
        duty: front(input, section),
        service,
    });
    let of = section.shards.unwrap_or_default();
    let shards = (0..).zip(section.shard_names());
    let shards =
        shards.map(|(number, service)| PrometheusServer { service, replica: None, duty: Duty::Shard { number, of } });
    whole.chain(shards).collect()
}

/// The server that does the same and comes first: of two, one is there while the other is replaced.
pub(super) fn before(servers: &[PrometheusServer], server: &PrometheusServer) -> Vec<Dependency> {
    let position = servers.iter().position(|known| known.service == server.service).unwrap_or_default();
    let twin = servers[..position].last().filter(|_| server.replica.is_some());
    twin.map(|twin| Dependency::on_start_of(&twin.service)).into_iter().collect()
}

fn front(input: Input, section: &Prometheus) -> Duty {
    let shards: Vec<Remote> = section.shard_names().map(|name| shard(input, section, name)).collect();
    if shards.is_empty() { Duty::Everything } else { Duty::Front { shards } }
}

/// Where a shard is asked. `read_recent`: the front has nothing of it itself, however new.
fn shard(input: Input, section: &Prometheus, name: String) -> Remote {
    let guard = guard::of(section);
    let scheme = guard.as_ref().map_or(Scheme::Http, Guard::scheme).word();
    let (host, port) = (host(input, &name), PROMETHEUS.port);
    let url = format!("{scheme}://{host}:{port}/api/v1/read");
    let mut settings = Map::new();
    settings.insert("name".to_owned(), json!(name));
    settings.insert("url".to_owned(), json!(url));
    settings.insert("read_recent".to_owned(), json!(true));
    settings.insert("remote_timeout".to_owned(), json!(SHARD_TIMEOUT));
    if let Some(auth) = guard.as_ref().and_then(|guard| guard.basic_auth.as_ref()) {
        settings.insert("basic_auth".to_owned(), json!(auth));
    }
    if let Some(tls) = guard.and_then(|guard| guard.tls) {
        settings.insert("tls_config".to_owned(), json!(tls));
    }
    Remote { name, url, host, settings: Value::Object(settings) }
}

/// Name of the only container of a server's service, the same for each who asks.
fn host(input: Input, service_name: &str) -> String {
    format!("{}-{service_name}-1", input.stack.name)
}

/// Where the servers are scraped. One alone is `localhost`, not the service's name: on a network shared with another stack that
/// name may be somebody else's.
pub(super) fn addresses(input: Input, section: &Prometheus) -> Vec<String> {
    let port = PROMETHEUS.port;
    if !section.has_several() {
        return vec![format!("localhost:{port}")];
    }
    section.service_names().map(|name| format!("{}:{port}", host(input, &name))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Duty, PrometheusServer};

    #[test]
    fn a_shard_knows_its_part_as_prometheus_reckons_it() {
        let shard = |number| PrometheusServer {
            service: "prometheus-shard-1".to_owned(),
            replica: None,
            duty: Duty::Shard { number, of: 2 },
        };
        // printf many-web-1:80 | md5sum: cd6a217e49cb556d5b85459c887ac753
        assert!(shard(1).scrapes("many-web-1:80") && !shard(0).scrapes("many-web-1:80"));
    }
}
