//! What a shell offers where a name is to be typed: of the stack file that the line names, of the catalogue, of the engine.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap_complete::engine::CompletionCandidate;

use super::{VOCABULARY, explain, situation};
use crate::catalog;
use crate::cli;
use crate::dashboard::PRESETS;
use crate::desired::{Desired, Facts, JobOrigin};
use crate::stack::{self, Environment, STANDARD_INPUT, Stack};

/// How long whoever presses the key waits for the engine.
const PATIENCE: Duration = Duration::from_secs(2);

/// Apps, exporters and components: what has containers.
pub(crate) fn services(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_stack(|stack| {
        let desired = Desired::of(stack, &Facts::default());
        matching(desired.services.iter().map(|service| service.name.clone()), typed)
    })
}

/// `APP=`, and once that is typed, the number of replicas that the file says.
pub(crate) fn scales(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_stack(|stack| {
        let is_typed = typed.to_string_lossy().contains('=');
        let scales = stack
            .apps
            .iter()
            .map(|(name, app)| if is_typed { format!("{name}={}", app.replicas()) } else { format!("{name}=") });
        matching(scales, typed)
    })
}

/// What `remove` can take out, of the kind that stands before it on the line.
pub(crate) fn removable(typed: &OsStr) -> Vec<CompletionCandidate> {
    let words = words();
    let is = |kind: &str| words.iter().any(|word| word == kind);
    with_stack(|stack| {
        let (apps, attached) = (stack.apps.keys(), stack.attached.keys());
        let names: Vec<String> = match () {
            () if is("exporter") => stack.exporters.keys().map(ToString::to_string).collect(),
            () if is("dashboard") => stack.dashboards.keys().map(ToString::to_string).collect(),
            () if is("scrape") => stack.scrape.keys().map(ToString::to_string).collect(),
            () => apps.chain(attached).map(ToString::to_string).collect(),
        };
        matching(names, typed)
    })
}

/// Dashboards that Grafana shows.
pub(crate) fn dashboards(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_stack(|stack| {
        let desired = Desired::of(stack, &Facts::default());
        matching(desired.dashboards.iter().map(|dashboard| dashboard.name.clone()), typed)
    })
}

/// Exporters of the catalogue.
pub(crate) fn exporters(typed: &OsStr) -> Vec<CompletionCandidate> {
    matching(catalog::EXPORTERS.iter().map(|name| (*name).to_owned()), typed)
}

/// Components of the catalogue.
pub(crate) fn components(typed: &OsStr) -> Vec<CompletionCandidate> {
    matching(catalog::COMPONENTS.iter().map(|component| component.name.to_owned()), typed)
}

/// Presets of dashboards.
pub(crate) fn presets(typed: &OsStr) -> Vec<CompletionCandidate> {
    matching(PRESETS.iter().map(|name| (*name).to_owned()), typed)
}

/// Causes that `verify` names.
pub(crate) fn causes(typed: &OsStr) -> Vec<CompletionCandidate> {
    matching(explain::causes().map(str::to_owned), typed)
}

/// Apps of the stack file.
pub(crate) fn apps(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_stack(|stack| matching(stack.apps.keys().map(ToString::to_string), typed))
}

/// What has alerts: whatever is scraped.
pub(crate) fn watched(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_stack(|stack| {
        let desired = Desired::of(stack, &Facts::default());
        let jobs = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
        let names = jobs.map(|job| match &job.origin {
            JobOrigin::Service(name) | JobOrigin::Attached(name) => name.clone(),
            _ => job.name.clone(),
        });
        matching(names, typed)
    })
}

/// Tests of the rules.
pub(crate) fn tests(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_stack(|stack| matching(stack.tests.keys().cloned(), typed))
}

/// Stacks at the engine. Nothing is offered where it does not answer soon.
pub(crate) fn stacks(typed: &OsStr) -> Vec<CompletionCandidate> {
    // A thread of its own: whoever asks is in the middle of a runtime, which must not wait.
    let asked = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let stacks = async { situation::connect().await.ok()?.stacks().await.ok() };
        runtime.block_on(async { tokio::time::timeout(PATIENCE, stacks).await }).ok()?
    });
    let stacks = asked.join().ok().flatten().unwrap_or_default();
    matching(stacks.into_keys(), typed)
}

fn matching(names: impl IntoIterator<Item = String>, typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    names.into_iter().filter(|name| name.starts_with(typed.as_ref())).map(CompletionCandidate::new).collect()
}

/// Nothing is offered where the file is not there, or wrong.
fn with_stack(names: impl FnOnce(&Stack) -> Vec<CompletionCandidate>) -> Vec<CompletionCandidate> {
    let files = files();
    // The shell's own input is not for the taking.
    if files.iter().any(|file| file.as_os_str() == STANDARD_INPUT) {
        return Vec::new();
    }
    let loaded = stack::load(&files, &Environment::of_process(), &VOCABULARY);
    loaded.map(|loaded| names(&loaded.stack)).unwrap_or_default()
}

/// The stack files that the line names with `-f`, else those that are usual.
fn files() -> Vec<PathBuf> {
    let words = words();
    let mut files = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let text = word.to_string_lossy();
        if let Some(file) = text.strip_prefix("--file=") {
            files.push(PathBuf::from(file));
        } else if (text == "-f" || text == "--file")
            && let Some(file) = words.get(index + 1)
        {
            files.push(PathBuf::from(file));
        }
    }
    if files.is_empty() { cli::default_files() } else { files }
}

/// The words of the line that is completed: what comes after the first `--`.
fn words() -> Vec<OsString> {
    std::env::args_os().skip_while(|word| word != "--").skip(1).collect()
}
