//! Compose files → one project: files laid over each other, `include` and `extends` resolved.

use indexmap::IndexMap;

use super::elsewhere::{Elsewhere, Entry};
use super::merge;
use crate::import::paths::Rebase;
use crate::import::source::{self, SourceFile, SourceKind, is_first_version};
use crate::import::variables::Variables;
use crate::stack::{Environment, OutsideEntry, OutsideNode, OutsideValue, Problems, read_file, refused, variables_of};

/// How many files may extend and include each other.
const MOST_FILES: usize = 50;

/// A Compose project, every service written out.
pub(in crate::import) struct Project {
    /// The first file, as it was named.
    pub(in crate::import) file: String,
    /// What `COMPOSE_PROJECT_NAME` calls it, in this process or in `.env`; else its `name`, where it has one.
    pub(in crate::import) name: Option<String>,
    /// Services by name.
    pub(in crate::import) services: IndexMap<String, OutsideEntry>,
    /// The whole document, for networks, volumes, secrets and configs.
    pub(in crate::import) root: OutsideNode,
    /// The way from the stack file to the first file's folder.
    pub(in crate::import) rebase: Rebase,
    /// How variables are carried.
    pub(in crate::import) variables: Variables,
    /// The variables of this process and of `.env`.
    pub(in crate::import) environment: Environment,
    /// Name and text of every file that was read; places count them in this order.
    pub(in crate::import) sources: Vec<(String, String)>,
    /// What entries of `include` say to Compose alone.
    pub(in crate::import) elsewhere: Vec<Elsewhere>,
}

impl Project {
    /// The entries of a section at the top.
    pub(in crate::import) fn section(&self, key: &str) -> impl Iterator<Item = (&String, &OutsideEntry)> {
        let entries = self.root.entry(key).map(|entry| &entry.node.value);
        entries
            .into_iter()
            .filter_map(|value| if let OutsideValue::Mapping(map) = value { Some(map) } else { None })
            .flatten()
    }

    /// A text as the stack file needs it.
    pub(in crate::import) fn carry(&self, text: &str) -> String {
        self.variables.carry(text)
    }

    /// What a text of the Compose file comes to here and now.
    pub(in crate::import) fn filled(&self, text: &str) -> String {
        crate::stack::filled(&self.carry(text), &self.environment)
    }
}

/// The project of these files, later ones laid over earlier ones. `None` where there are none.
pub(in crate::import) fn load(
    files: &[SourceFile],
    stack_folder: &std::path::Path,
    environment: &Environment,
) -> Result<Option<Project>, Problems> {
    let Some(first) = files.first() else { return Ok(None) };
    let folder = folder_of(first);
    let pairs =
        read_file(&folder.join(".env")).map(|bytes| variables_of(&String::from_utf8_lossy(&bytes), environment));
    let pairs = pairs.unwrap_or_default();
    let known = pairs.iter().map(|(name, _)| name.clone()).collect();
    let of_process = environment.names().filter_map(|name| Some((name.to_owned(), environment.get(name)?)));
    let environment: Environment = pairs.into_iter().chain(of_process).collect();
    let mut loader = Loader { environment: &environment, files: 0, sources: Vec::new(), elsewhere: Vec::new() };
    let mut root: Option<OutsideNode> = None;
    for file in files {
        let next = loader.whole(file)?;
        match &mut root {
            None => root = Some(next),
            Some(below) => merge::over("", below, next),
        }
    }
    let Some(root) = root else { return Ok(None) };
    let Loader { sources, elsewhere, .. } = loader;
    // Before what the file says (docs.docker.com, "Specify a project name").
    let called = environment.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty());
    let written = || root.entry("name").and_then(|entry| scalar(&entry.node)).map(str::to_owned);
    Ok(Some(Project {
        file: first.name.clone(),
        name: called.or_else(written),
        services: services(&root).cloned().unwrap_or_default(),
        rebase: Rebase::new(&folder, stack_folder),
        variables: Variables::new(known),
        environment,
        sources,
        elsewhere,
        root,
    }))
}

