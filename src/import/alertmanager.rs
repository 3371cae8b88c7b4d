//! alertmanager.yml: its receivers, routes and inhibitions as the section `alertmanager`. Secrets become variables.

mod service;
mod told;

pub(super) use service::of_service;
pub(super) use told::tell;

use std::collections::HashMap;

use super::compose::project::scalar;
use super::draft::{Item, Map};
use super::remark::{Place, Remarks};
use super::source::SourceFile;
use crate::stack::{Matcher, OutsideEntry, OutsideNode, OutsideValue, ServiceName, WebUrl};

/// Keys of a route that are the same in a stack file.
const TIMING: [&str; 4] = ["group_by", "group_wait", "group_interval", "repeat_interval"];

/// What a receiver's way becomes: its key, its word here, the keys that are carried or answered, and the secret's.
const WAYS: [(&str, &str); 5] = [
    ("webhook_configs", "webhook"),
    ("slack_configs", "slack"),
    ("email_configs", "email"),
    ("pagerduty_configs", "pagerduty"),
    ("discord_configs", "discord"),
];

/// The section.
pub(super) fn section(file: &SourceFile, remarks: &mut Remarks) -> Map {
    let mut reading = Reading { file, remarks, names: HashMap::new() };
    let mut section = Map::default();
    let receivers = reading.receivers();
    if !receivers.is_empty() {
        section.set("receivers", Item::Map(receivers));
    }
    reading.routes(&mut section);
    reading.inhibitions(&mut section);
    reading.rest();
    section
}

/// One file, and what its receivers are called here: one that has several ways becomes several.
struct Reading<'a> {
    file: &'a SourceFile,
    remarks: &'a mut Remarks,
    names: HashMap<String, Vec<String>>,
}

