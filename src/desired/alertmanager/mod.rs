//! Alertmanager: its configuration and its services.

mod about;
mod receiver;
mod service;

pub use about::about;
pub use receiver::{Destination, ReceiverConfig, Told, Unfit};

use std::net::SocketAddr;

use super::assemble::Input;
use super::component;
use super::image::Chosen;
use super::{Duration, Service};
pub use crate::catalog::alertmanager::PEER_TIMEOUT_SECONDS;
use crate::catalog::alertmanager::{ALERTMANAGER, TEMPLATES_FOLDER};
use crate::stack::defaults::{GROUP_BY, GROUP_INTERVAL, GROUP_WAIT, REPEAT_INTERVAL};
use crate::stack::{Alertmanager, Matcher, Route, ServiceName};

/// Label of the alerts that `verify` sends. Nobody but its own sink is told of them.
pub const PROBE_LABEL: &str = "stackctl_probe";

/// Port of the sink.
pub const SINK_PORT: u16 = 9095;

/// The receiver that is told nothing.
const NOBODY: &str = "stackctl-nobody";

/// What alertmanager.yml says, and where Alertmanager answers.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertmanagerConfig {
    /// Version of the image that was chosen, such as `0.33.1`.
    pub version: String,
    /// Who gets what no route takes.
    pub receiver: String,
    /// How alerts become messages.
    pub grouping: Grouping,
    /// Routes, in order.
    pub routes: Vec<RouteConfig>,
    /// Receivers, in order; those that several receivers are told by together after the others.
    pub receivers: Vec<ReceiverConfig>,
    /// What mutes what.
    pub mutings: Vec<Muting>,
    /// Files of message templates.
    pub templates: Vec<TemplateFile>,
    /// Where each of them is reached inside the stack's network, as `HOST:PORT`.
    pub addresses: Vec<String>,
    /// Where the first of them is published. `None`: not published.
    pub published: Option<SocketAddr>,
    /// Name under which the sink of `verify` stands in the stack's network.
    pub sink: String,
    /// Whom the receivers tell, and where.
    pub told: Vec<Told>,
    /// Receivers that this version cannot have as they are written.
    pub unfit: Vec<Unfit>,
}

/// Alerts that go to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteConfig {
    /// Name of the receiver.
    pub receiver: String,
    /// What their labels have to be, in Alertmanager's words.
    pub matchers: Vec<String>,
    /// Look for more routes that fit.
    pub r#continue: bool,
    /// Where it differs from what holds for all.
    pub grouping: Grouping,
}

/// How alerts become messages. `None` and empty: as the route above says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grouping {
    /// Labels that the alerts of one message have in common.
    pub by: Vec<String>,
    /// Time before the first message.
    pub wait: Option<Duration>,
    /// Time before a message about new alerts of the group.
    pub interval: Option<Duration>,
    /// Time until an alert that goes on is told of again.
    pub repeat: Option<Duration>,
}

/// Alerts that mute others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Muting {
    /// Alerts that mute.
    pub source: Vec<String>,
    /// Alerts that are muted.
    pub target: Vec<String>,
    /// Labels of which both have the same values.
    pub equal: Vec<String>,
}

/// A file of message templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFile {
    /// Its name, no other template's.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl TemplateFile {
    /// Where it is rendered, below the output folder.
    pub fn rendered(&self) -> String {
        format!("alertmanager/templates/{}", self.name)
    }

    /// Where it lies inside the Alertmanager container.
    pub fn placed(&self) -> String {
        format!("{TEMPLATES_FOLDER}/{}", self.name)
    }
}

/// Configuration and services, one for each Alertmanager.
pub(super) fn make(input: Input, section: &Alertmanager, chosen: &Chosen) -> (AlertmanagerConfig, Vec<Service>) {
    let version = chosen.parsed_version(&ALERTMANAGER);
    let told = receiver::told(section);
    let usual: Vec<&str> = section.usual_receivers().into_iter().map(ServiceName::as_str).collect();
    let timing = &section.timing;
    let by = || GROUP_BY.map(str::to_owned).to_vec();
    let config = AlertmanagerConfig {
        version: chosen.version.clone(),
        receiver: if usual.is_empty() { NOBODY.to_owned() } else { receiver::joint_name(&usual) },
        grouping: Grouping {
            by: if timing.group_by.is_empty() { by() } else { timing.group_by.clone() },
            wait: Some(timing.group_wait.unwrap_or(GROUP_WAIT)),
            interval: Some(timing.group_interval.unwrap_or(GROUP_INTERVAL)),
            repeat: Some(timing.repeat_interval.unwrap_or(REPEAT_INTERVAL)),
        },
        routes: section.routes.iter().flat_map(|written| routes(input, written)).chain([untold()]).collect(),
        receivers: receiver::all(section, version, NOBODY),
        mutings: mutings(section),
        templates: templates(section),
        addresses: service::addresses(input, section),
        published: component::published(section.port, ALERTMANAGER.port),
        sink: format!("{}-alert-sink", input.stack.name),
        told,
        unfit: receiver::unfit(section, version, &chosen.version),
    };
    let services = service::all(input, section, chosen, &config);
    (config, services)
}

/// A route as it is written. For an app several: one for each way to see that an alert is about it.
fn routes(input: Input, written: &Route) -> Vec<RouteConfig> {
    if written.app.is_empty() {
        return vec![route(written, Vec::new())];
    }
    let names: Vec<&str> = written.app.iter().map(ServiceName::as_str).collect();
    about(input.stack, &names).into_iter().map(|way| route(written, way)).collect()
}

