//! What a project that is included says of watching: it stays where it is, and its sections come along.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::super::alertmanager::tell;
use super::super::compose::{Names, Role};
use super::super::draft::{Item, Map};
use super::super::found::is_own_name;
use super::super::fresh::Watched;
use super::super::proof::Proof;
use super::super::{Carried, Remark};
use super::{Assembly, Parts};
use crate::stack::Problems;

impl Assembly<'_> {
    /// What the project's own Prometheus, Grafana and Alertmanager say, for a stack file that includes the project.
    pub(in crate::import) fn watched(mut self) -> Result<Watched, Problems> {
        let Some(project) = self.project.take() else { return Ok(Watched::default()) };
        let mut parts = Parts::default();
        let names = Names::unchanged(&project, &mut self.remarks);
        self.services(&project, &names, &mut parts)?;
        let own: Vec<String> = project.services.keys().filter(|name| names.role(name) != Role::App).cloned().collect();
        self.project = Some(project);
        let jobs = self.jobs(&mut parts);
        let mut root = Map::default();
        root.set("name", Item::text(&self.name));
        self.watchers(&mut root, &mut parts, &jobs);
        for section in ["prometheus", "grafana"] {
            if root.get(section).is_some_and(|item| item.as_text() == Some("off")) {
                root.take(section);
            }
        }
        if let Some(section) = parts.alertmanager.take() {
            tell(&mut root, section, &parts.hosts_of_alertmanager, &mut self.remarks);
        }
        // An app that is called as stackctl's own services are is left out of the project, whatever it is.
        for (name, app) in parts.apps.iter().filter(|(name, _)| !is_own_name(name)) {
            let mut stands_in = Map::default();
            stands_in.set("image", Item::text("stackctl/self"));
            stands_in.set_some("metrics", app.get("metrics").cloned());
            root.map("apps").set(name, Item::Map(stands_in));
        }
        if !jobs.scrape.is_empty() {
            root.set("scrape", Item::Map(jobs.scrape));
        }
        let declared: Vec<&str> = vec!["networks", "volumes", "secrets"];
        self.top(&mut root);
        let secrets = self.secrets(&mut root);
        let secrets_file = self.secrets_file();
        // What is said of its other services concerns the Compose file, which stays.
        let file = self.project.as_ref().map(|project| project.file.clone()).unwrap_or_default();
        let is_about_own = |remark: &Remark| {
            let service = remark.subject.strip_prefix("services.").unwrap_or_default();
            let is_own = own.iter().any(|name| service == name || service.starts_with(&format!("{name}.")));
            remark.file != file || is_own
        };
        self.remarks.0.retain(is_about_own);
        self.files_by_their_names();
        let mut proof = Proof {
            request: self.request,
            root,
            remarks: self.remarks,
            services: Carried { carried: own.len(), all: own.len() },
            jobs: Carried { carried: jobs.carried, all: jobs.all },
            sources: vec![file],
            secrets,
            secrets_file,
            sought: self.sought,
            may_be_empty: BTreeSet::new(),
        };
        proof.prove()?;
        let mut root = proof.root;
        let mut metrics = IndexMap::new();
        if let Some(Item::Map(apps)) = root.take("apps") {
            for (name, entry) in apps.0 {
                if let Item::Map(mut app) = entry.item
                    && let Some(found) = app.take("metrics")
                {
                    metrics.insert(name, found);
                }
            }
        }
        declared.iter().chain(&["name"]).for_each(|section| drop(root.take(section)));
        let Proof { remarks, jobs, secrets, .. } = proof;
        Ok(Watched { own, sections: root, metrics, remarks: remarks.0, jobs, secrets, secrets_file })
    }
}
