//! What Prometheus is told about targets: times, paths, labels, credentials and addresses.

use super::super::document::Path;
use super::super::{Discovery, Duration, Metrics, Prometheus, Scheme, defaults};
use super::{Examination, services};

/// Protocols that Prometheus 3 takes for `fallback_scrape_protocol`.
const PROTOCOLS: [&str; 5] =
    ["PrometheusProto", "PrometheusText0.0.4", "PrometheusText1.0.0", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0"];

/// Calls a rule with every scrape of the stack and where it stands.
fn each_scrape(examination: &mut Examination, rule: impl Fn(&mut Examination, &Metrics, Path)) {
    let stack = examination.stack;
    for service in services(stack) {
        let Some(metrics) = service.metrics else { continue };
        let path = Path::ROOT.key(service.section);
        let path = path.key(service.name);
        rule(examination, metrics, path.key("metrics"));
    }
    for (name, attached) in &stack.attached {
        let path = Path::ROOT.key("apps");
        let path = path.key(name.as_str());
        rule(examination, &attached.metrics, path.key("metrics"));
    }
    for (name, scrape) in &stack.scrape {
        let path = Path::ROOT.key("scrape");
        rule(examination, &scrape.metrics, path.key(name.as_str()));
    }
}

/// A scrape has to be over before the next one begins.
pub(super) fn times_fit(examination: &mut Examination) {
    let usual = Prometheus::default();
    let prometheus = examination.stack.prometheus.as_option().unwrap_or(&usual);
    let global = prometheus.scrape_interval.unwrap_or(defaults::SCRAPE_INTERVAL);
    let path = Path::ROOT.key("prometheus");
    not_zero(examination, path.key("scrape_interval"), prometheus.scrape_interval);
    not_zero(examination, path.key("evaluation_interval"), prometheus.evaluation_interval);
    shorter(examination, path.key("scrape_timeout"), prometheus.scrape_timeout, global, "the scrape interval");
    each_scrape(examination, |examination, metrics, path| {
        not_zero(examination, path.key("interval"), metrics.interval);
        let whose = if metrics.interval.is_some() { "its interval" } else { "Prometheus' scrape interval" };
        let interval = metrics.interval.unwrap_or(global);
        shorter(examination, path.key("timeout"), metrics.timeout, interval, whose);
    });
}

fn not_zero(examination: &mut Examination, path: Path, duration: Option<Duration>) {
    if duration == Some(Duration::default()) {
        examination.error(path, "a time of zero", "write a time above zero, such as `15s`");
    }
}

fn shorter(examination: &mut Examination, path: Path, timeout: Option<Duration>, interval: Duration, whose: &str) {
    let Some(timeout) = timeout else { return };
    not_zero(examination, path, Some(timeout));
    if timeout > interval {
        let message = format!("timeout {timeout} is longer than {whose}, {interval}");
        examination.error(path, message, format!("write at most `{interval}`, or a longer interval"));
    }
}

/// A path is a path, without host and without parameters.
pub(super) fn paths_are_paths(examination: &mut Examination) {
    each_scrape(examination, |examination, metrics, path| {
        if metrics.port == Some(0) {
            examination.error(path.key("port"), "there is no port `0`", "ports go from 1 to 65535");
        }
        let Some(written) = &metrics.path else { return };
        let at = path.key("path");
        if written.contains("://") {
            let help = "write the path alone, such as `/metrics`; `scheme` and `port` are keys of their own";
            examination.error(at, format!("`{written}` is a URL"), help);
        } else if !written.starts_with('/') {
            examination.error(at, format!("path `{written}` does not begin with `/`"), format!("write `/{written}`"));
        } else if written.contains(['?', '#', ' ']) {
            let help = "write parameters under `params`: `params: { NAME: VALUE }`";
            examination.error(at, format!("`{written}` is more than a path"), help);
        }
    });
}

/// Labels that Prometheus takes and that nobody else uses.
pub(super) fn labels_are_labels(examination: &mut Examination) {
    each_scrape(examination, |examination, metrics, path| {
        for name in metrics.labels.keys() {
            label(examination, path.key("labels").key(name), name);
            if matches!(name.as_str(), "job" | "instance") {
                let help = "choose another label; jobs are named after the app, instances after the replica";
                examination.error_at_key(path.key("labels").key(name), format!("label `{name}` is taken"), help);
            }
        }
    });
    let stack = examination.stack;
    for name in stack.prometheus.as_option().into_iter().flat_map(|prometheus| prometheus.external_labels.keys()) {
        let path = Path::ROOT.key("prometheus");
        // Several Prometheus that tell themselves apart by `__replica__` are a usual thing.
        if !name.starts_with("__") {
            label(examination, path.key("external_labels").key(name), name);
        }
    }
}

fn label(examination: &mut Examination, path: Path, name: &str) {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.starts_with("__") {
        let message = format!("labels that begin with `__` are Prometheus' own: `{name}`");
        examination.error_at_key(path, message, "choose another label");
    } else if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) || !name.chars().all(letter) {
        let help = "use letters, digits and `_`, not beginning with a digit";
        examination.error_at_key(path, format!("`{}` cannot be a label", name.escape_debug()), help);
    }
}

