//! `remove`: an app, an exporter or a dashboard less in the stack file.

use clap_complete::engine::ArgValueCompleter;

use super::{Exit, Failure, complete, edit, output, situation};
use crate::cli::Global;
use crate::stack::{Stack, Watched};

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
    // A stack that is not right as it stands may be so because of what is to be removed.
    let stack = situation::load(global).ok().map(|loaded| loaded.stack);
    let is_app = section == "apps";
    let is_included = is_app && stack.as_ref().is_some_and(|stack| is_included(stack, name));
    if is_included && !edit::is_written(global, section, name)? {
        return Err(Failure::arguments(
            format!("`{name}` is a service of an included Compose file"),
            format!("leave it out: `include: [{{ path: FILE, without: [{name}] }}]`, or remove it there"),
        ));
    }
    let watching = stack.as_ref().filter(|_| is_app && !is_included).and_then(|stack| watching(stack, name));
    if let Some(exporter) = watching {
        return Err(Failure::arguments(
            format!("exporter `{exporter}` watches the app `{name}`"),
            format!("first `stackctl remove exporter {exporter}`, then `stackctl remove app {name}`"),
        ));
    }
    let file = edit::change(global, |editor| editor.has(section, name), |editor| editor.remove(section, name))?;
    // The included files alone say now whether they have it.
    let is_there =
        || situation::load(global).is_ok_and(|loaded| loaded.stack.apps.keys().any(|app| app.as_str() == name));
    if is_included && !global.quiet && is_there() {
        output::say(&format!("`{name}` still runs: the included Compose file has it"));
    }
    Ok(edit::done(global, &file, &format!("removed {section}.{name} from")))
}

/// Whether the stack has such an app all the same.
fn is_included(stack: &Stack, name: &str) -> bool {
    !stack.include.0.is_empty() && stack.apps.keys().any(|app| app.as_str() == name)
}

/// An exporter that watches an app.
fn watching<'s>(stack: &'s Stack, app_name: &str) -> Option<&'s str> {
    let mut exporters = stack.exporters.iter();
    let watches = |watched: &Watched| watched.app.as_str() == app_name;
    exporters.find(|(_, exporter)| exporter.watched.as_ref().is_some_and(watches)).map(|(name, _)| name.as_str())
}
