//! `add`: an app, an exporter or a dashboard more in the stack file.

use std::path::PathBuf;

use clap_complete::engine::ArgValueCompleter;

use super::init::place_of_metrics;
use super::{Exit, Failure, complete, edit, output, situation};
use crate::catalog;
use crate::cli::Global;
use crate::dashboard::PRESETS;
use crate::desired::{Desired, Facts};
use crate::import::{FreshApp, Origin, entry_snippet};
use crate::stack::{Editor, Snippet, Stack};

/// Arguments of `add`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl add app web --image ghcr.io/acme/web:1.4 --port 8080:80 --metrics 80/metrics
  stackctl add app worker --image ghcr.io/acme/web:1.4 --command 'worker --threads 4'
  stackctl add exporter node
  stackctl add exporter postgres --for db
  stackctl add dashboard node --preset node
  stackctl add dashboard orders --json dashboards/orders.json

Of several stack files (`-f A -f B`) the first one is changed.")]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

/// What is added.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// An app
    App {
        /// Its name: the DNS name inside the stack, and its job
        name: String,
        /// Its image
        #[arg(long)]
        image: String,
        /// A port to publish, such as `8080:80`; repeat it for several
        #[arg(long, value_name = "PORT")]
        port: Vec<String>,
        /// Where its metrics are; left out: not scraped
        #[arg(long, value_name = "PORT/PATH")]
        metrics: Option<String>,
        /// What it runs in place of the image's own command, as one shell-quoted text
        #[arg(long, value_name = "WORDS")]
        command: Option<String>,
    },
    /// An exporter of the catalogue
    Exporter {
        /// Its name, such as `node`
        #[arg(add = ArgValueCompleter::new(complete::exporters))]
        name: String,
        /// The app that it watches
        #[arg(long = "for", value_name = "APP[:PORT]", add = ArgValueCompleter::new(complete::apps))]
        watched: Option<String>,
        /// Its name in the catalogue, where it is called otherwise
        #[arg(long, add = ArgValueCompleter::new(complete::exporters))]
        kind: Option<String>,
    },
    /// A dashboard
    Dashboard {
        /// Its name
        name: String,
        /// A JSON file exported from Grafana
        #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        json: Option<String>,
        /// A preset of the catalogue
        #[arg(long, value_name = "NAME", conflicts_with = "json", add = ArgValueCompleter::new(complete::presets))]
        preset: Option<String>,
    },
}

/// Runs it.
pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    if let What::Exporter { name, watched: None, kind } = &arguments.what {
        knows_what_to_watch(global, name, kind.as_deref())?;
    }
    if let What::Dashboard { name, json: None, preset: None } = &arguments.what {
        return Err(shows_nothing(global, name));
    }
    let (section, name, snippet) = snippet(&arguments.what)?;
    // A stack that is not right as it stands is told of where it is changed.
    let before = situation::load(global).ok().map(|loaded| loaded.stack);
    let put = |editor: &Editor| editor.insert(section, name, &snippet);
    let file = edit::change(global, |editor| editor.has(section, name), put)?;
    let exit = edit::done(global, &file, &format!("added {section}.{name} to"));
    if !global.quiet {
        let told = before.and_then(|before| match section {
            "apps" => laid_over(&before, name),
            "dashboards" => no_more_shown(&before),
            _ => None,
        });
        if let Some(told) = told {
            output::say(&output::fitted(&std::io::stderr(), &told, 0));
        }
    }
    Ok(exit)
}

/// What a dashboard shows has to be said. `--file` is where one looks for it, and names the stack file.
fn shows_nothing(global: &Global, name: &str) -> Failure {
    let is_json = |file: &&PathBuf| file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let json = global.file.iter().find(is_json).map_or_else(|| "FILE".to_owned(), |file| file.display().to_string());
    // Without the word `stackctl`, to which the file that was meant otherwise would be added.
    let help = format!(
        "`add dashboard {name} --json {json}` takes one that was exported from Grafana, `--preset NAME` one of {}; `--file` names \
         the stack file",
        PRESETS.join(", ")
    );
    Failure::arguments(format!("nothing says what dashboard `{name}` shows"), help)
}

