//! `engine`: the Docker engine's own settings in `daemon.json`, changed as a careful administrator would, and taken back.

mod apply;
mod logging;
mod plan;
mod proposal;
mod restart;
mod rollback;
mod show;
mod silent;
mod subject;
mod typed;
mod unsaid;

pub(super) use logging::usual_logging;
pub(super) use subject::change as engine_change;
pub(super) use typed::{as_administrator, command_line};

use super::{Exit, Failure, prompt};
use crate::cli::Global;

/// Arguments of `engine`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

/// What to do with the engine's settings.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// What the engine is, what its settings are, where they come from, and who can reach its metrics
    Show(show::Arguments),
    /// What would change in daemon.json, why, and what a restart of the engine would stop
    Plan(plan::Arguments),
    /// Change daemon.json; restart the engine only when asked to, prove its metrics, roll back when it does not come back
    Apply(apply::Arguments),
    /// Put back what daemon.json was before the last `apply`
    Rollback(rollback::Arguments),
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.action {
        Action::Show(arguments) => show::run(global, arguments).await,
        Action::Plan(arguments) => plan::run(global, arguments).await,
        Action::Apply(arguments) => apply::run(global, arguments).await,
        Action::Rollback(arguments) => rollback::run(global, arguments).await,
    }
}

/// Asks back. Without anybody to ask, `--yes` has to be given.
fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    use std::io::IsTerminal;
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::arguments("this asks back, and nobody is there to answer", "add --yes to go ahead"));
    }
    if prompt::agreed(question)? {
        Ok(())
    } else {
        Err(Failure::arguments("nothing was changed", "add --yes to be asked nothing"))
    }
}
