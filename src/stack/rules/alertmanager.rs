//! Alertmanager's receivers, routes and inhibitions.

use super::super::document::Path;
use super::super::{Alertmanager, Duration, ServiceName, suggest, written_alerts};
use super::Examination;
use crate::catalog::alertmanager as catalog;

/// Severities that presets and people use without writing them down here.
const USUAL_SEVERITIES: [&str; 5] = ["critical", "warning", "info", "none", "page"];

/// Flags that stackctl sets, and what to do instead.
const OWN_FLAGS: [(&str, &str); 6] = [
    ("--config.file", "remove it: stackctl writes the configuration"),
    ("--storage.path", "remove it: stackctl mounts the volume"),
    ("--web.external-url", "write `external_url: …`"),
    ("--web.listen-address", "write `port: …` for the place where it is published"),
    ("--cluster.listen-address", "write `replicas: N`"),
    ("--cluster.peer", "write `replicas: N`"),
];

/// Keys of a way that hold a secret.
const SECRET_KEYS: [&str; 11] = [
    "url",
    "api_url",
    "webhook_url",
    "routing_key",
    "service_key",
    "bot_token",
    "auth_password",
    "auth_secret",
    "app_token",
    "http_config",
    "tls_config",
];

/// More would not vote better, and each waits for those before it.
const MOST_REPLICAS: u32 = 7;

fn section<'a>(examination: &Examination<'a>) -> Option<&'a Alertmanager> {
    examination.stack.alertmanager.as_option()
}

/// A receiver tells by one way; another way is another receiver.
pub(super) fn receivers_have_one_way(examination: &mut Examination) {
    let Some(section) = section(examination) else { return };
    let path = Path::ROOT.key("alertmanager");
    let list = path.key("receivers");
    for (name, receiver) in &section.receivers {
        let here = list.key(name.as_str());
        if let [first, second, ..] = receiver.ways().as_slice() {
            let message = format!("receiver `{name}` has two ways: `{first}` and `{second}`");
            let help = "write two receivers, and name both where they are told: `receiver: [ONE, OTHER]`";
            examination.error_at_key(here.key(second), message, help);
        }
        if name.as_str().starts_with("stackctl") {
            let help = "receivers whose name begins with `stackctl` are stackctl's own";
            examination.error_at_key(here, format!("receiver `{name}` is stackctl's own"), help);
        }
        if let Some(email) = &receiver.email {
            let here = here.key("email");
            let to = here.key("to");
            if email.to.is_empty() {
                examination.error_at_key(to, "mail to nobody", "write an address: `to: team@example.com`");
            }
            for address in email.to.iter().filter(|address| !address.contains('@')) {
                let help = "write it as in `team@example.com`";
                examination.error(to, format!("`{address}` is not a mail address"), help);
            }
            if !email.from.contains('@') {
                let help = "write it as in `alerts@example.com`";
                examination.error(here.key("from"), format!("`{}` is not a mail address", email.from), help);
            }
            if email.password.is_some() && email.username.is_none() {
                let help = "write `username: NAME` beside it";
                examination.error_at_key(here.key("password"), "a password without a user", help);
            }
        }
        let options = here.key("options");
        for key in receiver.options.keys() {
            if receiver.ways().is_empty() {
                let help = "write the way they belong to, such as `slack`";
                examination.error_at_key(options, "options of no way", help);
                break;
            }
            if SECRET_KEYS.contains(&key.as_str()) || key.ends_with("_file") {
                let help = "write it beside the way, as `{ file: PATH }` or `{ env: NAME }`";
                examination.error_at_key(options.key(key), format!("`{key}` is stackctl's own"), help);
            } else if let [way] = receiver.ways().as_slice()
                && !catalog::options(way).contains(&key.as_str())
            {
                let known = catalog::options(way);
                let help = match suggest::nearest(key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known are {}; a newer Alertmanager may have more", suggest::listed(known)),
                };
                let message = format!(
                    "Alertmanager is not known to have `{key}` for `{way}`, and does not start with a key that it has not"
                );
                examination.warning_at_key(options.key(key), message, help);
            }
        }
    }
}

/// Whoever is told stands under `receivers`.
pub(super) fn receivers_are_known(examination: &mut Examination) {
    let Some(section) = section(examination) else { return };
    let path = Path::ROOT.key("alertmanager");
    known(examination, section, path.key("receiver"), &section.receiver);
    let list = path.key("routes");
    for (index, route) in section.routes.iter().enumerate() {
        known(examination, section, list.index(index).key("receiver"), &route.receiver);
    }
}

fn known(examination: &mut Examination, section: &Alertmanager, path: Path, names: &[ServiceName]) {
    let is_one = examination.locate(&path.index(0)).node.is_none();
    for (index, name) in names.iter().enumerate() {
        if !section.receivers.contains_key(name) {
            let add = format!("add `{name}` under `alertmanager.receivers`");
            let known = section.receivers.keys().map(ServiceName::as_str);
            let wrong = suggest::unknown_name("receiver", name.as_str(), known, add);
            examination.wrong(if is_one { path } else { path.index(index) }, wrong);
        }
    }
}

