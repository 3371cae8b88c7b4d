//! `depends_on` and `pid: service:NAME`: every name exists, and nothing waits for itself.

use std::collections::HashMap;

use super::super::document::Path;
use super::super::suggest;
use super::super::{DependencyCondition, HealthcheckTest, Stack};
use super::{Examination, Service, services};

/// What is depended on is a service of this stack, and can become healthy where that is asked.
pub(super) fn dependencies_exist(examination: &mut Examination) {
    let stack = examination.stack;
    let by_name: HashMap<&str, Service> = services(stack).map(|service| (service.name, service)).collect();
    for service in services(stack) {
        if examination.is_full() {
            return;
        }
        let path = Path::ROOT.key(service.section);
        let path = path.key(service.name);
        let list = path.key("depends_on");
        for (index, (name, condition)) in service.wiring.depends_on.iter().enumerate() {
            let other = by_name.get(name.as_str());
            let is_wrong = ["apps", "exporters"].iter().any(|section| examination.is_written(section, name.as_str()));
            if other.is_none() && !is_wrong && !is_component(stack, name.as_str()) {
                let add = format!("add `{name}` under `apps`, or remove it here");
                let wrong = suggest::unknown_name("app or exporter", name.as_str(), by_name.keys().copied(), add);
                let item = examination.item_path(&list, index, name.as_str());
                examination.error_at_key(item, wrong.message, wrong.help);
            } else if *condition == DependencyCondition::Healthy && other.is_some_and(|other| has_no_check(other)) {
                let message = format!("`{name}` can never be healthy: its check is switched off");
                examination.error_at_key(list.key(name.as_str()), message, "write `condition: service_started`");
            }
        }
    }
}

fn is_component(stack: &Stack, name: &str) -> bool {
    match name {
        "prometheus" => stack.prometheus.as_option().is_some(),
        "grafana" => stack.grafana.as_option().is_some(),
        "alertmanager" if stack.alertmanager.as_option().is_some() => true,
        _ => false,
    }
}

fn has_no_check(service: &Service) -> bool {
    service.container.healthcheck.as_ref().is_some_and(|check| check.test == HealthcheckTest::Disabled)
}

/// A circle of dependencies could never start. Each circle is printed once.
pub(super) fn dependencies_are_no_circle(examination: &mut Examination) {
    let stack = examination.stack;
    let all: Vec<Service> = services(stack).collect();
    for circle in circles(&all) {
        let names: Vec<&str> = circle.iter().chain(circle.first()).map(|index| all[*index].name).collect();
        let service = all[circle[0]];
        let path = Path::ROOT.key(service.section);
        let path = path.key(service.name);
        let message = format!("services wait for each other: {}", shortened(&names));
        let waits = service.wiring.depends_on.keys().any(|name| name.as_str() == names[1]);
        let key = if waits { "depends_on" } else { "pid" };
        examination.error_at_key(path.key(key), message, "remove one of these dependencies");
    }
}

/// A circle with its ends; the middle of a long one left out.
fn shortened(names: &[&str]) -> String {
    const LONGEST: usize = 12;
    if names.len() <= LONGEST {
        return names.join(" -> ");
    }
    let (first, last) = (&names[..LONGEST / 2], &names[names.len() - LONGEST / 2..]);
    format!("{} -> … -> {}", first.join(" -> "), last.join(" -> "))
}

/// How far the search has come with a service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    OnPath,
    Done,
}

/// The service that one waits for, by number: those of `depends_on`, then the one whose processes it shares.
fn dependency<'a>(service: &Service<'a>, number: usize) -> Option<&'a str> {
    let written = &service.wiring.depends_on;
    if number == written.len() {
        return service.container.pid.as_deref()?.strip_prefix("service:");
    }
    written.get_index(number).map(|(name, _)| name.as_str())
}

/// Depth-first search without recursion: a chain of dependencies may be as long as the file.
fn circles(all: &[Service]) -> Vec<Vec<usize>> {
    let index_of: HashMap<&str, usize> = all.iter().enumerate().map(|(index, service)| (service.name, index)).collect();
    let mut marks = vec![Mark::New; all.len()];
    let mut circles = Vec::new();
    for start in 0..all.len() {
        let mut path: Vec<(usize, usize)> = Vec::new();
        if marks[start] == Mark::New {
            marks[start] = Mark::OnPath;
            path.push((start, 0));
        }
        while let Some((current, next)) = path.last_mut() {
            let dependency = dependency(&all[*current], *next);
            *next += 1;
            let Some(name) = dependency else {
                marks[*current] = Mark::Done;
                path.pop();
                continue;
            };
            let Some(other) = index_of.get(name).copied() else { continue };
            match marks[other] {
                Mark::Done => {}
                Mark::New => {
                    marks[other] = Mark::OnPath;
                    path.push((other, 0));
                }
                Mark::OnPath => {
                    let begin = path.iter().position(|(index, _)| *index == other).unwrap_or(0);
                    circles.push(path[begin..].iter().map(|(index, _)| *index).collect());
                }
            }
        }
    }
    circles
}
