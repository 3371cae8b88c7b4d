//! Which dashboards there are: those of the stack file, else one for each app, error budget and exporter, and the
//! overview.

mod budget;
mod written;

use indexmap::IndexMap;
use serde_json::Value;

use super::assemble::Input;
use super::{Job, JobOrigin, LearnedFrom, PrometheusConfig};
use crate::dashboard::{
    Dashboard, Exposed, Imported, Latency, OVERVIEW_UID, Panel, Signals, Variable, WatchedApp, preset, uid,
};
use crate::promql::{Expression, Selector};
use crate::stack::{self, DashboardSource, Stack};

/// A dashboard of the stack.
#[derive(Debug, Clone, PartialEq)]
pub struct StackDashboard {
    /// Its name: the key in the stack file, or what it is about. Its file is `grafana/dashboards/NAME.json`.
    pub name: String,
    /// What it shows.
    pub dashboard: Dashboard,
    /// Who says what is on it.
    pub origin: DashboardOrigin,
    /// The jobs that it is about as a whole, where it is stackctl's own; its panels may name others.
    pub jobs: Vec<String>,
    /// The file it comes from, and the JSON that Grafana gets as it is.
    pub carried: Option<Carried>,
}

/// Who says what is on a dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DashboardOrigin {
    /// The stack file, panel by panel.
    Panels,
    /// A file exported from Grafana.
    File,
    /// stackctl: a preset, or made for an app.
    Made,
}

/// A dashboard that Grafana gets as it was exported.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// The file, absolute.
    pub file: String,
    /// The JSON, with the stack's datasource.
    pub json: Value,
}

/// Every dashboard, in order. Without a Prometheus there is nothing to show but what the file asks for.
pub(super) fn all(input: Input, prometheus: Option<&PrometheusConfig>) -> Vec<StackDashboard> {
    let mut all = of_one_server(input, prometheus);
    if prometheus.is_some_and(|config| config.servers.iter().any(|server| !server.has_the_whole())) {
        all.iter_mut().flat_map(|dashboard| &mut dashboard.dashboard.variables).for_each(Variable::ask_by_query);
    }
    all
}

fn of_one_server(input: Input, prometheus: Option<&PrometheusConfig>) -> Vec<StackDashboard> {
    let apps = watched_apps(input, prometheus);
    if input.stack.dashboards.is_empty() {
        return prometheus.map(|prometheus| unasked(input, prometheus, &apps)).unwrap_or_default();
    }
    let stack = input.stack;
    let named = stack.dashboards.iter().filter_map(|(name, dashboard)| {
        let title = dashboard.title.clone();
        let made = match &dashboard.source {
            DashboardSource::Rows(rows) => StackDashboard {
                origin: DashboardOrigin::Panels,
                ..of(name.as_str(), written::dashboard(name.as_str(), rows, stack), title)
            },
            DashboardSource::Preset(known) => {
                let shown = made(known, input, prometheus, &apps)?;
                let jobs = jobs_shown(known, input.stack, prometheus);
                StackDashboard { jobs, ..of(name.as_str(), Dashboard { uid: uid(name.as_str()), ..shown }, title) }
            }
            DashboardSource::File { path, imported } => from_file(name.as_str(), path, imported.as_deref()?, title),
        };
        Some(made)
    });
    named.collect()
}

fn of(name: &str, dashboard: Dashboard, title: Option<String>) -> StackDashboard {
    let title = title.unwrap_or_else(|| dashboard.title.clone());
    StackDashboard {
        name: name.to_owned(),
        dashboard: Dashboard { title, ..dashboard },
        origin: DashboardOrigin::Made,
        jobs: Vec::new(),
        carried: None,
    }
}

fn from_file(name: &str, file: &str, imported: &Imported, title: Option<String>) -> StackDashboard {
    let mut made = of(name, imported.dashboard.clone(), title);
    made.dashboard.uid = uid(if imported.dashboard.uid.is_empty() { name } else { &imported.dashboard.uid });
    let mut json = imported.json.clone();
    json["uid"] = made.dashboard.uid.clone().into();
    json["title"] = made.dashboard.title.clone().into();
    made.origin = DashboardOrigin::File;
    made.carried = Some(Carried { file: file.to_owned(), json });
    made
}

