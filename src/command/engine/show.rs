//! `engine show`: what the engine is, what its settings are, where they come from, and who reaches its metrics.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

use super::super::advice::typed;
use super::super::{Exit, Failure, output, situation};
use super::proposal::{is_rootless, reach};
use super::silent::Silence;
use super::subject::{Running, Which};
use super::unsaid::served_unsaid;
use crate::cli::Global;
use crate::daemon::{
    self, Backup, ConfigFile, Dockerd, Document, Flags, LeftOver, METRICS_KEY, Setting, Turn, without_credentials,
};
use crate::desired::DEFAULT_GATEWAY;
use crate::engine::{EngineKind, Error};
use crate::stack::{EngineMetrics, counted, without_url_secrets};

/// Arguments of `engine show`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    // An engine that is silent may be so because of its file: that is worth a look.
    let (running, silent) = match &arguments.which.config_file {
        Some(_) => (None, None),
        None => match Running::find().await {
            Ok(running) => (Some(running), None),
            Err(silent) => (None, Some(silent)),
        },
    };
    let hanging = silent.as_ref().and_then(|silent| silent.hanging.clone());
    let of_silent = silent.as_ref().and_then(|silent| silent.file().ok().flatten());
    let mut failure = silent.map(Silence::with_way_back);
    failure = failure.or_else(|| running.as_ref().and_then(|running| running.expect_daemon_json().err()));
    let flags = running.as_ref().and_then(|running| running.dockerd.as_ref()).or(hanging.as_ref());
    let flags = flags.map(Dockerd::flags).unwrap_or_default();
    let mut rows = running.as_ref().map(about_engine).unwrap_or_default();
    rows.extend(hanging.as_ref().map(|dockerd| ("process", format!("{}; IT DOES NOT ANSWER", process(dockerd)))));
    let mut settings = Vec::new();
    let of_engine = running.as_ref().filter(|running| running.expect_daemon_json().is_ok()).map(Running::config_file);
    if let Some(path) = arguments.which.config_file.clone().or(of_engine).or(of_silent) {
        let looked = file_and_settings(&path, &flags);
        rows.push(looked.line);
        rows.extend(last_change(&path, running.as_ref(), arguments.which.config_file.is_some()));
        settings = looked.settings;
        failure = failure.or(looked.failure);
    }
    let local = running.as_ref().filter(|running| running.expect_daemon_json().is_ok());
    if let Some(running) = local {
        rows.extend(about_metrics(running, &settings, failure.is_none()).await);
    }
    match wanted(global) {
        Ok(row) => rows.push(row),
        Err(wrong) => failure = failure.or(Some(wrong)),
    }
    output::print(&rows.iter().map(|(name, text)| format!("{name:<9} {text}")).collect::<Vec<_>>().join("\n"));
    if !settings.is_empty() {
        output::print("");
        output::print(&output::table(&["SETTING", "VALUE", "FROM"], &settings));
    }
    failure.map_or(Ok(Exit::Done), Err)
}

