//! Which services become components of stackctl, and what the others are called.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;

use super::Project;
use super::project::scalar;
use crate::import::prometheus::{Mounted, locate};
use crate::import::remark::{Place, Remarks};
use crate::import::source::{self, SourceKind};
use crate::stack::{OutsideNode, OutsideValue, ServiceName};

/// What a service becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum Role {
    /// An app.
    App,
    /// `prometheus:`
    Prometheus,
    /// `grafana:`
    Grafana,
    /// `alertmanager:`
    Alertmanager,
}

/// What becomes of each service, and its name in the stack file.
#[derive(Debug, Default)]
pub(in crate::import) struct Names {
    roles: IndexMap<String, Role>,
    new: HashMap<String, String>,
}

/// Who publishes images in which a program lies where stackctl looks for it. From anybody else it is known by what it
/// is called, and has to bring its configuration along.
const OWN: [(&str, &[&str]); 3] = [
    ("prometheus", &["prom/prometheus", "quay.io/prometheus/prometheus", "docker.io/prom/prometheus"]),
    ("grafana", &["grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise", "docker.io/grafana/grafana"]),
    ("alertmanager", &["prom/alertmanager", "quay.io/prometheus/alertmanager", "docker.io/prom/alertmanager"]),
];

/// Names that stackctl gives to its own services.
const RESERVED: [&str; 2] = ["prometheus", "grafana"];

impl Names {
    /// Decides for every service.
    pub(in crate::import) fn of(project: &Project, remarks: &mut Remarks) -> Self {
        let mut names = Self::default();
        for (name, entry) in &project.services {
            names.roles.insert(name.clone(), role(project, &entry.node));
        }
        for role in [Role::Prometheus, Role::Grafana, Role::Alertmanager] {
            names.keep_one(project, role, remarks);
        }
        names.rename(project, remarks);
        names
    }

    /// What becomes of each service where all keep their names.
    pub(in crate::import) fn unchanged(project: &Project, remarks: &mut Remarks) -> Self {
        Self { new: HashMap::new(), ..Self::of(project, remarks) }
    }

    /// What becomes of a service.
    pub(in crate::import) fn role(&self, service: &str) -> Role {
        self.roles.get(service).copied().unwrap_or(Role::App)
    }

    /// The name of a service in the stack file.
    pub(in crate::import) fn new_name<'a>(&'a self, service: &'a str) -> &'a str {
        self.new.get(service).map_or(service, String::as_str)
    }

    /// One Prometheus becomes the component, by its name or as the first; others stay apps.
    fn keep_one(&mut self, project: &Project, role: Role, remarks: &mut Remarks) {
        let Some(component) = role.component() else { return };
        let all: Vec<String> =
            self.roles.iter().filter(|(_, known)| **known == role).map(|(name, _)| name.clone()).collect();
        let Some(kept) = all.iter().find(|name| *name == component).or(all.first()).cloned() else { return };
        for other in all.iter().filter(|name| **name != kept) {
            self.roles.insert(other.clone(), Role::App);
            let line = project.services.get(other).map_or(1, |entry| entry.key.line);
            let place = Place::at(&project.file, line, format!("services.{other}"));
            let message =
                format!("a stack has one {component}, here `{kept}`; this one stays an app with its own files");
            remarks.changed(place, message, "put it into a stack of its own to have stackctl look after it");
        }
    }

    fn rename(&mut self, project: &Project, remarks: &mut Remarks) {
        let components = self.roles.values().filter_map(|role| role.component());
        let mut taken: BTreeSet<String> = RESERVED.into_iter().chain(components).map(str::to_owned).collect();
        for (name, entry) in &project.services {
            let component = self.role(name).component().map(str::to_owned);
            let new = component.unwrap_or_else(|| free(&valid(name), &mut taken));
            if new != *name {
                if self.role(name) == Role::App {
                    let place = Place::at(&project.file, entry.key.line, format!("services.{name}"));
                    let message = format!("called `{new}` here: the name is stackctl's own, taken, or none for DNS");
                    remarks.changed(place, message, format!("nothing: others still find it as `{name}`"));
                }
                self.new.insert(name.clone(), new);
            }
        }
    }
}

impl Role {
    /// The component that it becomes.
    const fn component(self) -> Option<&'static str> {
        match self {
            Self::App => None,
            Self::Prometheus => Some("prometheus"),
            Self::Grafana => Some("grafana"),
            Self::Alertmanager => Some("alertmanager"),
        }
    }

    fn of_component(name: &str) -> Self {
        match name {
            "prometheus" => Self::Prometheus,
            "grafana" | "grafana-oss" | "grafana-enterprise" => Self::Grafana,
            "alertmanager" => Self::Alertmanager,
            _ => Self::App,
        }
    }
}

