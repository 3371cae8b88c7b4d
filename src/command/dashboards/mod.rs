//! `dashboards`: the stack's dashboards, as files.

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
    /// Draw each dashboard as a picture, for a report or a pull request
    Snapshot(snapshot::Arguments),
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.action {
        Action::Snapshot(arguments) => snapshot::run(global, arguments).await,
    }
}
