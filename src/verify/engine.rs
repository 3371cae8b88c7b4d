//! Are the Docker engine's own metrics there, for Prometheus and for nobody else?

use std::net::{IpAddr, SocketAddr};

use crate::desired::{DaemonSettings, Desired, JobOrigin, JobTargets};
use crate::engine::Prober;
use crate::probe::{self, Answer, Connect, Looked, Request, Target};

use super::{Cause, Finding, Trouble};

const CHECK: &str = "engine";

/// What it takes to have the engine serve its metrics where the stack looks for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineChange {
    /// The command that changes `daemon.json` and restarts the engine, as people type it.
    pub command: String,
    /// `metrics-addr` as a flag of the running engine, which decides whatever the file says: name and value.
    pub flag: Option<(String, String)>,
    /// `metrics-addr` in the file as it is.
    pub written: Option<String>,
    /// `engine.metrics: gateway` stands for no address here. `None`: it does.
    pub no_gateway: Option<NoGateway>,
}

/// Why `gateway` stands for nothing, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoGateway {
    /// The address that is looked at all the same where the stack file says `gateway`.
    pub usual: IpAddr,
    /// Why there is none, and what to write instead.
    pub instead: String,
}

impl Default for EngineChange {
    fn default() -> Self {
        Self { command: "sudo stackctl engine apply --restart".to_owned(), flag: None, written: None, no_gateway: None }
    }
}

/// What was found of the engine's metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineState {
    /// What the probe saw from inside the stack's network; an error says why it could not look.
    pub inside: Result<Looked, String>,
    /// What listens on the engine's host. `None`: the engine runs elsewhere, or the table cannot be read.
    pub host: Option<Vec<SocketAddr>>,
    /// How it is changed.
    pub change: EngineChange,
}

/// Asks from inside the network and looks at the host, and judges. Nothing to say where the stack file says `off`.
///
/// `local`: the engine runs on this host, so this host's sockets are its sockets. `scraped`: Prometheus scrapes it now,
/// so that nobody has to go and ask. `change`: looked up where something is wrong.
pub async fn engine(
    desired: &Desired,
    prober: Option<&Prober>,
    local: bool,
    scraped: bool,
    change: impl Future<Output = EngineChange>,
) -> Vec<Finding> {
    let Some(daemon) = &desired.daemon else {
        return Vec::new();
    };
    let address = address(desired, daemon);
    let host = if local { probe::local_listeners().ok() } else { None };
    if scraped {
        let sockets = host.map(|host| on_port(&host, daemon));
        return vec![match open_to_all(daemon, sockets.as_deref()) {
            Some(socket) => public(socket, &address, &change.await),
            None => well(&address),
        }];
    }
    let change = change.await;
    let inside = match prober {
        Some(prober) => ask(prober, &address).await,
        None => Err("no image to run the probe from".to_owned()),
    };
    vec![judge_engine(daemon, &address, &EngineState { inside, host, change })]
}

/// `HOST:PORT` under which Prometheus scrapes the engine.
fn address(desired: &Desired, daemon: &DaemonSettings) -> String {
    let jobs = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    let engine_job = jobs.filter(|job| job.origin == JobOrigin::Engine).find_map(|job| match &job.targets {
        JobTargets::Static(targets) => targets.first().map(|target| target.address.clone()),
        JobTargets::Dns { .. } => None,
    });
    engine_job.unwrap_or_else(|| format!("host.docker.internal:{}", daemon.metrics_address.port()))
}

async fn ask(prober: &Prober, address: &str) -> Result<Looked, String> {
    let target = Target {
        id: CHECK.to_owned(),
        url: format!("http://{address}/metrics"),
        timeout_ms: 5_000,
        credentials: None,
        fallback: None,
        paths: Vec::new(),
        ports: Vec::new(),
    };
    let request = Request { targets: vec![target], patience_ms: 0, ..Request::default() };
    let report = prober.inside(&request).await.map_err(|error| error.to_string())?;
    let trouble = report.trouble.unwrap_or_else(|| "the probe gave no answer".to_owned());
    report.targets.into_iter().next().ok_or(trouble)
}

/// The host's sockets on the port of the metrics.
fn on_port(host: &[SocketAddr], daemon: &DaemonSettings) -> Vec<SocketAddr> {
    host.iter().filter(|socket| socket.port() == daemon.metrics_address.port()).copied().collect()
}

