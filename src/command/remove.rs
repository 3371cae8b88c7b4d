//! `remove`: an app, an exporter or a dashboard less in the stack file.

use super::{Exit, Failure, edit};
use crate::cli::Global;

/// Arguments of `remove`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl remove app web
  stackctl remove exporter cadvisor

The next `stackctl up` takes its containers away.")]
pub struct Arguments {
    /// What it is
    #[arg(value_enum)]
    kind: Kind,
    /// Its name
    name: String,
}

/// What can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    App,
    Exporter,
    Dashboard,
    Scrape,
}

/// Runs it.
pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let section = match arguments.kind {
        Kind::App => "apps",
        Kind::Exporter => "exporters",
        Kind::Dashboard => "dashboards",
        Kind::Scrape => "scrape",
    };
    let name = arguments.name.as_str();
    let file = edit::change(global, |editor| editor.has(section, name), |editor| editor.remove(section, name))?;
    Ok(edit::done(global, &file, &format!("removed {section}.{name} from")))
}
