//! The answers of `init`: options, and a file of the same names.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};

use crate::command::{self, Failure};
use crate::import::{self, FreshApp, FreshExporter, FreshMetrics, Origin};
use crate::stack;

/// What somebody wants, as far as it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Wishes {
    /// Name of the stack
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Import this file or folder; repeat it for several
    #[serde(deserialize_with = "one_or_many")]
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    pub(super) from: Vec<PathBuf>,
    /// Include this Compose file or folder: it stays the source of its services; repeat it for overrides
    #[serde(deserialize_with = "one_or_many")]
    #[arg(long, value_name = "PATH", conflicts_with = "from", value_hint = clap::ValueHint::AnyPath)]
    pub(super) include: Vec<PathBuf>,
    /// Neither import nor include what lies here
    #[arg(long, conflicts_with_all = ["from", "include"])]
    pub(super) no_import: bool,
    /// Watch a running container, or `PROJECT/SERVICE` of Compose, that stays whose it is; repeat it for several
    #[serde(deserialize_with = "one_or_many")]
    #[arg(long, value_name = "NAME")]
    pub(super) attach: Vec<String>,
    /// Take a running container over as an app; repeat it for several
    #[serde(deserialize_with = "one_or_many")]
    #[arg(long, value_name = "NAME")]
    pub(super) container: Vec<String>,
    /// Do not look at running containers
    #[arg(long, conflicts_with_all = ["container", "attach"])]
    pub(super) no_running: bool,
    /// An app; repeat it for several
    #[serde(deserialize_with = "one_or_many")]
    #[arg(long, value_name = "NAME=IMAGE")]
    pub(super) app: Vec<String>,
    /// A port of an app, such as `web=8080:80`
    #[serde(deserialize_with = "one_or_many")]
    #[arg(long, value_name = "NAME=PORT")]
    pub(super) publish: Vec<String>,
    /// Where the metrics of an app are, such as `web=80/metrics`
    #[serde(deserialize_with = "one_or_many")]
    #[arg(long, value_name = "NAME=PORT/PATH")]
    pub(super) metrics: Vec<String>,
    /// An exporter of the catalogue, such as `node`, or `postgres=db` for the app `db`; repeat it for several
    #[serde(deserialize_with = "one_or_many")]
    #[arg(long, value_name = "NAME[=APP]")]
    pub(super) exporter: Vec<String>,
    /// No exporters
    #[arg(long, conflicts_with = "exporter")]
    pub(super) no_exporters: bool,
    /// Whether the Docker engine's own metrics are scraped
    #[arg(long, value_name = "true|false")]
    pub(super) engine_metrics: Option<bool>,
    /// Whether Grafana runs
    #[arg(long, value_name = "true|false")]
    pub(super) grafana: Option<bool>,
}

