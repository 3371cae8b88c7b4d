//! The section `prometheus`, from a service and a configuration.

use super::config::Config;
use super::files::{CONFIG_FOLDER, Mounted};
use super::flags::Flags;
use crate::import::component::{Image, tidy_container};
use crate::import::compose::is_bitnami;
use crate::import::compose::ports::take_published;
use crate::import::draft::{Item, Map};
use crate::import::paths::Rebase;
use crate::import::remark::{Place, Remarks};

/// Prometheus, as a service of the Compose file has it.
#[derive(Debug, Default)]
pub(in crate::import) struct Section {
    /// Keys of the service that are left for the container.
    container: Map,
    keys: Map,
    flags: Flags,
}

/// Keys that stand behind times and labels, in this order.
const AFTER_TIMES: [&str; 5] = ["retention", "extra_flags", "remote_write", "remote_read", "extra_config"];

/// Repository of the catalogue's image.
const REPOSITORY: &str = "prom/prometheus";

impl Section {
    /// From the keys of an app.
    pub(in crate::import) fn of_service(mut app: Map, place: &Place, remarks: &mut Remarks) -> Self {
        let mut section = Map::default();
        let image = Image::of(&app);
        let is_bitnami = is_bitnami(image.repository());
        let flags = Flags::of(app.take("command").as_ref(), image.repository());
        if is_bitnami {
            let message =
                format!("`{}` keeps its files elsewhere: the project's own image of that version runs", image.name());
            remarks.changed(place.clone(), message, "nothing, or write another `version:`");
        }
        image.write(&mut section, REPOSITORY);
        let (published, ports) = take_published(app.take("ports"), flags.port);
        section.set("port", published.map_or_else(|| Item::word("off"), Item::text));
        flags.write(&mut section, place, remarks);
        app.set_some("ports", ports);
        tidy_container(&mut app);
        app.take("restart");
        Self { container: app, keys: section, flags }
    }

    /// Path of the configuration inside the container.
    pub(in crate::import) fn config_file(&self) -> &str {
        &self.flags.config_file
    }

    /// The whole section.
    pub(in crate::import) fn write(
        mut self,
        config: Option<&Config>,
        extra: Vec<Item>,
        more_rules: Vec<Item>,
        rebase: &Rebase,
        remarks: &mut Remarks,
    ) -> Map {
        let mut section = self.keys;
        let mut rules = more_rules;
        let mut needed = Vec::new();
        if let Some(config) = config {
            config.global(&mut section);
            rules.extend(config.rules(rebase, remarks).iter().map(|file| Item::text(rebase.file(file))));
            config.rest(&mut section, rebase, remarks);
            for job in &extra {
                named_files(job, &mut needed);
            }
            if let Some(more) = section.get("extra_config") {
                named_files(more, &mut needed);
            }
        }
        for key in AFTER_TIMES {
            if let Some((key, entry)) = section.0.shift_remove_entry(key) {
                section.0.insert(key, entry);
            }
        }
        rules.dedup();
        if !rules.is_empty() {
            section.set("rule_files", Item::List(rules));
        }
        if !extra.is_empty() {
            section.set("extra_scrape_configs", Item::List(extra));
        }
        let mounts = mounts(self.container.take("volumes"), &self.flags, config, &needed, rebase, remarks);
        section.0.extend(self.container.0);
        if !mounts.is_empty() {
            section.set("volumes", Item::List(mounts));
        }
        section
    }
}

/// The mounts that are left when stackctl places the configuration itself, and those for files that it names.
fn mounts(
    written: Option<Item>,
    flags: &Flags,
    config: Option<&Config>,
    needed: &[String],
    rebase: &Rebase,
    remarks: &mut Remarks,
) -> Vec<Item> {
    let written = if let Some(Item::List(items)) = written { items } else { Vec::new() };
    let config_folder = flags.config_file.rsplit_once('/').map_or(CONFIG_FOLDER, |(folder, _)| folder);
    let keep = |item: &Item| {
        let target = target(item);
        let is_config =
            target.as_deref() == Some(flags.config_file.as_str()) || target.as_deref() == Some(config_folder);
        let is_inside = target.as_deref().is_some_and(|target| target.starts_with(&format!("{CONFIG_FOLDER}/")));
        let is_named = needed.iter().any(|file| target.as_deref().is_some_and(|target| file.starts_with(target)));
        !is_config && (!is_inside || is_named)
    };
    let mut kept: Vec<Item> = written.into_iter().filter(keep).map(|item| retargeted(item, &flags.data)).collect();
    let Some(config) = config else { return kept };
    for file in needed {
        if !kept.iter().any(|item| target(item).is_some_and(|target| config.mounted.inside(file).starts_with(&target)))
        {
            if let Some(mount) = mount_for(&config.mounted, file, rebase) {
                kept.push(mount);
            } else {
                let place = Place::file(&config.file.name);
                let message = format!("it names `{file}`, which is in no folder that is mounted");
                remarks.not_carried(place, message, "mount it: `prometheus: { volumes: [./FOLDER:/PATH:ro] }`");
            }
        }
    }
    kept
}

/// Path inside the container of a mount.
fn target(item: &Item) -> Option<String> {
    let path = if let Item::Map(map) = item {
        map.get("target").and_then(Item::as_text)?.to_owned()
    } else {
        let parts: Vec<&str> = item.as_text()?.split(':').collect();
        let at =
            if parts.len() > 1 { parts.len() - 1 - usize::from(!parts[parts.len() - 1].starts_with('/')) } else { 0 };
        parts.get(at)?.to_string()
    };
    Some(path.trim_end_matches('/').to_owned())
}

/// The data lie where stackctl's flags say.
fn retargeted(item: Item, data: &str) -> Item {
    const DATA: &str = "/prometheus";
    if data == DATA || target(&item).as_deref() != Some(data) {
        return item;
    }
    match item.as_text() {
        Some(text) => Item::text(text.replacen(&format!(":{data}"), &format!(":{DATA}"), 1)),
        None => item,
    }
}

/// A mount for a file of the host: of its folder, or of itself where it lies beside the configuration.
fn mount_for(mounted: &Mounted, file: &str, rebase: &Rebase) -> Option<Item> {
    let inside = mounted.inside(file);
    let host = mounted.host(file)?;
    let (folder, name) = inside.rsplit_once('/')?;
    if folder != CONFIG_FOLDER {
        let host = host.parent()?.to_path_buf();
        return host
            .is_dir()
            .then(|| Item::text(format!("./{}:{folder}:ro", rebase.file(&host)).replace("./..", "..")));
    }
    let is_there = !name.contains(['*', '?']) && host.is_file();
    is_there.then(|| Item::text(format!("./{}:{inside}:ro", rebase.file(&host)).replace("./..", "..")))
}

/// Files that a value in Prometheus' own words names: `files`, `…_file` and `scrape_config_files`.
fn named_files(item: &Item, found: &mut Vec<String>) {
    match item {
        Item::Map(map) => {
            for (key, entry) in &map.0 {
                match &entry.item {
                    Item::List(items) if key == "files" || key == "scrape_config_files" => {
                        found.extend(items.iter().filter_map(Item::as_text).map(str::to_owned));
                    }
                    Item::Scalar { text, .. } if key.ends_with("_file") => found.push(text.clone()),
                    other => named_files(other, found),
                }
            }
        }
        Item::List(items) => items.iter().for_each(|item| named_files(item, found)),
        Item::Scalar { .. } => {}
    }
}
