//! Compose files that a stack file includes → what would stand in the stack file in their place, each value with its place.

use indexmap::IndexMap;

use super::compose::{self, Elsewhere, KEPT, Names, Project, Services, merge, project};
use super::draft::{Entry, Item, Map};
use super::remark::{Remark, RemarkKind, Remarks};
use super::source::{self, SourceKind};
use super::stack::stack_name;
use super::variables::left_empty;
use crate::stack::{
    IncludeNote, Included, Inclusion, OutsideEntry, OutsideNode, OutsideScalar, OutsideSpan, OutsideValue, Problems,
    Severity, refused,
};

/// Keys without which an app would see, reach or own something else than the Compose file says.
const GRAVE: [&str; 16] = [
    "cgroup",
    "cgroup_parent",
    "configs",
    "device_cgroup_rules",
    "env_file",
    "external_links",
    "gpus",
    "group_add",
    "image",
    "ipc",
    "network_mode",
    "runtime",
    "secrets",
    "userns_mode",
    "uts",
    "volumes_from",
];

/// Remarks about what is the same under Compose: nothing to say each time.
const SAME_AS_COMPOSE: [&str; 2] = ["deploy", "profiles"];

/// Reads Compose files for a stack file that includes them.
///
/// # Errors
/// Where one cannot be read, or says what no stack file can.
pub fn included(inclusion: &Inclusion) -> Result<Included, Problems> {
    let files = source::read_all(&inclusion.paths)?;
    if let Some(other) = files.iter().find(|file| file.kind != SourceKind::Compose) {
        return Err(refused(&other.name, 1, "this is no Compose file", "`include` takes files with `services:`"));
    }
    let Some(mut project) = project::load(&files, inclusion.folder, inclusion.environment)? else {
        return Err(refused("include", 1, "no file is named", "name a Compose file"));
    };
    project.variables.tell_apart();
    Inclusions { inclusion, project, notes: Vec::new() }.finish()
}

struct Inclusions<'a> {
    inclusion: &'a Inclusion<'a>,
    project: Project,
    notes: Vec<IncludeNote>,
}

