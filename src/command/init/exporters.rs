//! Exporters that fit the apps of a stack: what `init` offers.

use std::collections::BTreeSet;
use std::path::Path;

use crate::catalog::{self, Component, Watches};
use crate::command::{Failure, VOCABULARY};
use crate::import::{FreshExporter, Imported};
use crate::stack::{self, Editor, Environment, Stack};

/// An exporter for an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) exporter: FreshExporter,
    kind: &'static str,
    app: String,
    image: String,
    /// What has to be done first. Empty: nothing.
    needs: String,
}

impl Proposal {
    /// Whether the exporter is of use as it is.
    fn is_likely(&self) -> bool {
        self.needs.is_empty()
    }

    fn line(&self) -> String {
        let needs = if self.needs.is_empty() { String::new() } else { format!("; needs {}", self.needs) };
        format!("{} for {} ({}{needs})", self.kind, self.app, self.image)
    }

    pub(super) fn choice(&self) -> Choice {
        (self.line(), self.is_likely(), self.exporter.clone())
    }

    /// The command that adds it later.
    pub(super) fn advice(&self) -> String {
        let kind = self.exporter.kind.as_ref().map(|kind| format!(" --kind {kind}")).unwrap_or_default();
        format!(
            "`{}` runs {}: `stackctl add exporter {} --for {}{kind}`",
            self.app, self.image, self.exporter.name, self.app
        )
    }
}

/// An exporter that is offered: its line, whether it is marked before somebody answers, and what it is.
pub(super) type Choice = (String, bool, FreshExporter);

/// Exporters for any host, and those that fit the apps of a new stack file. None is offered with which the file would be
/// wrong, and none is marked that runs as an app.
pub(super) fn choices(stack: &Stack, fits: impl Fn(&FreshExporter) -> bool) -> Vec<Choice> {
    let images = || stack.apps.values().map(|app| &app.image);
    let hosts = catalog::FOR_ANY_HOST.iter().map(|name| {
        let about = if *name == "node" { "the host" } else { "each container" };
        let runs = images().any(|image| catalog::for_any_host(image).is_some_and(|known| known.name == *name));
        let runs_already = if runs { "; an app is it already" } else { "" };
        let exporter = FreshExporter { name: (*name).to_owned(), ..FreshExporter::default() };
        (format!("{name} ({about}{runs_already})"), *name == "node" && !runs, exporter)
    });
    let proposals = proposals(stack);
    let all = hosts.chain(proposals.iter().map(Proposal::choice));
    all.filter(|(_, _, exporter)| fits(exporter)).collect()
}

/// The exporters for apps whose image is known and that nothing watches yet.
pub(super) fn proposals(stack: &Stack) -> Vec<Proposal> {
    let mut taken = names(stack);
    let mut proposals = Vec::new();
    for (name, app) in &stack.apps {
        let Some((known, watches)) =
            catalog::exporter_for(&app.image).and_then(|known| Some((known, known.watches.as_ref()?)))
        else {
            continue;
        };
        let is_watched = stack
            .exporters
            .values()
            .any(|exporter| exporter.watched.as_ref().is_some_and(|watched| watched.app == *name));
        let is_alone = app.container.network_mode.as_deref() == Some("none");
        let mut needs = watches.needs.to_owned();
        match watched_already(stack, known, watches, name.as_str()) {
            Watched::Here => continue,
            Watched::Perhaps(exporter) => needs = format!("a look whether `{exporter}` watches it already"),
            Watched::No => {}
        }
        if known.image.is_empty() || is_watched || is_alone {
            continue;
        }
        proposals.push(Proposal {
            exporter: exporter_of(known.name, name.as_str(), &mut taken),
            kind: known.name,
            app: name.to_string(),
            image: app.image.clone(),
            needs,
        });
    }
    proposals
}

/// Whether an exporter that runs by its own settings watches an app.
enum Watched {
    Here,
    /// The exporter of that name may; its settings name no app.
    Perhaps(String),
    No,
}

