//! Probes: one thing to ask each, and settings that belong to it.

use super::super::document::{Path, shortened};
use super::super::mask::{names_a_secret, without_url_secrets};
use super::super::{Duration, Probe, ProbeKind, Prometheus, WebUrl, defaults, go_regex, suggest};
use super::Examination;
use super::remotes::{REGEX_HELP, header, is_of_header};

/// Keys that belong to some kinds of probes only.
const KEYS: [(&str, &[ProbeKind]); 12] = [
    ("status", &[ProbeKind::Http]),
    ("body", &[ProbeKind::Http]),
    ("body_not", &[ProbeKind::Http]),
    ("method", &[ProbeKind::Http]),
    ("headers", &[ProbeKind::Http]),
    ("basic_auth", &[ProbeKind::Http]),
    ("token", &[ProbeKind::Http]),
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
            let is_list = examination.locate(&list.index(index)).node.is_some();
            let place = if is_list { list.index(index) } else { list };
            if let Some((message, help)) = mistake(kind, target) {
                examination.error(place, message, help);
            } else if kind == ProbeKind::Http && holds_a_secret(target) {
                let help = "a URL is shown wherever its probe is; send the secret as `token` or `basic_auth`";
                examination.error(place, "a secret does not belong into a URL of the stack file", help);
            }
        }
        let has = |key: &str| examination.locate(&path).node.is_some_and(|node| node.entry(key).is_some());
        let foreign: Vec<&str> =
            KEYS.iter().filter(|(key, kinds)| !kinds.contains(&kind) && has(key)).map(|(key, _)| *key).collect();
        for key in foreign {
            let message = format!("`{key}` means nothing to a probe of {}", kind.key());
            examination.error_at_key(path.key(key), message, "remove it");
        }
        question(examination, path, kind, probe);
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

/// How a probe asks. The blackbox exporter reads all probes as one file, and takes none where one is wrong.
fn question(examination: &mut Examination, path: Path, kind: ProbeKind, probe: &Probe) {
    for (key, expression) in [("body", &probe.body), ("body_not", &probe.body_not)] {
        if let Some(fault) = expression.as_deref().and_then(go_regex::fault) {
            let message = format!("the blackbox exporter refuses this regular expression: {}", shortened(&fault));
            examination.error(path.key(key), message, REGEX_HELP);
        }
    }
    if probe.method.as_deref().is_some_and(|method| method.is_empty() || !method.bytes().all(is_of_header)) {
        examination.error(path.key("method"), "not a method of HTTP", "write `GET`, `HEAD`, `POST` or another one");
    }
    if probe.basic_auth.is_some() && probe.token.is_some() {
        examination.error_at_key(path.key("token"), "both `basic_auth` and `token`", "keep one of them");
    }
    let headers = path.key("headers");
    for (name, value) in &probe.headers {
        header(examination, headers, (name, value), &SIGNING_IN);
    }
    if kind != ProbeKind::Dns {
        return;
    }
    if probe.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
        examination.error(path.key("name"), "an empty name", "write the name to ask the server for");
    }
    if let Some(record) = probe.record.as_deref().filter(|record| !RECORDS.contains(record)) {
        let help = match suggest::nearest(&record.to_ascii_uppercase(), RECORDS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write `A`, `AAAA`, `CNAME`, `MX`, `NS`, `SRV`, `TXT` or another one, in capitals".to_owned(),
        };
        examination.error(path.key("type"), format!("`{}` is no type of record", record.escape_debug()), help);
    }
}

/// Headers that have a key of their own.
const SIGNING_IN: [(&str, &str); 1] =
    [("authorization", "write `token: { file: PATH }`, which is sent as a bearer token, or `basic_auth`")];

/// Types of records as the blackbox exporter knows them (`StringToType` of github.com/miekg/dns).
const RECORDS: [&str; 40] = [
    "A",
    "AAAA",
    "AFSDB",
    "ANY",
    "AXFR",
    "CAA",
    "CDNSKEY",
    "CDS",
    "CERT",
    "CNAME",
    "DHCID",
    "DLV",
    "DNAME",
    "DNSKEY",
    "DS",
    "HINFO",
    "HTTPS",
    "IXFR",
    "KEY",
    "KX",
    "LOC",
    "MX",
    "NAPTR",
    "NS",
    "NSEC",
    "NSEC3",
    "NSEC3PARAM",
    "OPENPGPKEY",
    "PTR",
    "RP",
    "RRSIG",
    "SMIMEA",
    "SOA",
    "SPF",
    "SRV",
    "SSHFP",
    "SVCB",
    "TLSA",
    "TXT",
    "URI",
];

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
        ProbeKind::Http if !has_scheme => {
            let shown = without_url_secrets(&format!("http://{target}"));
            let bare = shown.trim_start_matches("http://");
            Some((format!("`{bare}` is not a URL"), format!("write `{shown}` or `https://{bare}`")))
        }
        ProbeKind::Http => {
            let wrong = target.parse::<WebUrl>().err()?;
            let is_password = wrong.message.contains("password");
            let help = if is_password { "write `basic_auth` beside it, or `token`".to_owned() } else { wrong.help };
            Some((wrong.message, help))
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

/// Whether a parameter of a URL is a password or token by its name.
fn holds_a_secret(url: &str) -> bool {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    parameters
        .split('&')
        .any(|pair| pair.split_once('=').is_some_and(|(key, value)| !value.is_empty() && names_a_secret(key)))
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
