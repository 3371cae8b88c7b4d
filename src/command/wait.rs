//! Waits in `up` until every target is scraped and says that it reaches what it watches, and tells meanwhile what is waited
//! for. What cannot mend by itself is not waited for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use indexmap::{IndexMap, IndexSet};

use super::progress::Waiting;
use super::situation::Situation;
use super::{Failure, prove};
use crate::client::{Health, Target, Targets};
use crate::desired::{Desired, Job, JobOrigin, without_url_secrets};
use crate::engine::{self, ObservedContainer};
use crate::verify::{self, Cause, Finding, Server, Status};

/// Time between two looks, at least.
const PAUSE: Duration = Duration::from_millis(200);

/// What a look takes is at most one part of so many: with ten thousands of targets it is work for Prometheus, which has to
/// scrape them meanwhile.
const SHARE: u32 = 5;

/// Longest time between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// A target that stays broken in one and the same way for this long will not mend by waiting, unless it is scraped more
/// seldom.
const PATIENCE: Duration = Duration::from_secs(12);

/// The same for what a target watches, and for an app that ends until it finds what it needs: a database takes its time to
/// start for the first time.
const PATIENCE_WITH_APPS: Duration = Duration::from_secs(25);

/// The same for one that is scraped and says nothing: a look at its page tells more than the next scrape.
const PATIENCE_WITH_SILENCE: Duration = Duration::from_secs(5);

/// What a scrape may be late by.
const MARGIN: Duration = Duration::from_secs(3);

/// Longest wait for a scrape that may mend something, however seldom a job is scraped.
const LONGEST: Duration = Duration::from_secs(35);

/// How old the youngest thing of a stack is at least, where nothing is waited for. The engine tells the seconds that a
/// container runs for as long (`seconds_up`).
const FRESH: Duration = Duration::from_secs(60);

/// Names of targets that are told at most of those that wait for the same.
const MOST_NAMES: usize = 4;

/// Different things that are told at most of what is waited for.
const MOST_TOLD: usize = 4;

/// Since when findings are what they are, by thing and cause.
type Since = BTreeMap<(String, Option<Cause>), Instant>;

/// What came of waiting.
#[derive(Default)]
pub(super) struct Waited {
    /// What is found of the targets, where every one is scraped, or all that there is to tell is known. `None`: it is plain
    /// that waiting does not help, and a closer look may tell why.
    pub(super) scraped: Option<Vec<Finding>>,
    /// What a closer look has found, where one was taken.
    pub(super) looked: Option<Vec<Finding>>,
}

impl Waited {
    /// Where nothing is to be waited for.
    pub(super) fn scraped(findings: Vec<Finding>) -> Self {
        Self { scraped: Some(findings), looked: None }
    }
}

/// Waits until every target is scraped. `may_mend`: this run has done what may mend one. `fallen`: containers that did not stay
/// up, and are not waited for.
pub(super) async fn for_targets(
    situation: &mut Situation,
    deadline: Instant,
    may_mend: bool,
    fallen: &BTreeSet<String>,
    waiting: &Waiting,
) -> Result<Waited, Failure> {
    // Nobody scrapes, and nobody is to be waited for.
    if situation.desired.prometheus.is_none() {
        return Ok(Waited::default());
    }
    let one_scrape = one_scrape(&situation.desired);
    let patience = one_scrape.max(PATIENCE);
    let mut broken_since = Since::new();
    let mut was_unwell = false;
    // Whether what is broken has had its time before. Looked at once.
    let mut is_old = may_mend.then_some(false);
    loop {
        let begun = Instant::now();
        let servers = prove::servers(situation)?;
        let Look { findings, errors } = look(situation, &servers).await;
        let broken: Vec<&Finding> = findings.iter().filter(|finding| !is_settled(finding)).collect();
        if broken.is_empty() && !was_unwell {
            return Ok(Waited::scraped(findings));
        }
        let is_pending =
            |finding: &&Finding| finding.cause == Some(Cause::TargetPending) && !errors.contains_key(&finding.subject);
        if is_old.is_none() {
            let stands_still = stands_still(situation, &servers).await;
            is_old = Some(stands_still);
            if stands_still && !broken.iter().any(|finding| is_pending(finding) || mends_by_itself(finding)) {
                let looked = prove::look_closer(situation, &servers).await;
                let is_coming =
                    |finding: &Finding| finding.cause == Some(Cause::TargetPending) || mends_by_itself(finding);
                if !looked.iter().any(is_coming) {
                    return Ok(Waited { scraped: None, looked: Some(looked) });
                }
            }
        }
        // What a target says of what it watches is there a moment after Prometheus calls the target well.
        was_unwell = !broken.is_empty();
        broken_since = still_broken(&broken_since, &broken);
        let is_final = |finding: &Finding| is_final(&situation.desired, finding);
        let is_awaited = |finding: &&&Finding| {
            !is_lost(&situation.desired, finding)
                && !finding.instance.as_ref().is_some_and(|instance| fallen.contains(instance))
        };
        let is_hopeless = |finding: &&Finding| {
            let takes_time = tells_of_another(finding) || finding.cause == Some(Cause::ContainerRestarting);
            let patience = match finding.status {
                Status::Warn => PATIENCE_WITH_SILENCE,
                _ if takes_time && is_old == Some(true) => one_scrape,
                _ if takes_time => patience.max(PATIENCE_WITH_APPS),
                _ => patience,
            };
            !is_pending(finding) && broken_since.get(&key(finding)).is_some_and(|since| since.elapsed() >= patience)
        };
        let awaited: Vec<&Finding> = broken.iter().filter(is_awaited).copied().collect();
        if was_unwell && (awaited.iter().all(is_hopeless) || Instant::now() >= deadline) {
            let needs_no_look = broken.iter().all(|finding| is_final(finding));
            return Ok(Waited { scraped: needs_no_look.then_some(findings), looked: None });
        }
        if was_unwell {
            waiting.tell(&words(&awaited, &errors));
        }
        let rest = deadline.saturating_duration_since(Instant::now());
        tokio::time::sleep(pause(begun.elapsed()).min(rest.max(PAUSE))).await;
        situation.look_again().await?;
    }
}

