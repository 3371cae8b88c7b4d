//! What shall change in a `daemon.json`: the stack file's wishes, the address they come to here, and all that speaks against it.

mod containerd;
pub(super) mod impact;
pub(super) mod room;
mod sight;
pub(super) mod stopped;
pub(super) mod unseen;
mod validity;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use serde_json::{Map, Value};

use super::super::{Failure, failure, output, situation};
use super::silent::Silence;
use super::subject::{LIVE_RESTORE, Running, Which, reader_of};
use crate::cli::Global;
use crate::daemon::{
    self, Backup, Change, ConfigFile, Flag, Flags, LeftOver, METRICS_KEY, NoGateway, Objection, Release, Turn, gateway,
};
use crate::desired::{DEFAULT_GATEWAY, Desired, Facts};
use crate::engine::EngineKind;
use crate::render;
use crate::stack::{self, EngineMetrics, Environment, Stack, Vocabulary};
use impact::Before;
use validity::expect_valid;

/// What `plan` and `apply` are told.
#[derive(Debug, clap::Args)]
pub(super) struct Wishes {
    #[command(flatten)]
    pub(super) which: Which,
    /// `gateway`, ADDRESS:PORT or `off`; default: `engine.metrics` of the stack file, and `gateway` where there is none
    #[arg(long, value_name = "WHERE", value_parser = metrics)]
    metrics: Option<EngineMetrics>,
    /// With --config-file: the version of the engine that the file is for
    #[arg(long, value_name = "VERSION", requires = "config_file")]
    engine_version: Option<Release>,
    /// Let the metrics listen on all addresses of the host: everybody who reaches it can read them
    #[arg(long)]
    allow_public: bool,
}

fn metrics(text: &str) -> Result<EngineMetrics, String> {
    text.parse().map_err(|wrong: stack::Wrong| format!("{}; {}", wrong.message, wrong.help))
}

/// What shall change, and what there is to know before.
#[derive(Debug)]
pub(super) struct Proposal {
    /// The engine. `None`: a file was named, and no engine is touched.
    pub(super) running: Option<Running>,
    pub(super) file: ConfigFile,
    pub(super) change: Change,
    /// The stack whose wishes these are, metrics as they were chosen.
    pub(super) desired: Desired,
    /// Where the metrics shall listen. `None`: they are left alone or switched off.
    pub(super) address: Option<SocketAddr>,
    release: Option<Release>,
    flags: Flags,
    /// What a run that was killed has left in the file: it goes before anything is changed.
    pub(super) left_over: Option<LeftOver>,
    /// What the engine has not taken up yet of the file as it is.
    behind: Behind,
    /// What the metrics and the like come from, in words.
    asked_by: &'static str,
    /// The wishes are those of a stack file.
    pub(super) has_stack_file: bool,
}

/// What an engine lacks of a file that lies there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// Nothing, as far as can be told.
    Nothing,
    /// A reload.
    Reload,
    /// A restart.
    Restart,
}

