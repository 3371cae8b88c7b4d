//! What apps expose is known only once they run: asks the stack's Prometheus.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::learned::{HOUR, Knowledge, Learned, Running, Sight, after, window};
use super::prove;
use super::situation::Situation;
use crate::client::{Prometheus, QueryResult};
use crate::dashboard::{Exposed, STATUS_LABELS, is_status, telling_metrics};
use crate::desired::{Desired, Job, JobOrigin, LearnedFrom, Service};
use crate::engine::ObservedContainer;
use crate::pins::name_of;
use crate::render;
use crate::verify::{self, Cause, Finding, Status, Trouble};

/// How long the answer may take: nothing but dashboards and alerts wait for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Metrics that are named at most.
const MOST_NAMES: usize = 3;

/// What was seen of apps within their windows, by job.
type Sights = BTreeMap<String, Sight>;

/// An app that exposes something else than the stack's dashboards and alerts are made of.
pub(super) struct News {
    app: String,
    /// Metrics that are new, or have other labels.
    gained: Vec<String>,
    /// Metrics that the last program exposed, and this one does not.
    lost: Vec<String>,
}

/// What is known of apps after a look at what they expose now, by job. `None`: no app is scraped, or nobody can say.
pub(super) async fn look(situation: &Situation, prometheus: Option<&Prometheus>) -> Option<Knowledge> {
    let prometheus = prometheus.filter(|_| !situation.desired.golden.is_empty())?;
    let known = known(situation);
    let running = running(situation);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let mut windows: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for (job, running) in &running {
        windows.entry(window(&known, job, running.as_ref(), now)).or_default().push(job);
    }
    let mut sights = tokio::time::timeout(PATIENCE, ask(prometheus, &question(&windows))).await.ok()??;
    let after = running.into_iter().filter_map(|(job, running)| {
        let sight = sights.remove(job).unwrap_or_default();
        Some((job.to_owned(), after(&known, job, running.as_ref(), &sight, now)?))
    });
    Some(after.collect())
}

/// What is known before.
fn known(situation: &Situation) -> Knowledge {
    let facts = &situation.facts;
    let mut known: Knowledge = BTreeMap::new();
    for (job, exposed) in &facts.exposed {
        known.insert(job.clone(), Learned { exposed: exposed.clone(), from: None });
    }
    for (job, from) in &facts.learned_from {
        known.entry(job.clone()).or_default().from = Some(from.clone());
    }
    known
}

/// What apps run from, by job; `None`: it does not run.
fn running(situation: &Situation) -> BTreeMap<&str, Option<Running>> {
    let (desired, observed) = (&situation.desired, &situation.observed);
    let jobs = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    let jobs = jobs.filter(|job| desired.golden.contains_key(&job.name));
    let services: BTreeMap<&str, &Service> =
        desired.services.iter().map(|service| (service.name.as_str(), service)).collect();
    let mut replicas: BTreeMap<&str, &ObservedContainer> = BTreeMap::new();
    for container in &observed.containers {
        let first = replicas.entry(&container.service).or_insert(container);
        if container.replica < first.replica {
            *first = container;
        }
    }
    let attached: BTreeMap<&str, &ObservedContainer> =
        observed.attached.iter().rev().map(|it| (it.container.service.as_str(), &it.container)).collect();
    let of_job = |job: &Job| match &job.origin {
        JobOrigin::Service(name) => {
            let service = services.get(name.as_str());
            runs(replicas.get(name.as_str())?, service.map(|service| service.image.reference.as_str()))
        }
        JobOrigin::Attached(name) => runs(attached.get(name.as_str())?, None),
        _ => None,
    };
    jobs.map(|job| (job.name.as_str(), of_job(job))).collect()
}

