//! What a stack file takes from outside: variables that are passed through, and the files that it names.

mod dashboard;

use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;

use super::collector::Collector;
use super::credential::Credential;
use super::document::{self, Node, Value};
use super::input::{open_regular, read_regular};
use super::rule_file::PlacedGroup;
use super::rules::locate;
use super::{
    Alertmanager, BasicAuth, ContainerSettings, Environment, Metrics, MountKind, RuleFile, Secret, Stack, Tls, Toggle,
    Wiring, dotenv,
};

/// Gives variables without a value (`- KEY`, `KEY:`) the value of this environment, or takes them out.
pub(super) fn pass_through(root: &mut Node, environment: &Environment) {
    for section in ["apps", "exporters"] {
        let Some(Value::Mapping(services)) = root.child_mut(section).map(|node| &mut node.value) else { continue };
        for entry in services.values_mut() {
            fill(entry.node.child_mut("environment"), environment);
        }
    }
    for component in ["prometheus", "grafana", "alertmanager"] {
        fill(root.child_mut(component).and_then(|component| component.child_mut("environment")), environment);
    }
}

fn fill(variables: Option<&mut Node>, environment: &Environment) {
    match variables.map(|node| &mut node.value) {
        Some(Value::Mapping(entries)) => {
            for (key, entry) in entries.iter_mut().filter(|(_, entry)| entry.node.is_null()) {
                give(&mut entry.node, key, environment.get(key));
            }
        }
        Some(Value::Sequence(items)) => {
            for item in items {
                let Value::Scalar(scalar) = &item.value else { continue };
                if !scalar.text.contains('=') {
                    let key = scalar.text.clone();
                    let value = environment.get(&key).map(|value| format!("{key}={value}"));
                    give(item, &key, value);
                }
            }
        }
        _ => {}
    }
}

fn give(node: &mut Node, key: &str, value: Option<String>) {
    match value {
        Some(value) => *node = Node::text(value, Some(key.to_owned()), node.span),
        None => node.pruned.set(true),
    }
}

/// Makes every path absolute, looks whether the files are there, and merges `env_file` into `environment`. What is secret
/// need not be there where `needs_secrets` does not say so.
pub(super) fn resolve(
    stack: &mut Stack,
    root: &Node,
    Place { folder, is_overlaid, needs_secrets }: Place<'_>,
    environment: &Environment,
    problems: &mut Collector,
) {
    let mut files = Files { root, folder, is_overlaid, needs_secrets, environment, problems };
    let top = document::Path::ROOT;
    for (name, app) in &mut stack.apps {
        let path = top.key("apps");
        let path = path.key(name.as_str());
        files.wiring(&mut app.wiring, &mut app.container, path);
        files.metrics(app.metrics.as_mut(), path.key("metrics"));
    }
    for (name, attached) in &mut stack.attached {
        files.metrics(Some(&mut attached.metrics), top.key("apps").key(name.as_str()).key("metrics"));
    }
    for (name, exporter) in &mut stack.exporters {
        let path = top.key("exporters");
        let path = path.key(name.as_str());
        files.wiring(&mut exporter.wiring, &mut exporter.container, path);
        files.metrics(Some(&mut exporter.metrics), path.key("metrics"));
        if let Some(password) = exporter.login.as_mut().and_then(|login| login.password.as_mut()) {
            files.credential(password, path.key("login").key("password"), Credential::Line);
        }
    }
    for (name, scrape) in &mut stack.scrape {
        files.metrics(Some(&mut scrape.metrics), top.key("scrape").key(name.as_str()));
    }
    for (name, probe) in &mut stack.probes {
        let path = top.key("probes");
        files.remote((probe.basic_auth.as_mut(), probe.token.as_mut(), None), path.key(name.as_str()));
    }
    for (name, dashboard) in &mut stack.dashboards {
        files.dashboard(dashboard, top.key("dashboards").key(name.as_str()));
    }
    for (name, secret) in &mut stack.secrets {
        files.secret(secret, top.key("secrets").key(name.as_str()));
    }
    if let Toggle::On(prometheus) = &mut stack.prometheus {
        let path = top.key("prometheus");
        files.wiring(&mut prometheus.wiring, &mut prometheus.container, path);
        for (index, file) in prometheus.rule_files.iter_mut().enumerate() {
            files.rules(file, path.key("rule_files").index(index));
        }
        if let Some(web) = &mut prometheus.web {
            files.web(web, path.key("web"));
        }
        let list = path.key("remote_write");
        for (index, remote) in prometheus.remote_write.iter_mut().enumerate() {
            files.remote((remote.basic_auth.as_mut(), remote.token.as_mut(), remote.tls.as_mut()), list.index(index));
        }
        let list = path.key("remote_read");
        for (index, remote) in prometheus.remote_read.iter_mut().enumerate() {
            files.remote((remote.basic_auth.as_mut(), remote.token.as_mut(), remote.tls.as_mut()), list.index(index));
        }
    }
    if let Toggle::On(grafana) = &mut stack.grafana {
        let path = top.key("grafana");
        files.wiring(&mut grafana.wiring, &mut grafana.container, path);
        if let Some(secret) = &mut grafana.admin_password {
            files.secret(secret, path.key("admin_password"));
        }
    }
    if let Toggle::On(alertmanager) = &mut stack.alertmanager {
        files.alertmanager(alertmanager, top.key("alertmanager"));
    }
}

