//! `verify`: proves that what runs is what the file says, and that every target is scraped.

use clap::ValueEnum;

use super::advice::typed;
use super::learn::News;
use super::situation::{Situation, Wishes};
use super::{Exit, Failure, failure, findings, learn, output, prove, situation};
use crate::cli::{Format, Global};
use crate::desired::Desired;
use crate::engine::Error;
use crate::verify::{self, Cause, Finding, Report, Status};

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exits with 3 when anything is not as promised.\n\nExamples:\n  stackctl verify\n  stackctl verify targets --format json"
)]
pub struct Arguments {
    /// What to prove; none: all of it
    #[arg(value_enum, value_name = "CHECK")]
    checks: Vec<Check>,
    #[command(flatten)]
    pub(super) output: crate::cli::Output,
}

/// What `verify` proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Check {
    /// Every replica is scraped
    Targets,
    /// Prometheus runs the rendered configuration, and the containers are what the file says
    Config,
    /// The engine's own metrics can be scraped
    Engine,
    /// Every panel of every dashboard shows data, and Grafana has them all
    Dashboards,
    /// The rules in force are the rendered ones and can have an answer, and alerts reach their receivers
    Alerts,
    /// Samples arrive where `remote_write` sends them
    Remote,
}

impl Check {
    /// As its findings name it.
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let loaded = situation::load(global)?;
    let engine = situation::connect().await?;
    let (stack, sweeper) = (loaded.stack.name.clone(), engine.clone());
    let look = Situation::with_engine(global, loaded, engine, Wishes::default());
    let situation = tokio::join!(look, sweeper.sweep_probes(stack.as_str())).0?;
    let wants = |check| arguments.checks.is_empty() || arguments.checks.contains(&check);
    let news = async {
        if wants(Check::Dashboards) || wants(Check::Alerts) { learn::news(&situation).await } else { Vec::new() }
    };
    let (found, news) = tokio::join!(prove::findings(&situation, &arguments.checks, prove::Known::default()), news);
    let mut findings = found?;
    let plan = situation.plan();
    if wants(Check::Config) && !situation.observed.containers.is_empty() {
        let pending = verify::pending(&situation.desired, &plan, &findings);
        let behind = findings.iter().rposition(|finding| finding.check == Check::Config.name());
        let at = behind.map_or(findings.len(), |last| last + 1);
        findings.splice(at..at, pending);
    }
    if arguments.checks.is_empty() {
        findings.extend(learn::unknown(&situation, &findings));
    }
    findings.extend(news.iter().map(News::as_finding));
    if !wants(Check::Targets) {
        fail_by_empty_panels(&mut findings);
    }
    let refusal = situation.taken_over(&plan);
    if let Some(refusal) = &refusal {
        take_advice(&mut findings, refusal);
    }
    let kept = findings.iter().all(|finding| finding.status != Status::Fail);
    match arguments.output.format {
        Format::Json => {
            for finding in &mut findings {
                (finding.message, finding.fix) = (typed(&finding.message), typed(&finding.fix));
            }
            output::print_json(&Report::new(&situation.desired.stack, findings));
        }
        Format::Text => {
            findings::show(&findings, global);
            if let Some(refusal) = &refusal {
                output::say(&failure::framed(&refusal.to_string(), refusal.advice.as_deref()));
            }
            let is_silent = |check: &&Check| !findings.iter().any(|finding| check.name() == finding.check);
            let silent = arguments.checks.iter().filter(is_silent);
            silent.filter_map(|check| nothing_to_prove(*check, &situation.desired)).for_each(output::say);
            if situation.observed.containers.is_empty() {
                output::say(&format!("nothing of stack `{}` runs: `stackctl up` starts it", situation.desired.stack));
            } else if global.verbose > 0 {
                situation.say_left_out();
            }
        }
    }
    Ok(if kept { Exit::Done } else { Exit::NotAsDesired })
}

/// Why there is nothing to prove of what somebody asks for by name, and what would bring it.
fn nothing_to_prove(check: Check, desired: &Desired) -> Option<&'static str> {
    let Some(config) = &desired.prometheus else {
        return match check {
            Check::Engine => None,
            _ => Some("Prometheus is off or left out: nothing to prove; `prometheus: {}` in the stack file brings it"),
        };
    };
    match check {
        Check::Engine if desired.daemon.is_none() => {
            Some("`engine.metrics` is off: nothing to prove of the engine; `engine.metrics: gateway` switches it on")
        }
        Check::Alerts
            if config.rule_files.is_empty() && !config.missing_rules.iter().any(|missing| missing.is_asked) =>
        {
            Some(
                "the stack has no rules: nothing to prove of alerts; `alerts: {}` in the stack file brings the presets",
            )
        }
        Check::Dashboards if desired.dashboards.is_empty() => {
            Some("the stack has no dashboards: nothing to prove of them")
        }
        Check::Remote if config.remote_write.is_empty() => {
            Some("`prometheus.remote_write` is not written: nothing to prove of it")
        }
        _ => None,
    }
}

/// Says of what `up` would mend, and refuses to, what it would say itself.
fn take_advice(findings: &mut [Finding], refusal: &Error) {
    for finding in findings.iter_mut().filter(|finding| finding.fix.contains("`stackctl up`")) {
        if finding.cause == Some(Cause::ContainerStale) {
            finding.message = format!("{}, and refuses to: {}", finding.message, refusal.cause);
        }
        finding.fix = refusal.advice.clone().unwrap_or_default();
    }
}

/// Panels that are empty because of a target, where nothing else tells of it. A rule that waits for one is still well.
fn fail_by_empty_panels(findings: &mut [Finding]) {
    let is_empty = |finding: &Finding| finding.check == verify::DASHBOARDS && finding.cause == Some(Cause::JobDown);
    for finding in findings.iter_mut().filter(|finding| is_empty(finding)) {
        finding.status = Status::Fail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Trouble;

    #[test]
    fn what_up_refuses_to_mend_is_told_in_its_words() {
        let trouble = |cause, message| Trouble::new(cause, message, "run `stackctl up`");
        let logs = Trouble::new(Cause::Timeout, "it takes too long", "see `stackctl logs web`");
        let stale = trouble(Cause::ContainerStale, "`up` would replace it");
        let fail = |trouble| Finding::fail("config", "web", None, trouble);
        let mut findings = [fail(stale), fail(trouble(Cause::ConfigStale, "it is old")), fail(logs)];
        take_advice(&mut findings, &Error::new("cannot bring up", "another stack runs").advise("take another `name`"));
        let told = findings.map(|finding| format!("{} - {}", finding.message, finding.fix));
        assert_eq!(
            told,
            [
                "`up` would replace it, and refuses to: another stack runs - take another `name`",
                "it is old - take another `name`",
                "it takes too long - see `stackctl logs web`",
            ]
        );
    }

    #[test]
    fn a_panel_without_its_target_fails_alone_and_a_rule_that_waits_does_not() {
        let trouble = || Trouble::new(Cause::JobDown, "no target of `web` is scraped", "mend it");
        let warning = |check| Finding::fail(check, "web", None, trouble()).as_warning();
        let mut findings = [warning(verify::DASHBOARDS), warning(verify::ALERTS)];
        fail_by_empty_panels(&mut findings);
        assert_eq!(findings.map(|finding| finding.status), [Status::Fail, Status::Warn]);
    }
}
