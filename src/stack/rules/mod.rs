//! What must hold between the parts of a stack file. Each rule is one function; all of them look, whatever the others found.

mod alertmanager;
mod alerts;
mod circles;
mod components;
mod dashboards;
mod dependencies;
mod engine;
mod exporters;
mod images;
mod jobs;
mod locate;
mod logging;
mod mounts;
mod names;
mod objectives;
mod ports;
mod probes;
mod recordings;
mod references;
mod remotes;
mod resources;
mod rule_tests;
mod scale;
mod scrapes;
mod seccomp;
mod servers;
mod settings;
mod signals;
mod web;
mod windows;

pub(super) use alerts::rule_file;
pub(super) use locate::locate;
use locate::{Found, Places};
pub use scale::check_scale;

use super::collector::Collector;
use super::document::{Node, Path};
use super::{ContainerSettings, Metrics, Stack, Vocabulary, Wiring, Wrong};

/// Applies every rule.
pub(super) fn examine(stack: &Stack, root: &Node, vocabulary: &Vocabulary, problems: &mut Collector) {
    let places = Places::in_document(root);
    let mut examination = Examination { stack, root, places, vocabulary, problems };
    for rule in RULES {
        if examination.is_full() {
            return;
        }
        rule(&mut examination);
    }
}

const RULES: &[fn(&mut Examination)] = &[
    names::services_have_one_name_each,
    names::services_are_found_by_their_names,
    names::jobs_have_one_name_each,
    names::container_names_fit,
    names::fixed_names_are_free,
    exporters::kinds_are_known,
    exporters::watched_apps_are_there,
    exporters::logins_reach_the_exporter,
    engine::address_pools_are_subnets,
    logging::logs_can_be_written,
    images::references_can_be_pulled,
    ports::host_ports_are_used_once,
    ports::choices_have_room,
    ports::components_stay_at_home,
    ports::databases_stay_at_home,
    scale::replicas_can_stand_side_by_side,
    dependencies::dependencies_exist,
    dependencies::dependencies_are_no_circle,
    references::volumes_exist,
    mounts::mounts_can_be_made,
    mounts::volumes_can_be_made,
    references::processes_can_be_told,
    references::subnets_have_room,
    references::networks_exist,
    references::networks_can_be_joined,
    references::names_are_one_owners,
    references::secrets_exist,
    references::modes_are_carried,
    references::labels_are_free,
    resources::limits_make_sense,
    settings::processes_can_be_started,
    settings::hosts_have_names,
    settings::the_kernel_takes_the_limits,
    settings::rights_are_known,
    settings::machines_can_be_found,
    scrapes::times_fit,
    scrapes::paths_are_paths,
    scrapes::labels_are_labels,
    scrapes::credentials_are_clear,
    scrapes::targets_are_addresses,
    scrapes::targets_can_be_reached,
    probes::probes_ask_one_thing,
    probes::probes_end_in_time,
    components::prometheus_settings_fit,
    components::extra_jobs_are_jobs,
    servers::servers_stand_side_by_side,
    servers::shards_divide_something,
    servers::replicas_are_told_apart,
    web::prometheus_is_guarded,
    web::own_job_is_let_in,
    remotes::remotes_can_be_reached,
    remotes::relabelling_does_something,
    remotes::queues_hold_something,
    components::grafana_settings_fit,
    alertmanager::receivers_have_one_way,
    alertmanager::receivers_are_known,
    alertmanager::routes_lead_somewhere,
    alertmanager::routed_apps_have_alerts,
    alertmanager::messages_can_be_made,
    alertmanager::inhibitions_mute_something,
    alertmanager::settings_fit,
    signals::signals_are_selectors,
    components::containers_are_carried,
    components::rule_files_have_one_name_each,
    components::extra_config_is_not_stackctls,
    alerts::alerts_ask_something,
    recordings::recordings_ask_something,
    recordings::recordings_are_no_circle,
    windows::windows_hold_two_scrapes,
    recordings::recordings_have_one_writer,
    objectives::objectives_can_be_counted,
    rule_tests::tests_expect_something,
    dashboards::presets_are_known,
    dashboards::dashboards_are_told_apart,
    dashboards::uids_are_taken,
    dashboards::panels_can_be_drawn,
    jobs::jobs_asked_for_are_there,
];

/// What a rule looks at, and where it says what it found.
struct Examination<'a> {
    stack: &'a Stack,
    root: &'a Node,
    places: Places<'a>,
    vocabulary: &'a Vocabulary<'a>,
    problems: &'a mut Collector,
}

