//! Findings as people read them: a table, and below it what is broken, why, and what to do.

use std::collections::HashMap;
use std::fmt::Write as _;

use indexmap::IndexMap;

use super::learn::GOLDEN_SIGNALS;
use super::output;
use crate::cli::Global;
use crate::verify::{self, Cause, Finding, Status};

/// Targets of a job that stand alike and are a row each; more of them are one row.
const MOST_TARGETS: usize = 20;

/// Prints findings. `--quiet`: only what is not well; `--verbose`: each panel and each target by itself.
pub(super) fn show(findings: &[Finding], global: &Global) {
    let mut shown = if global.verbose > 0 { findings.to_vec() } else { folded(findings) };
    shown.retain(|finding| !global.quiet || finding.status != Status::Ok);
    if !shown.is_empty() {
        output::print(&text(&shown));
    }
}

fn text(findings: &[Finding]) -> String {
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|finding| {
            vec![
                mark(finding.status),
                finding.check.to_owned(),
                finding.subject.clone(),
                finding.instance.clone().unwrap_or_default(),
                finding.cause.map(|cause| cause.to_string()).unwrap_or_default(),
            ]
        })
        .collect();
    let mut text = output::table(&["STATUS", "CHECK", "SUBJECT", "INSTANCE", "CAUSE"], &rows);
    for (named, finding) in told_once(findings) {
        let cause = finding.cause.map(|cause| cause.to_string()).unwrap_or_default();
        let lines = |text: &str, indent| output::fitted(&std::io::stdout(), text, indent);
        let (names, message) = (named.join(", "), lines(&finding.message, 2));
        write!(text, "\n\n{} {names}: {cause}\n  {message}", mark(finding.status)).expect("a String takes everything");
        if !finding.fix.is_empty() {
            write!(text, "\n  {} {}", output::paint(output::CYAN, "fix:"), lines(&finding.fix, 7))
                .expect("a String takes everything");
        }
    }
    text
}

/// What is broken, and everything that is broken in that same way.
fn told_once(findings: &[Finding]) -> impl Iterator<Item = (Vec<&str>, &Finding)> {
    let mut told: IndexMap<_, (Vec<&str>, &Finding)> = IndexMap::new();
    for finding in findings.iter().filter(|finding| finding.status != Status::Ok) {
        let name = finding.instance.as_deref().unwrap_or(&finding.subject);
        let way = (finding.cause, &finding.message, &finding.fix);
        told.entry(way).or_insert_with(|| (Vec::new(), finding)).0.push(name);
    }
    told.into_values()
}

fn mark(status: Status) -> String {
    match status {
        Status::Ok => output::paint(output::GREEN, "ok"),
        Status::Fail => output::paint(output::RED, "fail"),
        Status::Warn => output::paint(output::YELLOW, "warn"),
    }
}

/// The findings as rows of a table: one row for the panels of a dashboard that are well or wait for a scrape, and one for
/// the targets of a job that stand alike, where there are many.
fn folded(findings: &[Finding]) -> Vec<Finding> {
    let mut groups: HashMap<Alike, (usize, usize)> = HashMap::new();
    for (position, finding) in findings.iter().enumerate() {
        if let Some(alike) = alike(finding) {
            groups.entry(alike).or_insert((position, 0)).1 += 1;
        }
    }
    let row = |(position, finding): (usize, &Finding)| {
        let group = alike(finding).and_then(|alike| Some((groups.get(&alike).copied()?, alike)));
        match group {
            Some(((first, count), alike)) if count > alike.most_rows() => {
                (first == position).then(|| whole(finding, count, &alike))
            }
            _ => Some(finding.clone()),
        }
    };
    findings.iter().enumerate().filter_map(row).collect()
}

/// What findings have in common that may be one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Alike<'a> {
    check: &'static str,
    parts: &'static str,
    subject: &'a str,
    status: Status,
    cause: Option<Cause>,
}

fn alike(finding: &Finding) -> Option<Alike<'_>> {
    let Finding { check, subject, status, cause, .. } = finding;
    let waits = matches!(cause, Some(Cause::DataPending | Cause::RulePending | Cause::JobDown));
    let is_well = *status == Status::Ok || waits;
    let parts = match *check {
        verify::TARGETS => "targets",
        verify::DASHBOARDS if is_well => "panels",
        verify::ALERTS if is_well => "rules",
        _ => return None,
    };
    let is_part = !matches!(finding.instance.as_deref(), Some("grafana" | GOLDEN_SIGNALS));
    is_part.then_some(Alike { check, parts, subject, status: *status, cause: *cause })
}

impl Alike<'_> {
    /// More of them are one row.
    fn most_rows(&self) -> usize {
        if self.check == verify::TARGETS { MOST_TARGETS } else { 1 }
    }
}

/// All that are alike, told by the first of them.
fn whole(first: &Finding, count: usize, alike: &Alike) -> Finding {
    let message = match (first.status, alike.check) {
        (Status::Fail, verify::TARGETS) => {
            let more = format!("{} more of `{}`", count - 1, first.subject);
            format!("{}; so it is with {more}, each of which `--verbose` tells", first.message)
        }
        _ => first.message.clone(),
    };
    Finding { instance: Some(format!("{count} {}", alike.parts)), message, ..first.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::{cost, grows_with_the_work};
    use crate::verify::Trouble;

    fn ok(check: &'static str, subject: &str, panel: &str) -> Finding {
        Finding::ok(check, subject, Some(panel), "1 series".to_owned())
    }

    fn down(count: usize) -> Vec<Finding> {
        let one = |port| {
            let trouble = Trouble::new(Cause::ConnectionRefused, format!("`host:{port}` refuses"), "start it");
            Finding::fail("targets", "many", Some(&format!("host:{port}")), trouble)
        };
        (0..count).map(one).collect()
    }

    fn instances(rows: &[Finding]) -> Vec<(&str, &str)> {
        rows.iter().map(|row| (row.subject.as_str(), row.instance.as_deref().unwrap_or(""))).collect()
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
        assert_eq!(
            instances(&folded(&findings)),
            [("web", "demo-web-1"), ("web", "demo-web-2"), ("web", "2 panels"), ("web", "Errors"), ("node", "Load")]
        );
    }

    #[test]
    fn of_many_targets_that_stand_alike_the_first_is_told_and_how_many_there_are() {
        let few = down(MOST_TARGETS);
        assert_eq!(folded(&few), few);
        let mut findings = down(MOST_TARGETS + 1);
        findings.insert(3, ok("targets", "many", "host:up"));
        let rows = folded(&findings);
        assert_eq!(instances(&rows), [("many", "21 targets"), ("many", "host:up")]);
        assert_eq!(
            rows[0].message,
            "`host:0` refuses; so it is with 20 more of `many`, each of which `--verbose` tells"
        );
    }

    #[test]
    fn ten_times_as_many_rows_cost_about_ten_times_as_much() {
        let (few, many) = (down(500), down(5_000));
        let (part, _) = cost(|| (told_once(&few).count(), folded(&few)));
        let (whole, _) = cost(|| (told_once(&many).count(), folded(&many)));
        grows_with_the_work(part, whole);
    }
}
