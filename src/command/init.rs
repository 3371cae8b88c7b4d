//! `init`: looks at what is here, asks what it cannot see, and writes a stack file.

mod answers;
mod ask;
mod exporters;
mod look;
mod taken;
mod unscraped;
mod unseen;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::slice;

use clap::Parser as _;

use indexmap::IndexMap;

use super::situation::Situation;
use super::{Exit, Failure, VOCABULARY, advice, host_ports, output, place, situation};
use crate::catalog;
use crate::cli::{Cli, Global};
use crate::import::{
    self, FoundProject, Fresh, FreshApp, FreshExporter, FreshInclude, FreshMetrics, Imported, Origin, Request,
};
use crate::stack::{self, Environment, STANDARD_INPUT, counted};
use answers::Wishes;
pub(super) use answers::place as place_of_metrics;
use ask::{Asker, Use};
use look::Seen;

/// Arguments of `init`. Each answers a question.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl init
  stackctl init --yes
  stackctl init --no-import --no-running --name shop --app web=ghcr.io/acme/web:1.4 \\
      --publish web=8080:80 --metrics web=80/metrics --exporter node
  stackctl init --yes --app db=postgres:16 --exporter postgres=db
  stackctl init --yes --include compose.yml --metrics web=80/metrics
  stackctl init --yes --attach shop/web
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
    if file.as_os_str() == STANDARD_INPUT {
        return Err(Failure::arguments("standard input cannot be written", "name the file to write: `-f FILE`"));
    }
    place::refuse_to_overwrite(&file, arguments.force)?;
    let wishes = match &arguments.answers {
        Some(path) => arguments.wishes.clone().or(answers::read(path)?),
        None => arguments.wishes.clone(),
    };
    let asker = Asker::new(arguments.yes || arguments.answers.is_some(), global.quiet)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf();
    let mut said = wishes.clone();
    let answer = match text(global, &asker, &wishes, &folder, &mut said).await {
        Ok(answer) => answer,
        Err(failure) => return lost(failure, &asker, (&wishes, &said), &file),
    };
    let Answer { text, secrets, secrets_file } = answer;
    if asker.is_there() {
        output::say(&format!("\n{}\n", text.trim_end()));
    }
    if asker.is_there() || !global.quiet {
        show_plan(global, &file, &folder, (&text, &secrets)).await;
    }
    if !asker.may_write(&file)? {
        return Err(Failure::arguments(
            "nothing was written",
            "run it again, or write the file by hand: `stackctl schema` helps",
        ));
    }
    super::import::keep_secrets(global, &folder, secrets_file, &secrets)?;
    if let Err(failure) = place::write(&file, &text, arguments.force) {
        return lost(failure, &asker, (&wishes, &said), &file);
    }
    if !global.quiet {
        output::say(&format!("{} wrote {}", output::paint(output::GREEN, "ok"), file.display()));
        let of_compose = !said.from.is_empty() || !said.include.is_empty();
        if let Some(advice) = unscraped::advice(&exporters::read(&text, &folder, &secrets)?, of_compose) {
            output::say(&output::fitted(&std::io::stderr(), &advice, 0));
        }
    }
    start(global, arguments, &asker, &file).await
}

/// What the answers come to.
struct Answer {
    /// The stack file.
    text: String,
    /// Variables that stand for passwords in it, with their values.
    secrets: Vec<(String, String)>,
    /// The file beside it that takes these.
    secrets_file: &'static str,
}

/// Says why nothing was written, and keeps what somebody has answered.
fn lost(failure: Failure, asker: &Asker, (wishes, said): (&Wishes, &Wishes), file: &Path) -> Result<Exit, Failure> {
    let is_stopped = matches!(failure, Failure::Interrupted);
    if is_stopped || !asker.is_there() || wishes == said {
        return Err(failure);
    }
    let exit = failure.report();
    if let Some(kept) = answers::keep(said, file) {
        output::say(&format!(
            "nothing is written; your answers are kept in {0}: change there what is wrong, and run \
             `stackctl -f {1} init --answers {0}`",
            kept.display(),
            file.display()
        ));
    }
    Ok(exit)
}