/// `reference`: of the image in the stack file. `None`: nobody can tell from which image it runs.
fn runs(container: &ObservedContainer, reference: Option<&str>) -> Option<Running> {
    // An image whose tag has gone to another one is listed under its id.
    let reference = if container.image.starts_with("sha256:") { reference? } else { &container.image };
    let from = LearnedFrom::new(name_of(reference), &container.image_id, &container.parts);
    // The second after: what was scraped in the same second may be of the container before.
    Some(Running { from, started_at: container.started_at.div_euclid(1000) + 1 })
}

impl Situation {
    /// Takes in what apps expose now; what is known of apps that were not seen stays. True: other dashboards come of it.
    pub(super) fn learn(&mut self, seen: Knowledge) -> bool {
        for (job, Learned { exposed, from }) in seen {
            self.facts.exposed.insert(job.clone(), exposed);
            if let Some(from) = from {
                self.facts.learned_from.insert(job, from);
            }
        }
        let facts = &self.facts;
        let is_known = |(job, exposed): (&String, &Exposed)| match self.desired.exposed.get(job) {
            Some(known) => known == exposed,
            None => exposed.is_empty(),
        };
        let is_told = |(job, from): (&String, &LearnedFrom)| self.desired.learned_from.get(job) == Some(from);
        let apps = |job: &str| self.desired.golden.contains_key(job);
        if facts.exposed.iter().filter(|(job, _)| apps(job)).all(is_known)
            && facts.learned_from.iter().filter(|(job, _)| apps(job)).all(is_told)
        {
            return false;
        }
        let desired = Desired::of(&self.loaded.stack, &self.facts);
        let is_new = desired.exposed != self.desired.exposed || desired.learned_from != self.desired.learned_from;
        if is_new {
            self.files = render::all(&desired);
            self.desired = desired;
        }
        is_new
    }
}

/// The instance of a finding about what is known of an app.
pub(super) const GOLDEN_SIGNALS: &str = "golden signals";

/// What `up` would learn now, and make dashboards and alerts of.
pub(super) async fn news(situation: &Situation) -> Vec<News> {
    let prometheus = prove::prometheus(situation).ok().flatten();
    let seen = look(situation, prometheus.as_ref()).await.unwrap_or_default();
    let nothing = Exposed::default();
    let news = seen.iter().filter_map(|(app, learned)| {
        let known = situation.desired.exposed.get(app).unwrap_or(&nothing);
        (*known != learned.exposed).then(|| News::of(app, known, &learned.exposed))
    });
    news.collect()
}

impl News {
    fn of(app: &str, known: &Exposed, exposed: &Exposed) -> Self {
        let gained = exposed.0.iter().filter(|(metric, labels)| known.0.get(*metric) != Some(labels));
        let lost = known.0.keys().filter(|metric| !exposed.has(metric));
        Self {
            app: app.to_owned(),
            gained: gained.map(|(metric, _)| metric.clone()).collect(),
            lost: lost.cloned().collect(),
        }
    }

    /// What is new, in words.
    pub(super) fn words(&self) -> String {
        let names = |metrics: &[String]| {
            let more = metrics.len().saturating_sub(MOST_NAMES);
            let names: Vec<String> = metrics.iter().take(MOST_NAMES).map(|metric| format!("`{metric}`")).collect();
            if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
        };
        match (self.gained.as_slice(), self.lost.as_slice()) {
            (gained, []) => format!("`{}` now exposes {}", self.app, names(gained)),
            ([], lost) => format!("`{}` runs another program by now, and does not expose {}", self.app, names(lost)),
            (gained, lost) => {
                format!(
                    "`{}` runs another program by now: it exposes {}, and no longer {}",
                    self.app,
                    names(gained),
                    names(lost)
                )
            }
        }
    }

    pub(super) fn as_json(&self) -> Value {
        json!({ "app": self.app, "gained": self.gained, "lost": self.lost })
    }