fn role(project: &Project, service: &OutsideNode) -> Role {
    let key = |key: &str| service.entry(key).and_then(|entry| scalar(&entry.node));
    let image = project.filled(key("image").unwrap_or_default());
    let (repository, _) = split_image(&image);
    // In the host's network, with a command of its own or built here, it is not what stackctl runs.
    if ["build", "entrypoint", "network_mode"].iter().any(|key| service.entry(key).is_some()) {
        return Role::App;
    }
    let command = service.entry("command").map(|entry| words(project, &entry.node)).unwrap_or_default();
    let mounted = Mounted::of(project, service);
    let brings = |place: &str| locate(&mounted, &config_file(&command).unwrap_or_else(|| place.to_owned()));
    let is_own = OWN.iter().any(|(_, repositories)| repositories.contains(&repository));
    let last = repository.rsplit('/').next().unwrap_or(repository);
    match Role::of_component(last) {
        Role::Prometheus if is_own => Role::Prometheus,
        // One with its configuration inside the image says nothing of it here.
        Role::Prometheus if brings(usual_config(repository)).is_ok_and(|found| found.is_some()) => Role::Prometheus,
        Role::Grafana => Role::Grafana,
        Role::Alertmanager if alertmanager_is_readable(&mounted, &command, is_own) => Role::Alertmanager,
        Role::App if is_prometheus(&command) && brings(usual_config("")).is_ok_and(|found| found.is_some()) => {
            Role::Prometheus
        }
        _ => Role::App,
    }
}

/// Where Prometheus' configuration lies in an image, unless a flag says otherwise.
pub(in crate::import) fn usual_config(repository: &str) -> &'static str {
    if is_bitnami(repository) {
        "/opt/bitnami/prometheus/conf/prometheus.yml"
    } else {
        "/etc/prometheus/prometheus.yml"
    }
}

/// Bitnami's images keep programs, configuration and data below `/opt/bitnami`.
pub(in crate::import) fn is_bitnami(repository: &str) -> bool {
    repository.split('/').any(|part| part.starts_with("bitnami"))
}

/// Flags that no other program has: agents and collectors that read a `prometheus.yml` have their own.
fn is_prometheus(command: &[String]) -> bool {
    let has = |flag: &str| command.iter().any(|word| word.trim_start().starts_with(flag));
    has("--config.file") && (has("--storage.tsdb.") || has("--web.console.")) && !has("--agent")
}

/// Whether Alertmanager's configuration can be read, or there is none but the image's.
fn alertmanager_is_readable(mounted: &Mounted, command: &[String], is_own: bool) -> bool {
    let place = config_file(command).unwrap_or_else(|| "/etc/alertmanager/alertmanager.yml".to_owned());
    match mounted.host(&place) {
        Some(file) => source::read(&file).is_ok_and(|file| file.kind == SourceKind::Alertmanager),
        // Whatever lies in its folder is meant to be read, under another name perhaps.
        None => is_own && config_file(command).is_none() && mounted.is_bare("/etc/alertmanager"),
    }
}

/// The value of `--config.file`.
fn config_file(command: &[String]) -> Option<String> {
    let at = command.iter().position(|word| word.trim_start().starts_with("--config.file"))?;
    let value = command[at].split_once('=').map(|(_, value)| value.trim().to_owned());
    value.or_else(|| command.get(at + 1).cloned())
}

/// The words of a command, written as a text or as a list.
fn words(project: &Project, node: &OutsideNode) -> Vec<String> {
    match &node.value {
        OutsideValue::Sequence(items) => items.iter().filter_map(scalar).map(|word| project.filled(word)).collect(),
        _ => scalar(node).and_then(|text| shlex::split(&project.filled(text))).unwrap_or_default(),
    }
}

/// `REPOSITORY[:TAG][@DIGEST]` → repository and tag.
pub(in crate::import) fn split_image(image: &str) -> (&str, Option<&str>) {
    let bare = image.split('@').next().unwrap_or(image);
    match bare.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (bare, None),
    }
}

/// The name with every letter that DNS does not take replaced.
pub(in crate::import) fn valid(name: &str) -> String {
    if name.parse::<ServiceName>().is_ok() {
        return name.to_owned();
    }
    let letters = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.') { letter } else { '-' });
    let name: String = letters.skip_while(|letter| !letter.is_ascii_alphanumeric()).take(63).collect();
    if name.is_empty() { "app".to_owned() } else { name }
}

/// The name, or the first free one like it. DNS does not tell `Web` from `web`.
pub(in crate::import) fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let candidates = std::iter::once(name.to_owned()).chain((1..).map(|number| match number {
        1 => format!("{name}-app"),
        _ => format!("{name}-{number}"),
    }));
    let mut free = candidates.skip_while(|candidate| taken.contains(&candidate.to_ascii_lowercase()));
    let found = free.next().unwrap_or_default();
    taken.insert(found.to_ascii_lowercase());
    found
}