/// Looks at exporters that run as apps, or without `for`: they ask by their own settings, which name what they ask.
fn watched_already(stack: &Stack, known: &Component, watches: &Watches, app: &str) -> Watched {
    let of_kind = |image: &str| catalog::exporter_for(image).is_some_and(|found| found.name == known.name);
    let rivals: Vec<&str> =
        stack.apps.iter().filter(|(_, app)| of_kind(&app.image)).map(|(name, _)| name.as_str()).collect();
    let apps = stack.apps.iter().filter(|(_, other)| watches.is_exporter(&other.image));
    let apps = apps.map(|(name, other)| (name.as_str(), &other.container));
    let exporters =
        stack.exporters.iter().filter(|(key, other)| other.watched.is_none() && other.kind(key.as_str()) == known.name);
    let own = apps.chain(exporters.map(|(name, other)| (name.as_str(), &other.container)));
    let mut perhaps = None;
    for (name, container) in own {
        let words = container.command.iter().flat_map(|command| &command.0).chain(container.environment.values());
        let said: Vec<&str> = words.flat_map(|word| word.split(is_no_name)).collect();
        let named: Vec<&&str> = rivals.iter().filter(|rival| said.contains(rival)).collect();
        match named[..] {
            _ if named.iter().any(|rival| **rival == app) => return Watched::Here,
            [] if rivals.len() < 2 => return Watched::Here,
            [] => perhaps = Some(name.to_owned()),
            _ => {}
        }
    }
    perhaps.map_or(Watched::No, Watched::Perhaps)
}

fn is_no_name(letter: char) -> bool {
    !letter.is_ascii_alphanumeric() && !matches!(letter, '-' | '_' | '.')
}

/// Those that were named as `KIND` or `KIND=APP`.
pub(super) fn named(wishes: &[String], stack: &Stack) -> Vec<FreshExporter> {
    let mut taken = names(stack);
    let exporter = |wish: &String| match wish.split_once('=') {
        Some((kind, app)) => exporter_of(kind, app, &mut taken),
        None => FreshExporter { name: wish.clone(), ..FreshExporter::default() },
    };
    wishes.iter().map(exporter).collect()
}

/// The text of an imported file with exporters more. It is right with them.
pub(super) fn added(imported: &Imported, exporters: &[FreshExporter], folder: &Path) -> Result<String, Failure> {
    let mut text = imported.text.clone();
    for exporter in exporters {
        let editor = Editor::open("the imported file", &text)?;
        let added = editor.insert("exporters", &exporter.name, &exporter.snippet());
        text = added.map_err(|wrong| Failure::arguments(wrong.message, wrong.help))?;
    }
    read(&text, folder, &imported.secrets).map(|_| text)
}

/// The stack that a text makes, with variables that are set beside those of this process.
pub(super) fn read(text: &str, folder: &Path, secrets: &[(String, String)]) -> Result<Stack, Failure> {
    let of_process = Environment::of_process();
    let set = of_process.names().filter_map(|name| Some((name.to_owned(), of_process.get(name)?)));
    let environment: Environment = secrets.iter().cloned().chain(set).collect();
    Ok(stack::parse("the new stack file", text, folder, &environment, &VOCABULARY)?.stack)
}

/// Names of services and of jobs, all in small letters.
fn names(stack: &Stack) -> BTreeSet<String> {
    let services = stack.apps.keys().chain(stack.attached.keys()).chain(stack.exporters.keys());
    let jobs = stack.apps.values().filter_map(|app| app.metrics.as_ref()?.job.as_ref());
    let names = services.chain(jobs).chain(stack.scrape.keys()).chain(stack.probes.keys());
    names.map(|name| name.as_str().to_ascii_lowercase()).collect()
}

/// Called after its kind where nothing else is, so that one line says all.
fn exporter_of(kind: &str, app: &str, taken: &mut BTreeSet<String>) -> FreshExporter {
    let watched = Some(app.to_owned());
    if taken.insert(kind.to_owned()) {
        return FreshExporter { name: kind.to_owned(), kind: None, watched };
    }
    let first = format!("{app}-exporter");
    let mut candidates = std::iter::once(first.clone()).chain((2..).map(|number| format!("{first}-{number}")));
    let name = candidates.find(|name| taken.insert(name.to_ascii_lowercase())).unwrap_or(first);
    FreshExporter { name, kind: Some(kind.to_owned()), watched }
}
