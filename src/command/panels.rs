//! Panels in `up` and in the table of findings: waits until they had a chance to fill, and folds those that are well.

use std::time::{Duration, Instant};

use super::situation::Situation;
use super::{Failure, prove};
use crate::desired::Desired;
use crate::verify::{self, Cause, Finding, Status};

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

/// The findings as rows of a table: panels that are well, or wait for a scrape, are one row for each dashboard.
pub(super) fn folded(findings: &[Finding]) -> Vec<Finding> {
    let mut rows: Vec<(Finding, usize)> = Vec::new();
    for finding in findings {
        let folds = is_folded(finding);
        let alike = |row: &&mut (Finding, usize)| {
            folds
                && is_folded(&row.0)
                && row.0.subject == finding.subject
                && row.0.check == finding.check
                && (row.0.status, row.0.cause) == (finding.status, finding.cause)
        };
        match rows.iter_mut().find(alike) {
            Some((_, count)) => *count += 1,
            None => rows.push((finding.clone(), 1)),
        }
    }
    rows.into_iter().map(|(finding, count)| row(finding, count)).collect()
}

fn is_folded(finding: &Finding) -> bool {
    let waits = matches!(finding.cause, Some(Cause::DataPending | Cause::RulePending | Cause::JobDown));
    let is_well = finding.status == Status::Ok || waits;
    is_well && parts_of(finding.check).is_some() && finding.instance.as_deref() != Some("grafana")
}

/// What the findings of a check are about, where there are many of them.
fn parts_of(check: &str) -> Option<&'static str> {
    match check {
        verify::DASHBOARDS => Some("panels"),
        verify::ALERTS => Some("rules"),
        _ => None,
    }
}

fn row(finding: Finding, count: usize) -> Finding {
    if count == 1 {
        return finding;
    }
    let parts = parts_of(finding.check).unwrap_or_default();
    Finding { instance: Some(format!("{count} {parts}")), ..finding }
}

#[cfg(test)]
mod tests {
    use super::{folded, forgiving};
    use crate::verify::{Cause, Finding, Status, Trouble};

    fn ok(check: &'static str, subject: &str, panel: &str) -> Finding {
        Finding::ok(check, subject, Some(panel), "1 series".to_owned())
    }

    #[test]
    fn panels_that_are_well_are_one_row_and_broken_ones_each_their_own() {
        let broken = Finding::fail("dashboards", "web", Some("Errors"), Trouble::new(Cause::NoData, "seen", "do"));
        let findings = [
            ok("targets", "web", "demo-web-1"),
            ok("targets", "web", "demo-web-2"),
            ok("dashboards", "web", "Traffic"),
            broken.clone(),
            ok("dashboards", "web", "Latency"),
            ok("dashboards", "node", "Load"),
        ];
        let rows = folded(&findings);
        let shown: Vec<_> =
            rows.iter().map(|row| (row.subject.as_str(), row.instance.as_deref().unwrap_or(""))).collect();
        assert_eq!(
            shown,
            [("web", "demo-web-1"), ("web", "demo-web-2"), ("web", "2 panels"), ("web", "Errors"), ("node", "Load")]
        );
    }

    #[test]
    fn an_empty_panel_is_a_warning_for_up_and_a_refused_query_is_not() {
        let with = |cause| Finding::fail("dashboards", "web", Some("Errors"), Trouble::new(cause, "seen", "do"));
        assert_eq!(forgiving(with(Cause::NoData)).status, Status::Warn);
        assert_eq!(forgiving(with(Cause::QueryError)).status, Status::Fail);
    }
}
