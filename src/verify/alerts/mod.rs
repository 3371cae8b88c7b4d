//! Are the rules in force those that were rendered, can Prometheus evaluate them, and can each ever have an answer?

mod judge;
mod missing;

pub use judge::{RuleState, judge_rule};

use futures_util::StreamExt;

use super::dashboards::{Jobs, ask_jobs};
use super::series::{BOUND, Lookup};
use super::{Cause, Finding, Server, Status, Trouble, server};
use crate::client::LoadedGroup;
use crate::desired::{Desired, MissingRule, PrometheusConfig, Rule, RuleFile, RuleGroup};
use crate::promql::Expression;

/// Name of the check.
pub const ALERTS: &str = "alerts";

/// Rules asked for side by side. Prometheus runs at most 20 queries at a time.
const CONCURRENT_RULES: usize = 8;

/// Asks every Prometheus, and judges. Nothing to say where the stack has no rules.
pub async fn alerts(desired: &Desired, servers: &[Server]) -> Vec<Finding> {
    of_files(desired, servers, |_| true).await
}

/// The same of objectives alone: can what they promise be counted? Few questions, for who has no time for all.
pub async fn objectives(desired: &Desired, servers: &[Server]) -> Vec<Finding> {
    let is_of_objective = |rule: &Rule| rule.labels.contains_key("slo");
    of_files(desired, servers, |file| file.groups.iter().flat_map(|group| &group.rules).any(is_of_objective)).await
}

async fn of_files(desired: &Desired, servers: &[Server], wanted: impl Fn(&RuleFile) -> bool) -> Vec<Finding> {
    let Some(config) = &desired.prometheus else { return Vec::new() };
    let files: Vec<&RuleFile> = config.rule_files.iter().filter(|file| wanted(file)).collect();
    let missing: Vec<&MissingRule> = config.missing_rules.iter().filter(|missing| missing.is_asked).collect();
    if files.is_empty() && missing.is_empty() {
        return Vec::new();
    }
    let (mut judged, mut unknown) = (Vec::new(), Vec::new());
    for server in server::with_the_whole(servers).filter(|_| !files.is_empty()) {
        match of_one(desired, config, &files, servers, server).await {
            Ok(findings) => judged.push((server.instance.as_str(), findings)),
            Err(why) => unknown.push(unreachable(&server.service, &why)),
        }
    }
    let found = server::joined(judged).into_iter().chain(unknown);
    let prometheus = server::with_the_whole(servers).find_map(|server| server.client.as_ref());
    let missing = missing.into_iter().map(async |missing| {
        let lookup = prometheus.map(|prometheus| Lookup::new(prometheus, config, &desired.exposed));
        missing::cannot_be_made(missing, &missing::candidates(missing, lookup.as_ref()).await)
    });
    let missing = futures_util::future::join_all(missing).await;
    found.chain(missing).collect()
}

/// The rules of these files in one Prometheus. Why not, in words, where it cannot be asked.
async fn of_one(
    desired: &Desired,
    config: &PrometheusConfig,
    files: &[&RuleFile],
    servers: &[Server],
    server: &Server,
) -> Result<Vec<Finding>, String> {
    let prometheus = server.client.as_ref().ok_or("it does not run")?;
    let loaded = prometheus.rules().await.map_err(|why| why.to_string())?;
    let lookup = Lookup::new(prometheus, config, &desired.exposed);
    let rules = files.iter().copied().flat_map(|file| {
        file.groups.iter().flat_map(move |group| group.rules.iter().enumerate().map(move |(at, _)| (file, group, at)))
    });
    let seen = rules.map(|(file, group, at)| {
        let (lookup, loaded) = (&lookup, &loaded);
        async move { (file, group, at, state(lookup, loaded, file, group, at).await) }
    });
    let seen: Vec<_> = futures_util::stream::iter(seen).buffered(CONCURRENT_RULES).collect().await;
    let judged = |jobs: &Jobs| -> Vec<Finding> {
        seen.iter().map(|(file, group, at, state)| judge_rule(file, group, *at, state, jobs)).collect()
    };
    let findings = judged(&Jobs::default());
    if findings.iter().all(|finding| finding.status == Status::Ok) {
        return Ok(findings);
    }
    // Only a rule that finds nothing has to know what is not scraped.
    Ok(judged(&ask_jobs(desired, servers).await))
}

/// What Prometheus knows of one rule.
async fn state(
    lookup: &Lookup<'_>,
    loaded: &[LoadedGroup],
    file: &RuleFile,
    group: &RuleGroup,
    at: usize,
) -> RuleState {
    let rule: &Rule = &group.rules[at];
    let path = file.placed();
    let found = loaded.iter().find(|found| found.file == path && found.name == group.name);
    let loaded = found.and_then(|found| {
        // Prometheus keeps the order of the file; where the groups differ, the name decides.
        let same_place = found.rules.get(at).filter(|loaded| loaded.name == rule.name);
        same_place.or_else(|| found.rules.iter().find(|loaded| loaded.name == rule.name))
    });
    let selectors = match Expression::parse(&rule.expression) {
        Ok(expression) => lookup.selectors(&expression).await,
        Err(_) => Vec::new(),
    };
    let bounds = match judge::compared_quantile(rule) {
        Some((buckets, _)) => lookup.values_of(BOUND, &buckets.to_string()).await,
        None => Vec::new(),
    };
    RuleState { loaded: loaded.cloned(), selectors, bounds }
}

fn unreachable(service: &str, why: &str) -> Finding {
    let message = format!("the rules in force are not known: {why}");
    let fix = format!("see `stackctl ps` and `stackctl logs {service}`; `stackctl up` starts it again");
    Finding::fail(ALERTS, service, None, Trouble::new(Cause::PrometheusUnreachable, message, fix))
}