/// The stack file that the answers come to. `said`: the wishes, with the answers beside them.
async fn text(
    global: &Global,
    asker: &Asker,
    wishes: &Wishes,
    folder: &Path,
    said: &mut Wishes,
) -> Result<Answer, Failure> {
    if !wishes.include.is_empty() {
        return fresh(global, asker, wishes, (folder, &wishes.include), said).await;
    }
    let sources = if wishes.no_import { Vec::new() } else { wishes.sources(folder) };
    let names: Vec<String> = sources.iter().map(|path| path.display().to_string()).collect();
    let names = names.join(", ");
    // What runs is looked at once, and only where it can decide something.
    let is_looking = !wishes.no_running && !sources.is_empty();
    let seen = if is_looking { Seen::look(global.quiet).await } else { Seen::default() };
    let project = project_name(&sources, folder)?;
    let way = match () {
        () if sources.is_empty() => Use::Nothing,
        () if !wishes.from.is_empty() => Use::Import,
        () if import::are_compose(&sources) => asker.what_of(&names, &seen.attachable(&project))?,
        () if asker.yes_or_no(&format!("Import {names}?"), true)? => Use::Import,
        () => Use::Nothing,
    };
    match way {
        Use::Nothing => {
            said.no_import = true;
            fresh(global, asker, wishes, (folder, &[]), said).await
        }
        Use::Include => {
            said.include.clone_from(&sources);
            fresh(global, asker, wishes, (folder, &sources), said).await
        }
        Use::Attach => {
            said.no_import = true;
            let mut attach = seen.attachable(&project);
            attach.extend(wishes.attach.iter().filter(|name| !attach.contains(name)).cloned().collect::<Vec<_>>());
            let wishes = Wishes { attach, ..wishes.clone() };
            fresh(global, asker, &wishes, (folder, &[]), said).await
        }
        Use::Import => {
            wishes.refuse_beside_import(&sources)?;
            said.from.clone_from(&sources);
            let imported = imported(&sources, folder, wishes.name.as_deref(), &seen.metrics_of(&project))?;
            if !global.quiet {
                output::say(&super::import::report(&imported, None));
            }
            let stack = exporters::read(&imported.text, folder, &imported.secrets)?;
            let chosen = match &wishes.exporter[..] {
                [] if wishes.no_exporters => Vec::new(),
                [] => {
                    let mut proposals = exporters::proposals(&stack);
                    proposals
                        .retain(|found| exporters::added(&imported, slice::from_ref(&found.exporter), folder).is_ok());
                    asker.exporters_of_imported(&proposals)?
                }
                chosen => exporters::named(chosen, &stack),
            };
            said.take_exporters(&chosen);
            let text = exporters::added(&imported, &chosen, folder)?;
            Ok(Answer { text, secrets: imported.secrets, secrets_file: imported.secrets_file })
        }
    }
}

/// What Compose calls the project of these files.
fn project_name(sources: &[PathBuf], folder: &Path) -> Result<String, Failure> {
    if sources.is_empty() || !import::are_compose(sources) {
        return Ok(String::new());
    }
    Ok(import::project_name(sources, folder, &Environment::of_process())?.unwrap_or_default())
}

fn imported(
    sources: &[PathBuf],
    folder: &Path,
    name: Option<&str>,
    seen: &IndexMap<String, FreshMetrics>,
) -> Result<Imported, Failure> {
    let environment = Environment::of_process();
    let request = Request {
        paths: sources,
        folder,
        name,
        profiles: &[],
        environment: &environment,
        seen: Some(seen),
        vocabulary: &VOCABULARY,
    };
    Ok(import::import(&request)?)
}

/// From what runs, from the Compose files that are included, and from answers.
async fn fresh(
    global: &Global,
    asker: &Asker,
    wishes: &Wishes,
    (folder, include): (&Path, &[PathBuf]),
    said: &mut Wishes,
) -> Result<Answer, Failure> {
    let environment = Environment::of_process();
    let mut project = import::project(include, folder, &environment, &VOCABULARY)?;
    if let Some(project) = &project
        && !global.quiet
    {
        tell_of_own(project);
    }
    let mut seen = if wishes.no_running { Seen::default() } else { Seen::look(global.quiet).await };
    let usual = project.as_ref().map_or_else(|| import::stack_name(folder), |project| project.name.clone());
    let name = match &wishes.name {
        Some(name) => name.clone(),
        None => asker.text("Name of the stack", &usual, ask::is_stack_name)?,
    };
    said.name = Some(name.clone());
    let watched = project.as_mut().map(|project| std::mem::take(&mut project.watched)).unwrap_or_default();
    let services = project.as_ref().map_or(&[][..], |project| project.services.as_slice());
    let mut apps = wishes.apps(services)?;
    let is_unsaid = |service: &&String| apps.iter().all(|app| app.name != **service) && !watched.scrapes(service);
    let unsaid: Vec<String> = services.iter().filter(is_unsaid).cloned().collect();
    let picked = asker.services(&unsaid, &seen)?;
    said.take_apps(&picked);
    apps.extend(picked);
    let unwatched: Vec<String> =
        unsaid.into_iter().filter(|service| apps.iter().all(|app| app.name != *service)).collect();
    unseen::refuse(&seen, wishes).await?;
    // What is included is the stack's own from now on, and nobody else's.
    seen.containers.retain(|(container, _)| container.service.as_ref().is_none_or(|name| !services.contains(name)));
    let mut secrets = watched.secrets.clone();
    let surroundings = taken::Surroundings { folder, environment: &environment, is_quiet: global.quiet };
    apps.extend(taken::over(&seen, wishes, &surroundings, &mut secrets).await?);
    let mut taken: BTreeSet<String> = services.iter().chain(apps.iter().map(|app| &app.name)).cloned().collect();
    let attached = asker.attached(&seen, wishes)?;
    said.attach = attached.iter().map(look::Running::name).collect();
    // What nobody picked is not looked at again.
    said.no_running |= said.attach.is_empty() && said.container.is_empty();
    for running in attached {
        apps.push(FreshApp {
            name: import::free_name(running.app_name(), &mut taken),
            origin: Origin::Attached(running.name()),
            metrics: running.metrics.clone(),
            notes: vec![note_of_attached(&running.image)],
            ..FreshApp::default()
        });
    }
    if wishes.app.is_empty() && project.is_none() {
        let more = asker.more_apps(&apps)?;
        said.take_apps(&more);
        apps.extend(more);
    }
    let include = project.map(|project| FreshInclude { unwatched, ..project.include });
    let usual_file = || import::secrets_file(folder);
    let secrets_file = Some(watched.secrets_file).filter(|file| !file.is_empty()).unwrap_or_else(usual_file);
    let mut fresh = Fresh { name, include, apps, watched, grafana: true, ..Fresh::default() };
    let environment = with_secrets(&environment, &secrets);
    let stack = exporters::read(&fresh.text(folder, &environment, &VOCABULARY)?, folder, &secrets)?;
    fresh.exporters = match &wishes.exporter[..] {
        [] if wishes.no_exporters => Vec::new(),
        [] => {
            let fits = |exporter: &FreshExporter| {
                let with = Fresh { exporters: vec![exporter.clone()], ..fresh.clone() };
                with.text(folder, &environment, &VOCABULARY).is_ok()
            };
            asker.exporters(exporters::choices(&stack, fits))?
        }
        chosen => exporters::named(chosen, &stack),
    };
    said.take_exporters(&fresh.exporters);
    if let Some(include) = &mut fresh.include {
        let is_watched = |app: &String| fresh.exporters.iter().any(|exporter| exporter.watches(app));
        include.unwatched.retain(|app| !is_watched(app));
    }
    fresh.engine_metrics = match wishes.engine_metrics {
        Some(wish) => wish,
        None => asker.yes_or_no("Scrape the Docker engine's own metrics? (needs a line in daemon.json)", false)?,
    };
    fresh.grafana = match wishes.grafana {
        Some(wish) => wish,
        None => asker.yes_or_no("Run Grafana beside Prometheus?", true)?,
    };
    (said.engine_metrics, said.grafana) = (Some(fresh.engine_metrics), Some(fresh.grafana));
    Ok(Answer { text: fresh.text(folder, &environment, &VOCABULARY)?, secrets, secrets_file })
}

