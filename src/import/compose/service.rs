//! A Compose service → the keys of an app.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::env_files::{self, EnvFile};
use super::mounts::Missing;
use super::project::scalar;
use super::{Names, Project, Role, deploy, habits, joined, merge, mounts, ports};
use crate::import::draft::{Item, Map};
use crate::import::remark::{Place, Remarks};
use crate::import::variables::or_default;
use crate::stack::{OutsideEntry, OutsideNode, OutsideValue, Problems, refused};

/// Keys whose values mean the same in a stack file.
const SAME: [&str; 28] = [
    "cap_add",
    "cap_drop",
    "container_name",
    "cpus",
    "devices",
    "dns",
    "expose",
    "healthcheck",
    "hostname",
    "init",
    "logging",
    "mem_limit",
    "mem_reservation",
    "pid",
    "pids_limit",
    "platform",
    "privileged",
    "pull_policy",
    "read_only",
    "scale",
    "security_opt",
    "shm_size",
    "stop_grace_period",
    "stop_signal",
    "sysctls",
    "tmpfs",
    "ulimits",
    "user",
];

/// Where keys are kept that a stack file does not have: nothing reads them, and nothing is lost.
pub(in crate::import) const KEPT: &str = "x-compose";

/// What every service needs to know.
pub(in crate::import) struct Services<'a> {
    /// The project.
    pub(in crate::import) project: &'a Project,
    /// Roles and names.
    pub(in crate::import) names: &'a Names,
    /// Name of the stack, after which images are called that were built here.
    pub(in crate::import) stack: &'a str,
    /// Secrets that were carried.
    pub(in crate::import) secrets: &'a Map,
    /// Profiles that are on.
    pub(in crate::import) profiles: &'a [String],
    /// Whether what a stack file cannot say is kept beside the app. An included Compose file keeps it itself.
    pub(in crate::import) keeps: bool,
}

impl Services<'_> {
    /// Every service by its old name, with the keys of an app.
    pub(in crate::import) fn drafts(&self, remarks: &mut Remarks) -> Result<IndexMap<String, Map>, Problems> {
        let aliases = self.aliases();
        let mut drafts = IndexMap::new();
        for (name, entry) in &self.project.services {
            let mut service = Service { all: self, name, entry, app: Map::default(), remarks };
            service.convert(aliases.get(name.as_str()).map_or(&[], Vec::as_slice))?;
            drafts.insert(name.clone(), service.app);
        }
        Ok(drafts)
    }

    /// Other names under which services are looked for: those of `links`, and their own where they are called otherwise now.
    fn aliases(&self) -> HashMap<&str, Vec<String>> {
        let mut aliases: HashMap<&str, Vec<String>> = HashMap::new();
        for (name, entry) in &self.project.services {
            if self.names.new_name(name) != name {
                aliases.entry(name).or_default().push(name.clone());
            }
            for (target, alias) in joined::links(&entry.node) {
                let Some((target, _)) = self.project.services.get_key_value(target) else { continue };
                let known = aliases.entry(target).or_default();
                if alias != target && alias != self.names.new_name(target) && !known.iter().any(|known| known == alias)
                {
                    known.push(alias.to_owned());
                }
            }
        }
        aliases
    }
}

/// One service on its way.
pub(super) struct Service<'a> {
    pub(super) all: &'a Services<'a>,
    pub(super) name: &'a str,
    pub(super) entry: &'a OutsideEntry,
    pub(super) app: Map,
    pub(super) remarks: &'a mut Remarks,
}

