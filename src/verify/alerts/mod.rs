//! Are the rules in force those that were rendered, can Prometheus evaluate them, and can each ever have an answer?

mod judge;

pub use judge::{RuleState, judge_rule};

use futures_util::StreamExt;

use super::series::Lookup;
use super::{Cause, Finding, Trouble};
use crate::client::{LoadedGroup, Prometheus};
use crate::desired::{Desired, MissingRule, Rule, RuleFile, RuleGroup};
use crate::promql::Expression;

/// Name of the check.
pub const ALERTS: &str = "alerts";

/// Rules asked for side by side. Prometheus runs at most 20 queries at a time.
const CONCURRENT_RULES: usize = 8;

/// Asks and judges. Nothing to say where the stack has no rules. `prometheus`: `None` where it does not run.
pub async fn alerts(desired: &Desired, prometheus: Option<&Prometheus>) -> Vec<Finding> {
    let Some(config) = &desired.prometheus else { return Vec::new() };
    let missing = config.missing_rules.iter().map(cannot_be_made);
    if config.rule_files.is_empty() {
        return missing.collect();
    }
    let loaded = match prometheus {
        Some(prometheus) => prometheus.rules().await.map(|loaded| (prometheus, loaded)).map_err(|why| why.to_string()),
        None => Err("it does not run".to_owned()),
    };
    let (prometheus, loaded) = match loaded {
        Ok(found) => found,
        Err(why) => return vec![unreachable(&why)],
    };
    let lookup = Lookup::new(prometheus, config);
    let rules = config.rule_files.iter().flat_map(|file| {
        file.groups.iter().flat_map(move |group| group.rules.iter().enumerate().map(move |(at, _)| (file, group, at)))
    });
    let judged = rules.map(|(file, group, at)| {
        let (lookup, loaded) = (&lookup, &loaded);
        async move { judge_rule(file, group, at, &state(lookup, loaded, file, group, at).await) }
    });
    let judged: Vec<Finding> = futures_util::stream::iter(judged).buffered(CONCURRENT_RULES).collect().await;
    judged.into_iter().chain(missing).collect()
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
    RuleState { loaded: loaded.cloned(), selectors }
}

fn cannot_be_made(missing: &MissingRule) -> Finding {
    let message = format!("`{}` of `{}` has no rules: {}", missing.wanted, missing.app, missing.reason);
    let trouble = Trouble::new(Cause::NoData, message, missing.remedy.clone());
    Finding::fail(ALERTS, &missing.app, Some(&missing.wanted), trouble)
}

fn unreachable(why: &str) -> Finding {
    let message = format!("the rules in force are not known: {why}");
    let fix = "see `stackctl ps` and `stackctl logs prometheus`; `stackctl up` starts it again";
    Finding::fail(ALERTS, "prometheus", None, Trouble::new(Cause::PrometheusUnreachable, message, fix))
}
