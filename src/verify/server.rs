//! The Prometheus servers of a stack: how each is asked, and what is found of several as one.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::client::Prometheus;
use crate::desired::Desired;
use crate::engine::Observed;

use super::delivery::container;
use super::targets::reachable;
use super::{Finding, Status};

/// Port on which Prometheus answers inside its container.
const PORT: u16 = 9090;

/// One Prometheus, and how it is asked.
#[derive(Debug, Clone)]
pub struct Server {
    /// Name of its service.
    pub service: String,
    /// Name of its container.
    pub instance: String,
    /// It knows of everything; others are shards, which know one part each.
    pub has_the_whole: bool,
    /// `None`: it does not run, or cannot be reached from here.
    pub client: Option<Prometheus>,
}

/// Whether it takes all of them to know everything.
pub(super) fn are_shards(servers: &[Server]) -> bool {
    servers.iter().any(|server| !server.has_the_whole)
}

/// Those that it takes to know everything: the first that can be asked, of shards all.
pub(super) fn one_whole(servers: &[Server]) -> &[Server] {
    if are_shards(servers) {
        return servers;
    }
    let first = servers.iter().find(|server| server.client.is_some());
    first.map(std::slice::from_ref).unwrap_or_default()
}

/// Those that evaluate rules and send alerts.
pub(super) fn with_the_whole(servers: &[Server]) -> impl Iterator<Item = &Server> {
    servers.iter().filter(|server| server.has_the_whole)
}

/// Where this host reaches the stack's Prometheus servers, in order: name of the service, and URL, the published one or that
/// of the container's own address. `None`: it does not run.
pub fn prometheus_urls(desired: &Desired, observed: &Observed) -> Vec<(String, Option<String>)> {
    let Some(config) = &desired.prometheus else { return Vec::new() };
    let is_https = config.guard.as_ref().is_some_and(|guard| guard.tls.is_some());
    let urls = desired.prometheus_services().enumerate().map(|(index, service)| {
        // Another stack's Prometheus may answer on that port while ours does not run.
        let url = container(observed, service).and_then(|container| {
            let address = container.addresses.values().flatten().next().copied();
            reachable(container, config.published.filter(|_| index == 0), address, PORT)
        });
        let url = url.map(|url| if is_https { url.replacen("http:", "https:", 1) } else { url });
        (service.name.clone(), url)
    });
    urls.collect()
}

/// What was found by one server after another, as one: of each thing the worst, with the name of who found it where others
/// found something else.
pub(super) fn joined(views: Vec<(&str, Vec<Finding>)>) -> Vec<Finding> {
    let count = views.len();
    let mut things: IndexMap<(Thing, usize), Vec<(&str, Finding)>> = IndexMap::new();
    for (instance, findings) in views {
        // The same thing may have several findings.
        let mut occurrences: HashMap<Thing, usize> = HashMap::new();
        for finding in findings {
            let thing = (finding.check, finding.subject.clone(), finding.instance.clone());
            let occurrence = occurrences.entry(thing.clone()).or_default();
            things.entry((thing, *occurrence)).or_default().push((instance, finding));
            *occurrence += 1;
        }
    }
    things.into_values().filter_map(|found| worst(&found, count)).collect()
}

/// What a finding is of: check, subject and instance.
type Thing = (&'static str, String, Option<String>);

fn worst(found: &[(&str, Finding)], count: usize) -> Option<Finding> {
    let rank = |finding: &Finding| match finding.status {
        Status::Fail => 0,
        Status::Warn => 1,
        Status::Ok => 2,
    };
    let (_, worst) = found.iter().min_by_key(|(_, finding)| rank(finding))?;
    let alike = |finding: &Finding| (finding.status, finding.cause) == (worst.status, worst.cause);
    let who: Vec<String> =
        found.iter().filter(|(_, finding)| alike(finding)).map(|(instance, _)| format!("`{instance}`")).collect();
    let mut told = worst.clone();
    if who.len() < count {
        told.message = format!("seen by {}: {}", who.join(", "), told.message);
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::{cost, grows_with_the_work};
    use crate::verify::{Cause, Trouble};

    fn ok(instance: &str) -> Finding {
        Finding::ok("targets", "web", Some(instance), "scraped".to_owned())
    }

    fn fail(instance: &str, cause: Cause) -> Finding {
        Finding::fail("targets", "web", Some(instance), Trouble::new(cause, "broken", "mend it"))
    }

    fn told(views: Vec<(&str, Vec<Finding>)>) -> Vec<(Option<Cause>, String)> {
        joined(views).into_iter().map(|finding| (finding.cause, finding.message)).collect()
    }

    #[test]
    fn what_all_see_alike_is_told_once_and_without_names() {
        let same = |finding: fn() -> Finding| told(vec![("one", vec![finding()]), ("two", vec![finding()])]);
        assert_eq!(same(|| ok("web-1")), [(None, "scraped".to_owned())]);
        assert_eq!(same(|| fail("web-1", Cause::Timeout)), [(Some(Cause::Timeout), "broken".to_owned())]);
    }

    #[test]
    fn what_one_alone_sees_is_told_with_its_name() {
        let views = vec![
            ("one", vec![ok("web-1"), ok("web-2")]),
            ("two", vec![ok("web-1"), fail("web-2", Cause::Timeout), fail("web-9", Cause::TargetUnexpected)]),
        ];
        assert_eq!(
            told(views),
            [
                (None, "scraped".to_owned()),
                (Some(Cause::Timeout), "seen by `two`: broken".to_owned()),
                (Some(Cause::TargetUnexpected), "seen by `two`: broken".to_owned()),
            ]
        );
    }

    #[test]
    fn two_findings_of_one_thing_stay_two() {
        let view = || vec![ok("web-1"), fail("web-1", Cause::TargetDuplicate)];
        assert_eq!(told(vec![("one", view()), ("two", view())]).len(), 2);
        assert_eq!(told(vec![("one", view())])[1].1, "broken");
    }

    #[test]
    fn ten_times_as_many_targets_cost_about_ten_times_as_much() {
        let views = |count: usize| vec![("one", (0..count).map(|port| ok(&format!("host:{port}"))).collect())];
        let (few, many) = (views(1_000), views(10_000));
        let (part, _) = cost(|| joined(few));
        let (whole, findings) = cost(|| joined(many));
        assert_eq!(findings.len(), 10_000);
        grows_with_the_work(part, whole);
    }
}
