//! `depends_on` and `pid: service:NAME`: every name exists, and nothing waits for itself.

use std::collections::HashMap;

use super::super::document::Path;
use super::super::suggest;
use super::super::{DependencyCondition, HealthcheckTest, ServiceName, Stack};
use super::circles::{circles, written};
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
    let index_of: HashMap<&str, usize> = all.iter().enumerate().map(|(index, service)| (service.name, index)).collect();
    let awaited = |service: &Service| -> Vec<usize> {
        let shared = service.container.pid.as_deref().and_then(|pid| pid.strip_prefix("service:"));
        let names = service.wiring.depends_on.keys().map(ServiceName::as_str).chain(shared);
        names.filter_map(|name| index_of.get(name).copied()).collect()
    };
    for circle in circles(&all.iter().map(awaited).collect::<Vec<_>>()) {
        let names: Vec<&str> = circle.iter().chain(circle.first()).map(|index| all[*index].name).collect();
        let service = all[circle[0]];
        let path = Path::ROOT.key(service.section);
        let path = path.key(service.name);
        let message = format!("services wait for each other: {}", written(&names));
        let waits = service.wiring.depends_on.keys().any(|name| name.as_str() == names[1]);
        let key = if waits { "depends_on" } else { "pid" };
        examination.error_at_key(path.key(key), message, "remove one of these dependencies");
    }
}