/// One answer, or a list of them.
fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a text, or a list of texts")]
    enum OneOrMany<T> {
        One(T),
        Many(Vec<T>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

/// Reads a file of answers.
pub(super) fn read(path: &Path) -> Result<Wishes, Failure> {
    let wrong = |reason: String| {
        Failure::arguments(
            format!("cannot use {}: {reason}", path.display()),
            "write the options as keys: `name: shop`, `app: [web=IMAGE]`",
        )
    };
    let text = stack::read_text(path, "--answers").map_err(|error| wrong(error.to_string()))?;
    let wishes: Wishes =
        stack::read_answers(&text).map_err(|reason| wrong(reason.replace("<input>", &path.display().to_string())))?;
    match wishes.contradiction() {
        Some((one, other)) => Err(wrong(format!("`{one}` and `{other}` contradict each other"))),
        None => Ok(wishes),
    }
}

/// Keeps answers in a file beside the stack file that they did not come to, or where there is room for it.
pub(super) fn keep(wishes: &Wishes, stack_file: &Path) -> Option<PathBuf> {
    let text = wishes.written();
    let beside = stack_file.with_extension("answers.yml");
    if command::place::write(&beside, &text, true).is_ok() {
        return Some(beside);
    }
    let file = tempfile::Builder::new().prefix("stackctl-").suffix(".answers.yml").tempfile().ok()?;
    std::fs::write(file.path(), text).ok()?;
    file.into_temp_path().keep().ok()
}

impl Wishes {
    /// A file of these answers: a line for each that says something. JSON is YAML.
    fn written(&self) -> String {
        let json = |wishes: &Self| serde_json::to_value(wishes).expect("names, texts and numbers are JSON");
        let (answers, unsaid) = (json(self), json(&Self::default()));
        let answers = answers.as_object().into_iter().flatten().filter(|(name, value)| unsaid[*name] != **value);
        let lines: Vec<String> = answers.map(|(name, value)| format!("{name}: {value}\n")).collect();
        lines.concat()
    }

    /// Takes in apps as they were answered.
    pub(super) fn take_apps(&mut self, apps: &[FreshApp]) {
        for FreshApp { name, origin, ports, metrics, .. } in apps {
            match origin {
                Origin::Image(image) => self.app.push(format!("{name}={image}")),
                Origin::Attached(attached) => self.attach.push(attached.clone()),
                Origin::Included => {}
            }
            self.publish.extend(ports.iter().map(|port| format!("{name}={port}")));
            if let (Some(FreshMetrics { port, path }), Origin::Image(_) | Origin::Included) = (metrics, origin) {
                let port = port.map(|port| port.to_string()).unwrap_or_default();
                self.metrics.push(format!("{name}={port}{path}"));
            }
        }
    }

    /// Takes in the exporters that were chosen.
    pub(super) fn take_exporters(&mut self, exporters: &[FreshExporter]) {
        self.no_exporters = exporters.is_empty();
        let written = |exporter: &FreshExporter| {
            let kind = exporter.kind.as_ref().unwrap_or(&exporter.name);
            exporter.watched.as_ref().map_or_else(|| kind.clone(), |app| format!("{kind}={app}"))
        };
        self.exporter = exporters.iter().map(written).collect();
    }

    /// These, and those of another where these say nothing.
    pub(super) fn or(self, other: Self) -> Self {
        fn list<T>(first: Vec<T>, second: Vec<T>) -> Vec<T> {
            if first.is_empty() { second } else { first }
        }
        // Of answers that exclude each other the first count, too.
        let other = Self {
            from: if self.says_source() { Vec::new() } else { other.from },
            include: if self.says_source() { Vec::new() } else { other.include },
            no_import: other.no_import && !self.says_source(),
            attach: if self.no_running { Vec::new() } else { other.attach },
            container: if self.no_running { Vec::new() } else { other.container },
            no_running: other.no_running && self.attach.is_empty() && self.container.is_empty(),
            exporter: if self.no_exporters { Vec::new() } else { other.exporter },
            no_exporters: other.no_exporters && self.exporter.is_empty(),
            ..other
        };
        Self {
            name: self.name.or(other.name),
            from: list(self.from, other.from),
            include: list(self.include, other.include),
            no_import: self.no_import || other.no_import,
            attach: list(self.attach, other.attach),
            container: list(self.container, other.container),
            no_running: self.no_running || other.no_running,
            app: list(self.app, other.app),
            publish: list(self.publish, other.publish),
            metrics: list(self.metrics, other.metrics),
            exporter: list(self.exporter, other.exporter),
            no_exporters: self.no_exporters || other.no_exporters,
            engine_metrics: self.engine_metrics.or(other.engine_metrics),
            grafana: self.grafana.or(other.grafana),
        }
    }

    /// Whether they say what becomes of the files that lie here.
    fn says_source(&self) -> bool {
        !self.from.is_empty() || !self.include.is_empty() || self.no_import
    }

    /// Two answers that exclude each other.
    fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        let [from, include] = [&self.from, &self.include].map(|paths| !paths.is_empty());
        let [attach, container, exporter] =
            [&self.attach, &self.container, &self.exporter].map(|names| !names.is_empty());
        let pairs = [
            (from && include, ("from", "include")),
            (from && self.no_import, ("from", "no-import")),
            (include && self.no_import, ("include", "no-import")),
            (attach && self.no_running, ("attach", "no-running")),
            (container && self.no_running, ("container", "no-running")),
            (exporter && self.no_exporters, ("exporter", "no-exporters")),
        ];
        pairs.into_iter().find_map(|(is_so, pair)| is_so.then_some(pair))
    }

    /// The options that say what a new stack file has, and that no import takes.
    fn not_for_import(&self) -> Vec<&'static str> {
        let options = [
            ("--app", !self.app.is_empty()),
            ("--publish", !self.publish.is_empty()),
            ("--metrics", !self.metrics.is_empty()),
            ("--attach", !self.attach.is_empty()),
            ("--container", !self.container.is_empty()),
            ("--engine-metrics true", self.engine_metrics == Some(true)),
            ("--grafana false", self.grafana == Some(false)),
        ];
        options.into_iter().filter(|(_, is_given)| *is_given).map(|(option, _)| option).collect()
    }

    /// What is imported is taken as it is: options that say what the stack file has are for a new one.
    pub(super) fn refuse_beside_import(&self, sources: &[PathBuf]) -> Result<(), Failure> {
        let options = self.not_for_import();
        if options.is_empty() {
            return Ok(());
        }
        let files = |before: &str| {
            let files: Vec<String> = sources.iter().map(|path| format!("{before}{}", path.display())).collect();
            files.join(if before.is_empty() { ", " } else { " " })
        };
        let include = if import::are_compose(sources) {
            format!("`{}` keeps it as the source and adds to it, ", files("--include "))
        } else {
            String::new()
        };
        Err(Failure::arguments(
            format!(
                "{} cannot be imported with `{}`: what is imported is taken as it is",
                files(""),
                options.join("`, `")
            ),
            format!(
                "{include}`--no-import` leaves it aside; or import it without these, and change the stack file afterwards"
            ),
        ))
    }

    /// The files to import: those that were named, else those that lie here.
    pub(super) fn sources(&self, folder: &Path) -> Vec<PathBuf> {
        if self.from.is_empty() { import::sources_in(folder) } else { self.from.clone() }
    }

    /// The apps that were named. `services`: those of the included project, of which the options may say more.
    pub(super) fn apps(&self, services: &[String]) -> Result<Vec<FreshApp>, Failure> {
        let mut apps = Vec::new();
        for text in &self.app {
            let (name, image) = pair("--app", text, "web=ghcr.io/acme/web:1.4")?;
            apps.push(FreshApp {
                name: name.to_owned(),
                origin: Origin::Image(image.to_owned()),
                ..FreshApp::default()
            });
        }
        for text in &self.publish {
            let (name, port) = pair("--publish", text, "web=8080:80")?;
            named(&mut apps, "--publish", name)?.ports.push(port.to_owned());
        }
        for text in &self.metrics {
            let (name, metrics) = pair("--metrics", text, "web=80/metrics")?;
            let is_new = apps.iter().all(|app| app.name != name);
            if is_new && services.iter().any(|service| service == name) {
                apps.push(FreshApp { name: name.to_owned(), ..FreshApp::default() });
            }
            named(&mut apps, "--metrics", name)?.metrics = Some(place(metrics)?);
        }
        Ok(apps)
    }
}