impl Service<'_> {
    fn convert(&mut self, aliases: &[String]) -> Result<(), Problems> {
        let OutsideValue::Mapping(keys) = &self.entry.node.value else {
            let message = format!("service `{}` is no map of settings", self.name);
            return Err(refused(
                &self.all.project.file,
                self.entry.key.line,
                message,
                "write `image: NAME:TAG` below it",
            ));
        };
        self.image()?;
        for (key, entry) in keys {
            self.key(key, entry);
        }
        self.mode(aliases);
        self.profiles();
        self.replicas();
        // What stackctl runs itself is written anew: there is nothing to mend in the old.
        if self.all.names.role(self.name) == Role::App {
            habits::look(self.all.project, self.name, self.entry, self.remarks);
        }
        Ok(())
    }

    pub(super) fn place(&self, line: u32, key: &str) -> Place {
        Place::at(&self.all.project.file, line, format!("services.{}.{key}", self.name))
    }

    fn copied(&self, node: &OutsideNode) -> Item {
        Item::of(node, &|text| self.all.project.carry(text))
    }

    /// Keeps a key that a stack file does not have.
    pub(super) fn keep(&mut self, key: &str, entry: &OutsideEntry, message: &str, fix: &str) {
        // Nothing reads it there, so a dollar sign is one.
        self.app.map(KEPT).set(key, Item::of_literal(&entry.node));
        let fix = format!("{fix}{}", self.kept());
        self.remarks.not_carried(self.place(entry.key.line, key), message, fix);
    }

    /// Where the original is found.
    fn kept(&self) -> String {
        if self.all.keeps { format!("; the original stands under `{KEPT}`") } else { String::new() }
    }

    fn image(&mut self) -> Result<(), Problems> {
        let project = self.all.project;
        let written = self.entry.node.entry("image").and_then(|entry| Some((entry, scalar(&entry.node)?)));
        let Some((entry, image)) = written else {
            let Some(build) = self.entry.node.entry("build") else {
                let message = format!("service `{}` has neither `image` nor `build`", self.name);
                let help = "name the file that this one is laid over first: `stackctl import FILE OVERRIDE`";
                return Err(refused(&project.file, self.entry.key.line, message, help));
            };
            let image = format!("{}-{}", self.all.stack, self.all.names.new_name(self.name)).to_lowercase();
            self.app.set("image", Item::text(&image));
            self.build(build, &image);
            return Ok(());
        };
        let mut carried = project.carry(image);
        if let Some(before) = carried.strip_suffix("-}").filter(|_| project.filled(image).ends_with(':')) {
            carried = format!("{}:-latest}}", before.trim_end_matches(':'));
            let place = self.place(entry.key.line, "image");
            let variable = image.rfind('$').map_or(image, |at| &image[at..]);
            let until = if self.all.keeps { "; until then `latest` stands in" } else { "" };
            let fix = format!("set it in `.env`, or write the version{until}");
            self.remarks.changed(place, format!("`{variable}` is not set, so the image has no version"), fix);
        }
        self.app.set("image", Item::text(&carried));
        if let Some(build) = self.entry.node.entry("build") {
            self.build(build, &carried);
        }
        Ok(())
    }

    fn build(&mut self, build: &OutsideEntry, image: &str) {
        let project = self.all.project;
        let key = |key: &str| build.node.entry(key).and_then(|entry| scalar(&entry.node));
        let context =
            project.rebase.path(&project.carry(scalar(&build.node).or_else(|| key("context")).unwrap_or(".")));
        let file =
            key("dockerfile").map(|file| format!(" -f {}/{file}", context.trim_end_matches('/'))).unwrap_or_default();
        let target = key("target").map(|target| format!(" --target {target}")).unwrap_or_default();
        let command = format!("docker build -t {image}{file}{target} {context}");
        self.keep("build", build, "stackctl builds no images of apps", &format!("build it before `up`: `{command}`"));
        self.app.note("image", format!("Built before `up`: {command}"));
    }

    fn key(&mut self, key: &str, entry: &OutsideEntry) {
        let project = self.all.project;
        match key {
            "image" | "build" | "networks" | "network_mode" | "links" | "profiles" | "extends" => {}
            "pull_policy" if scalar(&entry.node) == Some("build") => {}
            "command" | "entrypoint" | "working_dir" => self.command(key, entry),
            "environment" | "labels" | "extra_hosts" => {
                let mut node = entry.node.clone();
                merge::as_map(key, &mut node);
                let mut copied = self.copied(&node);
                if let Item::Map(map) = &mut copied {
                    map.0.values_mut().for_each(|entry| entry.item.keep_as_text());
                }
                self.app.set(key, copied);
            }
            "restart" => {
                let mut copied = self.copied(&entry.node);
                if let Item::Scalar { text, .. } = &mut copied {
                    *text = or_default(text, "no");
                }
                self.app.set(key, copied);
            }
            "ports" => self.app.set(key, ports::carried(project, &entry.node)),
            "volumes" => {
                let missing = match (self.all.keeps, self.all.names.role(self.name)) {
                    (false, _) => Missing::Made,
                    (true, Role::App) => Missing::MadeIfSeen,
                    (true, _) => Missing::Needed,
                };
                let carried = mounts::carried(project, &entry.node, missing);
                self.add_mounts(carried);
            }
            "configs" => {
                let place = self.place(entry.key.line, key);
                let carried = mounts::configs(project, &entry.node, &place, self.remarks);
                self.add_mounts(Item::List(carried));
            }
            "secrets" => {
                let place = self.place(entry.key.line, key);
                let carried = mounts::secrets(project, &entry.node, self.all.secrets, &place, self.remarks);
                self.app.set(key, carried);
            }
            "env_file" => self.env_files(entry),
            "depends_on" => self.dependencies(&entry.node),
            "deploy" => self.deploy(entry),
            "external_links" => {
                self.keep(
                    key,
                    entry,
                    "it links containers of other projects",
                    "join their network: `networks: { NAME: { external: true } }`",
                );
            }
            _ if SAME.contains(&key) || key.starts_with("x-") => {
                let copied = self.copied(&entry.node);
                self.app.set(key, copied);
            }
            _ => self.keep(key, entry, "a stack file has no such key", "see whether the app needs it"),
        }
    }

    fn add_mounts(&mut self, mounts: Item) {
        match (self.app.get("volumes").cloned(), mounts) {
            (Some(Item::List(mut known)), Item::List(more)) => {
                known.extend(more);
                self.app.set("volumes", Item::List(known));
            }
            (_, mounts) => self.app.set("volumes", mounts),
        }
    }

    /// A long line of words is easier to read, and to compare, word by word.
    fn command(&mut self, key: &str, entry: &OutsideEntry) {
        const LONG: usize = 90;
        let item = match scalar(&entry.node) {
            Some(text) => {
                let carried = self.all.project.carry(text.trim());
                let words = (carried.len() > LONG && !carried.contains("${")).then(|| shlex::split(&carried)).flatten();
                words.map_or_else(|| Item::text(carried), Item::texts)
            }
            None => self.copied(&entry.node),
        };
        self.app.set(key, item);
    }

    fn env_files(&mut self, entry: &OutsideEntry) {
        let project = self.all.project;
        let is_here = |path: &String| project.rebase.absolute(&project.filled(path)).is_file();
        // A file that need not be there says nothing as long as it is not.
        let counts = |file: &EnvFile| self.all.keeps || !file.is_optional || is_here(&file.path);
        let named = env_files::of(&entry.node).into_iter().filter(counts).map(|file| file.path);
        let (here, missing): (Vec<String>, Vec<String>) = named.partition(is_here);
        if !missing.is_empty() {
            let message = format!("{} is not here", missing.join(" and "));
            self.keep("env_file", entry, &message, "put the file there and write `env_file` again");
        }
        if !here.is_empty() {
            let files = here.iter().map(|path| project.rebase.path(&project.carry(path)));
            self.app.set("env_file", Item::texts(files));
        }
    }

    fn deploy(&mut self, entry: &OutsideEntry) {
        if let Some(devices) = deploy::devices(&entry.node) {
            self.app.map(KEPT).map("deploy").set("devices", Item::of_literal(&devices.node));
            let place = self.place(devices.key.line, "deploy.resources.reservations.devices");
            let fix = format!("name device files under `devices`, where the program needs no more{}", self.kept());
            self.remarks.not_carried(place, "a stack file cannot ask for GPUs and the like", fix);
        }
        let left = deploy::carry(self.all.project, &entry.node, &mut self.app);
        if left.is_empty() {
            return;
        }
        for key in &left {
            let found = key.split('.').try_fold(&entry.node, |node, key| node.entry(key).map(|entry| &entry.node));
            let item = found.map(Item::of_literal);
            self.app.map(KEPT).map("deploy").set_some(key, item);
        }
        let message = format!("`{}` is for a Swarm, and a stack runs on one host", left.join("`, `"));
        let fix = format!("nothing, or run it on a Swarm{}", self.kept());
        self.remarks.changed(self.place(entry.key.line, "deploy"), message, fix);
    }

    fn profiles(&mut self) {
        let Some(entry) = self.entry.node.entry("profiles") else { return };
        let names: Vec<&str> = match &entry.node.value {
            OutsideValue::Sequence(items) => items.iter().filter_map(scalar).collect(),
            _ => scalar(&entry.node).into_iter().collect(),
        };
        if names.is_empty() || names.iter().any(|name| self.all.profiles.iter().any(|on| on == name)) {
            return;
        }
        let new_name = self.all.names.new_name(self.name);
        self.app.set("scale", Item::word("0"));
        self.app
            .note("scale", format!("Of profile {}: starts with `stackctl up --scale {new_name}=1`", names.join(", ")));
        let fix = format!("`up --scale {new_name}=1` starts it; `import --profile {}` carries it as running", names[0]);
        self.remarks.changed(
            self.place(entry.key.line, "profiles"),
            "it does not run unless asked for: `scale: 0`",
            fix,
        );
    }

    /// Replicas cannot share a port of the host or a name.
    fn replicas(&mut self) {
        let scale = self.app.get("scale").and_then(Item::as_text).and_then(|scale| scale.parse::<u32>().ok());
        // An included file may be laid over one that says another number.
        if scale == Some(1) && self.all.keeps {
            self.app.take("scale");
        }
        if scale.unwrap_or(1) < 2 {
            return;
        }
        if self.app.take("container_name").is_some() {
            let place = self.place(self.entry.key.line, "container_name");
            self.remarks.changed(
                place,
                "replicas cannot all have one name",
                "they are called STACK-APP-1, STACK-APP-2 …",
            );
        }
        let Some(Item::List(items)) = self.app.get("ports").cloned() else { return };
        // A free port is as open as the fixed one was.
        let free = |item: &Item| item.as_text().map_or_else(|| item.clone(), |text| Item::text(ports::free(text)));
        let freed: Vec<Item> = items.iter().map(free).collect();
        if freed != items {
            let place = self.place(self.entry.key.line, "ports");
            let fix = "each gets a free port, which `stackctl ps` shows; put a proxy before them for a fixed one";
            self.remarks.changed(place, "replicas on one host cannot share a port of it", fix);
            self.app.set("ports", Item::List(freed));
        }
    }
}
