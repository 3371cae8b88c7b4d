//! Waits in `up` until every target is scraped and says that it reaches what it watches, and tells meanwhile what is waited
//! for. What cannot mend by itself is not waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::progress::Waiting;
use super::situation::Situation;
use super::{Failure, prove};
use crate::client::{Health, Target, Targets};
use crate::desired::{Desired, JobOrigin, without_url_secrets};
use crate::verify::{self, Cause, Finding, Server, Status};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// A target that stays broken in one and the same way for this long will not mend by waiting, unless it is scraped more
/// seldom.
const PATIENCE: Duration = Duration::from_secs(12);

/// The same for what a target watches, and for an app that ends until it finds what it needs: a database takes its time to
/// start for the first time.
const PATIENCE_WITH_APPS: Duration = Duration::from_secs(25);

/// What a scrape may be late by.
const MARGIN: Duration = Duration::from_secs(3);

/// Longest wait for a scrape that may mend something, however seldom a job is scraped.
const LONGEST: Duration = Duration::from_secs(35);

/// Names of targets that are told at most of those that wait for the same.
const MOST_NAMES: usize = 4;

/// Waits until every target is scraped, and returns what is found then. `None`: it is plain that waiting does not help, and
/// a closer look may tell why. `fallen`: containers that did not stay up, and are not waited for.
pub(super) async fn for_targets(
    situation: &mut Situation,
    deadline: Instant,
    fallen: &BTreeSet<String>,
    waiting: &Waiting,
) -> Result<Option<Vec<Finding>>, Failure> {
    // Nobody scrapes, and nobody is to be waited for.
    if situation.desired.prometheus.is_none() {
        return Ok(None);
    }
    let patience = patience(&situation.desired);
    let mut broken_since: BTreeMap<(String, Option<Cause>), Instant> = BTreeMap::new();
    let mut was_unwell = false;
    loop {
        let Look { findings, errors } = look(situation, &prove::servers(situation)?).await;
        let broken: Vec<&Finding> = findings.iter().filter(|finding| finding.status == Status::Fail).collect();
        if broken.is_empty() && !was_unwell {
            return Ok(Some(findings));
        }
        // What a target says of what it watches is there a moment after Prometheus calls the target well.
        was_unwell = !broken.is_empty();
        broken_since.retain(|known, _| broken.iter().any(|finding| key(finding) == *known));
        for finding in &broken {
            broken_since.entry(key(finding)).or_insert_with(Instant::now);
        }
        let is_final = |finding: &Finding| is_final(&situation.desired, finding);
        let is_awaited = |finding: &&&Finding| {
            !is_lost(&situation.desired, finding)
                && !finding.instance.as_ref().is_some_and(|instance| fallen.contains(instance))
        };
        let is_hopeless = |finding: &&Finding| {
            let is_pending = finding.cause == Some(Cause::TargetPending) && !errors.contains_key(&finding.subject);
            let takes_time = tells_of_another(finding) || finding.cause == Some(Cause::ContainerRestarting);
            let patience = if takes_time { patience.max(PATIENCE_WITH_APPS) } else { patience };
            !is_pending && broken_since.get(&key(finding)).is_some_and(|since| since.elapsed() >= patience)
        };
        let awaited: Vec<&Finding> = broken.iter().filter(is_awaited).copied().collect();
        if was_unwell && (awaited.iter().all(is_hopeless) || Instant::now() >= deadline) {
            let needs_no_look = broken.iter().all(|finding| is_final(finding));
            return Ok(needs_no_look.then_some(findings));
        }
        if was_unwell {
            waiting.tell(&words(&awaited, &errors));
        }
        tokio::time::sleep(PAUSE).await;
        situation.look_again().await?;
    }
}

/// What is found of the targets now, where every one of them is scraped.
pub(super) async fn all_scraped(situation: &Situation, servers: &[Server]) -> Option<Vec<Finding>> {
    situation.desired.prometheus.as_ref()?;
    let findings = look(situation, servers).await.findings;
    findings.iter().all(|finding| finding.status != Status::Fail).then_some(findings)
}

/// What is seen at one moment.
struct Look {
    findings: Vec<Finding>,
    /// By job: what Prometheus says of a scrape that failed.
    errors: BTreeMap<String, String>,
}