/// What is found of the targets now, where every one of them is scraped.
pub(super) async fn all_scraped(situation: &Situation, servers: &[Server]) -> Option<Vec<Finding>> {
    situation.desired.prometheus.as_ref()?;
    let findings = look(situation, servers).await.findings;
    findings.iter().all(is_settled).then_some(findings)
}

/// Nothing is to be waited for, nor to be looked at closer: it is scraped, and had samples.
fn is_settled(finding: &Finding) -> bool {
    finding.status != Status::Fail && finding.cause != Some(Cause::NotMetrics)
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
    let active = targets.flat_map(|targets| &targets.active);
    let failed = active.filter(|it| it.health == Health::Down && !it.last_error.is_empty());
    let failed: HashMap<&str, &Target> = failed.map(|target| (target.pool.as_str(), target)).collect();
    let jobs = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    let jobs: HashMap<&str, &Job> = jobs.map(|job| (job.name.as_str(), job)).collect();
    let shown = |(name, target): (&str, &Target)| {
        let error = without_url_secrets(&target.last_error);
        let error = jobs.get(name).map_or_else(|| error.clone(), |job| verify::without_parameters(job, &error));
        (name.to_owned(), error)
    };
    failed.into_iter().map(shown).collect()
}

/// Time until the next look, after one that took so long.
fn pause(look: Duration) -> Duration {
    (look * (SHARE - 1)).clamp(PAUSE, LONGEST_PAUSE)
}

/// Time in which every target is scraped once, as far as it is waited for: what one target needs to mend comes with a scrape.
fn one_scrape(desired: &Desired) -> Duration {
    let Some(prometheus) = &desired.prometheus else { return PATIENCE };
    let intervals = prometheus.jobs.iter().filter_map(|job| job.interval).chain([prometheus.scrape_interval]);
    let slowest = intervals.max().unwrap_or(prometheus.scrape_interval);
    (Duration::from_millis(slowest.as_millis()) + MARGIN).min(LONGEST)
}

/// A container of somebody else that is not there: nothing that stackctl does brings it.
fn is_lost(desired: &Desired, finding: &Finding) -> bool {
    let mut jobs = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    let mut is_attached = |name: &str| jobs.any(|job| job.name == name && matches!(job.origin, JobOrigin::Attached(_)));
    finding.cause == Some(Cause::ContainerMissing) && is_attached(&finding.subject)
}

/// Whether nothing of the stack has begun anew within the last minute, so that what does not work has had its time: a
/// container that is older and does not answer needs more than waiting.
async fn stands_still(situation: &Situation, servers: &[Server]) -> bool {
    let is_fresh =
        |container: &ObservedContainer| container.seconds_up.is_some() || container.health == engine::Health::Starting;
    if situation.observed.containers.iter().any(is_fresh) {
        return false;
    }
    let asked = servers.iter().filter_map(|server| server.client.as_ref());
    let read = join_all(asked.map(|prometheus| async {
        let read = prometheus.runtime_info().await.ok()?.last_config_time.parse::<jiff::Timestamp>().ok()?;
        Some(jiff::Timestamp::now().as_second() - read.as_second())
    }));
    read.await.into_iter().all(|age| age.is_some_and(|age| age >= FRESH.as_secs().cast_signed()))
}

