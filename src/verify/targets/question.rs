//! What the probe has to be asked, given what Prometheus says.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Evidence;
use super::expected::{Expected, Index};
use super::says::Unreached;
use super::scraped::Scraped;
use super::{container, empty, says};
use crate::desired::{Job, JobTargets, PrometheusConfig};
use crate::probe::{Connect, Credentials, PATHS, Request, Socket, Target};

/// What the probe has to look at: what is not up, or is up and says nothing, and not for a reason that lies in the container
/// or its networks.
pub(super) fn unwell<'a, 'b>(
    index: &Index,
    expected: &'b [Expected<'a>],
    scraped: &Scraped,
    unreached: &Unreached,
) -> Vec<&'b Expected<'a>> {
    let is_well = |expected: &Expected| {
        scraped.proof(expected).is_some_and(|target| !empty::is_empty(expected, target, unreached))
    };
    let needs_a_look = |expected: &&Expected| {
        !is_well(expected)
            && container::trouble(expected, &Evidence::default()).is_none()
            && container::network_mismatch(expected, index).is_none()
    };
    expected.iter().filter(needs_a_look).collect()
}

/// The probe's request for all that is not well at first sight; `None` where everything is.
pub(super) fn request(
    index: &Index,
    expected: &[Expected],
    unwell: &[&Expected],
    scraped: &Scraped,
    credentials: &BTreeMap<String, Credentials>,
) -> Option<Request> {
    let prometheus = index.desired.prometheus.as_ref()?;
    let targets: Vec<Target> = unwell
        .iter()
        .filter_map(|expected| target(expected, prometheus, credentials.get(&expected.job.name)))
        .collect();
    let strange = scraped.unexpected(expected);
    let strange_jobs: BTreeSet<&str> = strange.iter().map(|target| target.pool.as_str()).collect();
    let of_strange_jobs = expected.iter().filter(|expected| strange_jobs.contains(expected.job.name.as_str()));
    let names: BTreeSet<String> =
        unwell.iter().copied().chain(of_strange_jobs).filter_map(|expected| looked_up_name(expected.job)).collect();
    if targets.is_empty() && names.is_empty() {
        return None;
    }
    Some(Request { targets, names: names.into_iter().collect(), ..Request::default() })
}

fn target(expected: &Expected, prometheus: &PrometheusConfig, credentials: Option<&Credentials>) -> Option<Target> {
    Some(Target {
        id: expected.key(),
        url: expected.url()?,
        timeout_ms: expected.job.timeout.unwrap_or(prometheus.scrape_timeout).as_millis(),
        credentials: credentials.cloned(),
        fallback: expected.job.fallback_scrape_protocol.clone(),
        paths: PATHS.map(str::to_owned).to_vec(),
        ports: ports(expected),
    })
}

/// Sockets behind probes over TLS that fail: whether anything listens there tells a certificate that is not trusted from a
/// server that is not there.
pub(super) fn sockets(expected: &[Expected], scraped: &Scraped, unreached: &Unreached) -> Vec<Socket> {
    let failing = expected.iter().filter(|expected| {
        let target = scraped.proof(expected);
        target.is_some_and(|target| says::asks_over_tls(expected) && says::fails(target, unreached))
    });
    let socket = |expected: &Expected| {
        let (host, port) = says::place_of(&expected.instance)?;
        Some(Socket { id: expected.key(), host: host.to_owned(), port })
    };
    failing.filter_map(socket).collect()
}

/// Ports that the stack file says the container has, beside the asked one.
fn ports(expected: &Expected) -> Vec<u16> {
    let Some(service) = expected.service else {
        return Vec::new();
    };
    let settings = &service.container.settings;
    let published = settings.ports.0.iter().map(|port| port.container_port);
    let all: BTreeSet<u16> = published.chain(settings.expose.iter().copied()).collect();
    all.into_iter().filter(|port| Some(*port) != expected.port()).collect()
}

fn looked_up_name(job: &Job) -> Option<String> {
    match &job.targets {
        JobTargets::Dns { name, .. } => Some(name.clone()),
        JobTargets::Static(_) => None,
    }
}

/// Jobs of which a container refused, each with the id of one such container and the request for it.
pub(super) fn listeners<'a>(expected: &[Expected<'a>], evidence: &Evidence) -> BTreeMap<&'a str, (&'a str, Request)> {
    let mut requests = BTreeMap::new();
    for expected in expected {
        let refused = evidence.looked.get(&expected.key()).is_some_and(|looked| looked.connect == Connect::Refused);
        if let (true, Some(container)) = (refused, expected.container) {
            let own_path = std::iter::once(expected.job.path.clone());
            let paths = own_path.chain(PATHS.map(str::to_owned).into_iter().filter(|path| *path != expected.job.path));
            // What else listens on the host is nobody's to knock at.
            let paths = paths.filter(|_| !expected.is_on_host_network());
            let request = Request { listeners: Some(paths.collect()), ..Request::default() };
            requests.entry(expected.job.name.as_str()).or_insert((container.id.as_str(), request));
        }
    }
    requests
}