/// Judges what was found. `address` is the one Prometheus scrapes.
pub fn judge_engine(daemon: &DaemonSettings, address: &str, state: &EngineState) -> Finding {
    let port = daemon.metrics_address.port();
    let sockets = state.host.as_ref().map(|host| on_port(host, daemon));
    let fail = |trouble| Finding::fail(CHECK, "engine", Some(address), trouble);
    let change = &state.change;
    let looked = match &state.inside {
        Ok(looked) => looked,
        Err(why) => return fail(unseen(daemon, why, sockets.as_deref(), change)),
    };
    match &looked.answer {
        Some(Answer::Http(http)) if http.is_metrics() => match open_to_all(daemon, sockets.as_deref()) {
            Some(socket) => public(socket, address, change),
            None => well(address),
        },
        Some(Answer::Http(_) | Answer::Broken { .. }) => fail(Trouble::new(
            Cause::NotMetrics,
            format!("`{address}` answers, and not with metrics: something else listens on port {port}"),
            "see `ss -ltnp` on the host for what it is, or choose another port in `engine.metrics`",
        )),
        Some(Answer::TimedOut { .. }) | None => {
            let finding = fail(silent(daemon, address, looked, sockets.as_deref(), change));
            let serves = sockets.iter().flatten().any(|socket| reaches(*socket, daemon));
            // As far as can be seen all is well.
            if serves && leads_nowhere(&looked.connect) { finding.as_warning() } else { finding }
        }
    }
}

/// The socket by which the engine answers everybody, of those on the host. Without them, the wanted address tells.
fn open_to_all(daemon: &DaemonSettings, sockets: Option<&[SocketAddr]>) -> Option<SocketAddr> {
    let wanted = [daemon.metrics_address];
    sockets.unwrap_or(&wanted).iter().find(|socket| socket.ip().is_unspecified()).copied()
}

fn public(socket: SocketAddr, address: &str, change: &EngineChange) -> Finding {
    let message = format!("the engine's metrics listen on {socket}: everybody who reaches this host can read them");
    let trouble = Trouble::new(Cause::EngineMetricsPublic, message, to_gateway(change));
    Finding::fail(CHECK, "engine", Some(address), trouble).as_warning()
}

fn well(address: &str) -> Finding {
    Finding::ok(CHECK, "engine", Some(address), format!("the engine's metrics answer at `{address}`"))
}

/// The engine does not answer Prometheus: what listens on the host says why.
fn silent(
    daemon: &DaemonSettings,
    address: &str,
    looked: &Looked,
    sockets: Option<&[SocketAddr]>,
    change: &EngineChange,
) -> Trouble {
    let how = match &looked.connect {
        Connect::Refused => "refuses".to_owned(),
        Connect::TimedOut { millis } => format!("gives no answer within {millis} ms"),
        Connect::Unreachable { message } => format!("cannot be reached: {message}"),
        Connect::NotTried => "has no address inside the network".to_owned(),
        Connect::Open => "takes connections and gives no answer".to_owned(),
    };
    match sockets {
        Some([]) => off(daemon, address, &how, change),
        _ if leads_nowhere(&looked.connect) => nowhere(address, &how),
        Some(sockets) => match sockets.iter().find(|socket| !socket.ip().is_loopback()) {
            None => loopback(daemon, address, &how, sockets, change),
            Some(socket) if looked.connect == Connect::Refused && !reaches(*socket, daemon) => {
                elsewhere(daemon, address, *socket, change)
            }
            Some(_) if looked.connect == Connect::NotTried => nameless(address, change),
            Some(socket) => firewall(address, &how, &format!("although it listens on {socket}")),
        },
        None if looked.connect == Connect::Refused => off(daemon, address, &how, change),
        None if looked.connect == Connect::NotTried => nameless(address, change),
        None => firewall(address, &how, "from inside the network"),
    }
}

/// Whether a socket takes what is sent to the wanted address.
fn reaches(socket: SocketAddr, daemon: &DaemonSettings) -> bool {
    socket.ip().is_unspecified() || socket.ip() == daemon.metrics_address.ip()
}

/// Whether the probe had no way out at all, and so says nothing of the engine or a firewall.
fn leads_nowhere(connect: &Connect) -> bool {
    matches!(connect, Connect::Unreachable { message } if message.contains("Network is unreachable"))
}

fn nowhere(address: &str, how: &str) -> Trouble {
    Trouble::new(
        Cause::ProbeFailed,
        format!("`{address}` {how}: the probe stood in no network, or in one that leads nowhere (`internal`)"),
        "`stackctl up` makes the stack's network: run `stackctl verify engine` after it",
    )
}

