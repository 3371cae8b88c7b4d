//! The draft is read as the stack file that it will be. What cannot be carried is kept aside, until the rest is right.

use std::collections::BTreeSet;

use super::compose::KEPT;
use super::draft::{Item, Map};
use super::remark::{Place, Remarks};
use super::variables::may_be_empty;
use super::{Carried, Imported, Request, write};
use crate::stack::{self, Environment, Problem, Problems, Severity};

/// How often the draft is read anew.
const MOST_ROUNDS: usize = 20;

/// A draft that is to be proved.
pub(super) struct Proof<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) root: Map,
    pub(super) remarks: Remarks,
    pub(super) services: Carried,
    pub(super) jobs: Carried,
    pub(super) sources: Vec<String>,
    pub(super) secrets: Vec<(String, String)>,
    pub(super) secrets_file: &'static str,
    pub(super) sought: Vec<String>,
    /// Variables whose writer says that nothing may stand in for them.
    pub(super) may_be_empty: BTreeSet<String>,
}

impl Proof<'_> {
    /// The stack file, right as a whole.
    pub(super) fn finish(mut self) -> Result<Imported, Problems> {
        let text = self.prove()?;
        Ok(self.done(text))
    }

    /// Moves aside what no stack file can say, until the rest is right. Returns its text.
    pub(super) fn prove(&mut self) -> Result<String, Problems> {
        let names = self.request.environment.names();
        let set = names.filter_map(|name| Some((name.to_owned(), self.request.environment.get(name)?)));
        let environment: Environment = self.secrets.iter().cloned().chain(set).collect();
        for _ in 0..MOST_ROUNDS {
            let text = write::stack_file(&self.header(), &self.root);
            let request = self.request;
            let read = stack::parse("the imported file", &text, request.folder, &environment, request.vocabulary);
            let problems = match read {
                Ok(loaded) => {
                    self.tell_of_variables(&loaded.warnings.of_variables());
                    self.tell_of_env_files(&loaded.warnings);
                    return Ok(text);
                }
                Err(problems) => problems,
            };
            if is_for_want_of_a_variable(&problems) || !self.keep_aside(&problems) {
                return Err(problems);
            }
        }
        let help = "start from `stackctl init`, and copy what you need";
        Err(stack::refused(&self.sources.join(", "), 1, "too much in it is nothing that a stack file can say", help))
    }

    /// What stands beside the stack file and comes to less than its writer may have meant.
    fn tell_of_variables(&mut self, warnings: &Problems) {
        for problem in warnings {
            let line = u32::try_from(problem.line).ok();
            let place = Place { file: problem.file.clone(), line, subject: "the file".to_owned() };
            self.remarks.habit(place, problem.message.clone(), problem.help.clone());
        }
    }

    /// The same of files that services read.
    fn tell_of_env_files(&mut self, warnings: &Problems) {
        for problem in warnings.iter().filter(|problem| problem.path.contains(".env_file")) {
            let file = self.sources.first().cloned().unwrap_or_default();
            let place = Place { file, line: None, subject: problem.path.clone() };
            self.remarks.habit(place, problem.message.clone(), problem.help.clone());
        }
    }

    fn done(mut self, text: String) -> Imported {
        let mut empty: Vec<&str> = may_be_empty(&text);
        empty.retain(|name| !self.may_be_empty.contains(*name));
        empty.sort_unstable();
        empty.dedup();
        if !empty.is_empty() {
            let place = Place::file(self.sources.first().map_or("", String::as_str));
            let message =
                format!("no value is here for {}: nothing stands in for it, as with Compose", empty.join(", "));
            self.remarks.habit(place, message, "set it in `.env` beside the stack file, or write the value");
        }
        let mut remarks = self.remarks.0;
        remarks.sort_by_key(|remark| remark.kind);
        Imported {
            text,
            remarks,
            services: self.services,
            jobs: self.jobs,
            sources: self.sources,
            secrets: self.secrets,
            secrets_file: self.secrets_file,
            sought: self.sought,
        }
    }

    fn header(&self) -> Vec<String> {
        vec![
            format!("Imported by stackctl from {}.", self.sources.join(", ")),
            "`stackctl check --explain` shows what it comes to, `stackctl up` starts and proves it.".to_owned(),
        ]
    }

    /// Moves what is wrong to where nothing reads it. `false`: there is something that cannot be moved.
    fn keep_aside(&mut self, problems: &Problems) -> bool {
        let mut wrong: Vec<&Problem> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        // From the last item of a list to the first, so that the places of those before it stay what they are.
        wrong.sort_by_key(|problem| std::cmp::Reverse((problem.line, problem.column)));
        wrong.dedup_by(|left, right| left.path == right.path);
        let mut moved = false;
        for problem in wrong {
            moved |= self.move_one(problem);
        }
        moved
    }

    fn move_one(&mut self, problem: &Problem) -> bool {
        let Some((owner, key)) = owner(&self.root, &problem.path) else { return false };
        let Some(item) = self.root.take(&problem.path) else { return false };
        let kept = match owner.as_str() {
            "" => None,
            owner => self.root.map_at(owner),
        };
        let is_kept = kept.is_some_and(|map| {
            map.map(KEPT).set(&key, item.literal());
            true
        });
        let place = Place {
            file: self.sources.first().cloned().unwrap_or_default(),
            line: None,
            subject: problem.path.clone(),
        };
        let kept =
            if is_kept { format!("; the original stands under `{KEPT}`") } else { "; it is left out".to_owned() };
        self.remarks.not_carried(place, problem.message.clone(), format!("{}{kept}", problem.help));
        true
    }
}

/// Whether somebody has to say what a variable is first. Compose refuses such a file, too.
fn is_for_want_of_a_variable(problems: &Problems) -> bool {
    problems.iter().any(|problem| problem.message.starts_with("variable `") && problem.message.contains(" is needed"))
}

/// The service that a path is about, and the path below it. `None`: without this there would be no service.
fn owner(root: &Map, path: &str) -> Option<(String, String)> {
    for section in ["apps", "exporters"] {
        let Some(rest) = path.strip_prefix(&format!("{section}.")) else { continue };
        let Some(Item::Map(services)) = root.get(section) else { return None };
        let name = services.0.keys().filter(|name| rest.starts_with(name.as_str())).max_by_key(|name| name.len())?;
        let key = rest[name.len()..].strip_prefix('.')?;
        return (key != "image").then(|| (format!("{section}.{name}"), key.to_owned()));
    }
    let is_inside = path.contains(['.', '[']);
    let movable =
        ["prometheus.", "grafana.", "alertmanager.", "scrape.", "dashboards.", "networks.", "volumes.", "secrets."];
    (is_inside && movable.iter().any(|section| path.starts_with(section))).then(|| (String::new(), path.to_owned()))
}

impl Map {
    /// The map at `SECTION.NAME`.
    fn map_at(&mut self, path: &str) -> Option<&mut Map> {
        let (section, name) = path.split_once('.')?;
        let services = self.map(section);
        services.get(name).is_some().then(|| services.map(name))
    }
}