/// An app that an included Compose file has already is not another one.
fn laid_over(before: &Stack, name: &str) -> Option<String> {
    let is_there = !before.include.0.is_empty() && before.apps.keys().any(|app| app.as_str() == name);
    is_there.then(|| {
        format!(
            "`{name}` is a service of an included Compose file: what was added goes before what stands there, and the rest of it \
             still holds. For an app beside it take another name: `stackctl remove app {name}` takes this one back"
        )
    })
}

/// The dashboards that a stack without `dashboards` has by itself, and that end with the first one that is written.
fn no_more_shown(before: &Stack) -> Option<String> {
    if !before.dashboards.is_empty() {
        return None;
    }
    let desired = Desired::of(before, &Facts::default());
    let names: Vec<&str> = desired.dashboards.iter().map(|dashboard| dashboard.name.as_str()).collect();
    let presets: Vec<&str> = names.iter().copied().filter(|name| PRESETS.contains(name)).collect();
    let back = match &presets[..] {
        [] => String::new(),
        [first, ..] => format!(
            ". `stackctl add dashboard {first} --preset {first}` brings that back{}",
            if presets.len() > 1 { format!(", and so for {}", presets[1..].join(", ")) } else { String::new() }
        ),
    };
    (!names.is_empty()).then(|| {
        format!(
            "once a stack file names dashboards, there are no others: no longer shown are {}{back}",
            names.join(", ")
        )
    })
}

/// An exporter that watches an app has to be told which.
fn knows_what_to_watch(global: &Global, name: &str, kind: Option<&str>) -> Result<(), Failure> {
    let known = catalog::component(kind.unwrap_or(name)).filter(|known| known.watches.is_some());
    let Some(known) = known else { return Ok(()) };
    let stack = situation::load(global)?.stack;
    let fits = |image: &str| catalog::exporter_for(image).is_some_and(|found| found.name == known.name);
    let fitting: Vec<&str> =
        stack.apps.iter().filter(|(_, app)| fits(&app.image)).map(|(name, _)| name.as_str()).collect();
    let kind = kind.map(|kind| format!(" --kind {kind}")).unwrap_or_default();
    let command = |app: &str| format!("`stackctl add exporter {name} --for {app}{kind}`");
    let help = match &fitting[..] {
        [] => format!("{}; one that is not in this stack: `stackctl catalog show {}`", command("APP"), known.name),
        apps => apps.iter().map(|app| command(app)).collect::<Vec<_>>().join(" or "),
    };
    Err(Failure::arguments(format!("the {} exporter does not know which app to watch", known.name), help))
}

fn snippet(what: &What) -> Result<(&'static str, &str, Snippet), Failure> {
    match what {
        What::App { name, image, port, metrics, command } => {
            let app = FreshApp {
                name: name.clone(),
                origin: Origin::Image(image.clone()),
                ports: port.clone(),
                command: command.clone(),
                metrics: metrics.as_deref().map(place_of_metrics).transpose()?,
                ..FreshApp::default()
            };
            Ok(("apps", name, app.snippet()))
        }
        What::Exporter { name, watched, kind } => {
            let keys = [("kind", kind), ("for", watched)];
            let keys: Vec<(&str, &str)> =
                keys.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?))).collect();
            Ok(("exporters", name, entry_snippet(name, &keys)))
        }
        What::Dashboard { name, json, preset } => {
            let keys = [("file", json), ("preset", preset)];
            let keys: Vec<(&str, &str)> =
                keys.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?))).collect();
            Ok(("dashboards", name, entry_snippet(name, &keys)))
        }
    }
}
