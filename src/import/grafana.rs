//! A Grafana service and its provisioning → the section `grafana`, and `dashboards`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::component::{Image, tidy_container};
use super::compose::Project;
use super::compose::ports::take_published;
use super::compose::project::scalar;
use super::draft::{Item, Map};
use super::paths::Rebase;
use super::prometheus::Mounted;
use super::remark::{Place, Remarks};
use super::secrets::default_of;
use super::source::{self, SourceFile, SourceKind};
use super::variables::Variables;
use crate::stack::{Environment, OutsideNode, OutsideValue, ServiceName};

/// Repository of the catalogue's image.
const REPOSITORY: &str = "grafana/grafana";

/// Port inside the container.
const PORT: u16 = 3000;

/// Where Grafana reads its provisioning unless told otherwise.
const PROVISIONING: &str = "/etc/grafana/provisioning";

/// Most files and folders that are looked at below a mount.
const MOST_FILES: usize = 500;

/// What Grafana becomes.
#[derive(Debug, Default)]
pub(super) struct Grafana {
    section: Map,
    dashboards: Map,
    files: HashSet<PathBuf>,
    datasources: Vec<Item>,
    /// Those that stackctl writes itself where it runs Prometheus.
    of_prometheus: Vec<Item>,
}

impl Grafana {
    /// From the keys of an app, and the files that it mounts.
    pub(super) fn of_service(
        mut app: Map,
        project: &Project,
        mounted: &Mounted,
        place: &Place,
        remarks: &mut Remarks,
    ) -> Self {
        let mut grafana = Self::default();
        Image::of(&app).write(&mut grafana.section, REPOSITORY);
        let (published, ports) = take_published(app.take("ports"), PORT);
        grafana.section.set("port", published.map_or_else(|| Item::word("off"), Item::text));
        app.set_some("ports", ports);
        tidy_container(&mut app);
        if app.get("restart").and_then(Item::as_text) == Some("unless-stopped") {
            app.take("restart");
        }
        if let Some(Item::Map(environment)) = app.take("environment") {
            grafana.environment(environment, project, place, remarks);
        }
        let provisioning = grafana.provisioning();
        grafana.provision(mounted, &provisioning, &project.rebase, remarks);
        let volumes = app.take("volumes");
        grafana.section.0.extend(app.0);
        grafana.volumes(volumes, mounted, &provisioning, (place, &project.rebase), remarks);
        grafana
    }

    /// A file of data sources that was named.
    pub(super) fn add_datasources(&mut self, file: &SourceFile, variables: &Variables, remarks: &mut Remarks) {
        let Some(OutsideValue::Sequence(items)) = file.root.entry("datasources").map(|entry| &entry.node.value) else {
            return;
        };
        let kind =
            |item: &OutsideNode| item.entry("type").and_then(|entry| scalar(&entry.node)).unwrap_or("").to_owned();
        let has_secret = |item: &OutsideNode| {
            ["secureJsonData", "password", "basicAuthPassword"].iter().any(|key| item.entry(key).is_some())
        };
        for item in items {
            let url = item.entry("url").and_then(|entry| scalar(&entry.node)).unwrap_or_default();
            let is_prometheus = kind(item) == "prometheus" && (url.is_empty() || url.contains(":9090"));
            if has_secret(item) {
                let place = Place::at(&file.name, item.span.line.max(1), "datasources");
                remarks.habit(
                    place,
                    "a secret stands in a data source",
                    "write `${NAME}` in its place and set the variable in `.env`",
                );
            }
            let mut copied = Item::of(item, &|text| variables.carry(text));
            if is_prometheus {
                self.of_prometheus.push(copied);
                continue;
            }
            // One data source is the default one: the stack's Prometheus.
            if let Item::Map(map) = &mut copied {
                map.take("isDefault");
            }
            self.datasources.push(copied);
        }
    }

