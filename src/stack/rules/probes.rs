//! Probes: one thing to ask each, and settings that belong to it.

use super::super::document::Path;
use super::super::{Duration, ProbeKind, Prometheus, defaults};
use super::Examination;

/// Keys that belong to some kinds of probes only.
const KEYS: [(&str, &[ProbeKind]); 10] = [
    ("status", &[ProbeKind::Http]),
    ("body", &[ProbeKind::Http]),
    ("body_not", &[ProbeKind::Http]),
    ("method", &[ProbeKind::Http]),
    ("headers", &[ProbeKind::Http]),
    ("follow_redirects", &[ProbeKind::Http]),
    ("tls", &[ProbeKind::Tcp]),
    ("insecure_skip_verify", &[ProbeKind::Http, ProbeKind::Tcp]),
    ("name", &[ProbeKind::Dns]),
    ("type", &[ProbeKind::Dns]),
];

/// Each probe asks one kind of thing, in its own words.
pub(super) fn probes_ask_one_thing(examination: &mut Examination) {
    let stack = examination.stack;
    for (name, probe) in &stack.probes {
        let top = Path::ROOT.key("probes");
        let path = top.key(name.as_str());
        let written: Vec<(ProbeKind, &[String])> =
            probe.kinds().into_iter().filter(|(_, targets)| !targets.is_empty()).collect();
        let (kind, targets) = match written.as_slice() {
            [one] => *one,
            [] => {
                let keys = ["http", "tcp", "icmp", "dns"];
                examination.missing(
                    path,
                    &keys,
                    "a probe that asks nothing",
                    "write `http: URL`, `tcp: HOST:PORT`, `icmp: HOST` or `dns: SERVER`",
                );
                continue;
            }
            [_, (second, _), ..] => {
                let message = format!("a probe asks one kind of thing, and `{}` is another", second.key());
                examination.error_at_key(path.key(second.key()), message, "write a probe of its own for it");
                continue;
            }
        };
        let list = path.key(kind.key());
        for (index, target) in targets.iter().enumerate() {
            if let Some((message, help)) = mistake(kind, target) {
                let is_list = examination.locate(&list.index(index)).node.is_some();
                examination.error(if is_list { list.index(index) } else { list }, message, help);
            }
        }
        let has = |key: &str| examination.locate(&path).node.is_some_and(|node| node.entry(key).is_some());
        let foreign: Vec<&str> =
            KEYS.iter().filter(|(key, kinds)| !kinds.contains(&kind) && has(key)).map(|(key, _)| *key).collect();
        for key in foreign {
            let message = format!("`{key}` means nothing to a probe of {}", kind.key());
            examination.error_at_key(path.key(key), message, "remove it");
        }
        if kind == ProbeKind::Dns && probe.name.is_none() {
            examination.missing(
                path,
                &["name"],
                "key `name` is missing",
                "add `name: NAME`, the name to ask the server for",
            );
        }
        if probe.ip.is_some_and(|version| version != 4 && version != 6) {
            examination.error(path.key("ip"), "there is no such version of IP", "write `4` or `6`");
        }
    }
}

/// What is wrong with a target, and what to write instead.
fn mistake(kind: ProbeKind, target: &str) -> Option<(String, String)> {
    let is_bad = target.is_empty() || target.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    let has_scheme = target.contains("://");
    let port = target.rsplit_once(':').map(|(_, port)| port);
    let has_port = port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    match kind {
        _ if is_bad => {
            Some((format!("`{}` cannot be asked", target.escape_debug()), "write it without spaces".to_owned()))
        }
        ProbeKind::Http if !target.starts_with("http://") && !target.starts_with("https://") => {
            Some((format!("`{target}` is not a URL"), format!("write `http://{target}` or `https://{target}`")))
        }
        ProbeKind::Tcp if has_scheme || !has_port => {
            Some((format!("`{target}` is not `HOST:PORT`"), "write host and port alone, such as `db:5432`".to_owned()))
        }
        ProbeKind::Icmp if has_scheme || target.contains('/') => {
            Some((format!("`{target}` is not a host"), "write a name or an address alone".to_owned()))
        }
        ProbeKind::Dns if has_scheme || target.contains('/') => Some((
            format!("`{target}` is not a name server"),
            "write its name or address, and a port if it is not 53".to_owned(),
        )),
        _ => None,
    }
}

/// A probe has to be over before the next one begins.
pub(super) fn probes_end_in_time(examination: &mut Examination) {
    let usual = Prometheus::default();
    let stack = examination.stack;
    let prometheus = stack.prometheus.as_option().unwrap_or(&usual);
    let global = prometheus.scrape_interval.unwrap_or(defaults::SCRAPE_INTERVAL);
    for (name, probe) in &stack.probes {
        let top = Path::ROOT.key("probes");
        let path = top.key(name.as_str());
        for (key, duration) in [("interval", probe.interval), ("timeout", probe.timeout)] {
            if duration == Some(Duration::default()) {
                examination.error(path.key(key), "a time of zero", "write a time above zero, such as `15s`");
            }
        }
        let interval = probe.interval.unwrap_or(global);
        if let Some(timeout) = probe.timeout.filter(|timeout| *timeout > interval) {
            let message = format!("timeout {timeout} is longer than the interval, {interval}");
            examination.error(
                path.key("timeout"),
                message,
                format!("write at most `{interval}`, or a longer interval"),
            );
        }
        if stack.prometheus.as_option().is_none() {
            let message = "nobody sees what this probe finds: `prometheus` is off";
            examination.warning(path, message, "remove `prometheus: off`, or the probe");
        }
    }
}
