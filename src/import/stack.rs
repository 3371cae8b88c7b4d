//! All that was read, put together: the sections of the stack file in their order.

mod advice;
mod watched;

use std::path::PathBuf;

use indexmap::IndexMap;

use super::alertmanager::{self, tell};
use super::compose::{self, Elsewhere, Names, Project, Role, Services, project};
use super::draft::{Item, Map};
use super::grafana::Grafana;
use super::paths::Rebase;
use super::prometheus::{Config, Hosts, Jobs, Mounted, Section, locate};
use super::proof::Proof;
use super::remark::{Place, Remarks};
use super::secrets::{Secrets, file_beside, known_beside};
use super::source::{SourceFile, SourceKind};
use super::variables::Variables;
use super::{Carried, Imported, Request};
use crate::stack::{Problems, StackName, VARIABLE_FILES, refused, tidy};

/// A line in an app of which nobody knows whether it tells its metrics.
pub(super) const NOT_WATCHED: &str =
    "metrics: { port: PORT, path: /metrics }   # not scraped: fill in where it tells its metrics, if it does";

/// A stack file in the making.
pub(super) struct Assembly<'a> {
    request: &'a Request<'a>,
    files: &'a [SourceFile],
    project: Option<Project>,
    rebase: Rebase,
    name: String,
    remarks: Remarks,
    /// Where a prometheus.yml was looked for and was not.
    sought: Vec<String>,
}

/// The parts of the stack file.
#[derive(Default)]
struct Parts {
    apps: IndexMap<String, Map>,
    hosts: Hosts,
    prometheus: Option<Section>,
    grafana: Option<Grafana>,
    config: Option<Config>,
    alertmanager: Option<Map>,
    alertmanager_file: Option<PathBuf>,
    hosts_of_alertmanager: Vec<String>,
    kept_alertmanager: bool,
    kept_watcher: bool,
    services: usize,
    /// What services are called in the Compose file, by the names of their apps.
    old_names: IndexMap<String, String>,
}

impl<'a> Assembly<'a> {
    /// What was read.
    pub(super) fn new(request: &'a Request<'a>, files: &'a [SourceFile]) -> Result<Self, Problems> {
        let Some(first) = files.first() else {
            return Err(refused("import", 1, "no file is named", "name Compose files, prometheus.yml or a folder"));
        };
        let compose: Vec<SourceFile> = files.iter().filter(|file| file.kind == SourceKind::Compose).cloned().collect();
        let project = project::load(&compose, request.folder, request.environment)?;
        let folder = first.path.parent().unwrap_or(std::path::Path::new("."));
        let rebase =
            project.as_ref().map_or_else(|| Rebase::new(folder, request.folder), |project| project.rebase.clone());
        let name = match request.name {
            Some(name) => name.to_owned(),
            None => project.as_ref().map_or_else(|| stack_name(None, &rebase), name_of),
        };
        Ok(Self { request, files, project, rebase, name, remarks: Remarks::default(), sought: Vec::new() })
    }

    /// Puts the stack file together, and proves it.
    pub(super) fn finish(mut self) -> Result<Imported, Problems> {
        let mut root = Map::default();
        root.set("name", Item::text(&self.name));
        let mut parts = Parts::default();
        if let Some(project) = self.project.take() {
            let names = Names::of(&project, &mut self.remarks);
            self.services(&project, &names, &mut parts)?;
            self.dot_env(&project);
            self.project = Some(project);
        }
        self.other_files(&mut parts);
        let jobs = self.jobs(&mut parts);
        if parts.config.is_none() {
            self.look_around(&mut parts);
        }
        self.exporters_that_stay_apps(&parts, &jobs);
        let services = Carried { carried: parts.apps.len() + parts.components(), all: parts.services };
        self.watchers(&mut root, &mut parts, &jobs);
        if let Some(section) = parts.alertmanager.take() {
            tell(&mut root, section, &parts.hosts_of_alertmanager, &mut self.remarks);
        }
        if !parts.apps.is_empty() {
            let apps = std::mem::take(&mut parts.apps);
            apps.into_iter().for_each(|(name, app)| root.map("apps").set(&name, Item::Map(in_order(app))));
        }
        if !jobs.scrape.is_empty() {
            root.set("scrape", Item::Map(jobs.scrape));
        }
        if let Some(dashboards) = root.take("dashboards") {
            root.set("dashboards", dashboards);
        }
        self.top(&mut root);
        let sources = self.sources(parts.config.as_ref());
        let secrets = self.secrets(&mut root);
        let secrets_file = self.secrets_file();
        self.who_sees_the_passwords(&parts, !secrets.is_empty());
        self.files_by_their_names();
        let jobs = Carried { carried: jobs.carried, all: jobs.all };
        let may_be_empty = self.project.as_ref().map(|project| project.variables.may_all_be_empty());
        Proof {
            request: self.request,
            root,
            remarks: self.remarks,
            services,
            jobs,
            sources,
            secrets,
            secrets_file,
            sought: self.sought,
            may_be_empty: may_be_empty.unwrap_or_default(),
        }
        .finish()
    }

