//! Shards see one part of the targets each: what they and their front say is one view.

use std::collections::BTreeMap;

use super::evidence::{Blind, Evidence};
use super::expected::Expected;
use super::{View, not_running};
use crate::client::{DroppedTarget, Targets};
use crate::verify::{Cause, Server, Trouble};

/// What all of them say, under the name of the front.
pub(super) fn joined(servers: &[Server], views: Vec<View>) -> View {
    let mut evidence = Evidence::default();
    let mut active = Vec::new();
    let mut dropped: BTreeMap<(String, String), usize> = BTreeMap::new();
    let (mut shards, mut answers) = (0, false);
    let front = views.iter().zip(servers).find(|(_, server)| server.has_the_whole).map(|(view, _)| view);
    let (service, instance) = front.map(|view| (view.service.clone(), view.instance.clone())).unwrap_or_default();
    for (view, server) in views.into_iter().zip(servers) {
        evidence.unreached.extend(view.evidence.unreached);
        let targets = match view.targets {
            Ok(targets) => targets,
            Err(error) => {
                evidence.blind.push(Blind { service: view.service, instance: view.instance, error });
                continue;
            }
        };
        answers = true;
        shards += usize::from(!server.has_the_whole);
        for target in &targets.active {
            let key = (target.pool.clone(), target.address.clone());
            evidence.scrapers.entry(key).or_default().push(view.instance.clone());
        }
        active.extend(targets.active);
        for target in targets.dropped {
            *dropped.entry((target.pool, target.address)).or_default() += 1;
        }
    }
    let by_all = dropped.into_iter().filter(|(_, count)| *count >= shards);
    let dropped = by_all.map(|((pool, address), _)| DroppedTarget { pool, address }).collect();
    let targets = if answers { Ok(Targets { active, dropped }) } else { Err(not_running()) };
    View { service, instance, targets, evidence }
}

/// Names of the containers of those that scrape it. Empty: there are no shards, or none does.
pub(super) fn scrapers<'a>(expected: &Expected, evidence: &'a Evidence) -> Vec<&'a str> {
    let of = |address: &String| evidence.scrapers.get(&(expected.job.name.clone(), address.clone()));
    expected.addresses.iter().filter_map(of).flatten().map(String::as_str).collect()
}

/// Why none of the shards that answer scrapes it; `None`: there are no shards, or it has not begun yet.
pub(super) fn unscraped(expected: &Expected, evidence: &Evidence, is_dropped: bool) -> Option<Trouble> {
    let instance = &expected.instance;
    if !evidence.blind.is_empty() {
        let names: Vec<String> = evidence.blind.iter().map(|blind| format!("`{}`", blind.instance)).collect();
        let services: Vec<&str> = evidence.blind.iter().map(|blind| blind.service.as_str()).collect();
        let message = format!("no shard that answers scrapes `{instance}`; {} does not answer", names.join(", "));
        let fix = format!("see `stackctl ps` and `stackctl logs {}`, then run `stackctl up`", services.join(" "));
        return Some(Trouble::new(Cause::PrometheusUnreachable, message, fix));
    }
    let message = format!("every shard finds `{instance}`, and none takes it");
    let fix = "run `stackctl up`, which has each of them read its configuration again";
    (is_dropped && !evidence.scrapers.is_empty()).then(|| Trouble::new(Cause::TargetMissing, message, fix))
}