async fn look(situation: &Situation, servers: &[Server]) -> Look {
    let (desired, observed) = (&situation.desired, &situation.observed);
    let views = verify::see(desired, servers).await;
    let errors = errors(desired, views.iter().filter_map(|view| view.targets.as_ref().ok()));
    Look { findings: verify::judge_views(desired, observed, &views), errors }
}

fn errors<'a>(desired: &Desired, targets: impl Iterator<Item = &'a Targets>) -> BTreeMap<String, String> {
    let job =
        |name: &str| desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs).find(|job| job.name == name);
    let shown = |target: &Target| {
        let error = without_url_secrets(&target.last_error);
        job(&target.pool).map_or_else(|| error.clone(), |job| verify::without_parameters(job, &error))
    };
    let active = targets.flat_map(|targets| &targets.active);
    let failed = active.filter(|it| it.health == Health::Down && !it.last_error.is_empty());
    failed.map(|target| (target.pool.clone(), shown(target))).collect()
}

/// What one target needs to mend comes with a scrape.
fn patience(desired: &Desired) -> Duration {
    let Some(prometheus) = &desired.prometheus else { return PATIENCE };
    let intervals = prometheus.jobs.iter().filter_map(|job| job.interval).chain([prometheus.scrape_interval]);
    let slowest = intervals.max().unwrap_or(prometheus.scrape_interval);
    (Duration::from_millis(slowest.as_millis()) + MARGIN).clamp(PATIENCE, LONGEST)
}

/// A container of somebody else that is not there: nothing that stackctl does brings it.
fn is_lost(desired: &Desired, finding: &Finding) -> bool {
    let mut jobs = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    let mut is_attached = |name: &str| jobs.any(|job| job.name == name && matches!(job.origin, JobOrigin::Attached(_)));
    finding.cause == Some(Cause::ContainerMissing) && is_attached(&finding.subject)
}

/// The first look tells all that there is to tell.
fn is_final(desired: &Desired, finding: &Finding) -> bool {
    tells_of_another(finding) || is_lost(desired, finding)
}

/// The target is well, and what it watches is not.
fn tells_of_another(finding: &Finding) -> bool {
    matches!(finding.cause, Some(Cause::AppUnreachable | Cause::ProbeFailed))
}

fn key(finding: &Finding) -> (String, Option<Cause>) {
    (format!("{} {}", finding.subject, finding.instance.as_deref().unwrap_or_default()), finding.cause)
}

/// Which jobs are waited for, and what is known of each: the same is said once.
fn words(awaited: &[&Finding], errors: &BTreeMap<String, String>) -> String {
    let mut told: Vec<(Vec<&str>, &str)> = Vec::new();
    for finding in awaited {
        let name = finding.subject.as_str();
        let what = match errors.get(name).filter(|_| !tells_of_another(finding)) {
            Some(error) => error.as_str(),
            None if finding.cause == Some(Cause::TargetPending) => "not scraped yet",
            None => finding.message.as_str(),
        };
        match told.iter_mut().find(|(_, known)| *known == what) {
            Some((names, _)) if names.contains(&name) => {}
            Some((names, _)) => names.push(name),
            None => told.push((vec![name], what)),
        }
    }
    let told = told.iter().map(|(names, what)| {
        let more = names.len().saturating_sub(MOST_NAMES);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("{}{more}: {what}", names[..names.len().min(MOST_NAMES)].join(", "))
    });
    format!("waiting for {}", told.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Trouble;

    fn broken(job: &str, cause: Cause, message: &str) -> Finding {
        Finding::fail("targets", job, Some(&format!("demo-{job}-1")), Trouble::new(cause, message, "do"))
    }

    #[test]
    fn what_is_waited_for_is_named_with_the_last_error_that_prometheus_tells() {
        let findings = [
            broken("web", Cause::HttpStatus, "seen"),
            broken("db", Cause::TargetPending, "seen"),
            broken("api", Cause::TargetPending, "seen"),
            broken("redis", Cause::AppUnreachable, "`redis_up 0`"),
        ];
        let errors = BTreeMap::from([("web".to_owned(), "server returned HTTP status 404 Not Found".to_owned())]);
        assert_eq!(
            words(&findings.iter().collect::<Vec<_>>(), &errors),
            "waiting for web: server returned HTTP status 404 Not Found; db, api: not scraped yet; redis: `redis_up 0`"
        );
    }
}