    fn services(&mut self, project: &Project, names: &Names, parts: &mut Parts) -> Result<(), Problems> {
        parts.services = project.services.len();
        let secrets = compose::secrets(project, &mut self.remarks);
        let services = Services {
            project,
            names,
            stack: &self.name,
            secrets: &secrets,
            profiles: self.request.profiles,
            keeps: true,
        };
        let drafts = services.drafts(&mut self.remarks)?;
        for (old, app) in drafts {
            let Some(entry) = project.services.get(&old) else { continue };
            let place = Place::at(&project.file, entry.key.line, format!("services.{old}"));
            let mounted = Mounted::of(project, &entry.node);
            match names.role(&old) {
                Role::Prometheus => {
                    let section = Section::of_service(app, &place, &mut self.remarks);
                    parts.config = locate(&mounted, section.config_file())?;
                    let is_named = self.files.iter().any(|file| file.kind == SourceKind::Prometheus);
                    if parts.config.is_none() && !is_named {
                        let place_of = mounted.host(section.config_file());
                        let place_of = place_of.map(|path| format!("`{}`", self.named(&path)));
                        let inside = format!("`{}` inside `{old}`, where nothing is mounted", section.config_file());
                        self.sought.push(place_of.unwrap_or(inside));
                        let message =
                            format!("its `{}` is not here, so no scrape job could be read", section.config_file());
                        self.remarks.not_carried(
                            place,
                            message,
                            "name it, too: `stackctl import COMPOSE_FILE prometheus.yml`",
                        );
                    }
                    parts.prometheus = Some(section);
                }
                Role::Grafana => {
                    parts.grafana = Some(Grafana::of_service(app, project, &mounted, &place, &mut self.remarks));
                }
                Role::Alertmanager => {
                    for name in [Some(old.as_str()), app.get("container_name").and_then(Item::as_text)] {
                        parts.hosts_of_alertmanager.extend(name.map(str::to_owned));
                    }
                    let (section, file) = alertmanager::of_service(app, &mounted, &place, &mut self.remarks);
                    parts.alertmanager = Some(section);
                    parts.alertmanager_file = file.map(|file| file.path);
                }
                Role::App => {
                    let new = names.new_name(&old).to_owned();
                    let image = app.get("image").and_then(Item::as_text).unwrap_or_default();
                    parts.kept_watcher |= is_watcher(image);
                    parts.kept_alertmanager |= image.contains("alertmanager");
                    parts.name_hosts(&new, &old, &app);
                    parts.old_names.insert(new.clone(), old);
                    parts.apps.insert(new, app);
                }
            }
        }
        Ok(())
    }