/// A route says which alerts and who.
pub(super) fn routes_lead_somewhere(examination: &mut Examination) {
    let Some(section) = section(examination) else { return };
    let stack = examination.stack;
    let path = Path::ROOT.key("alertmanager");
    let list = path.key("routes");
    for (index, route) in section.routes.iter().enumerate() {
        let here = list.index(index);
        if route.receiver.is_empty() {
            let help = "write `receiver: NAME`, one of `alertmanager.receivers`";
            examination.missing(here, &["receiver"], "a route to nobody", help);
        }
        if route.severity.is_empty() && route.app.is_empty() && route.matchers.is_empty() {
            let help = "write `severity`, `app` or `matchers`; who gets all the rest is `alertmanager.receiver`";
            examination.missing(here, &["severity", "app", "matchers"], "a route for every alert", help);
        }
        severities_exist(examination, here.key("severity"), &route.severity);
        let apps = here.key("app");
        let is_one = examination.locate(&apps.index(0)).node.is_none();
        for (index, name) in route.app.iter().enumerate() {
            let sections = ["apps", "exporters", "scrape"];
            let is_own = ["prometheus", "grafana", "alertmanager", "docker"].contains(&name.as_str());
            if !is_own && !sections.iter().any(|section| examination.is_written(section, name.as_str())) {
                let add = "name an app, an exporter or a scrape job of this file".to_owned();
                let names = stack.apps.keys().chain(stack.attached.keys()).chain(stack.exporters.keys());
                let names = names.chain(stack.scrape.keys()).map(ServiceName::as_str);
                let wrong = suggest::unknown_name("app", name.as_str(), names, add);
                examination.wrong(if is_one { apps } else { apps.index(index) }, wrong);
            }
        }
    }
}

/// An app that nothing watches has no alert that a route could take, unless a label says that one is about it.
pub(super) fn routed_apps_have_alerts(examination: &mut Examination) {
    let Some(section) = section(examination) else { return };
    let stack = examination.stack;
    let prometheus = stack.prometheus.as_option();
    if prometheus.is_some_and(|prometheus| !prometheus.extra_scrape_configs.is_empty()) {
        return;
    }
    let is_watched = |name: &ServiceName| {
        let exporters = stack.exporters.values().filter_map(|exporter| exporter.watched.as_ref());
        let app = stack.apps.get(name);
        let has_own = app.is_some_and(|app| written_alerts(&app.alerts).any(|(_, alert)| alert.settings().is_some()));
        app.is_none_or(|app| app.metrics.is_some())
            || has_own
            || exporters.into_iter().any(|target| target.app == *name)
    };
    let alerts = written_alerts(&stack.alerts).filter_map(|(_, alert)| alert.settings()).map(|alert| &alert.labels);
    let files = prometheus.into_iter().flat_map(|prometheus| &prometheus.rule_files).flat_map(|file| &file.groups);
    let of_files = files.flat_map(|group| &group.rules).map(|rule| &rule.labels);
    let scraped = stack.scrape.values().map(|scrape| &scrape.metrics.labels);
    let scraped = scraped.chain(stack.probes.values().map(|probe| &probe.labels));
    let labels: Vec<_> = alerts.chain(of_files).chain(scraped).filter_map(|labels| labels.get("app")).collect();
    let path = Path::ROOT.key("alertmanager");
    let list = path.key("routes");
    for (index, route) in section.routes.iter().enumerate() {
        let route_path = list.index(index);
        let apps = route_path.key("app");
        let is_one = examination.locate(&apps.index(0)).node.is_none();
        for (index, name) in route.app.iter().enumerate() {
            if !is_watched(name) && !labels.iter().any(|label| *label == name.as_str()) {
                let message = format!("no alert can be about `{name}`: nothing watches it");
                let help = format!("watch it by `apps.{name}.metrics`, or by an exporter with `for: {name}`");
                examination.warning(if is_one { apps } else { apps.index(index) }, message, help);
            }
        }
    }
}

/// A severity that no alert has may be one of somebody else's. One that is nearly another one is a slip.
fn severities_exist(examination: &mut Examination, path: Path, severities: &[String]) {
    let stack = examination.stack;
    let run = stack.apps.values().map(|app| &app.alerts);
    let alerts = run.chain(stack.attached.values().map(|app| &app.alerts)).chain([&stack.alerts]);
    let settings = alerts.flat_map(written_alerts).filter_map(|(_, alert)| alert.settings());
    let written =
        settings.filter_map(|settings| settings.severity.as_ref().or_else(|| settings.labels.get("severity")));
    let files = stack.prometheus.as_option().into_iter().flat_map(|prometheus| &prometheus.rule_files);
    let rules = files.flat_map(|file| &file.groups).flat_map(|group| &group.rules);
    let of_files = rules.filter_map(|rule| rule.labels.get("severity"));
    let mut known: Vec<&str> = written.chain(of_files).map(String::as_str).collect();
    known.extend(USUAL_SEVERITIES);
    let is_one = examination.locate(&path.index(0)).node.is_none();
    for (index, severity) in severities.iter().enumerate().filter(|(_, severity)| !known.contains(&severity.as_str())) {
        if let Some(near) = suggest::nearest(severity, known.iter().copied()) {
            let message = format!("no alert of this file has the severity `{}`", severity.escape_debug());
            let place = if is_one { path } else { path.index(index) };
            examination.warning(place, message, format!("did you mean `{near}`?"));
        }
    }
}