impl Inclusions<'_> {
    fn finish(mut self) -> Result<Included, Problems> {
        self.leave_out();
        self.project_is_called_otherwise();
        self.override_lies_beside();
        let elsewhere: Vec<Elsewhere> = self.project.elsewhere.clone();
        for Elsewhere { at, message, help, .. } in elsewhere {
            self.note(Severity::Warning, at, "include", message, help);
        }
        let mut remarks = Remarks::default();
        let names = Names::default();
        let secrets = compose::secrets(&self.project, &mut remarks);
        let services = Services {
            project: &self.project,
            names: &names,
            stack: self.inclusion.stack,
            secrets: &secrets,
            profiles: self.inclusion.profiles,
            keeps: false,
        };
        let mut drafts = services.drafts(&mut remarks)?;
        drafts.values_mut().for_each(|app| drop(app.take(KEPT)));
        let apps = drafts.into_iter().map(|(name, app)| (name, Entry::from(Item::Map(app)))).collect();
        let sections = [
            ("apps", Map(apps)),
            ("networks", compose::networks(&self.project, &mut remarks)),
            ("volumes", compose::volumes(&self.project, &mut remarks)),
            ("secrets", secrets),
        ];
        let mut root = IndexMap::new();
        for (name, section) in sections.into_iter().filter(|(_, section)| !section.is_empty()) {
            root.insert(name.to_owned(), self.section(name, &section));
        }
        remarks.0.iter().for_each(|remark| self.remark(remark));
        let root = OutsideNode::new(OutsideValue::Mapping(root), self.project.root.span);
        let Project { sources, environment, .. } = self.project;
        Ok(Included { root, sources, notes: self.notes, environment })
    }

    /// Services that are left out are no longer waited for.
    fn leave_out(&mut self) {
        for name in self.inclusion.without {
            if self.project.services.shift_remove(name).is_none() {
                let message = format!("`without` names `{name}`, which is no service of this file");
                self.note(Severity::Warning, self.project.root.span, "services", message, "remove it there");
            }
        }
        let mut found = Vec::new();
        for (service, entry) in &self.project.services {
            let Some(dependencies) = entry.node.entry("depends_on") else { continue };
            let mut node = dependencies.node.clone();
            merge::as_map("depends_on", &mut node);
            let OutsideValue::Mapping(targets) = &node.value else { continue };
            for (target, at) in targets.iter().filter(|(target, _)| self.inclusion.without.contains(target)) {
                found.push((at.key, format!("services.{service}.depends_on"), format!("`{target}` is left out")));
            }
        }
        for (at, path, message) in found {
            self.note(
                Severity::Warning,
                at,
                &path,
                message,
                "nothing is waited for here; see whether it starts without",
            );
        }
    }

    /// Volumes are named after the project: under another name they would be new and empty.
    fn project_is_called_otherwise(&mut self) {
        let called = stack_name(self.project.name.as_deref(), &self.project.rebase);
        if called == self.inclusion.stack {
            return;
        }
        let own = |entry: &OutsideEntry| ["name", "external"].iter().all(|key| entry.node.entry(key).is_none());
        let volume = self.project.section("volumes").find(|(_, entry)| own(entry));
        let Some((name, at)) = volume.map(|(name, entry)| (name.clone(), entry.key)) else { return };
        let stack = self.inclusion.stack;
        let message =
            format!("`docker compose` keeps this in `{called}_{name}`, and the stack `{stack}` in `{stack}_{name}`");
        let help = format!(
            "write `name: {called}` in the stack file to go on with what is there, or give the volume a `name`"
        );
        self.note(Severity::Warning, at, &format!("volumes.{name}"), message, help);
    }

    /// What `docker compose` would lay over the file by itself.
    fn override_lies_beside(&mut self) {
        let [file] = self.inclusion.paths.as_slice() else { return };
        let Some(over) = source::override_of(file).filter(|over| over.is_file()) else { return };
        let name = over.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let message = format!("`{name}` lies beside it, and is not laid over it as `docker compose` does");
        let help = "include the folder, or both files: `include: [{ path: [FILE, OVERRIDE] }]`";
        self.note(Severity::Warning, self.project.root.span, "", message, help);
    }

    fn section(&mut self, name: &str, section: &Map) -> OutsideEntry {
        let written = if name == "apps" { "services" } else { name };
        let at = self.project.root.entry(written).map_or(self.project.root.span, |entry| entry.key);
        let mut entries = IndexMap::new();
        for (name, entry) in &section.0 {
            let guide = match written {
                "services" => self.project.services.get(name).cloned(),
                _ => self.project.root.entry(written).and_then(|entry| entry.node.entry(name)).cloned(),
            };
            let key = guide.as_ref().map_or(at, |guide| guide.key);
            let guide = guide.map(|entry| as_maps(entry.node));
            let node = self.node(&entry.item, guide.as_ref(), key, &format!("{written}.{name}"));
            entries.insert(name.clone(), OutsideEntry { key, node });
        }
        OutsideEntry { key: at, node: OutsideNode::new(OutsideValue::Mapping(entries), at) }
    }

    /// The item with the places of what it was made of. `guide`: what stands at the same path in the Compose file;
    /// `near`: the nearest place above it.
    fn node(&mut self, item: &Item, guide: Option<&OutsideNode>, near: OutsideSpan, path: &str) -> OutsideNode {
        let span = guide.map_or(near, |guide| guide.span);
        let value = match item {
            Item::Scalar { text, plain } => {
                self.left_empty(text, if span.start == span.end { near } else { span }, path);
                OutsideValue::Scalar(OutsideScalar { text: text.clone(), plain: *plain, written: None })
            }
            Item::List(items) => {
                let guides = match guide.map(|guide| &guide.value) {
                    Some(OutsideValue::Sequence(guides)) if guides.len() == items.len() => guides.as_slice(),
                    _ => &[],
                };
                let node = |(index, item)| self.node(item, guides.get(index), near, &format!("{path}[{index}]"));
                OutsideValue::Sequence(items.iter().enumerate().map(node).collect())
            }
            Item::Map(map) => {
                let mut entries = IndexMap::new();
                for (name, entry) in &map.0 {
                    let written = guide.and_then(|guide| guide.entry(name));
                    let deploy = guide.and_then(|guide| guide.entry("deploy")).filter(|_| written.is_none());
                    let key = written.or(deploy).map_or(near, |entry| entry.key);
                    let node = self.node(&entry.item, written.map(|entry| &entry.node), key, &format!("{path}.{name}"));
                    entries.insert(name.clone(), OutsideEntry { key, node });
                }
                OutsideValue::Mapping(entries)
            }
        };
        OutsideNode::new(value, span)
    }

    fn left_empty(&mut self, text: &str, at: OutsideSpan, path: &str) {
        for name in left_empty(text) {
            let is_told = self.project.elsewhere.iter().any(|known| known.variables.iter().any(|known| known == name));
            if self.project.environment.get(name).is_none() && !is_told {
                let message = format!("variable `{name}` is not set: nothing stands in for it, as with Compose");
                self.note(Severity::Warning, at, path, message, "set it in `.env` beside the Compose file");
            }
        }
    }

    /// What could not be carried, at its place.
    fn remark(&mut self, remark: &Remark) {
        let mut parts = remark.subject.split('.');
        let (section, key) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
        let below = parts.fold(key.to_owned(), |above, part| format!("{above}.{part}"));
        let is_device = remark.subject.ends_with("deploy.resources.reservations.devices");
        let is_grave = GRAVE.contains(&key) || section == "secrets" || is_device;
        let severity = match remark.kind {
            RemarkKind::Habit => return,
            RemarkKind::Changed if SAME_AS_COMPOSE.contains(&key) => return,
            RemarkKind::Changed if key == "image" => Severity::Error,
            RemarkKind::NotCarried if is_grave => Severity::Error,
            RemarkKind::NotCarried | RemarkKind::Changed => Severity::Warning,
        };
        let at = self.place_of(&remark.subject);
        let help = match severity {
            Severity::Error => {
                format!("{}; or leave the service out: `include: [{{ path: FILE, without: [NAME] }}]`", remark.fix)
            }
            Severity::Warning => remark.fix.clone(),
        };
        let message = match remark.kind {
            RemarkKind::NotCarried if !key.is_empty() => format!("`{below}` is not carried: {}", remark.message),
            _ => remark.message.clone(),
        };
        self.note(severity, at, &remark.subject, message, help);
    }

    /// Where a subject such as `services.web.build` stands, or what is nearest above it.
    fn place_of(&self, subject: &str) -> OutsideSpan {
        let root = &self.project.root;
        let (section, mut rest) = subject.split_once('.').unwrap_or((subject, ""));
        let Some(mut entry) = root.entry(section) else { return root.span };
        let services = (section == "services").then_some(&self.project.services);
        let mut first = services.and_then(|services| longest_key(services, rest));
        loop {
            let next = first.take().or_else(|| match &entry.node.value {
                OutsideValue::Mapping(entries) => longest_key(entries, rest),
                _ => None,
            });
            let Some((key, found)) = next else { return entry.key };
            entry = found;
            rest = rest[key.len()..].trim_start_matches('.');
        }
    }

    fn note(
        &mut self,
        severity: Severity,
        at: OutsideSpan,
        path: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (path, message, help) = (path.to_owned(), message.into(), help.into());
        self.notes.push(IncludeNote { severity, at, path, message, help });
    }
}

/// The longest key that a path begins with.
fn longest_key<'m>(entries: &'m IndexMap<String, OutsideEntry>, path: &str) -> Option<(&'m String, &'m OutsideEntry)> {
    let begins =
        |key: &String| path.strip_prefix(key.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    entries.iter().filter(|(key, _)| begins(key)).max_by_key(|(key, _)| key.len())
}

/// A service with its lists of pairs and of names as the maps that they become.
fn as_maps(mut service: OutsideNode) -> OutsideNode {
    if let OutsideValue::Mapping(entries) = &mut service.value {
        for key in ["environment", "labels", "extra_hosts"] {
            if let Some(entry) = entries.get_mut(key) {
                merge::as_map(key, &mut entry.node);
            }
        }
    }
    service
}