/// The name under which containers look for their host is unknown in there.
fn nameless(address: &str, change: &EngineChange) -> Trouble {
    let instead = change.no_gateway.as_ref().map(|none| none.instead.clone());
    Trouble::new(
        Cause::DnsNoSuchName,
        format!("`{address}` has no address inside the network"),
        instead.unwrap_or_else(|| "set `host-gateway-ip` in daemon.json to an address of this host".to_owned()),
    )
}

/// What makes the engine serve its metrics where the stack looks for them.
fn remedy(daemon: &DaemonSettings, change: &EngineChange) -> String {
    let address = daemon.metrics_address;
    let EngineChange { command, flag, written, no_gateway } = change;
    if let Some((name, value)) = flag {
        return format!(
            "dockerd's command line decides that: `{name} {value}`. Write `{name} {address}` there (`systemctl edit --full \
             docker`) and restart the engine, or write `engine.metrics: {value}` in the stack file if containers reach that"
        );
    }
    if let Some(none) = no_gateway.as_ref().filter(|none| none.usual == address.ip()) {
        return none.instead.clone();
    }
    if *written == Some(address.to_string()) {
        return format!(
            "daemon.json says `\"metrics-addr\": \"{address}\"` already: `{command}` restarts the engine, which reads it then"
        );
    }
    format!("`{command}` puts `\"metrics-addr\": \"{address}\"` into daemon.json and restarts the engine")
}

/// What keeps the metrics to this host and its containers.
fn to_gateway(change: &EngineChange) -> String {
    let EngineChange { command, flag, no_gateway, .. } = change;
    if let Some(none) = no_gateway {
        return none.instead.clone();
    }
    match flag {
        Some((name, value)) => format!(
            "take `{name} {value}` out of dockerd's command line (`systemctl edit --full docker`), set `engine.metrics: gateway`, \
             and run `{command}`"
        ),
        None => format!("set `engine.metrics: gateway`, and run `{command}`"),
    }
}

fn off(daemon: &DaemonSettings, address: &str, how: &str, change: &EngineChange) -> Trouble {
    let message = format!("`{address}` {how}: the engine does not serve its metrics");
    Trouble::new(Cause::EngineMetricsOff, message, remedy(daemon, change))
}

fn elsewhere(daemon: &DaemonSettings, address: &str, socket: SocketAddr, change: &EngineChange) -> Trouble {
    let message =
        format!("`{address}` refuses: the engine serves its metrics on {socket}, where containers do not look");
    Trouble::new(Cause::EngineMetricsOff, message, remedy(daemon, change))
}

fn loopback(
    daemon: &DaemonSettings,
    address: &str,
    how: &str,
    sockets: &[SocketAddr],
    change: &EngineChange,
) -> Trouble {
    let listed: Vec<String> = sockets.iter().map(ToString::to_string).collect();
    let message = format!(
        "`{address}` {how}: the engine's metrics listen on {} only, which no container reaches",
        listed.join(", ")
    );
    let fix = if daemon.metrics_address.ip().is_loopback() { to_gateway(change) } else { remedy(daemon, change) };
    Trouble::new(Cause::EngineMetricsLoopback, message, fix)
}

fn firewall(address: &str, how: &str, although: &str) -> Trouble {
    let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
    let message = format!("`{address}` {how} {although}: a firewall of the host is in the way");
    let fix = format!(
        "let containers in, such as `iptables -I INPUT -i br-+ -p tcp --dport {port} -j ACCEPT` for those of the stack's networks, \
         and the same with `-i docker0` for those of the default bridge, from where it is looked while the stack has no network"
    );
    Trouble::new(Cause::EngineFirewall, message, fix)
}

/// The probe could not look: what listens on the host is all there is to go by.
fn unseen(daemon: &DaemonSettings, why: &str, sockets: Option<&[SocketAddr]>, change: &EngineChange) -> Trouble {
    let address = format!("port {}", daemon.metrics_address.port());
    match sockets {
        Some([]) => off(daemon, &address, "is closed", change),
        Some(sockets) if sockets.iter().all(|socket| socket.ip().is_loopback()) => {
            loopback(daemon, &address, "is for the host alone", sockets, change)
        }
        _ => {
            let instead = change.no_gateway.as_ref().map(|none| none.instead.as_str());
            Trouble::new(
                Cause::EngineMetricsOff,
                format!("nobody could ask the engine: {why}"),
                instead.unwrap_or("run `stackctl verify engine` again"),
            )
        }
    }
}

#[cfg(test)]
mod tests;