/// Where the files are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Paths are relative to it.
    pub(super) folder: &'a Path,
    /// There are several stack files, and the folder is that of the first.
    pub(super) is_overlaid: bool,
    pub(super) needs_secrets: bool,
}

pub(super) struct Files<'a> {
    pub(super) root: &'a Node,
    folder: &'a Path,
    is_overlaid: bool,
    pub(super) needs_secrets: bool,
    pub(super) environment: &'a Environment,
    pub(super) problems: &'a mut Collector,
}

impl Files<'_> {
    fn wiring(&mut self, wiring: &mut Wiring, container: &mut ContainerSettings, path: document::Path) {
        self.security(container, path.key("security_opt"));
        for mount in &mut wiring.volumes {
            if let MountKind::Bind { source, .. } = &mut mount.kind {
                *source = self.absolute(source);
            }
        }
        let mut from_files = IndexMap::new();
        for (index, file) in wiring.env_file.iter_mut().enumerate() {
            *file = self.absolute(file);
            from_files.extend(self.env_file(file, path.key("env_file"), index));
        }
        if !from_files.is_empty() {
            from_files.extend(std::mem::take(&mut container.environment));
            container.environment = from_files;
        }
    }

    fn env_file(&mut self, file: &str, list: document::Path, index: usize) -> Vec<(String, String)> {
        let item = list.index(index);
        let bytes = match read_regular(Path::new(file)) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.cannot_read(item, &error);
                return Vec::new();
            }
        };
        let (pairs, bad) = dotenv::decode(&bytes, self.environment);
        for line in bad {
            let message = format!("line {} of the file: {}", line.line, line.message);
            let at = locate(self.root, &item);
            // As Compose reads the file: nothing stands in for a variable without a value.
            if line.is_unset {
                let message = format!("{message}: nothing stands in for it, as with Compose");
                self.problems.warning(at.value, &at.path, message, line.help());
            } else {
                self.error(item, message, line.help());
            }
        }
        pairs
    }

    fn metrics(&mut self, metrics: Option<&mut Metrics>, path: document::Path) {
        let Some(metrics) = metrics else { return };
        if let Some(file) = &mut metrics.bearer_token_file {
            *file = self.present(file, path.key("bearer_token_file"));
        }
        if let Some(file) = metrics.tls.as_mut().and_then(|tls| tls.ca_file.as_mut()) {
            *file = self.present(file, path.key("tls").key("ca_file"));
        }
        if let Some(auth) = &mut metrics.basic_auth {
            self.password(auth, path.key("basic_auth"));
        }
    }

    fn remote(
        &mut self,
        (basic_auth, token, tls): (Option<&mut BasicAuth>, Option<&mut Secret>, Option<&mut Tls>),
        path: document::Path,
    ) {
        if let Some(auth) = basic_auth {
            self.password(auth, path.key("basic_auth"));
        }
        if let Some(token) = token {
            self.credential(token, path.key("token"), Credential::Line);
        }
        if let Some(file) = tls.and_then(|tls| tls.ca_file.as_mut()) {
            *file = self.present(file, path.key("tls").key("ca_file"));
        }
    }

    /// The rules themselves. Whether Prometheus takes them is Prometheus' to say; that they are rules is said here.
    fn rules(&mut self, file: &mut RuleFile, path: document::Path) {
        let written = file.path.clone();
        file.path = self.absolute(&file.path);
        let bytes = match read_regular(Path::new(&file.path)) {
            Ok(bytes) => bytes,
            Err(error) => return self.cannot_read(path, &error),
        };
        file.text = String::from_utf8_lossy(&bytes).into_owned();
        let source = self.problems.add_source(written, file.text.clone());
        let help = "a file of rules begins with `groups:`";
        let Some(root) = document::parse_as(&file.text, source, help, self.problems) else { return };
        if root.entry("groups").is_none() {
            return self.error(path, "the file has no groups of rules", help);
        }
        let groups = super::rule_file::groups(&root);
        super::rules::rule_file(&groups, self.problems);
        file.groups = groups.iter().map(PlacedGroup::group).collect();
    }

    fn alertmanager(&mut self, alertmanager: &mut Alertmanager, path: document::Path) {
        self.wiring(&mut alertmanager.wiring, &mut alertmanager.container, path);
        let list = path.key("templates");
        for (index, file) in alertmanager.templates.iter_mut().enumerate() {
            file.path = self.absolute(&file.path);
            match read_regular(Path::new(&file.path)) {
                Ok(bytes) => file.text = String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) => self.cannot_read(list.index(index), &error),
            }
        }
        let receivers = path.key("receivers");
        for (name, receiver) in &mut alertmanager.receivers {
            let path = receivers.key(name.as_str());
            receiver.each_secret(|[way, key], secret| {
                self.credential(secret, path.key(way).key(key), Credential::of_key(key));
            });
        }
    }

    /// The absolute path of a file that has to be there for who needs secrets, and readable: what runs may have its content
    /// from a time when it was.
    pub(super) fn present(&mut self, file: &str, path: document::Path) -> String {
        let absolute = self.absolute(file);
        match open_regular(Path::new(&absolute)) {
            Err(_) if !self.needs_secrets => {}
            Err(_) if Path::new(&absolute).is_dir() => {
                self.error(path, "a file is needed, and this is a folder", "name a file in it");
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.cannot_read(path, &error),
            Err(error) => {
                let help = "let this user read it, or name another one";
                self.error(path, format!("cannot read the file: {error}"), help);
            }
            Ok(_) => {}
        }
        absolute
    }

    pub(super) fn absolute(&self, file: &str) -> String {
        let home = file.strip_prefix("~/").and_then(|rest| Some(format!("{}/{rest}", self.environment.get("HOME")?)));
        let path = self.folder.join(home.as_deref().unwrap_or(file));
        tidy(&path).to_string_lossy().into_owned()
    }

    pub(super) fn cannot_read(&mut self, path: document::Path, error: &std::io::Error) {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => format!("cannot read the file: {error}"),
        };
        let help = if self.is_overlaid {
            format!("paths are relative to the folder of the first stack file, `{}`", self.folder.display())
        } else {
            "paths are relative to the folder of the stack file".to_owned()
        };
        self.error(path, why, &help);
    }

    pub(super) fn error(&mut self, path: document::Path, message: impl Into<String>, help: &str) {
        let found = locate(self.root, &path);
        self.problems.error(found.value, &found.path, message, help);
    }
}

/// The path without `.` and `..`.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy
}