/// What there is without a word in the file.
fn unasked(input: Input, prometheus: &PrometheusConfig, apps: &[WatchedApp]) -> Vec<StackDashboard> {
    let is_taken = prometheus.jobs.iter().any(|job| job.name == "overview");
    let overview_name = if is_taken { OVERVIEW_UID } else { "overview" };
    let overview = made("overview", input, Some(prometheus), apps).map(|overview| of(overview_name, overview, None));
    let of_apps = apps.iter().map(|app| of(app.name, Dashboard { uid: uid(app.name), ..app.dashboard() }, None));
    let budgets = prometheus.jobs.iter().filter_map(|job| {
        let shown = budget::dashboard(input.stack, prometheus, job)?;
        let name = format!("{}-error-budget", job.name);
        let is_taken = prometheus.jobs.iter().any(|other| other.name == name);
        let name = if is_taken { format!("_{name}") } else { name };
        Some(of(&name, Dashboard { uid: uid(&name), ..shown }, None))
    });
    let others = prometheus.jobs.iter().filter_map(|job| {
        let preset_name = preset_of(input.stack, job)?;
        // One preset shows every job of its kind.
        let mut earlier = prometheus.jobs.iter().take_while(|earlier| earlier.name != job.name);
        if earlier.any(|earlier| preset_of(input.stack, earlier) == Some(preset_name)) {
            return None;
        }
        let name = if apps.iter().any(|app| app.name == preset_name) { job.name.as_str() } else { preset_name };
        let shown = made(preset_name, input, Some(prometheus), apps)?;
        let jobs = jobs_shown(preset_name, input.stack, Some(prometheus));
        Some(StackDashboard { jobs, ..of(name, Dashboard { uid: uid(name), ..shown }, None) })
    });
    overview.into_iter().chain(of_apps).chain(budgets).chain(others).collect()
}

/// The preset that shows a job.
fn preset_of<'a>(stack: &'a Stack, job: &'a Job) -> Option<&'a str> {
    match &job.origin {
        JobOrigin::Engine => Some("docker-engine"),
        JobOrigin::Service(name) => {
            let kind = stack.exporters.iter().find(|(key, _)| key.as_str() == name)?.1.kind(name);
            crate::catalog::component(kind)?.known.preset
        }
        _ => None,
    }
}

/// Names of the jobs that a preset shows.
fn jobs_shown(preset_name: &str, stack: &Stack, prometheus: Option<&PrometheusConfig>) -> Vec<String> {
    let jobs = prometheus.map(|prometheus| prometheus.jobs.as_slice()).unwrap_or_default();
    let shown = jobs.iter().filter(|job| preset_of(stack, job) == Some(preset_name));
    shown.map(|job| job.name.clone()).collect()
}

/// A preset, with points no closer than the jobs that it shows are scraped.
fn made(
    preset_name: &str,
    input: Input,
    prometheus: Option<&PrometheusConfig>,
    apps: &[WatchedApp],
) -> Option<Dashboard> {
    let mut dashboard = preset(preset_name, input.stack.name.as_str(), apps)?;
    let jobs = prometheus.map(|prometheus| prometheus.jobs.as_slice()).unwrap_or_default();
    let own = jobs.iter().filter(|job| preset_of(input.stack, job) == Some(preset_name) || job.name == preset_name);
    let own = own.filter_map(|job| slower(job, prometheus?));
    let of_apps = apps.iter().filter(|_| preset_name == "overview").filter_map(|app| app.interval);
    let slowest = own.chain(of_apps).reduce(f64::max);
    for panel in dashboard.rows.iter_mut().flat_map(|row| &mut row.panels) {
        panel.interval = slowest;
    }
    Some(dashboard)
}

/// Seconds between two scrapes of a job that is scraped more seldom than the others.
#[expect(clippy::cast_precision_loss, reason = "an interval is far below 2^53 ms")]
fn slower(job: &Job, prometheus: &PrometheusConfig) -> Option<f64> {
    let interval = job.interval.filter(|interval| *interval > prometheus.scrape_interval)?;
    Some(interval.as_millis() as f64 / 1000.0)
}