impl Proposal {
    /// Reads the stack file, the engine and `daemon.json`, and makes up its mind. Changes nothing.
    pub(super) async fn of(global: &Global, wishes: &Wishes) -> Result<Self, Failure> {
        let stack = wished(global, wishes)?;
        let running = match &wishes.which.config_file {
            Some(_) => None,
            None => Some(Running::find().await.map_err(Silence::with_way_back)?),
        };
        if let Some(running) = &running {
            running.expect_daemon_json()?;
        }
        let path = wishes.which.config_file.clone().or_else(|| running.as_ref().map(Running::config_file));
        let file = ConfigFile::read(&path.expect("a file is named, or an engine has one"))?;
        if running.is_some() {
            Turn::expect_free(&file)?;
        }
        // The file of an engine on this host is judged by what that engine takes, also where it is named.
        let reader = if running.is_none() { reader_of(&file).await } else { None };
        let judge = running.as_ref().or(reader.as_ref());
        let release = wishes.engine_version.or_else(|| judge.and_then(Running::release));
        let flags = judge.map(Running::flags).unwrap_or_default();
        let (change, desired) = decide(&stack, wishes, &file, &flags, release, running.as_ref())?;
        let address = desired.daemon.as_ref().map(|daemon| daemon.metrics_address);
        if address.is_some_and(|address| address.ip().is_unspecified()) && !wishes.allow_public {
            return Err(Failure::arguments(
                "the engine's metrics would be open to everybody who reaches this host",
                "write `engine.metrics: gateway`, or add --allow-public if that is meant",
            ));
        }
        let (behind, left_over) = (Behind::Nothing, LeftOver::in_file(&file)?);
        let (asked_by, has_stack_file) = (asked_by(global, wishes), !has_no_stack_file(global));
        let mut proposal = Self {
            running,
            file,
            change,
            desired,
            address,
            release,
            flags,
            left_over,
            behind,
            asked_by,
            has_stack_file,
        };
        proposal.behind = proposal.how_far_behind()?;
        proposal.expect_no_objections()?;
        proposal.expect_same_data()?;
        proposal.expect_log_driver()?;
        proposal.expect_bridge()?;
        proposal.expect_room().await?;
        expect_valid(&proposal)?;
        Ok(proposal)
    }

    /// Whether the engine serves its metrics where they are wanted, as its sockets tell. `None`: it cannot be told.
    pub(super) fn is_served(&self) -> Option<bool> {
        let address = self.address?;
        let dockerd = self.running.as_ref()?.dockerd.as_ref()?;
        Some(dockerd.listens_at(address))
    }

    /// Whether the file says it all and, as far as can be told, the engine does it.
    pub(super) fn is_done(&self) -> bool {
        self.change.is_empty() && self.behind == Behind::Nothing && self.left_over.is_none()
    }

    /// Whether a reload puts all of it in force that is not yet.
    pub(super) fn reloads(&self) -> bool {
        self.change.reloads() && self.behind != Behind::Restart && !self.is_done()
    }

    fn how_far_behind(&self) -> Result<Behind, Failure> {
        let Some(running) = &self.running else { return Ok(Behind::Nothing) };
        let last = Backup::last(self.file.path())?;
        if self.is_served() == Some(false) || last.is_some_and(|last| running.lacks(&self.file, &last)) {
            return Ok(Behind::Restart);
        }
        let is_wanted = rendered(&self.desired).contains_key("live-restore");
        let outlive = is_wanted && self.change.before.get("live-restore") == Some(true.into());
        Ok(if outlive && !running.host.live_restore { Behind::Reload } else { Behind::Nothing })
    }

    /// A restart puts in force whatever was written since the last one, and is perhaps forgotten.
    pub(super) fn others_changes(&self) -> Option<String> {
        let running = self.running.as_ref()?;
        let is_ours = Backup::last(self.file.path()).ok()?.is_some_and(|last| last.is_undone_by(&self.file));
        let before = if is_ours { ", before stackctl changed it, too" } else { "" };
        running.is_changed_by_others(&self.file).then(|| {
            let path = self.file.path().display();
            format!(
                "{path} has changed since the engine started{before}: a restart puts all of that in force, and where the engine \
                 does not start with it, nobody knows with what it ran"
            )
        })
    }

    /// Where the engine serves its metrics because of a flag, whatever the file says.
    pub(super) fn metrics_flag(&self) -> Option<&Flag> {
        self.flags.get(METRICS_KEY)
    }

    /// What is worth knowing about the address, in one sentence.
    pub(super) fn reach(&self) -> Option<String> {
        let address = self.address?;
        let bridge = self.running.as_ref().and_then(|running| running.bridge.as_ref()).map(|bridge| bridge.gateway);
        let rootless = self.running.as_ref().is_some_and(is_rootless);
        // That is where the bridge goes.
        let moves = self.running.as_ref().and_then(|running| running.bip(&self.change.after));
        let bridge = moves.or(bridge).unwrap_or(DEFAULT_GATEWAY);
        Some(format!("{address} is reached from {}", reach(address.ip(), bridge, rootless)))
    }