    /// A dashboard's file.
    pub(super) fn add_dashboard(&mut self, file: &Path, rebase: &Rebase) {
        let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
        if !self.files.insert(absolute.clone()) {
            return;
        }
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
        let letters = stem.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
        let name: String =
            letters.collect::<String>().split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
        let name: String = name.chars().take(50).collect();
        let name = if name.parse::<ServiceName>().is_ok() { name } else { "dashboard".to_owned() };
        let mut candidates = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}-{number}")));
        let name = candidates.find(|name| self.dashboards.get(name).is_none()).unwrap_or_default();
        let mut entry = Map::default();
        entry.set("file", Item::text(rebase.file(&absolute).replace('$', "$$")));
        self.dashboards.set(&name, Item::Map(entry));
    }

    /// The section, and the dashboards. `has_prometheus`: the stack runs one, and its data source comes by itself.
    pub(super) fn finish(mut self, has_prometheus: bool) -> (Map, Map) {
        let mut extra = if has_prometheus { Vec::new() } else { self.of_prometheus };
        extra.extend(self.datasources);
        if !extra.is_empty() {
            self.section.set("extra_datasources", Item::List(extra));
        }
        (self.section, self.dashboards)
    }

    fn provisioning(&self) -> String {
        let written = match self.section.get("environment") {
            Some(Item::Map(environment)) => {
                environment.get("GF_PATHS_PROVISIONING").and_then(Item::as_text).map(str::to_owned)
            }
            _ => None,
        };
        written.unwrap_or_else(|| PROVISIONING.to_owned()).trim_end_matches('/').to_owned()
    }

    fn environment(&mut self, mut environment: Map, project: &Project, place: &Place, remarks: &mut Remarks) {
        if environment
            .get("GF_SECURITY_ADMIN_USER")
            .and_then(Item::as_text)
            .is_some_and(|user| project.filled(user) == "admin")
        {
            environment.take("GF_SECURITY_ADMIN_USER");
        }
        if let Some(password) = environment.take("GF_SECURITY_ADMIN_PASSWORD") {
            let line = line_of_setting(project, "GF_SECURITY_ADMIN_PASSWORD");
            let place = Place { line: line.or(place.line), ..place.clone() };
            self.password(password.as_text().unwrap_or_default(), &project.environment, &place, remarks);
        }
        if !environment.is_empty() {
            self.section.set("environment", Item::Map(environment));
        }
    }

    /// A password is a secret: from its variable where that is set, or from the file, where `Secrets` takes it out; else
    /// it is made up at the first `up`.
    fn password(&mut self, written: &str, environment: &Environment, place: &Place, remarks: &mut Remarks) {
        let name = written.strip_prefix("${").map(|rest| rest.split([':', '-', '?', '}']).next().unwrap_or_default());
        if let Some(name) = name.filter(|name| environment.get(name).is_some_and(|value| !value.is_empty())) {
            let mut secret = Map::default();
            secret.set("env", Item::text(name));
            self.section.set("admin_password", Item::Map(secret));
            return;
        }
        let usual = default_of(written).map(|(_, value)| value);
        let literal = usual.unwrap_or(written);
        let is_literal = !literal.is_empty() && !literal.replace("$$", "").contains('$');
        if is_literal && literal != "admin" {
            self.section.set("admin_password", Item::text(written));
            let message = "Grafana's password stands in the file; `grafana.admin_password` reads it from a variable";
            let fix = "nothing; keep its value out of version control";
            remarks.changed(place.clone(), message, fix);
            return;
        }
        let message = if is_literal {
            "admin/admin is the first thing that anybody tries"
        } else {
            "Grafana's password is in a variable that is not set here"
        };
        let fix = "`up` makes a password up and keeps it in a file; for your own write `admin_password: { env: NAME }`";
        remarks.changed(place.clone(), message, fix);
    }

    /// Reads what is mounted as provisioning.
    fn provision(&mut self, mounted: &Mounted, provisioning: &str, rebase: &Rebase, remarks: &mut Remarks) {
        let none = Variables::new(HashSet::new());
        let mut files = Vec::new();
        for (target, source) in mounted.targets() {
            let mut found = Vec::new();
            walk(source, &mut found);
            let inside = |file: &PathBuf| {
                let rest = file.strip_prefix(source).ok().filter(|rest| !rest.as_os_str().is_empty());
                rest.map_or_else(|| target.to_owned(), |rest| format!("{target}/{}", rest.display()))
            };
            files.extend(found.into_iter().map(|file| (inside(&file), file)));
        }
        let mut folders = vec![format!("{provisioning}/dashboards")];
        for (inside, file) in files.iter().filter(|(inside, _)| inside.starts_with(provisioning)) {
            if !is_yaml(file) {
                continue;
            }
            match crate::stack::read_file(file)
                .ok()
                .and_then(|bytes| crate::stack::read_outside(&file.display().to_string(), bytes).ok())
            {
                Some(root) if root.entry("datasources").is_some() => {
                    let source = SourceFile {
                        name: file.display().to_string(),
                        path: file.clone(),
                        kind: SourceKind::Datasources,
                        root,
                        text: String::new(),
                    };
                    self.add_datasources(&source, &none, remarks);
                }
                Some(root) if root.entry("providers").is_some() => folders.extend(provider_folders(&root)),
                _ => {
                    let place = Place::file(&file.display().to_string());
                    let message = format!(
                        "Grafana read it at `{inside}`, and stackctl provisions data sources and dashboards only"
                    );
                    remarks.not_carried(place, message, "enter it in Grafana by hand");
                }
            }
        }
        let is_shown = |inside: &str| folders.iter().any(|folder| inside.starts_with(&format!("{folder}/")));
        for (inside, file) in &files {
            let is_json = file.extension().is_some_and(|end| end == "json");
            if is_json
                && is_shown(inside)
                && source::read(file).is_ok_and(|source| source.kind == SourceKind::Dashboard)
            {
                self.add_dashboard(file, rebase);
            }
        }
    }

    /// Mounts that are left: stackctl places provisioning and dashboards itself.
    fn volumes(
        &mut self,
        volumes: Option<Item>,
        mounted: &Mounted,
        provisioning: &str,
        (place, rebase): (&Place, &Rebase),
        remarks: &mut Remarks,
    ) {
        let Some(Item::List(items)) = volumes else { return };
        let mut dropped = Vec::new();
        for (target, source) in mounted.targets() {
            let is_provisioning = target.starts_with(provisioning) || target.starts_with(PROVISIONING);
            let holds_dashboards = self.files.iter().any(|file| file.starts_with(source))
                && !target.starts_with("/var/lib/grafana/plugins");
            if is_provisioning || (holds_dashboards && target != "/var/lib/grafana") {
                dropped.push(target.to_owned());
            }
            if is_provisioning && !source.exists() {
                let message = format!("`{}` is not here, so nothing in it could be read", rebase.file(source));
                remarks.not_carried(
                    place.clone(),
                    message,
                    "put it there and import again, or add `dashboards: { NAME: { file: … } }`",
                );
            }
        }
        let is_dropped = |item: &Item| {
            item.as_text().is_some_and(|text| {
                dropped.iter().any(|target| {
                    text.ends_with(&format!(":{target}"))
                        || text.contains(&format!(":{target}:"))
                        || text.ends_with(&format!(":{target}/"))
                })
            })
        };
        let kept: Vec<Item> = items.into_iter().filter(|item| !is_dropped(item)).collect();
        if !kept.is_empty() {
            self.section.set("volumes", Item::List(kept));
        }
    }
}

