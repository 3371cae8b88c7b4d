//! `remove`: an app, an exporter or a dashboard less in the stack file.

use clap_complete::engine::ArgValueCompleter;

use super::{Exit, Failure, complete, edit, output, situation};
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
    #[arg(add = ArgValueCompleter::new(complete::removable))]
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
    let is_included = section == "apps" && is_included(global, name);
    if is_included && !edit::is_written(global, section, name)? {
        return Err(Failure::arguments(
            format!("`{name}` is a service of an included Compose file"),
            format!("leave it out: `include: [{{ path: FILE, without: [{name}] }}]`, or remove it there"),
        ));
    }
    let file = edit::change(global, |editor| editor.has(section, name), |editor| editor.remove(section, name))?;
    if is_included && !global.quiet {
        output::say(&format!("`{name}` still runs: the included Compose file has it"));
    }
    Ok(edit::done(global, &file, &format!("removed {section}.{name} from")))
}

/// Whether the stack has such an app all the same.
fn is_included(global: &Global, name: &str) -> bool {
    situation::load(global).is_ok_and(|loaded| {
        !loaded.stack.include.0.is_empty() && loaded.stack.apps.keys().any(|app| app.as_str() == name)
    })
}
