//! What apps expose is known only once they run: asks the stack's Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::prove;
use super::situation::Situation;
use crate::client::{Prometheus, QueryResult};
use crate::dashboard::{Exposed, STATUS_LABELS, telling_metrics};
use crate::verify::{self, Cause, Finding, Status, Trouble};

/// How long the answer may take: nothing but dashboards and alerts wait for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Metrics that are named at most.
const MOST_NAMES: usize = 3;

/// What apps expose, by job.
pub(super) type Seen = BTreeMap<String, Exposed>;

/// An app that exposes something else than the stack's dashboards and alerts are made of.
pub(super) struct News {
    app: String,
    /// Metrics that are new, or have other labels.
    gained: Vec<String>,
    /// Metrics that were not seen for an hour.
    lost: Vec<String>,
}

/// What apps expose now. `None`: no app is scraped, or nobody can say.
pub(super) async fn look(situation: &Situation, prometheus: Option<&Prometheus>) -> Option<Seen> {
    let apps: Vec<&str> = situation.desired.golden.keys().map(String::as_str).collect();
    let prometheus = prometheus.filter(|_| !apps.is_empty())?;
    tokio::time::timeout(PATIENCE, ask(prometheus, &apps)).await.ok()?
}

/// The instance of a finding about what is known of an app.
pub(super) const GOLDEN_SIGNALS: &str = "golden signals";

/// What `up` would learn now, and make dashboards and alerts of.
pub(super) async fn news(situation: &Situation) -> Vec<News> {
    let prometheus = prove::prometheus(situation).ok().flatten();
    let seen = look(situation, prometheus.as_ref()).await.unwrap_or_default();
    let differs = seen.iter().filter(|(app, exposed)| situation.desired.exposed.get(*app) != Some(exposed));
    differs.map(|(app, exposed)| News::of(app, situation.desired.exposed.get(app), exposed)).collect()
}

impl News {
    fn of(app: &str, known: Option<&Exposed>, exposed: &Exposed) -> Self {
        let nothing = Exposed::default();
        let known = known.unwrap_or(&nothing);
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
            ([], lost) => format!("`{}` has not exposed {} for an hour", self.app, names(lost)),
            (gained, lost) => {
                format!("`{}` now exposes {}, and for an hour not {}", self.app, names(gained), names(lost))
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

/// The telling metrics of each job, within the last hour: an app that started anew and rests still has its dashboard.
async fn ask(prometheus: &Prometheus, apps: &[&str]) -> Option<Seen> {
    let (metrics, jobs) = (Vec::from_iter(telling_metrics()).join("|"), apps.join("|"));
    let mut query = format!("group by (job, __name__, {})", STATUS_LABELS.join(", "));
    write!(query, " (last_over_time({{__name__=~\"{metrics}\",job=~\"{jobs}\"}}[1h]))")
        .expect("a String takes everything");
    let Ok(QueryResult::Series(series)) = prometheus.query(&query).await else { return None };
    let mut seen = Seen::new();
    for mut one in series {
        let (Some(job), Some(metric)) = (one.labels.remove("job"), one.labels.remove("__name__")) else { continue };
        let labels = seen.entry(job).or_default().0.entry(metric).or_default();
        labels.extend(one.labels.into_iter().filter(|(_, value)| !value.is_empty()).map(|(label, _)| label));
    }
    Some(seen)
}