type Line = (&'static str, String);

fn about_engine(running: &Running) -> Vec<Line> {
    let kind = match running.host.kind {
        EngineKind::Docker => "Docker Engine",
        EngineKind::Rootless => "Docker Engine, rootless,",
        EngineKind::Desktop => "Docker Desktop with Engine",
        EngineKind::Podman => "Podman",
    };
    let host = &running.host;
    let mut lines = vec![(
        "engine",
        format!("{kind} {} at {}", host.version, without_url_secrets(&running.engine.facts().address)),
    )];
    if running.expect_daemon_json().is_err() {
        return lines;
    }
    let demands = match running.release() {
        Some(release) if release.metrics_are_experimental() => "its metrics need `experimental`, too",
        Some(_) => "`metrics-addr` is all that its metrics need",
        None => "nobody knows what its metrics need",
    };
    lines.push(("version", demands.to_owned()));
    let process = running
        .dockerd
        .as_ref()
        .map_or_else(|| "not known: it runs elsewhere, or its process cannot be seen from here".to_owned(), process);
    lines.push(("process", process));
    let document = ConfigFile::read(&running.config_file()).and_then(|file| file.document()).ok();
    let keeps_on = document.is_none_or(|document| running.outlives_with(&document));
    let end = if running.containers.len() == 1 { "s" } else { "" };
    let outlive = match (host.live_restore, keeps_on) {
        (true, true) => format!("outlive{end} a restart of the engine"),
        (true, false) => {
            format!(
                "stop{end} when the engine restarts: live-restore is on, and neither its file nor a flag says so any more"
            )
        }
        (false, _) => format!("stop{end} when the engine restarts"),
    };
    let outlive = if running.containers.is_empty() { "none to stop".to_owned() } else { format!("which {outlive}") };
    let swarm = if host.in_swarm { "; it is a node of a Swarm" } else { "" };
    lines.push(("running", format!("{}, {outlive}{swarm}", counted(running.containers.len(), "container"))));
    lines
}

fn process(dockerd: &Dockerd) -> String {
    format!("{} `{}`", dockerd.pid, without_credentials(&dockerd.arguments.join(" ")))
}

/// What became of reading the file.
struct Looked {
    line: Line,
    /// A row for each setting: those of the file, then those of the command line.
    settings: Vec<Vec<String>>,
    /// Why those of the file are not among them.
    failure: Option<Failure>,
}

fn file_and_settings(path: &Path, flags: &Flags) -> Looked {
    let without_file = |word: &str, error: daemon::Error| Looked {
        line: ("file", format!("{word}: {error}")),
        settings: of_flags(flags),
        failure: Some(unread(error)),
    };
    let file = match ConfigFile::read(path) {
        Ok(file) => file,
        Err(error) => return without_file("UNREADABLE", error),
    };
    let shown = file.path().display().to_string();
    let document = match (file.bytes(), file.document()) {
        (None, _) => {
            let line = ("file", format!("{shown}: not there"));
            return Looked { line, settings: of_flags(flags), failure: None };
        }
        (_, Ok(document)) => document,
        (_, Err(error)) => return without_file("BROKEN", error),
    };
    let settings = document.settings();
    let row = |setting: &Setting| {
        vec![setting.name.clone(), without_credentials(&setting.written), format!("line {}", setting.line)]
    };
    let rows = settings.iter().map(row);
    let line = ("file", format!("{shown}: {}", counted(settings.len(), "setting")));
    Looked { line, settings: rows.chain(of_flags(flags)).collect(), failure: None }
}

/// The last change that stackctl made, and what became of it.
fn last_change(path: &Path, running: Option<&Running>, is_named: bool) -> Option<Line> {
    let file = ConfigFile::read(path).ok()?;
    let last = Backup::last(file.path()).ok()??;
    let is_under_way = Backup::under_way(file.path()).is_ok_and(|until_now| until_now.is_some());
    // What another stackctl has there at this moment is not left over.
    let is_left_over = Turn::expect_free(&file).is_ok() && matches!(LeftOver::in_file(&file), Ok(Some(_)));
    let became = match running {
        _ if is_under_way => "; A ROLLBACK OF IT WAS INTERRUPTED",
        _ if is_left_over => {
            "; IT WAS KILLED, and what was to stand there for a moment stands there still: `apply` goes on"
        }
        _ if !last.is_undone_by(&file) => "; somebody else has changed the file since",
        Some(running) if running.lacks(&file, &last) => "; NOT IN FORCE: the engine was not restarted since",
        _ => "",
    };
    let path = path.display().to_string();
    let path = shlex::try_quote(&path).unwrap_or_default();
    let named = if is_named { format!(" --config-file {path}") } else { String::new() };
    let does = if is_under_way { "ends that" } else { "takes it back" };
    let undo = typed(&format!("`stackctl engine rollback{named}` {does}"));
    Some(("change", format!("by stackctl at {}{became}; {undo}", last.taken())))
}

/// A file that cannot be read is no wrong argument here: it was asked what there is.
fn unread(error: daemon::Error) -> Failure {
    match error {
        daemon::Error::Wrong { message, help } => {
            Error::new("cannot read the engine's settings", message).advise(help).into()
        }
        error => error.into(),
    }
}

fn of_flags(flags: &Flags) -> Vec<Vec<String>> {
    let rows = flags
        .iter()
        .map(|flag| vec![flag.key.clone(), without_credentials(&flag.value), format!("flag {}", flag.written)]);
    rows.collect()
}

/// Where the metrics are said to be, whether something listens there, and who reaches it.
/// `all_is_read`: the settings are all that there are.
async fn about_metrics(running: &Running, settings: &[Vec<String>], all_is_read: bool) -> Option<Line> {
    let setting = |name: &str| settings.iter().find(|row| row[0] == name).map(|row| unquoted(&row[1]));
    let said = setting(METRICS_KEY);
    let Some(said) = said.filter(|said| !said.is_empty()) else {
        let off = "off: there is no `metrics-addr`";
        // Neither the file nor a flag has it: what is served is from before.
        let still = served_unsaid(running, &Document::default()).await;
        let still = still.map(|address| format!("{off} any more, but THEY ARE SERVED AT {address} until a restart"));
        return all_is_read.then(|| ("metrics", still.unwrap_or_else(|| off.to_owned())));
    };
    let dockerd = running.dockerd.as_ref()?;
    let Some(address) = address(&said) else {
        return Some(("metrics", format!("`{said}`, which is no ADDRESS:PORT: the engine would not start with it")));
    };
    let listens = if dockerd.listens_at(address) {
        "something listens there"
    } else {
        "NOTHING LISTENS THERE: the engine was not restarted since"
    };
    let bridge = running.bridge.as_ref().map(|bridge| bridge.gateway);
    // That is where the bridge goes, if it is not there yet.
    let moves = setting("bip").and_then(|bip| bip.split('/').next()?.parse().ok());
    let gateway = moves.or(bridge).unwrap_or(DEFAULT_GATEWAY);
    Some((
        "metrics",
        format!("{address}; {listens}; reached from {}", reach(address.ip(), gateway, is_rootless(running))),
    ))
}

/// What a text of the file says; a flag's stands without quotes.
fn unquoted(written: &str) -> String {
    serde_json::from_str(written).unwrap_or_else(|_| written.to_owned())
}

/// As dockerd reads it: names are looked up, and without a host it does not start.
pub(super) fn address(said: &str) -> Option<SocketAddr> {
    let mut found: Vec<SocketAddr> = match said.parse() {
        Ok(written) => vec![written],
        Err(_) if said.starts_with(':') => return None,
        Err(_) => said.to_socket_addrs().ok()?.collect(),
    };
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().map(|first| SocketAddr::new(first.ip().to_canonical(), first.port()))
}

/// What the stack file asks for.
fn wanted(global: &Global) -> Result<Line, Failure> {
    let is_there = global.file.iter().all(|file| file.exists());
    let words = if is_there {
        match situation::load(global)?.stack.engine.metrics {
            EngineMetrics::Off => "`engine.metrics: off`".to_owned(),
            EngineMetrics::Gateway => typed("`engine.metrics: gateway`; `stackctl engine plan` says what that takes"),
            EngineMetrics::Address(address) => {
                typed(&format!("`engine.metrics: {address}`; `stackctl engine plan` says what that takes"))
            }
        }
    } else {
        "there is no stack file here".to_owned()
    };
    Ok(("stack", words))
}
