//! The files to import: found, read and told apart by what is in them.

use std::path::{Path, PathBuf};

use crate::stack::{OutsideNode, OutsideValue, Problems, read_file, read_outside, refused};

/// One file that was read.
#[derive(Debug, Clone)]
pub(super) struct SourceFile {
    /// The file, as it was named.
    pub(super) name: String,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// What it is.
    pub(super) kind: SourceKind,
    /// What it says.
    pub(super) root: OutsideNode,
    /// The same as it is written.
    pub(super) text: String,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceKind {
    /// A Compose file, of any version.
    Compose,
    /// prometheus.yml.
    Prometheus,
    /// Recording and alerting rules.
    Rules,
    /// Alertmanager's configuration.
    Alertmanager,
    /// Data sources of Grafana.
    Datasources,
    /// A dashboard of Grafana, as JSON.
    Dashboard,
}

/// Names of Compose files, the first that is there counts, and the file that is laid over each.
const COMPOSE_NAMES: [(&str, &str); 4] = [
    ("compose.yaml", "compose.override.yaml"),
    ("compose.yml", "compose.override.yml"),
    ("docker-compose.yml", "docker-compose.override.yml"),
    ("docker-compose.yaml", "docker-compose.override.yaml"),
];

/// Reads every file that was named; for a folder, the Compose file in it and the file over that, else its prometheus.yml.
///
/// # Errors
/// Where a path leads nowhere, or to something that is none of the formats.
pub(super) fn read_all(paths: &[PathBuf]) -> Result<Vec<SourceFile>, Problems> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            for found in in_folder(path)? {
                files.push(read(&found)?);
            }
        } else {
            files.push(read(path)?);
        }
    }
    Ok(files)
}

/// Reads one file and tells what it is.
pub(super) fn read(path: &Path) -> Result<SourceFile, Problems> {
    let name = path.strip_prefix(".").unwrap_or(path).display().to_string();
    let bytes = read_file(path).map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        refused(
            &name,
            1,
            format!("cannot read it: {reason}"),
            "name Compose files, prometheus.yml, rules or dashboards",
        )
    })?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let root = read_outside(&name, bytes)?;
    let kind = kind(&root).ok_or_else(|| {
        let help =
            "it needs `services:`, `scrape_configs:`, `groups:`, `route:`, `datasources:` or `panels` at the top";
        refused(&name, root.span.line.max(1), "this is none of the files that `import` knows", help)
    })?;
    Ok(SourceFile { name, path: path.to_path_buf(), kind, root, text })
}

/// What `import` would take of a folder: a Compose file and the one over it, prometheus.yml beside them.
pub fn found_in(folder: &Path) -> Vec<PathBuf> {
    let found = in_folder(folder).unwrap_or_default();
    found.into_iter().map(|path| path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)).collect()
}

/// The file that `docker compose` lays over this one where it lies beside it.
pub(super) fn override_of(file: &Path) -> Option<PathBuf> {
    let name = file.file_name()?.to_str()?;
    let (_, over) = COMPOSE_NAMES.iter().find(|(known, _)| *known == name)?;
    Some(file.with_file_name(over))
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Problems> {
    for (name, over) in COMPOSE_NAMES {
        if folder.join(name).is_file() {
            let both = [folder.join(name), folder.join(over)];
            return Ok(both.into_iter().filter(|path| path.is_file()).collect());
        }
    }
    let config =
        ["prometheus.yml", "prometheus.yaml"].map(|name| folder.join(name)).into_iter().find(|path| path.is_file());
    config.map(|path| vec![path]).ok_or_else(|| {
        let help = "name the files themselves: `stackctl import docker-compose.yml prometheus/prometheus.yml`";
        refused(&folder.display().to_string(), 1, "no Compose file and no prometheus.yml in this folder", help)
    })
}

/// What a document is, by the keys at its top.
fn kind(root: &OutsideNode) -> Option<SourceKind> {
    let has = |key: &str| root.entry(key).is_some();
    if has("services") {
        Some(SourceKind::Compose)
    } else if has("scrape_configs") || (has("global") && !has("route") && !has("receivers")) {
        Some(SourceKind::Prometheus)
    } else if has("groups") {
        Some(SourceKind::Rules)
    } else if has("route") || has("receivers") {
        Some(SourceKind::Alertmanager)
    } else if has("datasources") {
        Some(SourceKind::Datasources)
    } else if has("panels") || has("rows") || has("dashboard") {
        Some(SourceKind::Dashboard)
    } else if ["scrape_config_files", "rule_files", "remote_write"].into_iter().any(has) {
        Some(SourceKind::Prometheus)
    } else if has("include") || is_first_version(root) {
        Some(SourceKind::Compose)
    } else {
        None
    }
}

/// Version 1 of Compose files: services stand at the top.
pub(super) fn is_first_version(root: &OutsideNode) -> bool {
    let OutsideValue::Mapping(entries) = &root.value else { return false };
    let is_service = |node: &OutsideNode| node.entry("image").is_some() || node.entry("build").is_some();
    !entries.is_empty() && entries.values().all(|entry| is_service(&entry.node))
}
