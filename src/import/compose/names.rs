//! Which services become components of stackctl, and what the others are called.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;

use super::Project;
use super::project::scalar;
use crate::import::remark::{Place, Remarks};
use crate::stack::{OutsideNode, ServiceName};

/// What a service becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum Role {
    /// An app.
    App,
    /// `prometheus:`
    Prometheus,
    /// `grafana:`
    Grafana,
}

/// What becomes of each service, and its name in the stack file.
#[derive(Debug, Default)]
pub(in crate::import) struct Names {
    roles: IndexMap<String, Role>,
    new: HashMap<String, String>,
}

/// Repositories of Prometheus' own image.
const PROMETHEUS: [&str; 3] = ["prom/prometheus", "quay.io/prometheus/prometheus", "docker.io/prom/prometheus"];

/// Repositories of Grafana's own image.
const GRAFANA: [&str; 4] =
    ["grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise", "docker.io/grafana/grafana"];

/// Names that stackctl gives to its own services.
const RESERVED: [&str; 2] = ["prometheus", "grafana"];

impl Names {
    /// Decides for every service.
    pub(in crate::import) fn of(project: &Project, remarks: &mut Remarks) -> Self {
        let mut names = Self::default();
        for (name, entry) in &project.services {
            names.roles.insert(name.clone(), role(project, &entry.node));
        }
        for (role, component) in [(Role::Prometheus, "prometheus"), (Role::Grafana, "grafana")] {
            names.keep_one(project, role, component, remarks);
        }
        names.rename(project, remarks);
        names
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
    fn keep_one(&mut self, project: &Project, role: Role, component: &str, remarks: &mut Remarks) {
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
        let mut taken: BTreeSet<String> = RESERVED.iter().map(|name| (*name).to_owned()).collect();
        for (name, entry) in &project.services {
            let new = match self.role(name) {
                Role::Prometheus => "prometheus".to_owned(),
                Role::Grafana => "grafana".to_owned(),
                Role::App => free(&valid(name), &mut taken),
            };
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

fn role(project: &Project, service: &OutsideNode) -> Role {
    let key = |key: &str| service.entry(key).and_then(|entry| scalar(&entry.node));
    let image = project.filled(key("image").unwrap_or_default());
    let (repository, _) = split_image(&image);
    // In the host's network, with a command of its own or built here, it is not what stackctl runs.
    let is_own = ["build", "entrypoint", "network_mode"].iter().any(|key| service.entry(key).is_some());
    match repository {
        _ if is_own => Role::App,
        _ if PROMETHEUS.contains(&repository) => Role::Prometheus,
        _ if GRAFANA.contains(&repository) => Role::Grafana,
        _ => Role::App,
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