/// Times and groups out of which Alertmanager makes messages.
pub(super) fn messages_can_be_made(examination: &mut Examination) {
    let Some(section) = section(examination) else { return };
    let path = Path::ROOT.key("alertmanager");
    let timing = &section.timing;
    grouping(examination, path, &timing.group_by, timing.group_interval, timing.repeat_interval);
    let list = path.key("routes");
    for (index, route) in section.routes.iter().enumerate() {
        grouping(examination, list.index(index), &route.group_by, route.group_interval, route.repeat_interval);
    }
}

fn grouping(
    examination: &mut Examination,
    path: Path,
    group_by: &[String],
    group_interval: Option<Duration>,
    repeat_interval: Option<Duration>,
) {
    for (key, duration) in [("group_interval", group_interval), ("repeat_interval", repeat_interval)] {
        if duration == Some(Duration::default()) {
            let help = "Alertmanager takes no zero here; write how long, such as `5m`";
            examination.error(path.key(key), "a time of zero", help);
        }
    }
    let list = path.key("group_by");
    let is_one = examination.locate(&list.index(0)).node.is_none();
    for (index, label) in group_by.iter().enumerate() {
        let here = if is_one { list } else { list.index(index) };
        if label == "..." && group_by.len() > 1 {
            examination.error(here, "`...` beside other labels", "`...` stands alone: it means every label");
        } else if label != "..." && !is_label(label) {
            let help = "a label has letters, digits and `_`, and begins with no digit";
            examination.error(here, format!("`{}` is not a label", label.escape_debug()), help);
        } else if group_by[..index].contains(label) {
            examination.error(here, format!("label `{label}` twice"), "once is enough");
        }
    }
}

fn is_label(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// An inhibition without a source or a target would mute everything, or nothing.
pub(super) fn inhibitions_mute_something(examination: &mut Examination) {
    let Some(section) = section(examination) else { return };
    let path = Path::ROOT.key("alertmanager");
    let list = path.key("inhibit");
    for (index, inhibition) in section.inhibit.iter().enumerate() {
        let here = list.index(index);
        if inhibition.source.is_empty() {
            let help = "write which alerts mute: `source: [\"alertname=HostDown\"]`";
            examination.missing(here, &["source"], "key `source` is missing", help);
        }
        if inhibition.target.is_empty() {
            let help = "write which alerts are muted: `target: [\"severity=warning\"]`";
            examination.missing(here, &["target"], "key `target` is missing", help);
        }
        let equal = here.key("equal");
        for (index, label) in inhibition.equal.iter().enumerate().filter(|(_, label)| !is_label(label)) {
            let help = "a label has letters, digits and `_`, and begins with no digit";
            examination.error(equal.index(index), format!("`{}` is not a label", label.escape_debug()), help);
        }
    }
}

/// Replicas, flags and files.
pub(super) fn settings_fit(examination: &mut Examination) {
    let Some(section) = section(examination) else { return };
    let path = Path::ROOT.key("alertmanager");
    if section.replicas.is_some_and(|replicas| replicas == 0 || replicas > MOST_REPLICAS) {
        let help = "two are enough to survive one; `alertmanager: off` runs none";
        let message = format!("Alertmanagers are one to {MOST_REPLICAS}");
        examination.error(path.key("replicas"), message, help);
    }
    if section.replicas.is_some_and(|replicas| replicas > 1) && section.container.container_name.is_some() {
        let help = "remove it: they are called `STACK-alertmanager-1`, `STACK-alertmanager-2-1` …";
        examination.error_at_key(path.key("container_name"), "one name for several containers", help);
    }
    let list = path.key("extra_flags");
    for (index, flag) in section.extra_flags.iter().enumerate() {
        let name = flag.split('=').next().unwrap_or_default();
        if !flag.starts_with("--") {
            examination.error(list.index(index), format!("`{flag}` is not a flag"), "flags begin with `--`");
        } else if let Some((_, instead)) = OWN_FLAGS.iter().find(|(own, _)| *own == name) {
            examination.error(list.index(index), format!("`{name}` is stackctl's own flag"), *instead);
        }
    }
    let list = path.key("templates");
    for (index, file) in section.templates.iter().enumerate() {
        if section.templates[..index].iter().any(|other| other.file_name() == file.file_name()) {
            let message = format!("two templates are called `{}`", file.file_name());
            examination.error(list.index(index), message, "give one of them another name");
        }
    }
}
