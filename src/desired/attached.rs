//! Apps that run already: their scrape jobs, and the networks in which Prometheus reaches them.

use indexmap::IndexMap;

use super::assemble::Input;
use super::lookup::find;
use super::scrape::{Timing, job};
use super::{AttachedContainer, Attachment, DEFAULT_NETWORK, HOST, Job, JobOrigin, JobTargets, Network, StaticTarget};
use crate::stack::defaults::METRICS_PORT;
use crate::stack::{Attach, Attached};

/// One job for each, in the order of the file.
pub(super) fn jobs(input: Input, timing: &Timing) -> Vec<Job> {
    let attached = input.stack.attached.iter();
    attached.map(|(app_name, app)| of_app(input, app_name.as_str(), app, timing)).collect()
}

fn of_app(input: Input, app_name: &str, app: &Attached, timing: &Timing) -> Job {
    let port = |exposed: Option<u16>| app.metrics.port.or(exposed).unwrap_or(METRICS_PORT);
    let target = |host: &str, port: u16| StaticTarget { address: format!("{host}:{port}"), replica: None };
    let found = found(input, app_name);
    let targets = if found.is_empty() {
        vec![target(&assumed_host(&app.attach), port(None))]
    } else {
        found.iter().map(|container| target(&host(container), port(container.port))).collect()
    };
    let job_name = app.metrics.job.as_ref().map_or(app_name, |job_name| job_name.as_str());
    job(job_name, JobOrigin::Attached(app_name.to_owned()), JobTargets::Static(targets), &app.metrics, timing)
}

/// Containers that were found of an app.
fn found<'a>(input: Input<'a>, app_name: &str) -> &'a [AttachedContainer] {
    input.facts.attached.get(app_name).map(Vec::as_slice).unwrap_or_default()
}

/// Names of containers are known in networks that somebody made, not in the engine's default bridge.
fn host(container: &AttachedContainer) -> String {
    match (&container.network, container.address) {
        (None, _) => HOST.to_owned(),
        (Some(_), Some(address)) => address.to_string(),
        (Some(_), None) => container.name.clone(),
    }
}

/// What its container is called where nobody has looked, or none was found: a name that nothing else has.
fn assumed_host(attach: &Attach) -> String {
    match attach {
        Attach::Container(name) => name.clone(),
        Attach::Service { project, service } => format!("{project}-{service}-1"),
    }
}

/// The networks that Prometheus joins besides its own, each with how it stands there: under no name but its container's,
/// so that it takes nobody's place.
pub(super) fn attachments(input: Input) -> Vec<Attachment> {
    let names = input.facts.attached.values().flatten().filter_map(|container| container.network.as_ref());
    let attachments =
        names.map(|name| (name, Attachment { key: key(input, name), network: name.clone(), aliases: Vec::new() }));
    let mut attachments: Vec<Attachment> = attachments.collect::<IndexMap<_, _>>().into_values().collect();
    attachments.sort_by(|left, right| left.network.cmp(&right.network));
    attachments
}

/// A key that no network of the stack file has.
fn key(input: Input, network: &str) -> String {
    let is_taken = network == DEFAULT_NETWORK || find(&input.stack.networks, network).is_some();
    if is_taken { format!("attached-{network}") } else { network.to_owned() }
}

/// The same networks as those of the stack: joined, never made or removed.
pub(super) fn networks(attachments: &[Attachment], known: &[Network]) -> Vec<Network> {
    let unknown = attachments.iter().filter(|attachment| known.iter().all(|known| known.name != attachment.network));
    let network = |attachment: &Attachment| Network {
        key: attachment.key.clone(),
        name: attachment.network.clone(),
        external: true,
        driver: "bridge".to_owned(),
        driver_opts: IndexMap::new(),
        internal: false,
        subnet: None,
        labels: IndexMap::new(),
    };
    unknown.map(network).collect()
}