    pub(super) fn as_finding(&self) -> Finding {
        let message = format!("{}, and its dashboard and alerts are made of what was known before", self.words());
        let trouble = Trouble::new(Cause::ConfigStale, message, "`stackctl up` makes them of that");
        Finding::fail(verify::DASHBOARDS, &self.app, Some(GOLDEN_SIGNALS), trouble).as_warning()
    }
}

/// Apps that are not scraped and of which nothing is known yet, so that they lack what is made of it.
/// `found`: what was found of the stack's targets.
pub(super) fn unknown(situation: &Situation, found: &[Finding]) -> Vec<Finding> {
    let desired = &situation.desired;
    let is_broken = |app: &str| {
        let mut targets = found.iter().filter(|finding| finding.check == verify::TARGETS && finding.subject == app);
        targets.any(|finding| finding.status == Status::Fail)
    };
    let names_signals = |app: &str| {
        let stack = &situation.loaded.stack;
        let run = stack.apps.get(app).is_some_and(|app| app.signals.is_some());
        run || stack.attached.get(app).is_some_and(|app| app.signals.is_some())
    };
    let apps = desired.golden.keys().filter(|app| !desired.exposed.contains_key(*app) && !names_signals(app));
    let unknown = apps.filter(|app| is_broken(app)).map(|app| {
        let message = format!(
            "nothing is known yet of what `{app}` exposes, because it is not scraped: its dashboard has no golden signals, and \
             no alert looks at its errors"
        );
        let fix = format!("mend its target, then run `stackctl up` again; or write `apps.{app}.signals`");
        let trouble = Trouble::new(Cause::JobDown, message, fix);
        Finding::fail(verify::DASHBOARDS, app, Some(GOLDEN_SIGNALS), trouble).as_warning()
    });
    unknown.collect()
}

/// The telling metrics of each job, within the seconds that each is looked back: a job that is looked back less than an hour is
/// looked at whether it was scraped at all.
fn question(windows: &BTreeMap<i64, Vec<&str>>) -> String {
    let metrics = Vec::from_iter(telling_metrics()).join("|");
    let looks = windows.iter().map(|(seconds, jobs)| {
        let jobs = jobs.join("|");
        let of_apps = format!("last_over_time({{__name__=~\"{metrics}\",job=~\"{jobs}\"}}[{seconds}s])");
        match *seconds {
            HOUR => of_apps,
            _ => format!("{of_apps} or max_over_time(scrape_samples_scraped{{job=~\"{jobs}\"}}[{seconds}s]) > 0"),
        }
    });
    let looks = looks.collect::<Vec<_>>().join(" or ");
    format!("group by (job, __name__, {}) ({looks})", STATUS_LABELS.join(", "))
}

async fn ask(prometheus: &Prometheus, question: &str) -> Option<Sights> {
    let Ok(QueryResult::Series(series)) = prometheus.query(question).await else { return None };
    let mut sights = Sights::new();
    for mut one in series {
        let Some(job) = one.labels.remove("job") else { continue };
        let sight = sights.entry(job).or_default();
        sight.is_scraped = true;
        let Some(metric) = one.labels.remove("__name__") else { continue };
        let labels = sight.exposed.0.entry(metric).or_default();
        labels.extend(one.labels.into_iter().filter(|(_, value)| is_status(value)).map(|(label, _)| label));
    }
    Some(sights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_job_is_looked_back_at_as_far_as_its_program_runs() {
        let asked = question(&BTreeMap::from([(12, vec!["a", "b"]), (HOUR, vec!["c"])]));
        let [near, scraped, far] = asked.split(" or ").collect::<Vec<_>>()[..] else { panic!("{asked}") };
        assert!(near.contains("job=~\"a|b\"}[12s])"), "{near}");
        assert_eq!(scraped, "max_over_time(scrape_samples_scraped{job=~\"a|b\"}[12s]) > 0");
        assert!(far.contains("job=~\"c\"}[3600s])"), "{far}");
        crate::promql::Expression::parse(&asked).expect("it is a query");
    }
}