impl Reading<'_> {
    fn place(&self, entry_line: u32, subject: impl Into<String>) -> Place {
        Place::at(&self.file.name, entry_line.max(1), subject)
    }

    fn receivers(&mut self) -> Map {
        let mut receivers = Map::default();
        for node in items(self.file.root.entry("receivers")) {
            let name = text(node, "name").unwrap_or_default().to_owned();
            let subject = format!("receivers.{name}");
            if name.parse::<ServiceName>().is_err() || name.starts_with("stackctl") {
                let place = self.place(node.span.line, &subject);
                self.remarks.not_carried(
                    place,
                    "the name cannot stand in a stack file",
                    "give the receiver another name",
                );
                continue;
            }
            let mut ways = self.ways(node, &name);
            if ways.is_empty() {
                ways.push(Map::default());
            }
            for (index, way) in ways.into_iter().enumerate() {
                let new = if index == 0 { name.clone() } else { format!("{name}-{}", index + 1) };
                receivers.set(&new, Item::Map(way));
                self.names.entry(name.clone()).or_default().push(new);
            }
        }
        receivers
    }

    fn ways(&mut self, receiver: &OutsideNode, name: &str) -> Vec<Map> {
        let OutsideValue::Mapping(entries) = &receiver.value else { return Vec::new() };
        let mut ways = Vec::new();
        for (key, entry) in entries.iter().filter(|(key, _)| key.as_str() != "name") {
            let word = WAYS.iter().find(|(known, _)| known == key).map(|(_, word)| *word);
            for node in items(Some(entry)) {
                let way = word.and_then(|word| self.way(word, node, name));
                if way.is_none() {
                    let place = self.place(entry.key.line, format!("receivers.{name}.{key}"));
                    let fix = "tell them by another way: `stackctl check` names those there are";
                    self.remarks.not_carried(place, "this way to tell people is not carried", fix);
                }
                ways.extend(way);
            }
        }
        ways
    }

    /// One way; what it leaves to `global` is looked up there.
    fn way(&mut self, word: &'static str, node: &OutsideNode, name: &str) -> Option<Map> {
        let global = |key: &str| self.file.root.entry("global").and_then(|global| text(&global.node, key));
        let written = |key: &str| text(node, key).filter(|text| !text.is_empty());
        let own_or = |key: &str, above: &str| written(key).or_else(|| global(above)).filter(|text| !text.is_empty());
        let mut settings = Map::default();
        let mut known = vec!["send_resolved"];
        let mut secret = None;
        match word {
            "webhook" => {
                let url = written("url").filter(|url| url.parse::<WebUrl>().is_ok())?;
                settings.set("url", Item::text(url.replace('$', "$$")));
                settings.set_some("max_alerts", written("max_alerts").map(Item::word));
                known.extend(["url", "max_alerts"]);
            }
            "slack" => {
                secret = Some("url");
                settings.set_some("channel", written("channel").map(|text| Item::text(text.replace('$', "$$"))));
                known.extend(["api_url", "api_url_file", "channel"]);
            }
            "email" => {
                let to = written("to").filter(|to| to.contains('@'))?;
                let from = own_or("from", "smtp_from").filter(|from| from.contains('@'))?;
                let server = own_or("smarthost", "smtp_smarthost")?;
                settings.set("to", Item::texts(to.split(',').map(str::trim)));
                settings.set("from", Item::text(from));
                settings.set("server", Item::text(server));
                if let Some(username) = own_or("auth_username", "smtp_auth_username") {
                    settings.set("username", Item::text(username));
                    secret = own_or("auth_password", "smtp_auth_password").map(|_| "password");
                }
                settings.set_some("require_tls", own_or("require_tls", "smtp_require_tls").map(Item::word));
                known.extend(["to", "from", "smarthost", "auth_username", "auth_password", "require_tls"]);
            }
            "pagerduty" => {
                written("routing_key").or_else(|| written("routing_key_file"))?;
                secret = Some("key");
                known.extend(["routing_key", "routing_key_file"]);
            }
            _ => {
                secret = Some("url");
                known.extend(["webhook_url", "webhook_url_file"]);
            }
        }
        if let Some(key) = secret {
            let variable = variable(name, key);
            let mut place = Map::default();
            place.set("env", Item::text(&variable));
            settings.set(key, Item::Map(place));
            let at = self.place(node.span.line, format!("receivers.{name}"));
            let message = format!("its {key} is a secret: it is read from the variable {variable}");
            self.remarks.changed(
                at,
                message,
                format!("write `{variable}=…` into `.env`, or `{{ file: PATH }}` in its place"),
            );
        }
        let mut way = Map::default();
        way.set(word, Item::Map(settings));
        way.set_some("send_resolved", written("send_resolved").filter(|text| *text == "false").map(Item::word));
        let options = self.options(node, &known, name);
        if !options.is_empty() {
            way.set("options", Item::Map(options));
        }
        Some(way)
    }

    /// The other keys of a way, in Alertmanager's own words.
    fn options(&mut self, node: &OutsideNode, known: &[&str], name: &str) -> Map {
        let mut options = Map::default();
        let OutsideValue::Mapping(entries) = &node.value else { return options };
        for (key, entry) in entries.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            let holds_secrets = ["http_config", "tls_config", "url", "api_url", "auth_secret", "service_key"];
            if holds_secrets.contains(&key.as_str()) || key.ends_with("_file") {
                let place = self.place(entry.key.line, format!("receivers.{name}.{key}"));
                self.remarks.not_carried(
                    place,
                    "a stack file does not say this of a receiver",
                    "leave it out, if it works without",
                );
            } else {
                options.set(key, Item::of_literal(&entry.node));
            }
        }
        options
    }

    fn named(&self, name: &str) -> Option<Item> {
        let names = self.names.get(name)?;
        Some(match names.as_slice() {
            [one] => Item::text(one),
            several => Item::texts(several),
        })
    }

    fn routes(&mut self, section: &mut Map) {
        let Some(root) = self.file.root.entry("route") else { return };
        section.set_some("receiver", text(&root.node, "receiver").and_then(|name| self.named(name)));
        timing(&root.node, section);
        let mut routes = Vec::new();
        for node in items(root.node.entry("routes")) {
            self.route(node, &Inherited::default(), text(&root.node, "receiver"), &mut routes);
        }
        if !routes.is_empty() {
            section.set("routes", Item::List(routes));
        }
    }

    /// A route, and before it those below it, which are looked at first.
    fn route(&mut self, node: &OutsideNode, above: &Inherited, receiver: Option<&str>, routes: &mut Vec<Item>) {
        let goes_on = text(node, "continue") == Some("true");
        let is_below = !above.matchers.is_empty();
        let children = items(node.entry("routes"));
        let mutes = ["mute_time_intervals", "active_time_intervals"].iter().any(|key| node.entry(key).is_some());
        let own = matchers(node, ["match", "match_re", "matchers"]);
        let place = self.place(node.span.line, "route.routes");
        let Some(own) = own.filter(|_| !mutes && !(goes_on && (is_below || !children.is_empty()))) else {
            let message =
                "a route with `continue` among nested ones, with times, or with a matcher that cannot be read";
            self.remarks.not_carried(place, message, "write it under `alertmanager.routes` by hand");
            return;
        };
        let mut here = above.clone();
        here.matchers.extend(own);
        timing(node, &mut here.timing);
        let receiver = text(node, "receiver").or(receiver);
        for child in children {
            self.route(child, &here, receiver, routes);
        }
        let named = receiver.and_then(|name| self.named(name));
        if here.matchers.is_empty() || named.is_none() {
            self.remarks.not_carried(
                place,
                "a route for every alert, or to nobody known",
                "see `alertmanager.receiver`",
            );
            return;
        }
        let mut route = Map::default();
        route.set("matchers", Item::texts(here.matchers.iter().map(|text| text.replace('$', "$$"))));
        route.set_some("receiver", named);
        if goes_on {
            route.set("continue", Item::word("true"));
        }
        route.0.extend(here.timing.0);
        routes.push(Item::Map(route));
    }

    fn inhibitions(&mut self, section: &mut Map) {
        let mut inhibitions = Vec::new();
        for node in items(self.file.root.entry("inhibit_rules")) {
            let source = matchers(node, ["source_match", "source_match_re", "source_matchers"]);
            let target = matchers(node, ["target_match", "target_match_re", "target_matchers"]);
            let (Some(source), Some(target)) = (source, target) else {
                let place = self.place(node.span.line, "inhibit_rules");
                self.remarks.not_carried(
                    place,
                    "a matcher that cannot be read",
                    "write it under `alertmanager.inhibit`",
                );
                continue;
            };
            if source.is_empty() || target.is_empty() {
                continue;
            }
            let mut inhibition = Map::default();
            let texts = |matchers: Vec<String>| Item::texts(matchers.iter().map(|text| text.replace('$', "$$")));
            inhibition.set("source", texts(source));
            inhibition.set("target", texts(target));
            inhibition.set_some("equal", node.entry("equal").map(|entry| Item::of_literal(&entry.node)));
            inhibitions.push(Item::Map(inhibition));
        }
        if !inhibitions.is_empty() {
            section.set("inhibit", Item::List(inhibitions));
        }
    }

    /// What a stack file says otherwise, or not at all.
    fn rest(&mut self) {
        let OutsideValue::Mapping(entries) = &self.file.root.value else { return };
        for (key, entry) in entries {
            let (message, fix) = match key.as_str() {
                "route" | "receivers" | "inhibit_rules" | "global" => continue,
                "templates" => ("templates are named file by file", "name each under `alertmanager.templates`"),
                _ => ("a stack file does not say this", "leave it out, if it works without"),
            };
            let place = self.place(entry.key.line, key.as_str());
            self.remarks.not_carried(place, message, fix);
        }
    }
}

