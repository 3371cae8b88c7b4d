//! prometheus.yml: where it lies, what holds for all jobs, and the keys that a stack file takes as they are.

use std::path::{Path, PathBuf};

use super::files::Mounted;
use super::job::Times;
use super::{alerting, remote};
use crate::import::compose::project::scalar;
use crate::import::draft::{Item, Map};
use crate::import::paths::Rebase;
use crate::import::remark::{Place, Remarks};
use crate::import::source::{self, SourceFile, SourceKind};
use crate::stack::{Duration, OutsideEntry, OutsideNode, OutsideValue, Problems};

/// prometheus.yml and where its neighbours are.
#[derive(Debug, Clone)]
pub(in crate::import) struct Config {
    /// The file.
    pub(in crate::import) file: SourceFile,
    /// Where paths inside the container lie on the host.
    pub(in crate::import) mounted: Mounted,
}

/// Prometheus' own default where a file says nothing.
const USUAL_INTERVAL: &str = "1m";

/// Prometheus' own default, and stackctl's.
const USUAL_TIMEOUT: &str = "10s";

/// Keys that a stack file takes in Prometheus' own words.
const AS_THEY_ARE: [&str; 3] = ["tracing", "otlp", "scrape_config_files"];

/// Finds the configuration that a service mounts.
///
/// # Errors
/// Where it is there and no configuration.
pub(in crate::import) fn locate(mounted: &Mounted, path: &str) -> Result<Option<Config>, Problems> {
    let Some(found) = mounted.host(path).filter(|path| path.is_file()) else { return Ok(None) };
    let file = source::read(&found)?;
    Ok((file.kind == SourceKind::Prometheus).then(|| Config { file, mounted: mounted.clone() }))
}

impl Config {
    /// A configuration that nobody mounts: its folder stands for `/etc/prometheus`.
    pub(in crate::import) fn alone(file: SourceFile) -> Self {
        let folder = file.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        Self { mounted: Mounted::folder(&folder), file }
    }

    /// The jobs.
    pub(in crate::import) fn jobs(&self) -> &[OutsideNode] {
        match self.file.root.entry("scrape_configs").map(|entry| &entry.node.value) {
            Some(OutsideValue::Sequence(items)) => items,
            _ => &[],
        }
    }

    /// A key of `global`.
    fn of_all(&self, key: &str) -> Option<&OutsideEntry> {
        self.file.root.entry("global")?.node.entry(key)
    }

    fn time(&self, key: &str) -> Option<&str> {
        scalar(&self.of_all(key)?.node)
    }

    /// What holds for a job that says nothing of times.
    pub(super) fn times(&self) -> Times {
        let usual = |text: &str| text.parse::<Duration>().expect("it is a time");
        let time = |key: &str, or: &str| self.time(key).and_then(|text| text.parse().ok()).unwrap_or_else(|| usual(or));
        Times { interval: time("scrape_interval", USUAL_INTERVAL), timeout: time("scrape_timeout", USUAL_TIMEOUT) }
    }

    /// Times and labels that hold for all jobs.
    pub(super) fn global(&self, section: &mut Map) {
        let interval = self.time("scrape_interval").unwrap_or(USUAL_INTERVAL);
        section.set("scrape_interval", Item::word(interval));
        let timeout = self.time("scrape_timeout").filter(|timeout| *timeout != USUAL_TIMEOUT);
        section.set_some("scrape_timeout", timeout.map(Item::word));
        let evaluation = self.time("evaluation_interval").unwrap_or(USUAL_INTERVAL);
        if evaluation != interval {
            section.set("evaluation_interval", Item::word(evaluation));
        }
        section.set_some("external_labels", self.of_all("external_labels").map(|entry| Item::of_literal(&entry.node)));
    }

    /// Keys at the top that are carried as they are, and those that are not.
    pub(super) fn rest(&self, section: &mut Map, rebase: &Rebase, remarks: &mut Remarks) {
        let OutsideValue::Mapping(entries) = &self.file.root.value else { return };
        for (key, entry) in entries {
            match key.as_str() {
                "global" | "scrape_configs" | "rule_files" => self.unknown_globals(entry, remarks),
                _ if key.starts_with("x-") => {}
                "remote_write" | "remote_read" => match remote::carried(entry, &self.mounted, rebase) {
                    Some(remotes) => section.set(key, remotes),
                    None => section.map("extra_config").set(key, Item::of_literal(&entry.node)),
                },
                "alerting" => {
                    let place = Place::at(&self.file.name, entry.key.line, "alerting");
                    if let Some(alerting) = alerting::carried(entry, &place, remarks) {
                        section.map("extra_config").set(key, alerting);
                    }
                }
                _ if AS_THEY_ARE.contains(&key.as_str()) => {
                    section.map("extra_config").set(key, Item::of_literal(&entry.node));
                }
                _ => {
                    let place = Place::at(&self.file.name, entry.key.line, key.as_str());
                    let fix = "see `prometheus.retention` and `extra_flags`, or leave it out";
                    remarks.not_carried(place, "a stack file does not say this", fix);
                }
            }
        }
    }

    fn unknown_globals(&self, entry: &OutsideEntry, remarks: &mut Remarks) {
        let known = ["scrape_interval", "scrape_timeout", "evaluation_interval", "external_labels"];
        let OutsideValue::Mapping(entries) = &entry.node.value else { return };
        for (key, entry) in entries.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            let place = Place::at(&self.file.name, entry.key.line, format!("global.{key}"));
            remarks.not_carried(
                place,
                "a stack file does not say this for all jobs",
                "say it in each job that needs it",
            );
        }
    }

    /// The files of rules, for the stack file.
    pub(super) fn rules(&self, rebase: &Rebase, remarks: &mut Remarks) -> Vec<PathBuf> {
        let Some(entry) = self.file.root.entry("rule_files") else { return Vec::new() };
        let OutsideValue::Sequence(items) = &entry.node.value else { return Vec::new() };
        let mut found = Vec::new();
        for item in items {
            let Some(pattern) = scalar(item) else { continue };
            let files = self.mounted.matching(pattern);
            if files.is_empty() {
                let place = Place::at(&self.file.name, item.span.line.max(entry.key.line), "rule_files");
                let sought = self.mounted.host(pattern).map_or_else(|| pattern.to_owned(), |path| rebase.file(&path));
                let help = "put it there and import again, or name another under `prometheus.rule_files`";
                remarks.not_carried(place, format!("no file is at `{sought}`"), help);
            }
            for file in files {
                match source::read(&file) {
                    Ok(source) if source.kind == SourceKind::Rules => found.push(file),
                    _ => {
                        let place = Place::file(&rebase.file(&file));
                        remarks.not_carried(place, "these are no rules", "a file of rules begins with `groups:`");
                    }
                }
            }
        }
        found
    }
}