fn folder_of(file: &SourceFile) -> std::path::PathBuf {
    let parent = file.path.parent().filter(|folder| !folder.as_os_str().is_empty());
    parent.unwrap_or(std::path::Path::new(".")).to_path_buf()
}

/// The text of a scalar.
pub(in crate::import) fn scalar(node: &OutsideNode) -> Option<&str> {
    match &node.value {
        OutsideValue::Scalar(scalar) if !scalar.is_null() => Some(&scalar.text),
        _ => None,
    }
}

fn services(root: &OutsideNode) -> Option<&IndexMap<String, OutsideEntry>> {
    match &root.entry("services")?.node.value {
        OutsideValue::Mapping(entries) => Some(entries),
        _ => None,
    }
}

struct Loader<'a> {
    /// What the files are filled from.
    environment: &'a Environment,
    files: usize,
    sources: Vec<(String, String)>,
    elsewhere: Vec<Elsewhere>,
}

impl Loader<'_> {
    /// A file with what it includes below it, and its services written out.
    fn whole(&mut self, file: &SourceFile) -> Result<OutsideNode, Problems> {
        self.count(file)?;
        let mut root = self.placed(file);
        if is_first_version(&root) {
            let services = OutsideEntry { key: root.span, node: root.clone() };
            root =
                OutsideNode::new(OutsideValue::Mapping(IndexMap::from([("services".to_owned(), services)])), root.span);
        }
        let names: Vec<String> = services(&root).into_iter().flat_map(IndexMap::keys).cloned().collect();
        for name in names {
            let service = self.service(file, &root, &name, &mut Vec::new())?;
            if let Some(entry) = entry_mut(&mut root, "services").and_then(|node| entry_mut(node, &name)) {
                *entry = service;
            }
        }
        match root.entry("include").map(|entry| entry.node.clone()) {
            None => Ok(root),
            Some(list) => self.included(file, root, &list),
        }
    }

    fn included(&mut self, file: &SourceFile, root: OutsideNode, list: &OutsideNode) -> Result<OutsideNode, Problems> {
        let OutsideValue::Sequence(items) = &list.value else { return Ok(root) };
        let mut whole: Option<OutsideNode> = None;
        for item in items {
            let (paths, mut found) = (include_paths(item), Vec::new());
            for path in &paths {
                let included = source::read(&folder_of(file).join(path))?;
                let mut next = self.whole(&included)?;
                move_paths(&mut next, &Rebase::new(&folder_of(&included), &folder_of(file)));
                found.push(next);
            }
            let entry = Entry { item, folder: &folder_of(file), paths: &paths };
            self.elsewhere.extend(entry.elsewhere(&found, self.environment));
            for next in found {
                match &mut whole {
                    None => whole = Some(next),
                    Some(below) => merge::over("", below, next),
                }
            }
        }
        let Some(mut whole) = whole else { return Ok(root) };
        merge::over("", &mut whole, root);
        Ok(whole)
    }

    /// A service over the one that it extends. `path`: the services that extended each other to get here.
    fn service(
        &mut self,
        file: &SourceFile,
        root: &OutsideNode,
        name: &str,
        path: &mut Vec<(String, String)>,
    ) -> Result<OutsideNode, Problems> {
        let Some(found) = services(root).and_then(|services| services.get(name)) else {
            let message = format!("service `{name}` is extended and is not here");
            return Err(refused(
                &file.name,
                1,
                message,
                "name the file that has it: `extends: { file: …, service: … }`",
            ));
        };
        let mut service = found.node.clone();
        let OutsideValue::Mapping(entries) = &mut service.value else { return Ok(service) };
        let Some(extends) = entries.shift_remove("extends") else { return Ok(service) };
        let step = (file.name.clone(), name.to_owned());
        if path.contains(&step) || path.len() > MOST_FILES {
            let message = format!("service `{name}` extends itself");
            return Err(refused(&file.name, extends.key.line, message, "remove one `extends` of the circle"));
        }
        path.push(step);
        let key = |key: &str| extends.node.entry(key).and_then(|entry| scalar(&entry.node));
        let base_name = scalar(&extends.node).or_else(|| key("service")).unwrap_or_default().to_owned();
        let mut base = match key("file") {
            None => self.service(file, root, &base_name, path)?,
            Some(other) => {
                let other = source::read(&folder_of(file).join(other))?;
                self.count(&other)?;
                let root = self.placed(&other);
                let mut base = self.service(&other, &root, &base_name, path)?;
                move_service(&mut base, &Rebase::new(&folder_of(&other), &folder_of(file)));
                base
            }
        };
        merge::over("", &mut base, service);
        Ok(base)
    }

    /// The file's document, every place in it marked as a place of this file.
    fn placed(&mut self, file: &SourceFile) -> OutsideNode {
        let known = self.sources.iter().position(|(name, _)| *name == file.name);
        let source = known.unwrap_or_else(|| {
            self.sources.push((file.name.clone(), file.text.clone()));
            self.sources.len() - 1
        });
        let mut root = file.root.clone();
        root.move_sources(u32::try_from(source).unwrap_or(u32::MAX));
        root
    }

    fn count(&mut self, file: &SourceFile) -> Result<(), Problems> {
        self.files += 1;
        if file.kind != SourceKind::Compose {
            return Err(refused(&file.name, 1, "this is no Compose file", "extend and include Compose files only"));
        }
        if self.files <= MOST_FILES {
            return Ok(());
        }
        let message = format!("more than {MOST_FILES} files that include or extend each other");
        Err(refused(&file.name, 1, message, "is one of them included by itself?"))
    }
}

