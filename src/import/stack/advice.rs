//! What can be said only when all is put together: where nobody says what is scraped, exporters that stay apps, and services
//! that see the file of passwords.

use std::path::Path;

use super::super::compose::{KEPT, mounts};
use super::super::draft::{Item, Map};
use super::super::fresh::FreshMetrics;
use super::super::prometheus::Jobs;
use super::super::remark::Place;
use super::{Assembly, NOT_WATCHED, Parts};
use crate::catalog;
use crate::stack::{VARIABLE_FILES, tidy};

impl Assembly<'_> {
    /// Where no prometheus.yml says what is scraped: what was seen to answer, and what is known of an image. Where neither
    /// is, a line says what to fill in.
    pub(super) fn look_around(&mut self, parts: &mut Parts) {
        if self.sought.is_empty() {
            let beside = self.rebase.absolute("prometheus.yml");
            let name = self.named(&beside);
            let what = if beside.is_file() && self.project.is_some() {
                let paths: Vec<String> = self.files.iter().map(|file| file.name.clone()).collect();
                format!(
                    "no service mounts `{name}`; if it is the right one: `stackctl import {} {name}`",
                    paths.join(" ")
                )
            } else {
                format!("no service is Prometheus, and there is no `{name}`")
            };
            self.sought.push(what);
        }
        let Some(seen) = self.request.seen else { return };
        for (name, app) in &mut parts.apps {
            let image = app.get("image").and_then(Item::as_text).unwrap_or_default();
            let never_runs = app.get("scale").and_then(Item::as_text) == Some("0");
            let known = seen.get(name).cloned().or_else(|| FreshMetrics::of_image(image));
            match known {
                Some(metrics) => app.set("metrics", metrics.draft()),
                None if never_runs || catalog::exporter_for(image).is_some() => {}
                None => app.note("image", NOT_WATCHED),
            }
        }
    }

    /// Exporters for any host that run as apps: the commands that make them exporters, under the name of their job, so that
    /// what asks for it goes on finding it.
    pub(super) fn exporters_that_stay_apps(&mut self, parts: &Parts, jobs: &Jobs) {
        let Some(project) = &self.project else { return };
        for (app_name, app) in &parts.apps {
            let image = app.get("image").and_then(Item::as_text).unwrap_or_default();
            let is_built = matches!(app.get(KEPT), Some(Item::Map(kept)) if kept.get("build").is_some());
            let Some(known) = catalog::for_any_host(image).filter(|_| !is_built) else { continue };
            let Some((old_name, service)) =
                parts.old_names.get(app_name).and_then(|old| project.services.get_key_value(old))
            else {
                continue;
            };
            let is_free = |name: &str| name == app_name || !parts.apps.contains_key(name);
            let job = job_of(app_name, app);
            let name = match job {
                Some(job) if is_free(job) => job,
                None if is_free(known.name) && !jobs.has(known.name) => known.name,
                _ => app_name,
            };
            let kind = if name == known.name { String::new() } else { format!(" --kind {}", known.name) };
            let stays = if job == Some(name) { "stays" } else { "is then" };
            let shared: Vec<String> = shared_jobs(jobs, &[app_name, old_name]);
            let shared = if shared.is_empty() {
                String::new()
            } else {
                format!("; take it out of `{}` first", shared.join("`, `"))
            };
            let place = Place::at(&project.file, service.key.line, format!("services.{old_name}"));
            let message = format!("this is the exporter `{}`, and stays an app like any other", known.name);
            let fix = format!(
                "to have it run with all that it needs to see: `stackctl remove app {app_name}`, then `stackctl add exporter \
                 {name}{kind}`; its job {stays} `{name}`{shared}"
            );
            self.remarks.habit(place, message, fix);
        }
    }

    /// Services that see the file of passwords, because all of its folder is mounted. `has_secrets`: some go into it now.
    pub(super) fn who_sees_the_passwords(&mut self, parts: &Parts, has_secrets: bool) {
        let Some(project) = &self.project else { return };
        let folder = std::path::absolute(self.request.folder).map(|folder| tidy(&folder)).unwrap_or_default();
        if !has_secrets && !VARIABLE_FILES.iter().any(|name| folder.join(name).is_file()) {
            return;
        }
        let file = self.secrets_file();
        for (name, service) in &project.services {
            if !parts.old_names.values().any(|old| old == name) {
                continue;
            }
            let binds = mounts::binds(project, &service.node);
            let inside = |bind: &mounts::Bind| {
                let source = project.rebase.absolute(&bind.source);
                let rest = folder.strip_prefix(source).ok().filter(|_| bind.source.starts_with('.'))?;
                Some(Path::new(&bind.target).join(rest).join(file).display().to_string())
            };
            let found = binds.iter().find_map(|bind| Some((bind, inside(bind)?)));
            let Some((bind, seen)) = found.filter(|(_, seen)| binds.iter().all(|bind| bind.target != *seen)) else {
                continue;
            };
            let line = service.node.entry("volumes").map_or(service.key.line, |entry| entry.key.line);
            let place = Place::at(&project.file, line, format!("services.{name}.volumes"));
            let message = format!(
                "`{}` is mounted as a whole: `{file}`, with everybody's passwords, is seen inside",
                bind.source
            );
            let fix = format!("mount only what it needs, or hide the file: `/dev/null:{seen}:ro`");
            self.remarks.habit(place, message, fix);
        }
    }

    /// Files that nobody named are told as they are found from the stack file.
    pub(super) fn files_by_their_names(&mut self) {
        let mut remarks = std::mem::take(&mut self.remarks);
        for remark in &mut remarks.0 {
            let is_named = self.files.iter().any(|file| file.name == remark.file);
            if !is_named && Path::new(&remark.file).is_absolute() {
                remark.file = self.named(Path::new(&remark.file));
            }
        }
        self.remarks = remarks;
    }
}

/// The job of an app that is scraped.
fn job_of<'a>(app_name: &'a str, app: &'a Map) -> Option<&'a str> {
    let Item::Map(metrics) = app.get("metrics")? else { return None };
    Some(metrics.get("job").and_then(Item::as_text).unwrap_or(app_name))
}

/// Jobs of `scrape` with one of these hosts among others.
fn shared_jobs(jobs: &Jobs, hosts: &[&str]) -> Vec<String> {
    let is_one = |target: &Item| {
        let host = target.as_text().and_then(|target| target.rsplit_once(':'));
        host.is_some_and(|(host, _)| hosts.contains(&host))
    };
    let names_one = |item: &Item| match item {
        Item::Map(job) => matches!(job.get("targets"), Some(Item::List(targets)) if targets.iter().any(is_one)),
        _ => false,
    };
    let found = jobs.scrape.0.iter().filter(|(_, entry)| names_one(&entry.item));
    found.map(|(name, _)| format!("scrape.{name}")).collect()
}
