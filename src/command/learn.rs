//! What apps expose is known only once they run: asks the stack's Prometheus.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use super::situation::Situation;
use crate::client::{Prometheus, QueryResult};
use crate::dashboard::{Exposed, STATUS_LABELS, telling_metrics};
use crate::desired::{Desired, JobOrigin, Role};

/// How long the answer may take: nothing but a dashboard waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// What apps expose, by job.
pub(super) type Seen = BTreeMap<String, Exposed>;

/// What apps expose now. `None`: no dashboard depends on it, or nobody can say.
pub(super) async fn look(situation: &Situation, prometheus: Option<&Prometheus>) -> Option<Seen> {
    let jobs = app_jobs(&situation.desired);
    let prometheus = prometheus.filter(|_| !jobs.is_empty())?;
    tokio::time::timeout(PATIENCE, ask(prometheus, &jobs)).await.ok()?
}

/// The jobs of apps whose dashboards depend on what they expose.
fn app_jobs(desired: &Desired) -> BTreeSet<String> {
    let apps = desired.services.iter().filter(|service| service.role == Role::App);
    let apps: BTreeSet<&str> = apps.map(|service| service.name.as_str()).collect();
    let jobs = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    let names = jobs.filter_map(|job| match &job.origin {
        JobOrigin::Service(name) if apps.contains(name.as_str()) => Some(name.clone()),
        _ => None,
    });
    let shown: BTreeSet<&str> = desired.dashboards.iter().map(|dashboard| dashboard.name.as_str()).collect();
    let has_overview = desired.dashboards.iter().any(|dashboard| dashboard.name.ends_with("overview"));
    names.filter(|name| has_overview || shown.contains(name.as_str())).collect()
}

/// The telling metrics of each job, within the last hour: an app that started anew and rests still has its dashboard.
async fn ask(prometheus: &Prometheus, jobs: &BTreeSet<String>) -> Option<Seen> {
    let any = |names: &mut dyn Iterator<Item = &String>| names.map(String::as_str).collect::<Vec<_>>().join("|");
    let (metrics, jobs) = (any(&mut telling_metrics().iter()), any(&mut jobs.iter()));
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