fn include_paths(item: &OutsideNode) -> Vec<String> {
    item.entry("path").map_or_else(|| listed(item), |entry| listed(&entry.node))
}

/// One text or a list of them.
pub(super) fn listed(node: &OutsideNode) -> Vec<String> {
    match &node.value {
        OutsideValue::Sequence(items) => items.iter().filter_map(scalar).map(str::to_owned).collect(),
        _ => scalar(node).map(str::to_owned).into_iter().collect(),
    }
}

fn entry_mut<'n>(node: &'n mut OutsideNode, key: &str) -> Option<&'n mut OutsideNode> {
    match &mut node.value {
        OutsideValue::Mapping(entries) => entries.get_mut(key).map(|entry| &mut entry.node),
        _ => None,
    }
}

/// Makes the relative paths of every service relative to another folder.
fn move_paths(root: &mut OutsideNode, rebase: &Rebase) {
    if let Some(OutsideValue::Mapping(services)) = entry_mut(root, "services").map(|node| &mut node.value) {
        services.values_mut().for_each(|entry| move_service(&mut entry.node, rebase));
    }
}

fn move_service(service: &mut OutsideNode, rebase: &Rebase) {
    if let Some(volumes) = entry_mut(service, "volumes") {
        // What does not begin with a dot is the name of a volume.
        let moved = |text: &str| if text.starts_with('.') { rebase.path(text) } else { text.to_owned() };
        each_text(volumes, &|text| {
            let mut parts = merge::split_mount(text).into_iter();
            let first = moved(parts.next().unwrap_or_default());
            std::iter::once(first.as_str()).chain(parts).collect::<Vec<_>>().join(":")
        });
    }
    if let Some(files) = entry_mut(service, "env_file") {
        each_text(files, &|text| rebase.path(text));
    }
    if let Some(build) = entry_mut(service, "build") {
        let context =
            if matches!(build.value, OutsideValue::Mapping(_)) { entry_mut(build, "context") } else { Some(build) };
        let moved = |text: &str| if is_address(text) { text.to_owned() } else { rebase.path(text) };
        if let Some(context) = context {
            each_text(context, &moved);
        }
    }
}

/// What is built may lie in a repository: `https://…`, `git@HOST:…`.
fn is_address(context: &str) -> bool {
    context.contains("://") || context.starts_with("git@")
}

fn each_text(node: &mut OutsideNode, change: &dyn Fn(&str) -> String) {
    match &mut node.value {
        OutsideValue::Scalar(scalar) => scalar.text = change(&scalar.text),
        OutsideValue::Sequence(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        OutsideValue::Mapping(_) => {
            for key in ["source", "path"] {
                if let Some(node) = entry_mut(node, key) {
                    each_text(node, change);
                }
            }
        }
    }
}
