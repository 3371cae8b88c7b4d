//! What apps expose is known only once they run: asks the stack's Prometheus, and makes the choices again that depend on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use super::situation::Situation;
use super::{Failure, prove};
use crate::client::{Prometheus, QueryResult};
use crate::dashboard::{Exposed, STATUS_LABELS, telling_metrics};
use crate::desired::{Desired, JobOrigin};

/// How long the answer may take: nothing but a dashboard waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Learns what apps expose now. True: the dashboards are to be others than they are.
pub(super) async fn learn(situation: &mut Situation) -> Result<bool, Failure> {
    let jobs = app_jobs(&situation.desired);
    let Some(prometheus) = prove::prometheus(situation)?.filter(|_| !jobs.is_empty()) else { return Ok(false) };
    let Ok(Some(seen)) = tokio::time::timeout(PATIENCE, ask(&prometheus, &jobs)).await else { return Ok(false) };
    Ok(situation.learn(seen))
}

/// The jobs of apps whose dashboards depend on what they expose.
fn app_jobs(desired: &Desired) -> BTreeSet<String> {
    let jobs = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    let names = jobs.filter_map(|job| match &job.origin {
        JobOrigin::Service(name) => Some(name.clone()),
        _ => None,
    });
    let shown: BTreeSet<&str> = desired.dashboards.iter().map(|dashboard| dashboard.name.as_str()).collect();
    let has_overview = desired.dashboards.iter().any(|dashboard| dashboard.name.ends_with("overview"));
    names.filter(|name| has_overview || shown.contains(name.as_str())).collect()
}

/// The telling metrics of each job, within the last hour: an app that started anew and rests still has its dashboard.
async fn ask(prometheus: &Prometheus, jobs: &BTreeSet<String>) -> Option<BTreeMap<String, Exposed>> {
    let any = |names: &mut dyn Iterator<Item = &String>| names.map(String::as_str).collect::<Vec<_>>().join("|");
    let (metrics, jobs) = (any(&mut telling_metrics().iter()), any(&mut jobs.iter()));
    let mut query = format!("group by (job, __name__, {})", STATUS_LABELS.join(", "));
    write!(query, " (last_over_time({{__name__=~\"{metrics}\",job=~\"{jobs}\"}}[1h]))")
        .expect("a String takes everything");
    let Ok(QueryResult::Series(series)) = prometheus.query(&query).await else { return None };
    let mut seen: BTreeMap<String, Exposed> = BTreeMap::new();
    for mut one in series {
        let (Some(job), Some(metric)) = (one.labels.remove("job"), one.labels.remove("__name__")) else { continue };
        let labels = seen.entry(job).or_default().0.entry(metric).or_default();
        labels.extend(one.labels.into_iter().filter(|(_, value)| !value.is_empty()).map(|(label, _)| label));
    }
    Some(seen)
}