    /// Files that were named beside the Compose files.
    fn other_files(&mut self, parts: &mut Parts) {
        let none = Variables::new(std::collections::HashSet::new());
        for file in self.files {
            match file.kind {
                SourceKind::Prometheus if parts.config.as_ref().is_none_or(|config| config.file.path != file.path) => {
                    parts.config = Some(Config::alone(file.clone()));
                }
                SourceKind::Datasources => {
                    parts.grafana.get_or_insert_default().add_datasources(file, &none, &mut self.remarks);
                }
                SourceKind::Dashboard => parts.grafana.get_or_insert_default().add_dashboard(&file.path, &self.rebase),
                // An app that mounts it goes on reading it.
                SourceKind::Alertmanager if !parts.kept_alertmanager && parts.alertmanager_file.is_none() => {
                    let section = alertmanager::section(file, &mut self.remarks);
                    parts.alertmanager.get_or_insert_default().0.extend(section.0);
                    parts.alertmanager_file = Some(file.path.clone());
                }
                _ => {}
            }
        }
    }

    /// The variables of the Compose file's `.env` have to lie beside the stack file.
    fn dot_env(&mut self, project: &Project) {
        for Elsewhere { at, message, help, .. } in &project.elsewhere {
            let file = project.sources.get(at.source as usize).map_or(&project.file, |(name, _)| name);
            self.remarks.changed(Place::at(file, at.line, "include"), message.as_str(), help.as_str());
        }
        let is_beside = self.rebase.path("x") == "./x";
        if !project.variables.has_values() || is_beside {
            return;
        }
        let env = project.rebase.folder.join(".env").display().to_string();
        let message = "its variables are read only where it lies beside the stack file";
        self.remarks.changed(Place::file(&env), message, format!("copy it: `cp {env} .`"));
    }

    fn jobs(&mut self, parts: &mut Parts) -> Jobs {
        match &parts.config {
            Some(config) => {
                let has_alertmanager = parts.alertmanager.is_some();
                Jobs::carry(config, &parts.hosts, &mut parts.apps, has_alertmanager, &mut self.remarks)
            }
            None => Jobs::default(),
        }
    }

    /// `prometheus` and `grafana`: as they were; off where the source has none, and watches otherwise.
    fn watchers(&mut self, root: &mut Map, parts: &mut Parts, jobs: &Jobs) {
        let rules: Vec<Item> = self
            .files
            .iter()
            .filter(|file| file.kind == SourceKind::Rules)
            .map(|file| Item::text(self.named(&file.path)))
            .collect();
        let has_prometheus = parts.prometheus.is_some() || parts.config.is_some() || !rules.is_empty();
        let watched_otherwise = parts.kept_watcher || parts.grafana.is_some();
        if has_prometheus {
            let section = parts.prometheus.take().unwrap_or_default();
            let section =
                section.write(parts.config.as_ref(), jobs.extra.clone(), rules, &self.rebase, &mut self.remarks);
            root.set("prometheus", Item::Map(section));
        } else if watched_otherwise {
            root.set("prometheus", Item::word("off"));
        }
        match parts.grafana.take() {
            Some(grafana) => {
                let (section, dashboards) = grafana.finish(has_prometheus);
                if !section.is_empty() {
                    root.set("grafana", Item::Map(section));
                }
                if !dashboards.is_empty() {
                    root.set("dashboards", Item::Map(dashboards));
                }
            }
            None if has_prometheus || watched_otherwise => root.set("grafana", Item::word("off")),
            None => {}
        }
    }

    /// Networks, volumes and secrets.
    fn top(&mut self, root: &mut Map) {
        let Some(project) = &self.project else { return };
        compose::volumes_elsewhere(project, &self.name, &mut self.remarks);
        let sections = [
            ("networks", compose::networks(project, &mut self.remarks)),
            ("volumes", compose::volumes(project, &mut self.remarks)),
            ("secrets", compose::secrets(project, &mut self.remarks)),
        ];
        for (name, section) in sections.into_iter().filter(|(_, section)| !section.is_empty()) {
            root.set(name, Item::Map(section));
        }
    }

    /// Takes passwords out of the stack file.
    fn secrets(&mut self, root: &mut Map) -> Vec<(String, String)> {
        let set = self.project.as_ref().map_or(self.request.environment, |project| &project.environment);
        let set = known_beside(self.request.folder, set);
        let file = self.files.first().map_or("", |file| file.name.as_str());
        let mut secrets = Secrets { set: &set, file, found: Vec::new(), used: Vec::new() };
        secrets.take_out(root, &mut self.remarks);
        secrets.found
    }

