//! Other people's files, as many as there are: each is imported, or refused with a reason; the figures are printed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use stackctl::command::VOCABULARY;
use stackctl::import::Imported;
use stackctl::stack::Problems;

use crate::support::data;
use crate::{environment, import_into, jobs, read, rendered};

/// The files, where they are to be had. Their names are paths with `_` in the place of `/`, after the owner's name.
fn corpus(kind: &str) -> Option<PathBuf> {
    data::folder(&format!("nobody else's {kind} were imported")).map(|folder| folder.join("corpus"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the corpus is there").map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// A Compose file and what it mounts, put back into folders. Gives the Compose file.
fn project(corpus: &Path, compose: &Path, into: &Path) -> PathBuf {
    let flat = name(compose);
    let (owner, rest) = flat.rsplit_once("__").expect("an owner stands before the path");
    let begin = [
        "docker-compose",
        "docker-stack",
        "docker-swarm",
        "docker-traefik",
        "compose",
        "pwd-stack",
        "zk-kafka",
        "kraft-",
        "weave-",
    ]
    .iter()
    .filter_map(|word| rest.rfind(&format!("_{word}")).map(|at| at + 1))
    .max()
    .unwrap_or(0);
    let prefix = format!("{owner}__{}", &rest[..begin]);
    let here = into.join(&rest[begin..]);
    fs::create_dir_all(into).unwrap();
    let text = fs::read_to_string(compose).unwrap();
    fs::write(&here, &text).unwrap();
    for kind in ["prometheus", "rules", "alertmanager", "grafana-provisioning", "dashboards"] {
        for file in files(&corpus.join(kind)) {
            let Some(below) = name(&file).strip_prefix(&prefix).map(str::to_owned) else { continue };
            let Some(path) = mentioned(&text, &below) else { continue };
            let path = into.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(&file, path).unwrap();
        }
    }
    here
}

/// The path with slashes again, where the Compose file mentions it or a folder that it lies in.
fn mentioned(compose: &str, flat: &str) -> Option<String> {
    let mut best: Option<String> = None;
    for source in compose.split(['\n', ' ', '"', '\'']).filter_map(|word| word.strip_prefix("./")) {
        let source = source.split(':').next().unwrap_or_default().trim_end_matches('/');
        let folded = source.replace('/', "_");
        let found = if flat == folded {
            Some(source.to_owned())
        } else {
            flat.strip_prefix(&format!("{folded}_"))
                .filter(|_| !source.is_empty())
                .map(|rest| format!("{source}/{}", unfold(rest)))
        };
        if let Some(found) = found.filter(|found| best.as_ref().is_none_or(|best| found.len() >= best.len())) {
            best = Some(found);
        }
    }
    best
}

/// Folders of Grafana's provisioning have well-known names.
fn unfold(rest: &str) -> String {
    let folders = ["provisioning", "dashboards", "datasources", "rules"];
    let mut path = String::new();
    let mut rest = rest;
    while let Some(folder) = folders.iter().find(|folder| rest.starts_with(&format!("{folder}_"))) {
        path.push_str(folder);
        path.push('/');
        rest = &rest[folder.len() + 1..];
    }
    path + rest
}

#[derive(Default)]
struct Figures {
    whole: usize,
    remarked: usize,
    refused: BTreeMap<String, String>,
    services: (usize, usize),
    jobs: (usize, usize),
    took: Duration,
}

impl Figures {
    fn take(&mut self, file: &str, answer: &Result<Imported, Problems>) {
        match answer {
            Ok(imported) => {
                if imported.is_whole() {
                    self.whole += 1;
                } else {
                    self.remarked += 1;
                }
                self.services.0 += imported.services.carried;
                self.services.1 += imported.services.all;
                self.jobs.0 += imported.jobs.carried;
                self.jobs.1 += imported.jobs.all;
            }
            Err(problems) => {
                self.refused.insert(file.to_owned(), problems.to_string());
            }
        }
    }

    fn print(&self, what: &str) {
        let all = self.whole + self.remarked + self.refused.len();
        eprintln!(
            "{what}: {all} files in {:?}: {} whole, {} with remarks, {} refused; {} of {} services, {} of {} jobs",
            self.took,
            self.whole,
            self.remarked,
            self.refused.len(),
            self.services.0,
            self.services.1,
            self.jobs.0,
            self.jobs.1,
        );
        for (file, reason) in &self.refused {
            eprintln!("  refused {file}:\n    {}", reason.replace('\n', "\n    "));
        }
    }

    /// At least so many of a hundred are imported.
    fn assert_imported(&self, percent: usize) {
        let all = self.whole + self.remarked + self.refused.len();
        assert!(all > 30 && (self.whole + self.remarked) * 100 >= percent * all, "{:#?}", self.refused.keys());
    }
}

#[test]
fn nearly_every_compose_file_is_imported_with_its_jobs_unchanged() {
    let Some(corpus) = corpus("Compose files") else { return };
    let mut figures = Figures::default();
    for compose in files(&corpus.join("compose")) {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("project");
        let here = project(&corpus, &compose, &into);
        let begin = Instant::now();
        let answer = import_into(&into, std::slice::from_ref(&here));
        figures.took += begin.elapsed();
        figures.take(&name(&compose), &answer);
        let Ok(imported) = answer else { continue };
        let loaded = read(&imported, &into);
        let files = rendered(&loaded);
        assert_eq!(imported.services.carried, imported.services.all, "{}", name(&compose));
        // What `init` offers to include, too.
        let included = stackctl::import::project(&[here], &into, &environment(), &VOCABULARY);
        assert!(included.is_ok_and(|found| found.is_some()), "{}", name(&compose));
        if let Some(source) = imported
            .sources
            .iter()
            .find(|source| source.contains("prom") && imported.jobs.all > 0 && !source.contains("compose"))
        {
            let original = fs::read_to_string(into.join(source)).unwrap();
            jobs::assert_same(&original, &files.0["prometheus/prometheus.yml"], &imported.text);
        }
        keep(&name(&compose), &imported);
    }
    figures.print("compose files");
    figures.assert_imported(95);
    // A release build is more than ten times as fast as the build that tests run.
    assert!(figures.took < Duration::from_secs(20), "a debug build took {:?}", figures.took);
}

#[test]
fn nearly_every_prometheus_yml_is_imported_with_its_jobs_unchanged() {
    let Some(corpus) = corpus("files of Prometheus") else { return };
    let mut figures = Figures::default();
    for config in files(&corpus.join("prometheus")) {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("prometheus.yml");
        fs::copy(&config, &here).unwrap();
        let begin = Instant::now();
        let answer = import_into(folder.path(), std::slice::from_ref(&here));
        figures.took += begin.elapsed();
        figures.take(&name(&config), &answer);
        let Ok(imported) = answer else { continue };
        let files = rendered(&read(&imported, folder.path()));
        let original = fs::read_to_string(&here).unwrap();
        jobs::assert_same(&original, &files.0["prometheus/prometheus.yml"], &imported.text);
        keep(&name(&config), &imported);
    }
    figures.print("prometheus.yml");
    figures.assert_imported(95);
}

/// Where somebody wants to look at what was imported: `STACKCTL_IMPORTED=DIR`.
fn keep(file: &str, imported: &Imported) {
    let Some(folder) = std::env::var_os("STACKCTL_IMPORTED").map(PathBuf::from) else { return };
    let remarks: Vec<String> =
        imported.remarks.iter().map(|remark| format!("# {}: {remark}\n", remark.kind.word())).collect();
    fs::write(folder.join(file), format!("{}\n{}", imported.text, remarks.concat())).unwrap();
}