    /// Why there is nothing that `gateway` could stand for, once the engine has restarted. `None`: there is.
    pub(super) fn no_gateway(&self) -> Option<NoGateway> {
        let bridge = self.running.as_ref().and_then(|running| running.bridge.as_ref());
        let bridge = bridge.map(|bridge| (bridge.gateway, bridge.subnet.clone()));
        gateway(&self.change.after, &self.flags, bridge.as_ref()).err()
    }

    /// Refuses what an engine would not start with. Where nobody knows which engine the file is for, it is only told.
    fn expect_no_objections(&self) -> Result<(), Failure> {
        let found = daemon::objections(&self.change.after, &self.flags, self.release);
        let swarm = self.running.as_ref().is_some_and(|running| running.host.in_swarm);
        if swarm && self.change.after.get("live-restore") == Some(true.into()) {
            return Err(Failure::arguments(
                "`live-restore` is on, and this engine is a node of a Swarm: it would not start",
                "remove `engine.live_restore` from the stack file, and `live-restore` from daemon.json",
            ));
        }
        let words = |found: &Objection| {
            let path = self.file.path().display();
            // What would be added has no line yet.
            let is_there = found.name.is_empty() || self.change.before.get(&found.name).is_some();
            let line = if is_there { format!(", line {}", found.line) } else { String::new() };
            format!("{path}{line}: {}", found.message)
        };
        for found in daemon::ignored(&self.change.after, &self.flags, self.release) {
            output::say(&format!("warning: {}; {}", words(&found), found.help));
        }
        let is_wished = self.change.edits.iter().any(|edit| edit.path == LIVE_RESTORE && edit.to == Some(true.into()));
        if is_wished && self.running.as_ref().is_some_and(is_rootless) {
            return Err(Failure::arguments(
                "`live-restore` keeps no container of a rootless engine running: they live in namespaces that end with it",
                "remove `engine.live_restore` from the stack file",
            ));
        }
        let named = self.file.path().display().to_string();
        let named = shlex::try_quote(&named).unwrap_or_default();
        let found: Vec<_> = found
            .into_iter()
            .map(|found| Objection { help: found.help.replace(daemon::FILE, &named), ..found })
            .collect();
        let Some((first, others)) = found.split_first() else { return Ok(()) };
        if self.running.is_none() && self.release.is_none() {
            for found in &found {
                output::say(&format!("warning: {}; {}", words(found), found.help));
            }
            return Ok(());
        }
        for other in others {
            output::say(&failure::framed(&words(other), Some(&other.help)));
        }
        let wish = match self.asked_by {
            _ if first.name.is_empty() || self.change.before.get(&first.name).is_some() => String::new(),
            asked_by => format!("; it is {asked_by} that asks for it"),
        };
        Err(Failure::arguments(words(first), format!("{}{wish}", first.help)))
    }

    /// What a restart that puts it in force does to what runs.
    pub(super) fn before(&self) -> Option<Before<'_>> {
        let running = self.running.as_ref()?;
        Some(Before {
            containers: &running.containers,
            stopped: &running.stopped,
            outlive: running.what_outlives_with(&self.change.after),
            is_on: running.host.live_restore,
            in_swarm: running.host.in_swarm,
            reloads: self.reloads(),
        })
    }
}

/// Who reaches a socket with that address.
pub(super) fn reach(ip: IpAddr, gateway: IpAddr, rootless: bool) -> &'static str {
    if rootless && !ip.is_loopback() {
        "containers of this engine only: a rootless engine has a network of its own"
    } else if ip.is_loopback() {
        "this host only: no container reaches it, and so no Prometheus in one"
    } else if ip.is_unspecified() {
        "this host, containers, and everybody who reaches this host"
    } else if ip == gateway {
        "this host and its containers, not from the LAN"
    } else {
        "this host, containers, and whoever reaches that address"
    }
}

