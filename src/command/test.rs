//! `test`: the tests of the rules in the stack file, run by promtool in the stack's own Prometheus image.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap_complete::engine::ArgValueCompleter;
use serde_json::json;

use super::progress::Progress;
use super::situation::{Situation, Wishes};
use super::{Exit, Failure, complete, failure, output};
use crate::cli::{Format, Global};
use crate::desired::Desired;
use crate::engine::{Error, Event, Once};
use crate::render::{self, RuleTestFiles};
use crate::stack::counted;

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Runs promtool in the image of the stack's Prometheus; the stack need not run. A test in the stack file:

  tests:
    five percent of failures is an alert:
      series:
        http_requests_total{job=\"web\",code=\"200\"}: 0+95x60
        http_requests_total{job=\"web\",code=\"500\"}: 0+10x60
      expect:
        - { at: 30m, alert: HighErrorRatio, firing: [{ app: web }] }

Exits with 3 when a test fails.

Examples:
  stackctl test
  stackctl test 'five percent of failures is an alert'
  stackctl test --format json")]
pub struct Arguments {
    /// Tests to run; none: all
    #[arg(value_name = "NAME", add = ArgValueCompleter::new(complete::tests))]
    names: Vec<String>,
    #[command(flatten)]
    output: crate::cli::Output,
}

/// What came of one test.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    name: String,
    is_passed: bool,
    /// What promtool says of it; empty where it passed.
    words: String,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let situation = Situation::of(global, Wishes::default()).await?;
    let mut files = render::rule_tests(&situation.desired);
    select(&mut files, &arguments.names)?;
    let Some(service) = situation.desired.prometheus_service() else {
        return Err(Error::new("cannot test the rules", "there is no Prometheus whose promtool could").into());
    };
    let image = service.image.reference.clone();
    if !has_image(&situation, &image, global.quiet).await? {
        return Ok(Exit::WorldSaidNo);
    }
    let paths = files.tests.iter().map(|(_, path, _)| path.clone());
    let command = ["promtool", "test", "rules"].into_iter().map(str::to_owned).chain(paths).collect();
    let tests = files.tests.iter().map(|(_, path, text)| (path.clone(), text.clone()));
    let all: Vec<_> = files.rules.iter().cloned().chain(tests).collect();
    let once = Once { stack: &situation.desired.stack, image: &image, command, files: &all };
    let ended = situation.engine.run_once(&once).await?;
    let mut outcomes = outcomes(&files, &ended.printed);
    if outcomes.len() != files.tests.len() {
        let error = Error::new(format!("cannot test the rules in the image `{image}`"), ended.printed.trim());
        return Err(error.advise("promtool did not get as far as the tests").into());
    }
    for outcome in outcomes.iter_mut().filter(|outcome| !outcome.is_passed) {
        for why in missing_rules(&situation.desired, &outcome.name) {
            write!(outcome.words, "\n  {why}").expect("a String takes everything");
        }
    }
    show(&outcomes, arguments.output.format);
    Ok(if outcomes.iter().all(|outcome| outcome.is_passed) { Exit::Done } else { Exit::NotAsDesired })
}

/// Alerts that the test expects and that have no rule, because what would count for them is not known here, in words.
fn missing_rules(desired: &Desired, test_name: &str) -> Vec<String> {
    let Some(config) = &desired.prometheus else { return Vec::new() };
    let expected = config.tests.get(test_name).into_iter().flat_map(|test| &test.expect);
    let expected =
        expected.filter_map(|expectation| Some((expectation.alert.as_deref()?, expectation.firing.as_ref()?)));
    let missing = expected.flat_map(|(alert, firing)| {
        let is_of = move |app: &str| firing.iter().any(|one| one.labels.get("app").is_none_or(|label| label == app));
        let missing = config.missing_rules.iter().filter(move |missing| missing.alerts.contains(&alert) && is_of(&missing.app));
        missing.map(move |missing| {
            format!(
                "there is no rule `{alert}` of `{}`, because it is not known here what counts for it; `{}` names it, here and on \
                 every other host",
                missing.app, missing.signals
            )
        })
    });
    let missing: BTreeSet<String> = missing.collect();
    missing.into_iter().collect()
}

/// Keeps the tests that were named.
fn select(files: &mut RuleTestFiles, names: &[String]) -> Result<(), Failure> {
    if files.tests.is_empty() {
        let help = "add `tests:` to the stack file; `stackctl test --help` shows one";
        return Err(Failure::arguments("this stack has no tests", help));
    }
    if let Some(name) = names.iter().find(|name| files.tests.iter().all(|(known, ..)| known != *name)) {
        let known: Vec<_> = files.tests.iter().map(|(known, ..)| format!("`{known}`")).collect();
        return Err(Failure::arguments(
            format!("no test is called `{name}`"),
            format!("there are {}", known.join(", ")),
        ));
    }
    files.tests.retain(|(name, ..)| names.is_empty() || names.contains(name));
    Ok(())
}

/// Makes sure that the image is there.
async fn has_image(situation: &Situation, image: &str, quiet: bool) -> Result<bool, Failure> {
    let mut plan = situation.plan();
    plan.steps.retain(|step| step.image_reference() == Some(image));
    let progress = Progress::new(quiet);
    let outcome = situation.apply(&plan, std::time::Duration::ZERO, &|event: Event| progress.show(&event)).await?;
    for failed in &outcome.failures {
        output::say(&failure::framed(&failed.error.to_string(), failed.error.advice.as_deref()));
    }
    Ok(outcome.failures.is_empty())
}

/// What promtool says, test by test: a heading with the file's path, then `SUCCESS` or what is not as expected.
fn outcomes(files: &RuleTestFiles, printed: &str) -> Vec<Outcome> {
    let found = files.tests.iter().filter_map(|(name, path, _)| {
        let (_, after) = printed.split_once(&format!("{path}\n"))?;
        let part = after.split("Unit Testing:").next().unwrap_or_default();
        let is_passed = part.trim() == "SUCCESS";
        let words = if is_passed { String::new() } else { indented(part) };
        Some(Outcome { name: name.clone(), is_passed, words })
    });
    found.collect()
}

/// The words of a failure, two columns in, without what is known already.
fn indented(part: &str) -> String {
    let lines = part.lines().map(str::trim_end);
    let telling = lines.filter(|line| !line.is_empty() && line.trim() != "FAILED:");
    telling.map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

fn show(outcomes: &[Outcome], format: Format) {
    if format == Format::Json {
        let entries = outcomes.iter().map(|outcome| {
            let status = if outcome.is_passed { "ok" } else { "fail" };
            json!({ "test": outcome.name, "status": status, "message": outcome.words })
        });
        return output::print_json(&entries.collect::<Vec<_>>());
    }
    for outcome in outcomes {
        if outcome.is_passed {
            output::print(&format!("{} {}", output::paint(output::GREEN, "ok  "), outcome.name));
        } else {
            output::print(&format!("{} {}\n{}", output::paint(output::RED, "fail"), outcome.name, outcome.words));
        }
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.is_passed).count();
    output::say(&format!("{}, {failed} failed", counted(outcomes.len(), "test")));
}

#[cfg(test)]
mod tests {
    use super::{Outcome, outcomes};
    use crate::render::RuleTestFiles;

    #[test]
    fn what_promtool_prints_is_told_test_by_test() {
        let test = |name: &str, path: &str| (name.to_owned(), path.to_owned(), String::new());
        let tests = vec![test("good", "/stackctl-tests/0.yml"), test("bad", "/stackctl-tests/1.yml")];
        let files = RuleTestFiles { rules: Vec::new(), tests };
        let printed = "Unit Testing:  /stackctl-tests/0.yml\n  SUCCESS\n\n\
                       Unit Testing:  /stackctl-tests/1.yml\n  FAILED:\n    alertname: X, time: 5m,\n        got:[]\n";
        let passed = Outcome { name: "good".to_owned(), is_passed: true, words: String::new() };
        let words = "      alertname: X, time: 5m,\n          got:[]".to_owned();
        assert_eq!(outcomes(&files, printed), [passed, Outcome { name: "bad".to_owned(), is_passed: false, words }]);
        assert_eq!(outcomes(&files, "exec: promtool: not found"), []);
    }
}
