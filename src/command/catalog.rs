//! `catalog`: what stackctl knows of each component, without a stack file and without an engine.

use clap_complete::engine::ArgValueCompleter;
use serde::Serialize;

use super::{Exit, Failure, complete, output};
use crate::catalog::{COMPONENTS, Component, EXPORTERS, Handover, component};
use crate::cli::Format;

/// Arguments of `catalog`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl catalog list
  stackctl catalog show postgres
  stackctl catalog show blackbox --format json")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Every component, one line each
    List {
        #[command(flatten)]
        output: crate::cli::Output,
    },
    /// All that is known of one
    Show {
        /// Its name
        #[arg(add = ArgValueCompleter::new(complete::components))]
        name: String,
        #[command(flatten)]
        output: crate::cli::Output,
    },
}

/// Runs it.
pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.action {
        Action::List { output: crate::cli::Output { format } } => {
            let entries: Vec<Entry> = COMPONENTS.iter().copied().map(Entry::of).collect();
            match format {
                Format::Json => output::print_json(&entries),
                Format::Text => output::print(&table(&entries)),
            }
        }
        Action::Show { name, output: crate::cli::Output { format } } => {
            let known = component(name).ok_or_else(|| unknown(name))?;
            match format {
                Format::Json => output::print_json(&Entry::of(known)),
                Format::Text => output::print(&page(&Entry::of(known))),
            }
        }
    }
    Ok(Exit::Done)
}

fn unknown(name: &str) -> Failure {
    let names: Vec<&str> = COMPONENTS.iter().map(|component| component.name).collect();
    Failure::arguments(format!("the catalogue has no `{name}`"), format!("known are {}", names.join(", ")))
}

/// What is printed of a component.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    about: &'static str,
    /// `null` where its makers publish none.
    image: Option<String>,
    version: &'static str,
    debian_package: Option<&'static str>,
    debian_version: Option<&'static str>,
    port: u16,
    path: &'static str,
    user: Option<u32>,
    /// It can stand under `exporters` with `for: APP`.
    watches_apps: bool,
    login: Option<String>,
    privileges: Vec<String>,
    mounts: Vec<String>,
    volume: Option<String>,
    dashboard: Option<&'static str>,
    changes: Vec<Change>,
    traps: &'static [&'static str],
    sources: &'static [&'static str],
    run_here: bool,
}

#[derive(Serialize)]
struct Change {
    since: &'static str,
    what: &'static str,
}

impl Entry {
    fn of(component: &Component) -> Self {
        let container = &component.container;
        let mounts = container.binds.iter().map(|bind| format!("{}:{}:ro", bind.source, bind.target));
        Self {
            name: component.name,
            about: component.known.about,
            image: (!component.image.is_empty())
                .then(|| format!("{}:{}{}", component.image, component.tag_prefix, component.version)),
            version: component.version,
            debian_package: component.debian.as_ref().map(|package| package.package),
            debian_version: component.debian.as_ref().map(|package| package.assumed_version),
            port: component.port,
            path: component.metrics_path,
            user: component.known.user,
            watches_apps: component.watches.is_some(),
            login: login(component),
            privileges: privileges(component),
            mounts: mounts.collect(),
            volume: component.data.as_ref().map(|data| format!("{}:{}", data.volume, data.path)),
            dashboard: component.known.preset,
            changes: component.known.changes.iter().map(|(since, what)| Change { since, what }).collect(),
            traps: component.known.traps,
            sources: component.known.sources,
            run_here: component.known.run_here,
        }
    }
}

fn login(component: &Component) -> Option<String> {
    let watches = component.watches.as_ref()?;
    Some(match &watches.password {
        Handover::None => "none is needed".to_owned(),
        Handover::File { name, .. } => format!("the app's own, in a secret file ({name}); `login:` names another"),
        Handover::Variable(variable) => format!("by {variable} alone, which stackctl does not hand over"),
    })
}

fn privileges(component: &Component) -> Vec<String> {
    let container = &component.container;
    let mut words: Vec<String> = [
        (container.privileged, "privileged"),
        (container.host_network, "the host's network"),
        (container.host_pid, "the host's processes"),
        (container.least_privileges, "no capabilities"),
        (container.least_privileges, "a root that cannot be written to, where no file is put into it"),
    ]
    .into_iter()
    .filter(|(holds, _)| *holds)
    .map(|(_, word)| word.to_owned())
    .collect();
    words.extend(container.cap_add.iter().map(|capability| format!("but {capability}")));
    words
}

fn table(entries: &[Entry]) -> String {
    let rows = entries.iter().map(|entry| {
        let stands = if EXPORTERS.contains(&entry.name) { "exporter" } else { "own key" };
        let stands = if entry.watches_apps { "exporter, for an app" } else { stands };
        vec![
            entry.name.to_owned(),
            entry.version.to_owned(),
            entry.port.to_string(),
            stands.to_owned(),
            entry.debian_package.map_or("-", |_| "yes").to_owned(),
            if entry.run_here { "yes" } else { "no" }.to_owned(),
            entry.about.to_owned(),
        ]
    });
    output::table(&["NAME", "VERSION", "PORT", "KIND", "DEBIAN", "RUN HERE", "WHAT FOR"], &rows.collect::<Vec<_>>())
}

fn page(entry: &Entry) -> String {
    let none = || "-".to_owned();
    let debian = entry.debian_package.zip(entry.debian_version);
    let facts = [
        ("image", entry.image.clone().unwrap_or_else(|| "none is published by its makers".to_owned())),
        ("Debian package", debian.map_or_else(none, |(package, version)| format!("{package} {version}"))),
        ("metrics", format!("port {}, {}", entry.port, entry.path)),
        ("user", entry.user.map_or_else(|| "not known".to_owned(), |user| user.to_string())),
        ("privileges", if entry.privileges.is_empty() { none() } else { entry.privileges.join(", ") }),
        ("mounts", if entry.mounts.is_empty() { none() } else { entry.mounts.join(", ") }),
        ("volume", entry.volume.clone().unwrap_or_else(none)),
        ("login", entry.login.clone().unwrap_or_else(none)),
        ("dashboard", entry.dashboard.map_or_else(none, str::to_owned)),
        ("run in stackctl's own tests", if entry.run_here { "yes" } else { "no" }.to_owned()),
    ];
    let mut lines_of_text = vec![format!("{}: {}", entry.name, entry.about), String::new()];
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in facts {
        lines_of_text.push(format!("  {name:width$}  {value}"));
    }
    for (title, lines) in [
        ("What changed", entry.changes.iter().map(|change| format!("{}: {}", change.since, change.what)).collect()),
        ("Traps", entry.traps.iter().map(|trap| (*trap).to_owned()).collect::<Vec<_>>()),
        ("From", entry.sources.iter().map(|source| (*source).to_owned()).collect()),
    ] {
        if !lines.is_empty() {
            lines_of_text.extend([String::new(), title.to_owned()]);
            lines_of_text.extend(lines.iter().map(|line| format!("  - {line}")));
        }
    }
    lines_of_text.join("\n")
}