/// The stack with the metrics that are asked for.
fn wished(global: &Global, wishes: &Wishes) -> Result<Stack, Failure> {
    let mut stack = if has_no_stack_file(global) { without_stack_file() } else { situation::load(global)?.stack };
    if let Some(metrics) = wishes.metrics {
        stack.engine.metrics = metrics;
    }
    Ok(stack)
}

fn has_no_stack_file(global: &Global) -> bool {
    matches!(global.file.as_slice(), [only] if !only.exists() && only == Path::new("stack.yml"))
}

/// Whose wishes they are, in words.
fn asked_by(global: &Global, wishes: &Wishes) -> &'static str {
    match (wishes.metrics, has_no_stack_file(global)) {
        (Some(_), true) => "`--metrics`",
        (Some(_), false) => "`--metrics`, or `engine:` of the stack file,",
        (None, true) => "this command, for want of a stack file (`--metrics off` asks for nothing),",
        (None, false) => "`engine:` of the stack file",
    }
}

/// Who asks for `engine apply` on a host without a stack file wants the engine's metrics.
fn without_stack_file() -> Stack {
    let text = "name: engine\nprometheus: off\ngrafana: off\nengine: { metrics: gateway }\n";
    let environment = Environment::default();
    let loaded = stack::parse("stack.yml", text, Path::new("/"), &environment, &Vocabulary::default());
    loaded.expect("this stack is right").stack
}

/// The change, and the stack with every choice made.
fn decide(
    stack: &Stack,
    wishes: &Wishes,
    file: &ConfigFile,
    flags: &Flags,
    release: Option<Release>,
    running: Option<&Running>,
) -> Result<(Change, Desired), Failure> {
    let document = file.document()?;
    let mut settings = rendered(&Desired::of(stack, &Facts::default()));
    settings.remove(METRICS_KEY);
    let mut facts = Facts::default();
    if stack.engine.metrics != EngineMetrics::Off {
        let others = Change::of(&document, &settings, &[]).after;
        let bridge = running.and_then(|running| running.bridge.as_ref());
        let bridge = bridge.map(|bridge| (bridge.gateway, bridge.subnet.clone()));
        match (gateway(&others, flags, bridge.as_ref()), stack.engine.metrics) {
            (Ok(found), metrics) => {
                facts.gateway = Some(found.address);
                if let Some(address) = daemon::host_gateway_to_keep(&others, flags, release, &found) {
                    settings.insert("host-gateway-ip".to_owned(), address.to_string().into());
                }
                if let (EngineMetrics::Gateway, Some(bip)) = (metrics, found.pin) {
                    settings.insert("bip".to_owned(), bip.into());
                }
            }
            (Err(no), EngineMetrics::Gateway) => return Err(Failure::arguments(no.message, no.help)),
            (Err(_), _) => {}
        }
    }
    // What the command line says already must not stand in the file, too.
    settings.retain(|name, value| !flags.say(name, value));
    let desired = Desired::of(stack, &facts);
    if let Some(daemon) = &desired.daemon {
        let address = daemon.metrics_address.to_string();
        let is_flag = flags.get(METRICS_KEY).is_some_and(|flag| flag.value == address);
        if !is_flag {
            settings.insert(METRICS_KEY.to_owned(), address.into());
        }
        if release.is_some_and(Release::metrics_are_experimental) {
            settings.insert("experimental".to_owned(), true.into());
        }
    }
    let is_off = wishes.metrics == Some(EngineMetrics::Off);
    let unwanted: &[&str] = if is_off { &[METRICS_KEY] } else { &[] };
    Ok((Change::of(&document, &settings, unwanted), desired))
}

/// What `stackctl render` writes into `daemon.json`.
fn rendered(desired: &Desired) -> Map<String, Value> {
    let files = render::all(desired);
    let text = files.0.get("daemon.json").map_or("{}", String::as_str);
    serde_json::from_str(text).expect("what was rendered is an object")
}

/// Whether the engine belongs to a user, so that no administrator is needed.
pub(super) fn is_rootless(running: &Running) -> bool {
    running.host.kind == EngineKind::Rootless
}