impl<'a> Examination<'a> {
    /// Where a path stands in the document.
    fn locate(&self, path: &Path) -> Found<'a> {
        self.places.locate(path)
    }

    /// Whether there are so many problems that there is no use in looking for more.
    fn is_full(&self) -> bool {
        self.problems.is_full()
    }

    /// Records an error at the value of that path.
    fn error(&mut self, path: Path, message: impl Into<String>, help: impl Into<String>) {
        if self.is_full() {
            return;
        }
        let found = self.locate(&path);
        self.problems.error(found.value, &found.path, message, help);
    }

    /// Records an error at the key of that path.
    fn error_at_key(&mut self, path: Path, message: impl Into<String>, help: impl Into<String>) {
        if self.is_full() {
            return;
        }
        let found = self.locate(&path);
        self.problems.error(found.key, &found.path, message, help);
    }

    /// Records an error that another function found the words for.
    fn wrong(&mut self, path: Path, wrong: Wrong) {
        self.error(path, wrong.message, wrong.help);
    }

    /// Records a warning at the value of that path.
    fn warning(&mut self, path: Path, message: impl Into<String>, help: impl Into<String>) {
        if self.is_full() {
            return;
        }
        let found = self.locate(&path);
        self.problems.warning(found.value, &found.path, message, help);
    }

    /// Records a warning at the key of that path.
    fn warning_at_key(&mut self, path: Path, message: impl Into<String>, help: impl Into<String>) {
        if self.is_full() {
            return;
        }
        let found = self.locate(&path);
        self.problems.warning(found.key, &found.path, message, help);
    }

    /// Records that one of some keys is missing, unless one is there and something else is wrong with it.
    fn missing(&mut self, path: Path, keys: &[&str], message: &str, help: &str) {
        let found = self.locate(&path);
        if !keys.iter().any(|key| found.node.is_some_and(|node| node.entry(key).is_some())) {
            self.problems.error(found.key, &found.path, message, help);
        }
    }

    /// Whether a section has an entry of that name, right or wrong.
    fn is_written(&self, section: &str, name: &str) -> bool {
        self.root.entry(section).is_some_and(|entry| entry.node.entry(name).is_some())
    }

    /// Where the item of a list or map that holds a name stands: `depends_on` and its like take both.
    fn item_path<'p>(&self, list: &'p Path<'p>, index: usize, name: &'p str) -> Path<'p> {
        let is_map = self.locate(list).node.is_some_and(|node| node.entry(name).is_some());
        if is_map { list.key(name) } else { list.index(index) }
    }
}

/// A service that the file describes: an app or an exporter.
#[derive(Clone, Copy)]
struct Service<'a> {
    section: &'static str,
    name: &'a str,
    scale: u32,
    container: &'a ContainerSettings,
    wiring: &'a Wiring,
    metrics: Option<&'a Metrics>,
}

/// Calls a rule with the container of every app, exporter and component, and where it stands.
fn each_container(examination: &mut Examination, rule: impl Fn(&mut Examination, Path, &ContainerSettings, &Wiring)) {
    let stack = examination.stack;
    for (component, container, wiring) in components(stack) {
        rule(examination, Path::ROOT.key(component), container, wiring);
    }
    for service in services(stack) {
        if examination.is_full() {
            return;
        }
        let path = Path::ROOT.key(service.section);
        rule(examination, path.key(service.name), service.container, service.wiring);
    }
}

/// What stackctl runs itself, each with the key of its section.
fn components(stack: &Stack) -> impl Iterator<Item = (&'static str, &ContainerSettings, &Wiring)> {
    let prometheus = stack.prometheus.as_option().map(|section| ("prometheus", &section.container, &section.wiring));
    let grafana = stack.grafana.as_option().map(|section| ("grafana", &section.container, &section.wiring));
    let alertmanager =
        stack.alertmanager.as_option().map(|section| ("alertmanager", &section.container, &section.wiring));
    prometheus.into_iter().chain(grafana).chain(alertmanager)
}

/// All apps, then all exporters.
fn services(stack: &Stack) -> impl Iterator<Item = Service<'_>> {
    let apps = stack.apps.iter().map(|(name, app)| Service {
        section: "apps",
        name: name.as_str(),
        scale: app.replicas(),
        container: &app.container,
        wiring: &app.wiring,
        metrics: app.metrics.as_ref(),
    });
    let exporters = stack.exporters.iter().map(|(name, exporter)| Service {
        section: "exporters",
        name: name.as_str(),
        scale: 1,
        container: &exporter.container,
        wiring: &exporter.wiring,
        metrics: Some(&exporter.metrics),
    });
    apps.chain(exporters)
}