/// Where the environment of a service names that setting.
fn line_of_setting(project: &Project, name: &str) -> Option<u32> {
    project.services.values().find_map(|service| match &service.node.entry("environment")?.node.value {
        OutsideValue::Mapping(entries) => entries.get(name).map(|entry| entry.key.line),
        OutsideValue::Sequence(items) => {
            let is_it = |item: &&OutsideNode| scalar(item).is_some_and(|text| text.split('=').next() == Some(name));
            items.iter().find(is_it).map(|item| item.span.line)
        }
        OutsideValue::Scalar(_) => None,
    })
}

/// The folders that dashboard providers read.
fn provider_folders(root: &OutsideNode) -> Vec<String> {
    let Some(OutsideValue::Sequence(items)) = root.entry("providers").map(|entry| &entry.node.value) else {
        return Vec::new();
    };
    let folder = |item: &OutsideNode| {
        let options = &item.entry("options")?.node;
        let path = options.entry("path").or_else(|| options.entry("folder"))?;
        scalar(&path.node).map(|path| path.trim_end_matches('/').to_owned())
    };
    items.iter().filter_map(folder).collect()
}

fn is_yaml(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "yml" || end == "yaml")
}

/// Every file below a path, a few levels deep.
fn walk(path: &Path, found: &mut Vec<PathBuf>) {
    let mut left = vec![(path.to_path_buf(), 0)];
    while let Some((path, depth)) = left.pop() {
        if found.len() >= MOST_FILES {
            return;
        }
        if path.is_file() {
            let is_read = is_yaml(&path) || path.extension().is_some_and(|end| end == "json");
            found.extend(is_read.then_some(path));
        } else if depth < 4 && path.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            let mut below: Vec<PathBuf> = entries.map(|entry| entry.path()).take(MOST_FILES).collect();
            below.sort_by(|left, right| right.cmp(left));
            left.extend(below.into_iter().map(|path| (path, depth + 1)));
        }
    }
}