/// What a nested route has from those above it.
#[derive(Clone, Default)]
struct Inherited {
    matchers: Vec<String>,
    timing: Map,
}

fn items(entry: Option<&OutsideEntry>) -> &[OutsideNode] {
    match entry.map(|entry| &entry.node.value) {
        Some(OutsideValue::Sequence(items)) => items,
        _ => &[],
    }
}

fn text<'n>(node: &'n OutsideNode, key: &str) -> Option<&'n str> {
    node.entry(key).and_then(|entry| scalar(&entry.node))
}

fn timing(node: &OutsideNode, map: &mut Map) {
    for key in TIMING {
        map.set_some(key, node.entry(key).map(|entry| Item::of_literal(&entry.node)));
    }
}

/// Matchers in the three ways in which Alertmanager takes them: a map, a map of expressions, a list. `None`: one of them
/// cannot be read.
fn matchers(node: &OutsideNode, [equal, fitting, list]: [&str; 3]) -> Option<Vec<String>> {
    let mut matchers = Vec::new();
    for (key, operator) in [(equal, "="), (fitting, "=~")] {
        let Some(OutsideValue::Mapping(entries)) = node.entry(key).map(|entry| &entry.node.value) else { continue };
        for (label, entry) in entries {
            let value = scalar(&entry.node)?.to_owned();
            matchers.push(Matcher { label: label.clone(), operator, value }.to_string());
        }
    }
    for item in items(node.entry(list)) {
        let text = scalar(item)?;
        let bare = text.trim().trim_start_matches('{').trim_end_matches('}');
        matchers.push(bare.parse::<Matcher>().ok()?.to_string());
    }
    Some(matchers)
}

/// A variable for a receiver's secret.
fn variable(receiver: &str, key: &str) -> String {
    let letters = format!("{receiver}_{key}").to_uppercase();
    let letters = letters.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    format!("ALERTMANAGER_{}", letters.collect::<String>())
}