fn route(written: &Route, of_app: Vec<Matcher>) -> RouteConfig {
    let receivers: Vec<&str> = written.receiver.iter().map(ServiceName::as_str).collect();
    let severities = (!written.severity.is_empty())
        .then(|| Matcher::any_of("severity", written.severity.iter().map(String::as_str)));
    let matchers = severities.into_iter().chain(of_app).chain(written.matchers.iter().cloned());
    RouteConfig {
        receiver: receiver::joint_name(&receivers),
        matchers: matchers.map(|matcher| matcher.to_string()).collect(),
        r#continue: written.r#continue,
        grouping: Grouping {
            by: written.group_by.clone(),
            wait: written.group_wait,
            interval: written.group_interval,
            repeat: written.repeat_interval,
        },
    }
}

/// Alerts that say nothing to people, such as one that always fires. Who wants them names them in a route.
fn untold() -> RouteConfig {
    RouteConfig {
        receiver: NOBODY.to_owned(),
        matchers: vec![Matcher::equal("severity", "none").to_string()],
        r#continue: false,
        grouping: Grouping::default(),
    }
}

/// What holds in every stack, then what the file says.
fn mutings(section: &Alertmanager) -> Vec<Muting> {
    let muting = |source: &[&str], target: &[&str], equal: &[&str]| {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Muting { source: owned(source), target: owned(target), equal: owned(equal) }
    };
    // A label that both lack is alike, too: what says nothing of where it is is about anything, and mutes nothing.
    let usual = [
        // Nobody needs to be told that it is bad of what is known to be worse.
        muting(
            &["severity=\"critical\"", "instance!=\"\""],
            &["severity=~\"warning|info\""],
            &["alertname", "app", "job", "instance", "device", "mountpoint", "name"],
        ),
        // What is down answers slowly and wrongly, too: a target …
        muting(
            &["alertname=\"TargetDown\"", "job!=\"\"", "instance!=\"\""],
            &["alertname!=\"TargetDown\""],
            &["job", "instance"],
        ),
        // … and an app of which no replica is left.
        muting(
            &["alertname=\"TargetDown\"", "app!=\"\"", "job!=\"\"", "instance=\"\""],
            &["alertname!=\"TargetDown\""],
            &["app", "job", "instance"],
        ),
    ];
    let texts = |matchers: &[Matcher]| matchers.iter().map(ToString::to_string).collect();
    let written = section.inhibit.iter().map(|written| Muting {
        source: texts(&written.source),
        target: texts(&written.target),
        equal: written.equal.clone(),
    });
    usual.into_iter().chain(written).collect()
}

fn templates(section: &Alertmanager) -> Vec<TemplateFile> {
    let named =
        |file: &crate::stack::TemplateFile| TemplateFile { name: file.file_name().to_owned(), text: file.text.clone() };
    section.templates.iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an alert with the one labels mutes one with the others, as Alertmanager looks at it.
    fn mutes(source: &[(&str, &str)], target: &[(&str, &str)]) -> bool {
        let value = |labels: &[(&str, &str)], label: &str| -> String {
            labels.iter().find(|(known, _)| *known == label).map_or("", |(_, value)| value).to_owned()
        };
        let fits = |labels: &[(&str, &str)], matcher: &String| {
            let matcher: Matcher = matcher.parse().expect("it is a matcher");
            let value = value(labels, &matcher.label);
            match matcher.operator {
                "=" => value == matcher.value,
                "!=" => value != matcher.value,
                "=~" => matcher.value.split('|').any(|one| value == one),
                other => panic!("{other}"),
            }
        };
        mutings(&Alertmanager::default()).iter().any(|muting| {
            muting.source.iter().all(|matcher| fits(source, matcher))
                && muting.target.iter().all(|matcher| fits(target, matcher))
                && muting.equal.iter().all(|label| value(source, label) == value(target, label))
        })
    }

    #[test]
    fn what_names_no_place_mutes_nothing_elsewhere() {
        let long = |app| [("alertname", "QueueLong"), ("app", app), ("severity", "critical")];
        let longer = |app| [("alertname", "QueueLong"), ("app", app), ("severity", "warning")];
        assert!(!mutes(&long("qa"), &longer("qb")));
        assert!(!mutes(
            &[("alertname", "Queue"), ("severity", "critical"), ("queue", "a")],
            &[("alertname", "Queue"), ("severity", "warning"), ("queue", "b")]
        ));
        assert!(!mutes(&[("alertname", "TargetDown")], &[("alertname", "Slow")]));
        assert!(!mutes(&[("alertname", "TargetDown"), ("job", "web")], &[("alertname", "Slow"), ("job", "web")]));
    }

    #[test]
    fn the_worse_mutes_the_bad_of_the_same_place_alone() {
        let full = |severity, mountpoint| {
            let place = [("job", "node"), ("instance", "node:9100"), ("mountpoint", mountpoint)];
            [&[("alertname", "Full"), ("severity", severity)][..], &place[..]].concat()
        };
        assert!(mutes(&full("critical", "/"), &full("warning", "/")));
        assert!(!mutes(&full("critical", "/"), &full("warning", "/data")));
    }

    #[test]
    fn what_is_down_mutes_what_else_is_told_of_it() {
        let down = [("alertname", "TargetDown"), ("app", "web"), ("job", "web")];
        let slow = |app, job| [("alertname", "HighLatency"), ("app", app), ("job", job)];
        assert!(mutes(&down, &slow("web", "web")));
        assert!(!mutes(&down, &slow("shop", "web")) && !mutes(&down, &slow("web", "shop")));
        let of = |name, instance| [("alertname", name), ("job", "web"), ("instance", instance)];
        assert!(mutes(&of("TargetDown", "web:80"), &of("Slow", "web:80")));
        assert!(!mutes(&of("TargetDown", "web:80"), &of("Slow", "web-2:80")));
        assert!(!mutes(&of("TargetDown", "web:80"), &slow("web", "web")));
    }
}
