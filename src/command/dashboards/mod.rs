//! `dashboards`: the stack's dashboards, as files.

mod list;
mod pull;
mod snapshot;

use super::{Exit, Failure};
use crate::cli::Global;

/// Arguments of `dashboards`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

/// What to do with dashboards.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Every dashboard of the stack, where it comes from and how many panels it has
    List(list::Arguments),
    /// Write a dashboard that was edited in Grafana back to its file
    Pull(pull::Arguments),
    /// Draw each dashboard as a picture, for a report or a pull request
    Snapshot(snapshot::Arguments),
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.action {
        Action::List(arguments) => list::run(global, arguments).await,
        Action::Pull(arguments) => pull::run(global, arguments).await,
        Action::Snapshot(arguments) => snapshot::run(global, arguments).await,
    }
}