/// One way to sign in, over a protocol that exists.
pub(super) fn credentials_are_clear(examination: &mut Examination) {
    each_scrape(examination, |examination, metrics, path| {
        if metrics.basic_auth.is_some() && metrics.bearer_token_file.is_some() {
            let message = "both `basic_auth` and `bearer_token_file`";
            examination.error_at_key(path.key("bearer_token_file"), message, "keep one of them");
        }
        if metrics.tls.is_some() && metrics.scheme == Scheme::Http {
            let message = "`tls` does nothing: the scheme is `http`";
            examination.warning(path.key("tls"), message, "add `scheme: https`, or remove `tls`");
        }
        let Some(protocol) = &metrics.fallback_scrape_protocol else { return };
        if !PROTOCOLS.contains(&protocol.as_str()) {
            let wrong = super::super::suggest::unknown_word(&format!("`{protocol}`"), Some(protocol), &PROTOCOLS);
            examination.wrong(path.key("fallback_scrape_protocol"), wrong);
        }
    });
}

/// A target is `HOST:PORT`.
pub(super) fn targets_are_addresses(examination: &mut Examination) {
    let stack = examination.stack;
    for (name, scrape) in &stack.scrape {
        let path = Path::ROOT.key("scrape");
        let path = path.key(name.as_str());
        let list = path.key("targets");
        let mut seen = std::collections::HashSet::new();
        for (index, target) in scrape.targets.iter().enumerate() {
            if let Some((message, help)) = target_mistake(target) {
                examination.error(list.index(index), message, help);
            } else if !seen.insert(target) {
                examination.error(
                    list.index(index),
                    format!("target `{target}` is here twice"),
                    "remove one of the two",
                );
            }
        }
    }
}

/// What is wrong with a target, and what to write instead.
fn target_mistake(target: &str) -> Option<(String, String)> {
    let (scheme, rest) = target.split_once("://").map_or((None, target), |(scheme, rest)| (Some(scheme), rest));
    let (address, url_path) = rest.split_once('/').map_or((rest, None), |(address, path)| (address, Some(path)));
    if scheme.is_some() || url_path.is_some() {
        let keys: Vec<String> = [
            scheme.map(|scheme| format!("`scheme: {scheme}`")),
            url_path.filter(|path| !path.is_empty()).map(|path| format!("`path: /{path}`")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let beside =
            if keys.is_empty() { String::new() } else { format!(", and {} beside `targets`", keys.join(", ")) };
        return Some((format!("`{target}` is a URL, not a target"), format!("write `{address}`{beside}")));
    }
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || (host.starts_with('[') && host.ends_with(']')) => (host, port),
        Some(_) => return Some((format!("`{target}` has no port"), format!("write `[{target}]:PORT`"))),
        None => return Some((format!("`{target}` has no port"), format!("write `{target}:PORT`"))),
    };
    if !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Some((format!("`{port}` is not a port"), "ports go from 1 to 65535".to_owned()));
    }
    let is_bad =
        |letter: char| letter.is_whitespace() || letter.is_control() || matches!(letter, '@' | '"' | '{' | '}');
    (host.is_empty() || host.contains(is_bad))
        .then(|| (format!("`{target}` is not a target"), "write `HOST:PORT`".to_owned()))
}

/// What is declared is also there to be scraped.
pub(super) fn targets_can_be_reached(examination: &mut Examination) {
    let stack = examination.stack;
    let prometheus_is_off = stack.prometheus.as_option().is_none();
    for (name, app) in &stack.apps {
        let path = Path::ROOT.key("apps");
        let path = path.key(name.as_str());
        if app.metrics.is_none() && app.signals.is_some() {
            let help = "add `metrics: {}` so that Prometheus scrapes the app";
            examination.warning(path.key("signals"), "signals of an app that nobody scrapes", help);
        }
        let Some(metrics) = &app.metrics else { continue };
        let mode = app.container.network_mode.as_deref().unwrap_or_default();
        if mode == "none" {
            let message = format!("Prometheus cannot reach `{name}` under `network_mode: none`");
            examination.warning(path.key("metrics"), message, "remove `network_mode`, or `metrics`");
        }
        if prometheus_is_off {
            let message = format!("nobody scrapes `{name}`: `prometheus` is off");
            examination.warning(path.key("metrics"), message, "remove `prometheus: off`, or `metrics`");
        }
        if metrics.discovery == Discovery::Dns && app.container.container_name.is_some() {
            let help = "remove `container_name`, or write `discovery: static`";
            examination.warning(path.key("metrics"), "one fixed name needs no lookup", help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_host_and_port() {
        for target in ["db:9100", "10.0.0.1:80", "[::1]:9100", "a.example:65535"] {
            assert_eq!(target_mistake(target), None, "{target}");
        }
        for target in ["", "db", "db:", "db:0", "db:70000", "::1", ":80", "a b:80", "http://db:9100", "db:9100/metrics"]
        {
            assert!(target_mistake(target).is_some(), "{target}");
        }
    }

    #[test]
    fn a_url_is_taken_apart_for_the_writer() {
        let (_, help) = target_mistake("https://db:9100/probe").unwrap();
        assert_eq!(help, "write `db:9100`, and `scheme: https`, `path: /probe` beside `targets`");
    }
}