/// `PORT`, `PORT/PATH`, or `/PATH` at the container's first port.
pub(in crate::command) fn place(text: &str) -> Result<FreshMetrics, Failure> {
    let (port, path) = text.split_once('/').unwrap_or((text, "metrics"));
    if port.is_empty() && !path.is_empty() {
        return Ok(FreshMetrics { port: None, path: format!("/{path}") });
    }
    let number = port.parse::<u16>().ok().filter(|port| *port > 0);
    let number = number.ok_or_else(|| {
        Failure::arguments(format!("`{port}` is not a port"), "write `PORT/PATH`, such as `80/metrics`")
    })?;
    Ok(FreshMetrics { port: Some(number), path: format!("/{path}") })
}

fn pair<'t>(option: &str, text: &'t str, example: &str) -> Result<(&'t str, &'t str), Failure> {
    let wrong = || Failure::arguments(format!("`{option} {text}` names no app"), format!("write `{option} {example}`"));
    text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty()).ok_or_else(wrong)
}

fn named<'a>(apps: &'a mut [FreshApp], option: &str, name: &str) -> Result<&'a mut FreshApp, Failure> {
    let wrong = || {
        Failure::arguments(format!("`{option}`: there is no app `{name}`"), format!("name it: `--app {name}=IMAGE`"))
    };
    apps.iter_mut().find(|app| app.name == name).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_one_may_be_a_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("answers.yml");
        std::fs::write(&file, "app: web=acme/web:1\npublish: [web=8080:80]\n").expect("it is ours");
        let wishes = read(&file).unwrap_or_default();
        assert_eq!((wishes.app, wishes.publish), (vec!["web=acme/web:1".to_owned()], vec!["web=8080:80".to_owned()]));
        std::fs::write(&file, "app: { web: acme/web:1 }\n").expect("it is ours");
        let told = read(&file).map_err(|failure| failure.to_json().to_string()).expect_err("it is no text");
        assert!(
            told.contains("answers.yml") && told.contains("a list of texts") && !told.contains("<input>"),
            "{told}"
        );
    }

    #[test]
    fn answers_that_are_kept_are_read_as_what_they_were() {
        let image = |name: &str, metrics| FreshApp {
            name: name.to_owned(),
            origin: Origin::Image("acme/web:1".to_owned()),
            ports: vec!["8080:80".to_owned()],
            metrics,
            ..FreshApp::default()
        };
        let mut wishes = Wishes { name: Some("on: [shop]".to_owned()), grafana: Some(false), ..Wishes::default() };
        let metrics = [
            FreshMetrics { port: Some(80), path: "/q/m".to_owned() },
            FreshMetrics { port: None, path: "/metrics".to_owned() },
        ];
        let apps = [image("web", Some(metrics[0].clone())), image("api", Some(metrics[1].clone())), image("job", None)];
        wishes.take_apps(&apps);
        wishes.take_exporters(&[
            FreshExporter { name: "node".to_owned(), ..FreshExporter::default() },
            FreshExporter {
                name: "db-exporter".to_owned(),
                kind: Some("postgres".to_owned()),
                watched: Some("db".to_owned()),
            },
        ]);
        let folder = tempfile::tempdir().expect("a folder");
        let kept = keep(&wishes, &folder.path().join("stack.yml")).expect("there is room");
        assert_eq!(kept, folder.path().join("stack.answers.yml"));
        let read = read(&kept).unwrap_or_default();
        assert_eq!(read, wishes);
        assert_eq!(read.apps(&[]).unwrap_or_default(), apps);
        assert_eq!(read.exporter, ["node", "postgres=db"]);
        let elsewhere = keep(&wishes, Path::new("/nowhere/stack.yml")).expect("there is room elsewhere");
        assert!(super::read(&elsewhere).is_ok_and(|read| read == wishes));
        std::fs::remove_file(elsewhere).expect("it was written");
    }
}