/// What is known of the apps that Prometheus scrapes now.
pub(super) fn known(input: Input, prometheus: Option<&PrometheusConfig>) -> IndexMap<String, Exposed> {
    let jobs = prometheus.map(|prometheus| prometheus.jobs.as_slice()).unwrap_or_default();
    let apps = jobs.iter().filter(|job| is_app(input.stack, job));
    let known = apps.filter_map(|job| input.facts.exposed.get_key_value(&job.name));
    known.filter(|(_, exposed)| !exposed.is_empty()).map(|(name, exposed)| (name.clone(), exposed.clone())).collect()
}

/// What these ran from when that was learned. One that turned out to expose nothing is among them.
pub(super) fn learned_from(input: Input, prometheus: Option<&PrometheusConfig>) -> IndexMap<String, LearnedFrom> {
    let jobs = prometheus.map(|prometheus| prometheus.jobs.as_slice()).unwrap_or_default();
    let apps = jobs.iter().filter(|job| is_app(input.stack, job));
    let known = apps.filter_map(|job| input.facts.learned_from.get_key_value(&job.name));
    known.map(|(name, from)| (name.clone(), from.clone())).collect()
}

/// The golden signals of every app that Prometheus scrapes, as large numbers, whatever dashboards there are.
pub(super) fn golden(input: Input, prometheus: Option<&PrometheusConfig>) -> IndexMap<String, Vec<Panel>> {
    watched_apps(input, prometheus).into_iter().map(|app| (app.name.to_owned(), app.numbers())).collect()
}

/// Every app that Prometheus scrapes, with what its signals are called.
pub(super) fn watched_apps<'a>(input: Input<'a>, prometheus: Option<&'a PrometheusConfig>) -> Vec<WatchedApp<'a>> {
    static NOTHING: Exposed = Exposed(std::collections::BTreeMap::new());
    let Some(prometheus) = prometheus else { return Vec::new() };
    let of_apps = prometheus.jobs.iter().filter(|job| is_app(input.stack, job));
    let watched = of_apps.map(|job| {
        let exposed = input.facts.exposed.get(&job.name).unwrap_or(&NOTHING);
        let written = written_signals(input.stack, job).map(signals);
        WatchedApp {
            name: &job.name,
            signals: written.unwrap_or_default().or(Signals::recognised(exposed)),
            exposed,
            interval: slower(job, prometheus),
        }
    });
    watched.collect()
}

fn is_app(stack: &Stack, job: &Job) -> bool {
    match &job.origin {
        JobOrigin::Service(name) => stack.apps.contains_key(name.as_str()),
        origin => matches!(origin, JobOrigin::Attached(_)),
    }
}

/// The signals as the stack file names them. Its rules have seen that each is a selector.
fn signals(written: &crate::stack::Signals) -> Signals {
    let selector = |text: &String| Expression::parse(text).ok()?.as_selector();
    Signals {
        latency: written.latency.as_ref().and_then(selector).map(|durations| Latency::Histogram(base(durations))),
        traffic: written.traffic.as_ref().and_then(selector),
        errors: written.errors.as_ref().and_then(selector),
        in_flight: written.in_flight.as_ref().and_then(selector),
        saturation: written.saturation.iter().filter_map(selector).collect(),
    }
}

/// The histogram itself, where one of its series is named.
fn base(mut histogram: Selector) -> Selector {
    let name = histogram.metric.take().unwrap_or_default();
    let base = ["_bucket", "_count", "_sum"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(&name);
    histogram.metric = Some(base.to_owned());
    histogram
}

/// What the stack file says of an app's signals, be it run or attached.
fn written_signals<'a>(stack: &'a Stack, job: &Job) -> Option<&'a stack::Signals> {
    let (JobOrigin::Service(app_name) | JobOrigin::Attached(app_name)) = &job.origin else { return None };
    let run = stack.apps.get(app_name.as_str()).and_then(|app| app.signals.as_ref());
    run.or_else(|| stack.attached.get(app_name.as_str())?.signals.as_ref())
}