/// The variables of this process, and those that stand for passwords from now on.
fn with_secrets(environment: &Environment, secrets: &[(String, String)]) -> Environment {
    let set = environment.names().filter_map(|name| Some((name.to_owned(), environment.get(name)?)));
    secrets.iter().cloned().chain(set).collect()
}

/// Says which services of an included project stackctl runs itself, and what became of what they said.
fn tell_of_own(project: &FoundProject) {
    let without = &project.include.without;
    if without.is_empty() {
        return;
    }
    for line in super::import::lines(&project.watched.remarks) {
        output::say(&line);
    }
    let jobs = project.watched.jobs;
    output::say(&format!(
        "stackctl runs its own {}, and leaves {} of the project out; {} of {} came along",
        counted(without.len(), "component"),
        without.join(", "),
        jobs.carried,
        counted(jobs.all, "scrape job"),
    ));
}

/// What stands above an app that somebody else runs.
fn note_of_attached(image: &str) -> String {
    let note = "Runs already, and stays whose it is: watched, never stopped or changed.";
    match catalog::exporter_for(image) {
        Some(known) => format!("{note} How the {0} exporter would watch it: `stackctl catalog show {0}`.", known.name),
        None => note.to_owned(),
    }
}

/// Shows what `up` would do with a file that is not written yet.
async fn show_plan(global: &Global, file: &Path, folder: &Path, (text, secrets): (&str, &[(String, String)])) {
    let name = file.display().to_string();
    let environment = with_secrets(&Environment::of_process(), secrets);
    let Ok(loaded) = stack::parse(&name, text, folder, &environment, &VOCABULARY) else { return };
    let Ok(engine) = situation::connect().await else {
        output::say("no Docker engine answers here: `stackctl plan` says later what `up` would do");
        return;
    };
    let global = Global { file: vec![file.to_path_buf()], ..global.clone() };
    match Situation::with_engine(&global, loaded, engine, situation::Wishes::default()).await {
        Ok(situation) => {
            let plan = situation.plan();
            output::say(&format!("`stackctl up` would:\n{}\n", plan.to_string().trim_end()));
            match host_ports::taken(&situation, &plan).await {
                Ok(taken) => host_ports::say(&taken),
                Err(error) => drop(Failure::from(error).report()),
            }
        }
        Err(failure) => drop(failure.report()),
    }
}

/// Starts the stack when somebody wants it.
async fn start(global: &Global, arguments: &Arguments, asker: &Asker, file: &Path) -> Result<Exit, Failure> {
    let global = Global { file: vec![file.to_path_buf()], ..global.clone() };
    if !arguments.up {
        let can_start = asker.is_there() && situation::connect().await.is_ok();
        if !can_start || !asker.yes_or_no("Start it now?", false)? {
            if !global.quiet {
                output::say(&format!("next: `{} up`", advice::stackctl_of(file)));
            }
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