/// What the next scrape, or the next lookup of a name, may mend without anybody's doing, beside what is pending.
fn mends_by_itself(finding: &Finding) -> bool {
    let comes = [Cause::TargetUnexpected, Cause::DnsCount, Cause::PrometheusUnreachable];
    let is_coming = finding.cause.is_some_and(|cause| comes.contains(&cause));
    finding.status == Status::Fail && (is_coming || tells_of_another(finding))
}

/// The first look tells all that there is to tell.
fn is_final(desired: &Desired, finding: &Finding) -> bool {
    tells_of_another(finding) || is_lost(desired, finding)
}

/// The target is well, and what it watches is not.
fn tells_of_another(finding: &Finding) -> bool {
    matches!(finding.cause, Some(Cause::AppUnreachable | Cause::ProbeFailed))
}

/// Since when each of them is broken in this way.
fn still_broken(before: &Since, broken: &[&Finding]) -> Since {
    let now = Instant::now();
    let since = |key| before.get(&key).copied().unwrap_or(now);
    broken.iter().map(|finding| key(finding)).map(|key| (key.clone(), since(key))).collect()
}

fn key(finding: &Finding) -> (String, Option<Cause>) {
    (format!("{} {}", finding.subject, finding.instance.as_deref().unwrap_or_default()), finding.cause)
}

/// Which jobs are waited for, and what is known of each: the same is said once.
fn words(awaited: &[&Finding], errors: &BTreeMap<String, String>) -> String {
    let mut told: IndexMap<&str, IndexSet<&str>> = IndexMap::new();
    for finding in awaited {
        let name = finding.subject.as_str();
        let what = match errors.get(name).filter(|_| !tells_of_another(finding)) {
            Some(error) => error.as_str(),
            None if finding.cause == Some(Cause::TargetPending) => "not scraped yet",
            None => finding.message.as_str(),
        };
        told.entry(what).or_default().insert(name);
    }
    let one = |(what, names): (&&str, &IndexSet<&str>)| {
        let first: Vec<&str> = names.iter().copied().take(MOST_NAMES).collect();
        format!("{}{}: {what}", first.join(", "), and_more(names.len(), MOST_NAMES))
    };
    let first: Vec<String> = told.iter().take(MOST_TOLD).map(one).collect();
    format!("waiting for {}{}", first.join("; "), and_more(told.len(), MOST_TOLD))
}

/// What stands for those that are not told.
fn and_more(all: usize, told: usize) -> String {
    if all > told { format!(" and {} more", all - told) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::{cost, grows_with_the_work};
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

    #[test]
    fn of_very_many_different_things_the_first_are_told() {
        let findings: Vec<Finding> =
            (0..9).map(|number| broken("web", Cause::HttpStatus, &format!("seen {number}"))).collect();
        assert_eq!(
            words(&findings.iter().collect::<Vec<_>>(), &BTreeMap::new()),
            "waiting for web: seen 0; web: seen 1; web: seen 2; web: seen 3 and 5 more"
        );
    }

    #[test]
    fn a_look_at_ten_times_as_many_broken_targets_costs_about_ten_times_as_much() {
        let look = |count: usize| {
            let findings: Vec<Finding> = (0..count)
                .map(|number| broken(&format!("job{number}"), Cause::ConnectionRefused, &format!("seen {number}")))
                .collect();
            let broken: Vec<&Finding> = findings.iter().collect();
            let before = still_broken(&Since::new(), &broken);
            let (time, _) = cost(|| (still_broken(&before, &broken), words(&broken, &BTreeMap::new())));
            time
        };
        grows_with_the_work(look(500), look(5_000));
    }

    #[test]
    fn what_stays_broken_in_the_same_way_keeps_its_time() {
        let (web, other) = (broken("web", Cause::Timeout, "seen"), broken("web", Cause::WrongPath, "seen"));
        let first = still_broken(&Since::new(), &[&web]);
        assert_eq!(still_broken(&first, &[&web]), first);
        assert_eq!(still_broken(&first, &[&web, &other]).len(), 2);
        assert!(!still_broken(&first, &[&other]).contains_key(&key(&web)), "it has mended");
    }

    #[test]
    fn looks_that_take_long_are_seldom() {
        assert_eq!(pause(Duration::from_millis(10)), PAUSE);
        assert_eq!(pause(Duration::from_millis(300)), Duration::from_millis(1200));
        assert_eq!(pause(Duration::from_secs(30)), LONGEST_PAUSE);
    }
}
