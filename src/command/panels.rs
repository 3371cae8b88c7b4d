//! Panels in `up`: waits until they had a chance to fill.

use std::time::{Duration, Instant};

use super::situation::Situation;
use super::{Failure, prove};
use crate::desired::Desired;
use crate::verify::{self, Cause, Finding};

/// Time between two looks while waiting.
const PAUSE: Duration = Duration::from_millis(500);

/// What a scrape may be late by.
const MARGIN: Duration = Duration::from_secs(2);

/// Longest wait for a second scrape, however seldom a job is scraped.
const LONGEST: Duration = Duration::from_secs(35);

/// What is found of the dashboards, once every panel had the two scrapes that a change over time needs.
///
/// An empty panel is a warning here: an app that nobody has called yet has nothing to show, and is no reason for `up` to
/// fail. `verify` is stricter. Nor does anybody wait for a rule that is evaluated every few minutes.
pub(super) async fn wait_until_filled(situation: &Situation, deadline: Instant) -> Result<Vec<Finding>, Failure> {
    let deadline = deadline.min(Instant::now() + patience(&situation.desired));
    loop {
        let findings = look(situation).await?;
        let waits = findings.iter().any(|finding| finding.cause == Some(Cause::DataPending));
        if !waits || Instant::now() + PAUSE >= deadline {
            return Ok(findings.into_iter().map(forgiving).collect());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What is found at once, as kindly.
pub(super) async fn look_kindly(situation: &Situation) -> Result<Vec<Finding>, Failure> {
    Ok(look(situation).await?.into_iter().map(forgiving).collect())
}

/// Asks once.
pub(super) async fn look(situation: &Situation) -> Result<Vec<Finding>, Failure> {
    let servers = prove::servers(situation)?;
    let grafana = situation.grafana(None)?;
    Ok(verify::dashboards(&situation.desired, &servers, grafana.as_ref()).await)
}

/// Two scrapes of the job that is scraped most seldom.
fn patience(desired: &Desired) -> Duration {
    let Some(prometheus) = &desired.prometheus else { return Duration::ZERO };
    let own = prometheus.jobs.iter().filter_map(|job| job.interval);
    let slowest = own.chain([prometheus.scrape_interval]).max().unwrap_or(prometheus.scrape_interval);
    (Duration::from_millis(slowest.as_millis()) * 2 + MARGIN).min(LONGEST)
}

pub(super) fn forgiving(finding: Finding) -> Finding {
    if finding.cause == Some(Cause::NoData) { finding.as_warning() } else { finding }
}

#[cfg(test)]
mod tests {
    use super::forgiving;
    use crate::verify::{Cause, Finding, Status, Trouble};

    #[test]
    fn an_empty_panel_is_a_warning_for_up_and_a_refused_query_is_not() {
        let with = |cause| Finding::fail("dashboards", "web", Some("Errors"), Trouble::new(cause, "seen", "do"));
        assert_eq!(forgiving(with(Cause::NoData)).status, Status::Warn);
        assert_eq!(forgiving(with(Cause::QueryError)).status, Status::Fail);
    }
}
