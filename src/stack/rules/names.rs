//! Names of services, jobs and containers.

use std::collections::HashMap;

use super::super::document::Path;
use super::super::suggest;
use super::{Examination, services};

/// Names of services that stackctl runs itself.
pub(super) const RESERVED: [&str; 2] = ["prometheus", "grafana"];

/// The longest name of a container that is also a DNS name.
pub(super) const LONGEST_CONTAINER_NAME: usize = 63;

/// A service's name is its DNS name, and DNS does not tell `Web` from `web`.
pub(super) fn services_have_one_name_each(examination: &mut Examination) {
    let stack = examination.stack;
    let mut seen: HashMap<String, (&str, &str)> = HashMap::new();
    for service in services(stack) {
        let path = Path::ROOT.key(service.section);
        let path = path.key(service.name);
        let lower = service.name.to_ascii_lowercase();
        if RESERVED.contains(&lower.as_str()) {
            let help = format!("give it another name; settings of stackctl's own go under `{lower}:` at the top");
            examination.error_at_key(path, format!("`{}` is a service of stackctl's own", service.name), help);
        } else if let Some((section, name)) = seen.insert(lower, (service.section, service.name)) {
            let message = format!("two services are called `{}`: the other is `{section}.{name}`", service.name);
            examination.error_at_key(path, message, "give one of them another name");
        }
    }
}

/// Jobs are named after apps and exporters, so other jobs need other names.
pub(super) fn jobs_have_one_name_each(examination: &mut Examination) {
    let stack = examination.stack;
    for name in stack.attached.keys() {
        let path = Path::ROOT.key("apps");
        let path = path.key(name.as_str());
        if RESERVED.contains(&name.as_str()) {
            examination.error_at_key(path, format!("job `{name}` is stackctl's own job"), "give the app another name");
        } else if stack.exporters.contains_key(name) {
            let message = format!("an app and an exporter are called `{name}`");
            examination.error_at_key(path, message, "give one of them another name");
        }
    }
    for name in stack.scrape.keys() {
        let top = Path::ROOT.key("scrape");
        let taken = if RESERVED.contains(&name.as_str()) {
            "stackctl's own job"
        } else if stack.apps.contains_key(name) || stack.attached.contains_key(name) {
            "the job of the app of this name"
        } else if stack.exporters.contains_key(name) {
            "the job of the exporter of this name"
        } else {
            continue;
        };
        let message = format!("job `{name}` is {taken}");
        examination.error_at_key(top.key(name.as_str()), message, "give this job another name");
    }
}

/// `STACK-APP-N` has to be a DNS name too; a fixed name has to be free.
pub(super) fn container_names_fit(examination: &mut Examination) {
    let stack = examination.stack;
    let mut fixed: HashMap<&str, &str> = HashMap::new();
    for service in services(stack) {
        let path = Path::ROOT.key(service.section);
        let path = path.key(service.name);
        let Some(name) = &service.container.container_name else {
            let longest = format!("{}-{}-{}", stack.name, service.name, service.scale.max(1));
            if longest.len() > LONGEST_CONTAINER_NAME && service.name.len() <= LONGEST_CONTAINER_NAME {
                let message = format!("container name `{longest}` has {} characters", longest.len());
                let help = format!("shorten the app's or the stack's name: DNS takes at most {LONGEST_CONTAINER_NAME}");
                examination.error_at_key(path, message, help);
            }
            continue;
        };
        let path = path.key("container_name");
        let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if name.len() < 2 || !name.starts_with(|first: char| first.is_ascii_alphanumeric()) || !name.chars().all(letter)
        {
            let help = "use at least two letters, digits, `-`, `_` and `.`, beginning with a letter or digit";
            examination.error(path, format!("`{}` cannot be a container name", name.escape_debug()), help);
        } else if let Some(other) = fixed.insert(name, service.name) {
            let message = format!("container name `{name}` is taken by `{other}`");
            examination.error(path, message, "remove `container_name`: containers are named `STACK-APP-N`");
        }
    }
}

/// Exporters come from the catalogue.
pub(super) fn exporters_are_known(examination: &mut Examination) {
    let known = examination.vocabulary.exporters;
    let stack = examination.stack;
    if known.is_empty() {
        return;
    }
    for name in stack.exporters.keys().filter(|name| !known.contains(&name.as_str())) {
        let add = format!("known are {}; write any other as an app with `metrics: {{}}`", suggest::listed(known));
        let wrong = suggest::unknown_name("exporter", name.as_str(), known.iter().copied(), add);
        let top = Path::ROOT.key("exporters");
        examination.error_at_key(top.key(name.as_str()), wrong.message, wrong.help);
    }
}