    /// The file beside the stack file that takes passwords. Where a service reads `.env` itself, everybody's would come to it.
    fn secrets_file(&self) -> &'static str {
        let [usual, own] = VARIABLE_FILES;
        let file = std::path::absolute(self.request.folder.join(usual)).map(|file| tidy(&file)).unwrap_or_default();
        let is_read = self.project.as_ref().is_some_and(|project| {
            project.services.values().any(|entry| compose::are_read_by(project, &entry.node, &file))
        });
        if is_read { own } else { file_beside(self.request.folder) }
    }

    /// A file as it is found from the stack file.
    fn named(&self, file: &std::path::Path) -> String {
        self.rebase.file(&std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf()))
    }

    fn sources(&self, config: Option<&Config>) -> Vec<String> {
        let mut sources: Vec<String> = self.files.iter().map(|file| self.named(&file.path)).collect();
        if let Some(config) = config
            && !sources.contains(&self.named(&config.file.path))
        {
            sources.push(self.named(&config.file.path));
        }
        sources.dedup();
        sources
    }
}

impl Parts {
    fn components(&self) -> usize {
        let is_there = [self.prometheus.is_some(), self.grafana.is_some(), !self.hosts_of_alertmanager.is_empty()];
        is_there.into_iter().filter(|is_there| *is_there).count()
    }

    /// Every name by which a target can mean the app.
    fn name_hosts(&mut self, new: &str, old: &str, app: &Map) {
        let fixed = app.get("container_name").and_then(Item::as_text);
        for name in [Some(new), Some(old), fixed].into_iter().flatten() {
            self.hosts.0.entry(name.to_owned()).or_insert_with(|| new.to_owned());
        }
    }
}

/// Keys in the order in which people look for them; the others stay where they were.
fn in_order(mut app: Map) -> Map {
    let mut ordered = Map::default();
    for key in ["image", "scale"] {
        if let Some(entry) = app.0.shift_remove(key) {
            ordered.0.insert(key.to_owned(), entry);
        }
    }
    let last: Vec<_> = ["metrics", "x-compose"].iter().filter_map(|key| app.0.shift_remove_entry(*key)).collect();
    ordered.0.extend(app.0);
    ordered.0.extend(last);
    ordered
}

/// Images of programs that scrape or keep metrics themselves.
fn is_watcher(image: &str) -> bool {
    let names = ["prometheus", "grafana", "victoria-metrics", "vmagent", "cortex", "mimir", "thanos", "promscale"];
    let last = image.rsplit('/').next().unwrap_or(image);
    let is_exporter = image.contains("exporter");
    !is_exporter && names.iter().any(|name| last.starts_with(name) || last.contains(&format!("-{name}")))
}

/// What a stack in that folder can be called.
pub fn folder_name(folder: &std::path::Path) -> String {
    stack_name(None, &Rebase::new(folder, folder))
}

/// What a stack of this project is called: as Compose calls it, or as much of that as leaves room for its services, which are
/// called STACK-SERVICE-NUMBER and looked for by that name.
pub(super) fn name_of(project: &Project) -> String {
    const LONGEST: usize = 63;
    let called = stack_name(project.name.as_deref(), &project.rebase);
    let named_after_it = project.services.iter().filter(|(_, entry)| entry.node.entry("container_name").is_none());
    let longest = named_after_it.map(|(name, _)| name.len()).max().unwrap_or(0);
    let room = LONGEST.saturating_sub(longest + "--99".len());
    let shorter = called.get(..room).unwrap_or(&called).trim_end_matches(['-', '_']);
    if shorter.parse::<StackName>().is_ok() { shorter.to_owned() } else { called }
}

/// The Compose project's name, else that of its folder, as a stack can be called.
pub(super) fn stack_name(written: Option<&str>, rebase: &Rebase) -> String {
    let folder = rebase.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = written.filter(|name| !name.contains('$')).map_or(folder, str::to_owned).to_lowercase();
    let letters = name.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' });
    let name: String = letters.skip_while(|letter| !letter.is_ascii_alphanumeric()).take(40).collect();
    if name.parse::<StackName>().is_ok() { name } else { "stack".to_owned() }
}
