//! `verify`: proves that what runs is what the file says, and that every target is scraped.

use clap::ValueEnum;

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, output, prove, situation};
use crate::cli::{Format, Global};
use crate::verify::{Cause, Report, Status};

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
    /// Prometheus runs the rendered configuration
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

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let loaded = situation::load(global)?;
    let engine = situation::connect().await?;
    let (stack, sweeper) = (loaded.stack.name.clone(), engine.clone());
    let look = Situation::with_engine(global, loaded, engine, Wishes::default());
    let situation = tokio::join!(look, sweeper.sweep_probes(stack.as_str())).0?;
    let mut findings = prove::findings(&situation, &arguments.checks, prove::Known::default()).await?;
    if !arguments.checks.is_empty() && !arguments.checks.contains(&Check::Targets) {
        // Nothing else tells then that these panels are empty.
        for finding in findings.iter_mut().filter(|finding| finding.cause == Some(Cause::JobDown)) {
            finding.status = Status::Fail;
        }
    }
    let kept = findings.iter().all(|finding| finding.status != Status::Fail);
    match arguments.output.format {
        Format::Json => output::print_json(&Report::new(&situation.desired.stack, findings)),
        Format::Text => {
            prove::show(&findings, global.quiet);
            if arguments.checks.contains(&Check::Engine) && situation.desired.daemon.is_none() {
                output::say(
                    "`engine.metrics` is off: nothing to prove of the engine; `engine.metrics: gateway` switches it on",
                );
            }
            if situation.observed.containers.is_empty() {
                output::say(&format!("nothing of stack `{}` runs: `stackctl up` starts it", situation.desired.stack));
            } else {
                situation.say_left_out();
            }
        }
    }
    Ok(if kept { Exit::Done } else { Exit::NotAsDesired })
}
