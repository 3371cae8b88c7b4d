//! `init`: looks at what is here, asks what it cannot see, and writes a stack file.

mod answers;
mod ask;
mod look;

use std::path::{Path, PathBuf};

use clap::Parser as _;

use super::{Exit, Failure, VOCABULARY, output, place, situation};
use crate::cli::{Cli, Global};
use crate::import::{self, Fresh, Imported, Request};
use crate::stack::Environment;
use answers::Wishes;
pub(super) use answers::place as place_of_metrics;
use ask::Asker;
use look::Seen;

/// Arguments of `init`. Each answers a question.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl init
  stackctl init --yes
  stackctl init --no-import --no-running --name shop --app web=ghcr.io/acme/web:1.4 \\
      --publish web=8080:80 --metrics web=80/metrics --exporter node
  stackctl init --answers answers.yml

An answers file has the same names: `name: shop`, `app: [web=ghcr.io/acme/web:1.4]`, `grafana: false`.")]
pub struct Arguments {
    /// Take the likeliest answer to everything that no option says
    #[arg(long)]
    yes: bool,
    /// A YAML file of answers, named like these options; options count more
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    answers: Option<PathBuf>,
    #[command(flatten)]
    wishes: Wishes,
    /// Write over a stack file that is there
    #[arg(long)]
    force: bool,
    /// Start the stack when the file is written
    #[arg(long)]
    up: bool,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let file = global.file.first().cloned().unwrap_or_else(|| PathBuf::from("stack.yml"));
    place::refuse_to_overwrite(&file, arguments.force)?;
    let wishes = match &arguments.answers {
        Some(path) => arguments.wishes.clone().or(answers::read(path)?),
        None => arguments.wishes.clone(),
    };
    let asker = Asker::new(arguments.yes || arguments.answers.is_some())?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf();
    let text = text(global, &asker, &wishes, &folder).await?;
    let go_on = asker.shows_and_asks(&text, &file)?;
    if !go_on {
        return Err(Failure::arguments(
            "nothing was written",
            "run it again, or write the file by hand: `stackctl schema` helps",
        ));
    }
    place::write(&file, &text, arguments.force)?;
    if !global.quiet {
        output::say(&format!("{} wrote {}", output::paint(output::GREEN, "ok"), file.display()));
    }
    start(global, arguments, &asker, &file).await
}

/// The stack file.
async fn text(global: &Global, asker: &Asker, wishes: &Wishes, folder: &Path) -> Result<String, Failure> {
    let sources = if wishes.no_import { Vec::new() } else { wishes.sources(folder) };
    if !sources.is_empty() {
        let names: Vec<String> = sources.iter().map(|path| path.display().to_string()).collect();
        let question = format!("Import {}?", names.join(", "));
        if wishes.from.is_empty() && !asker.yes_or_no(&question, true)? {
            return fresh(global, asker, wishes, folder).await;
        }
        let imported = imported(&sources, folder, wishes.name.as_deref())?;
        if !global.quiet {
            output::say(&super::import::report(&imported, None));
        }
        return Ok(imported.text);
    }
    fresh(global, asker, wishes, folder).await
}

fn imported(sources: &[PathBuf], folder: &Path, name: Option<&str>) -> Result<Imported, Failure> {
    let environment = Environment::of_process();
    let request =
        Request { paths: sources, folder, name, profiles: &[], environment: &environment, vocabulary: &VOCABULARY };
    Ok(import::import(&request)?)
}

/// From what runs, and from answers.
async fn fresh(global: &Global, asker: &Asker, wishes: &Wishes, folder: &Path) -> Result<String, Failure> {
    let seen = if wishes.no_running { Seen::default() } else { Seen::look(global.quiet).await };
    let usual = import::stack_name(folder);
    let name = match &wishes.name {
        Some(name) => name.clone(),
        None => asker.text("Name of the stack", &usual, ask::is_stack_name)?,
    };
    let mut apps = wishes.apps()?;
    apps.extend(asker.running(&seen, wishes)?);
    if wishes.app.is_empty() {
        apps.extend(asker.more_apps(&apps)?);
    }
    let exporters = match &wishes.exporter[..] {
        [] if wishes.no_exporters => Vec::new(),
        [] => asker.exporters(&seen)?,
        chosen => chosen.to_vec(),
    };
    let engine_metrics = match wishes.engine_metrics {
        Some(wish) => wish,
        None => asker.yes_or_no("Scrape the Docker engine's own metrics? (needs a line in daemon.json)", false)?,
    };
    let grafana = match wishes.grafana {
        Some(wish) => wish,
        None => asker.yes_or_no("Run Grafana beside Prometheus?", true)?,
    };
    let fresh = Fresh { name, apps, exporters, engine_metrics, grafana };
    Ok(fresh.text(folder, &Environment::of_process(), &VOCABULARY)?)
}

/// Shows what `up` would do, and does it when somebody wants it.
async fn start(global: &Global, arguments: &Arguments, asker: &Asker, file: &Path) -> Result<Exit, Failure> {
    let global = Global { file: vec![file.to_path_buf()], ..global.clone() };
    if !arguments.up {
        if !asker.is_there() || situation::connect().await.is_err() {
            output::say(&format!("next: `stackctl -f {} up`", file.display()));
            return Ok(Exit::Done);
        }
        if let crate::cli::Command::Plan(plan) = parsed(file, "plan") {
            super::plan::run(&global, &plan).await?;
        }
        if !asker.yes_or_no("Do this now?", false)? {
            output::say(&format!("next: `stackctl -f {} up`", file.display()));
            return Ok(Exit::Done);
        }
    }
    match parsed(file, "up") {
        crate::cli::Command::Up(up) => super::up::run(&global, &up).await,
        _ => Ok(Exit::Done),
    }
}

/// A command with its defaults.
fn parsed(file: &Path, command: &str) -> crate::cli::Command {
    Cli::parse_from([Path::new("stackctl"), Path::new("-f"), file, Path::new(command)]).command
}
