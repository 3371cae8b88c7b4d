//! `scale`: other numbers of replicas, for now or in the stack file.

use clap::Parser as _;
use clap_complete::engine::ArgValueCompleter;

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, complete, edit, output, situation};
use crate::cli::{Cli, Command, Global};
use crate::stack::{Editor, Snippet, counted};

/// Arguments of `scale`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl scale accesslog=3             as `stackctl up --scale accesslog=3`, which brings the rest of the file in force, too
  stackctl scale accesslog=3 --save      writes it into the stack file first")]
pub struct Arguments {
    /// Run APP with N replicas
    #[arg(required = true, value_name = "APP=N", value_parser = crate::cli::scale)]
    #[arg(add = ArgValueCompleter::new(complete::scales))]
    scales: Vec<(String, u32)>,
    /// Write it into the stack file
    #[arg(long)]
    save: bool,
    /// Write it, and leave the running stack as it is
    #[arg(long, requires = "save")]
    no_up: bool,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let loaded = situation::load(global)?;
    situation::check_scales(&loaded.stack, &arguments.scales)?;
    if arguments.save {
        for (app, replicas) in &arguments.scales {
            let number = replicas.to_string();
            // A service of an included Compose file need not stand in the stack file yet.
            let entry = Snippet {
                block: format!("{app}:\n  scale: {number}\n"),
                flow: format!("{app}: {{ scale: {number} }}"),
            };
            let write = |editor: &Editor| {
                if editor.has("apps", app) {
                    editor.set("apps", app, "scale", &number)
                } else {
                    editor.insert("apps", app, &entry)
                }
            };
            let file = edit::change(global, |editor| editor.has("apps", app), write)?;
            edit::done(global, &file, &format!("wrote {app}: {} into", counted(*replicas as usize, "replica")));
        }
    }
    if arguments.no_up {
        return Ok(Exit::Done);
    }
    if !global.quiet {
        say_what_comes_along(global, arguments).await?;
    }
    let scales = arguments.scales.iter().map(|(app, replicas)| format!("--scale={app}={replicas}"));
    let words = ["stackctl".to_owned(), "up".to_owned()].into_iter().chain(scales);
    match Cli::parse_from(words).command {
        Command::Up(up) => super::up::bring_up(global, &up, false).await,
        _ => Ok(Exit::Done),
    }
}

/// Says what else the stack file has that is not in force yet: `up` brings all of it.
async fn say_what_comes_along(global: &Global, arguments: &Arguments) -> Result<(), Failure> {
    let situation = Situation::of(global, Wishes::default()).await?;
    let is_first = situation.observed.containers.is_empty();
    let is_scaled = |service: &str| arguments.scales.iter().any(|(app, _)| app == service);
    let of_scaled: Vec<&str> = situation
        .observed
        .containers
        .iter()
        .filter(|container| is_scaled(&container.service))
        .map(|container| container.name.as_str())
        .collect();
    let steps = situation.plan().steps;
    let others: Vec<String> = steps
        .iter()
        .filter(|step| step.makes_or_takes_away() && !of_scaled.contains(&step.name()))
        .filter(|step| step.service().is_none_or(|service| !is_scaled(&service.name)))
        .map(|step| format!("{step}"))
        .collect();
    if !is_first && !others.is_empty() {
        output::say(&format!(
            "the stack file has more that is not in force yet, and comes along: {}",
            others.join("; ")
        ));
    }
    Ok(())
}
